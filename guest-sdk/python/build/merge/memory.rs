//! The memory as an instance finds it.

use wasm_encoder::{ConstExpr, DataSection};
use wasmparser::MemoryType;

use super::Result;

const PAGE: u64 = 64 << 10;

/// So many zeros in a row are left out: a module may have 100,000 stretches at most.
const GAP: usize = 1024;

#[derive(Default)]
pub struct Memory(Vec<u8>);

impl Memory {
    pub fn new(ty: &MemoryType) -> Result<Self> {
        Ok(Self(vec![0; usize::try_from(ty.initial * PAGE)?]))
    }

    pub fn write(&mut self, at: u32, data: &[u8]) -> Result<()> {
        let at = at as usize;
        let place = at.checked_add(data.len()).and_then(|end| self.0.get_mut(at..end));
        place.ok_or("data lies outside its memory")?.copy_from_slice(data);
        Ok(())
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// What isn't zero.
    pub fn data(&self) -> DataSection {
        let mut section = DataSection::new();
        let mut rest = 0;
        while let Some(start) = self.0[rest..].iter().position(|byte| *byte != 0).map(|at| rest + at) {
            let end = self.end(start);
            section.active(0, &ConstExpr::i32_const(start as i32), self.0[start..end].iter().copied());
            rest = end;
        }
        section
    }

    /// Where a stretch ends that has no gap in it.
    fn end(&self, start: usize) -> usize {
        let mut zeros = 0;
        for (at, byte) in self.0.iter().enumerate().skip(start) {
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            if zeros == GAP {
                return at + 1 - GAP;
            }
        }
        self.0.len() - zeros
    }
}
