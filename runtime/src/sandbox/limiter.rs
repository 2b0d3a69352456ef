//! What an instance may allocate.

use wasmtime::ResourceLimiter;

/// The most elements of all tables together. CPython's tables have some 12,000; a table's element
/// takes 8 bytes of ours.
const MAX_TABLE_ELEMENTS: usize = 100_000;

/// Bounds the memory of one call, and remembers that it did.
#[derive(Debug)]
pub struct Limiter {
    limit: u64,
    memory: u64,
    table_elements: usize,
    refused: bool,
}

impl Limiter {
    /// At most `limit` bytes of linear memory, all memories together.
    pub fn new(limit: u64) -> Self {
        Self { limit, memory: 0, table_elements: 0, refused: false }
    }

    /// The most memory, in bytes.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The linear memory in use, in bytes: memories never shrink, so also the most there was.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Whether memory was asked for and refused.
    pub fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let grown = self.memory.saturating_add(desired.saturating_sub(current) as u64);
        if grown > self.limit {
            self.refused = true;
            return Ok(false);
        }
        self.memory = grown;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let grown = self.table_elements.saturating_add(desired.saturating_sub(current));
        if grown > MAX_TABLE_ELEMENTS {
            return Ok(false);
        }
        self.table_elements = grown;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together() {
        let mut limiter = Limiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert!(limiter.refused());
        assert_eq!(limiter.memory(), 100);
    }

    #[test]
    fn tables_count_together() {
        let mut limiter = Limiter::new(100);
        assert!(limiter.table_growing(0, MAX_TABLE_ELEMENTS, None).unwrap());
        assert!(!limiter.table_growing(0, 1, None).unwrap());
    }
}
