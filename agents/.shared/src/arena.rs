//! The allocator of agents that run at every turn of a loop: what they need in a call is a few short texts, and to
//! keep track of each would take as long as all else that they do.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::{Cell, UnsafeCell},
};

/// How much there is, in bytes: more than a call with short texts needs. What it doesn't write to costs nothing.
const SIZE: usize = 4096;

/// Hands out its bytes one after the other, and begins anew when all are given back. What doesn't fit is the
/// system's. It is for one thread, as an agent is.
pub struct Arena {
    bytes: Bytes,
    /// Where the next piece begins.
    next: Cell<usize>,
    /// How many pieces are handed out.
    pieces: Cell<usize>,
}

#[repr(align(16))]
struct Bytes(UnsafeCell<[u8; SIZE]>);

// SAFETY: an agent has one thread, and elsewhere it is nobody's global allocator.
unsafe impl Sync for Arena {}

impl Arena {
    /// Nothing of it is handed out.
    #[expect(clippy::new_without_default, reason = "it is made where a constant is asked for")]
    pub const fn new() -> Self {
        Self { bytes: Bytes(UnsafeCell::new([0; SIZE])), next: Cell::new(0), pieces: Cell::new(0) }
    }

    /// How far behind its first byte a piece begins, if it is of here.
    fn place(&self, piece: *mut u8) -> Option<usize> {
        Some(piece.addr().wrapping_sub(self.bytes.0.get().addr())).filter(|place| *place < SIZE)
    }

    /// Where a piece ends that begins here, if it fits.
    fn end(start: usize, size: usize) -> Option<usize> {
        start.checked_add(size).filter(|end| *end <= SIZE)
    }
}

// SAFETY: pieces lie one behind the other, each aligned in bytes that are; none is handed out again before it is
// given back, or before all are.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // An alignment is a power of two.
        let start = (self.next.get() + layout.align() - 1) & !(layout.align() - 1);
        match Self::end(start, layout.size()).filter(|_| layout.align() <= align_of::<Bytes>()) {
            Some(end) => {
                self.next.set(end);
                self.pieces.set(self.pieces.get() + 1);
                // SAFETY: `start` lies within.
                unsafe { self.bytes.0.get().cast::<u8>().add(start) }
            }
            // SAFETY: the caller's promise is passed on.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        let Some(place) = self.place(piece) else {
            // SAFETY: what isn't of here is the system's.
            return unsafe { System.dealloc(piece, layout) };
        };
        self.pieces.set(self.pieces.get() - 1);
        if self.pieces.get() == 0 {
            self.next.set(0);
        } else if place + layout.size() == self.next.get() {
            self.next.set(place);
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(place) = self.place(piece) else {
            // SAFETY: what isn't of here is the system's.
            return unsafe { System.realloc(piece, layout, size) };
        };
        // The last piece grows where it is.
        if place + layout.size() == self.next.get()
            && let Some(end) = Self::end(place, size)
        {
            self.next.set(end);
            return piece;
        }
        // SAFETY: a size that the caller vouches for, with the alignment that the piece has; and the old piece is
        // of here, with as many bytes as are copied.
        unsafe {
            let grown = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !grown.is_null() {
                grown.copy_from_nonoverlapping(piece, layout.size().min(size));
                self.dealloc(piece, layout);
            }
            grown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    /// Pieces that are filled with a byte of their own, and looked at before they change.
    #[derive(Default)]
    struct Pieces(Vec<(*mut u8, Layout, u8)>);

    impl Pieces {
        fn take(&mut self, arena: &Arena, layout: Layout, byte: u8) -> *mut u8 {
            // SAFETY: the size isn't zero, and the piece has as many bytes as are written.
            let piece = unsafe { arena.alloc(layout) };
            assert_eq!(piece.addr() % layout.align(), 0);
            unsafe { piece.write_bytes(byte, layout.size()) };
            self.0.push((piece, layout, byte));
            piece
        }

        fn resize(&mut self, arena: &Arena, at: usize, size: usize) -> *mut u8 {
            let (piece, old, byte) = &mut self.0[at];
            // SAFETY: it is this arena's, with this layout; its bytes up to the smaller size are kept.
            unsafe {
                *piece = arena.realloc(*piece, *old, size);
                let kept = std::slice::from_raw_parts(*piece, old.size().min(size));
                assert!(kept.iter().all(|found| found == byte));
                piece.write_bytes(*byte, size);
            }
            *old = layout(size, old.align());
            *piece
        }

        fn give_back(&mut self, arena: &Arena, at: usize) {
            let (piece, layout, byte) = self.0.swap_remove(at);
            // SAFETY: it is this arena's, with this layout, and isn't used any more.
            unsafe {
                assert!(std::slice::from_raw_parts(piece, layout.size()).iter().all(|found| *found == byte));
                arena.dealloc(piece, layout);
            }
        }
    }

    #[test]
    fn it_begins_anew_when_all_is_given_back() {
        let (arena, mut pieces) = (Arena::new(), Pieces::default());
        let first = pieces.take(&arena, layout(3, 1), 1);
        let second = pieces.take(&arena, layout(8, 8), 2);
        assert_eq!(second.addr() - first.addr(), 8);
        // The last piece grows where it is, and its place is used again; another is moved.
        assert_eq!(pieces.resize(&arena, 1, 100), second);
        assert_eq!(pieces.resize(&arena, 0, 5).addr() - second.addr(), 100);
        pieces.give_back(&arena, 0);
        assert_eq!(pieces.take(&arena, layout(4, 4), 3).addr() - second.addr(), 100);
        pieces.give_back(&arena, 0);
        pieces.give_back(&arena, 0);
        assert_eq!(pieces.take(&arena, layout(SIZE, 1), 4), first);
        pieces.give_back(&arena, 0);
    }

    #[test]
    fn what_does_not_fit_is_the_systems() {
        let (arena, mut pieces) = (Arena::new(), Pieces::default());
        for large in [layout(SIZE + 1, 1), layout(8, 64)] {
            let piece = pieces.take(&arena, large, 1);
            assert_eq!(arena.place(piece), None);
        }
        // One that has become too large moves there, and stays when it is small again.
        let here = pieces.take(&arena, layout(SIZE, 1), 2);
        assert_eq!(arena.place(here), Some(0));
        for size in [SIZE * 2, 1] {
            let there = pieces.resize(&arena, 2, size);
            assert_eq!(arena.place(there), None);
        }
        assert_eq!((arena.pieces.get(), arena.next.get()), (0, 0));
        (0..3).for_each(|_| pieces.give_back(&arena, 0));
    }

    #[test]
    fn no_two_pieces_share_a_byte() {
        let (arena, mut pieces, mut state) = (Arena::new(), Pieces::default(), 1_u64);
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for turn in 0..20_000 {
            match random(if pieces.0.len() > 30 { 3 } else { 5 }) {
                0 if !pieces.0.is_empty() => pieces.give_back(&arena, random(pieces.0.len())),
                1 if !pieces.0.is_empty() => drop(pieces.resize(&arena, random(pieces.0.len()), 1 + random(400))),
                2 if turn % 50 == 0 => (0..pieces.0.len()).for_each(|_| pieces.give_back(&arena, 0)),
                _ => drop(pieces.take(&arena, layout(1 + random(200), 1 << random(6)), turn as u8)),
            }
        }
        (0..pieces.0.len()).for_each(|_| pieces.give_back(&arena, 0));
        assert_eq!((arena.pieces.get(), arena.next.get()), (0, 0));
    }
}
