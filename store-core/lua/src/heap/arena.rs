//! Slots for objects of one kind, found by their index.
//!
//! A freed slot keeps an empty object and waits in a list to be used again, so a lookup needs no case for it. Marks
//! stand beside the objects: sweeping reads one byte for an object that lives.

use alloc::vec::Vec;
use core::mem;
use core::ops::{Index, IndexMut};

/// What the collector knows of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Free,
    White,
    Black,
}

#[derive(Debug, Default)]
pub(crate) struct Arena<T> {
    items: Vec<T>,
    marks: Vec<Mark>,
    free: Vec<u32>,
}

impl<T: Default> Arena<T> {
    pub(crate) fn insert(&mut self, item: T) -> u32 {
        if let Some(id) = self.free.pop() {
            self.items[id as usize] = item;
            self.marks[id as usize] = Mark::White;
            return id;
        }
        self.items.push(item);
        self.marks.push(Mark::White);
        (self.items.len() - 1) as u32
    }

    /// Marks a slot; whether it was unmarked before.
    pub(crate) fn mark(&mut self, id: u32) -> bool {
        mem::replace(&mut self.marks[id as usize], Mark::Black) == Mark::White
    }

    pub(crate) fn is_marked(&self, id: u32) -> bool {
        self.marks[id as usize] == Mark::Black
    }

    /// Frees what is not marked and takes the marks off the rest. `freed` sees each freed object.
    pub(crate) fn sweep(&mut self, mut freed: impl FnMut(u32, T)) {
        for (index, mark) in self.marks.iter_mut().enumerate() {
            match mark {
                Mark::Free => {}
                Mark::Black => *mark = Mark::White,
                Mark::White => {
                    *mark = Mark::Free;
                    self.free.push(index as u32);
                    freed(index as u32, mem::take(&mut self.items[index]));
                }
            }
        }
    }
}

impl<T> Index<u32> for Arena<T> {
    type Output = T;

    #[inline]
    fn index(&self, id: u32) -> &T {
        &self.items[id as usize]
    }
}

impl<T> IndexMut<u32> for Arena<T> {
    #[inline]
    fn index_mut(&mut self, id: u32) -> &mut T {
        &mut self.items[id as usize]
    }
}
