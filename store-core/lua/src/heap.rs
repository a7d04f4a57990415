//! Every object of a machine, and what they may take together.
//!
//! Architecture invariant: nothing grows without asking [`Meter::reserve`] first.

mod arena;
mod collect;
mod meter;
mod object;
mod strings;

use crate::chunk::Chunk;
use crate::fault::Fault;
use crate::limits::STRING_LENGTH_MAX;
use crate::table::{Full, Sizes, Table};
use crate::value::{FunctionId, Str, TableId, ThreadId, Value};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use arena::Arena;
pub(crate) use meter::Meter;
pub(crate) use object::{Closure, Entry, Function, Native, NativeFunction, Thread, ThreadStatus, Upvalue};
use strings::{STRING_OVERHEAD, Strings, hash_of};

/// The objects.
#[derive(Debug)]
pub(crate) struct Heap {
    pub(crate) meter: Meter,
    strings: Strings,
    pub(crate) tables: Arena<Table>,
    pub(crate) functions: Arena<Function>,
    pub(crate) upvalues: Arena<Upvalue>,
    pub(crate) threads: Arena<Thread>,
    chunks: Arena<Option<Arc<Chunk>>>,
    grey: Vec<Value>,
    weak: Vec<TableId>,
    pub(crate) mode_key: Str,
}

/// What an object takes beside what it holds.
const TABLE_OVERHEAD: usize = 80;
const FUNCTION_OVERHEAD: usize = 64;
const UPVALUE_OVERHEAD: usize = 32;
const THREAD_OVERHEAD: usize = 1024;

impl Heap {
    pub(crate) fn new(meter: Meter) -> Self {
        let mut strings = Strings::new();
        let mode_key = strings.insert(Box::from(&b"__mode"[..]), hash_of(b"__mode"));
        Self {
            meter,
            strings,
            tables: Arena::default(),
            functions: Arena::default(),
            upvalues: Arena::default(),
            threads: Arena::default(),
            chunks: Arena::default(),
            grey: Vec::new(),
            weak: Vec::new(),
            mode_key,
        }
    }

    #[inline]
    pub(crate) fn bytes(&self, string: Str) -> &[u8] {
        self.strings.bytes(string)
    }

    pub(crate) fn string(&mut self, bytes: &[u8]) -> Result<Str, Fault> {
        let hash = hash_of(bytes);
        let (found, steps) = self.strings.find(bytes, hash);
        self.meter.charge(steps + bytes.len() as u64 / 16)?;
        if let Some(string) = found {
            return Ok(string);
        }
        self.reserve_string(bytes.len())?;
        Ok(self.strings.insert(Box::from(bytes), hash))
    }

    /// The string with these bytes, without a copy if they are new and fit exactly.
    pub(crate) fn string_of(&mut self, bytes: Vec<u8>) -> Result<Str, Fault> {
        let hash = hash_of(&bytes);
        let (found, steps) = self.strings.find(&bytes, hash);
        self.meter.charge(steps + bytes.len() as u64 / 16)?;
        if let Some(string) = found {
            return Ok(string);
        }
        self.reserve_string(bytes.len())?;
        Ok(self.strings.insert(bytes.into_boxed_slice(), hash))
    }

    fn reserve_string(&mut self, len: usize) -> Result<(), Fault> {
        if len > STRING_LENGTH_MAX {
            return Err(Fault::Memory);
        }
        self.meter.reserve(len + STRING_OVERHEAD)
    }

    pub(crate) fn table(&mut self, array: usize, keys: usize) -> Result<TableId, Fault> {
        let sizes = Sizes::new(array, keys);
        self.meter.reserve(TABLE_OVERHEAD + sizes.bytes())?;
        let mut table = Table::default();
        if sizes.bytes() > 0 {
            table.resize(sizes);
        }
        Ok(TableId(self.tables.insert(table)))
    }

    /// Sets a value by a key that is neither `nil` nor NaN, past all metamethods.
    #[inline]
    pub(crate) fn set(&mut self, table: TableId, key: Value, value: Value) -> Result<(), Fault> {
        match self.tables[table.0].set(key, value) {
            Ok(()) => Ok(()),
            Err(Full) => self.grow_and_set(table, key, value),
        }
    }

    #[cold]
    fn grow_and_set(&mut self, id: TableId, key: Value, value: Value) -> Result<(), Fault> {
        let table = &self.tables[id.0];
        let sizes = table.sizes_with(key);
        let before = table.bytes();
        self.meter.charge(((sizes.array + sizes.nodes) / 8) as u64)?;
        self.meter.reserve(sizes.bytes())?;
        let table = &mut self.tables[id.0];
        table.resize(sizes);
        let after = table.bytes();
        self.meter.release(before + sizes.bytes());
        self.meter.add(after);
        match self.tables[id.0].set(key, value) {
            Ok(()) => Ok(()),
            Err(Full) => self.grow_and_set(id, key, value),
        }
    }

    /// Gives a table room for the indices up to `len`.
    pub(crate) fn grow_array(&mut self, id: TableId, len: usize) -> Result<(), Fault> {
        let sizes = self.tables[id.0].sizes();
        if len > sizes.array {
            let before = sizes.bytes();
            let after = Sizes { array: len, ..sizes }.bytes();
            self.meter.reserve(after)?;
            self.tables[id.0].grow_array(len);
            self.meter.release(before);
        }
        Ok(())
    }

    pub(crate) fn function(&mut self, function: Function) -> Result<FunctionId, Fault> {
        self.meter.reserve(FUNCTION_OVERHEAD + function.bytes())?;
        Ok(FunctionId(self.functions.insert(function)))
    }

    pub(crate) fn upvalue(&mut self, upvalue: Upvalue) -> Result<u32, Fault> {
        self.meter.reserve(UPVALUE_OVERHEAD)?;
        Ok(self.upvalues.insert(upvalue))
    }

    pub(crate) fn thread(&mut self, thread: Thread) -> Result<ThreadId, Fault> {
        self.meter.reserve(THREAD_OVERHEAD)?;
        Ok(ThreadId(self.threads.insert(thread)))
    }

    pub(crate) fn chunk(&mut self, chunk: Chunk) -> Result<u32, Fault> {
        self.meter.reserve(chunk.bytes())?;
        Ok(self.chunks.insert(Some(Arc::new(chunk))))
    }

    /// A chunk that some closure names.
    #[inline]
    pub(crate) fn chunk_of(&self, id: u32) -> &Arc<Chunk> {
        self.chunks[id].as_ref().unwrap_or_else(|| unreachable!("a chunk was freed before its closures"))
    }
}
