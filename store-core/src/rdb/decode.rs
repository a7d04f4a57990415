//! Values from their bytes.
//!
//! What Redis stores packed is taken as it is once all of it has been checked, if this store would pack it, too;
//! everything else is built element by element, by the same rules as commands do.

mod hash;
mod list;
mod packed;
mod set;
mod stream;
mod zset;

use super::code::kind;
use super::error::{Error, ErrorKind};
use super::input::{Input, Source};
use crate::config::Config;
use crate::values::bytes::SmallBytes;
use crate::values::dense::TableSeed;
use crate::values::listpack::Listpack;
use crate::values::{Typed, Value};
use alloc::string::String;

/// How values are built: the configured limits of packed forms, and the seed of tables.
#[derive(Clone, Copy, Debug)]
pub struct Forms<'a> {
    /// The parameters.
    pub config: &'a Config,
    /// The seed.
    pub seed: &'a TableSeed,
}

/// Reads a value of a kind.
pub(super) fn value<S: Source>(input: &mut Input<S>, code: u8, forms: Forms<'_>) -> Result<Value, Error> {
    Ok(match code {
        kind::STRING => Value::String(input.string()?),
        kind::LIST => Value::List(list::plain(input, forms)?),
        kind::LIST_ZIPLIST => Value::List(list::ziplist(input, forms)?),
        kind::LIST_QUICKLIST => Value::List(list::ziplists(input, forms)?),
        kind::LIST_QUICKLIST_2 => Value::List(list::nodes(input, forms)?),
        kind::SET => Value::Set(set::plain(input, forms)?),
        kind::SET_INTSET => Value::Set(set::intset(input, forms)?),
        kind::SET_LISTPACK => Value::Set(set::listpack(input, forms)?),
        kind::HASH => Value::Hash(hash::plain(input, forms)?),
        kind::HASH_ZIPMAP => Value::Hash(hash::zipmap(input, forms)?),
        kind::HASH_ZIPLIST => Value::Hash(hash::ziplist(input, forms)?),
        kind::HASH_LISTPACK => Value::Hash(hash::listpack(input, forms)?),
        kind::HASH_METADATA | kind::HASH_METADATA_PRE_GA => Value::Hash(hash::dated(input, code, forms)?),
        kind::HASH_LISTPACK_EX | kind::HASH_LISTPACK_EX_PRE_GA => {
            Value::Hash(hash::dated_listpack(input, code, forms)?)
        }
        kind::ZSET => Value::Zset(zset::text(input, forms)?),
        kind::ZSET_2 => Value::Zset(zset::binary(input, forms)?),
        kind::ZSET_ZIPLIST => Value::Zset(zset::ziplist(input, forms)?),
        kind::ZSET_LISTPACK => Value::Zset(zset::listpack(input, forms)?),
        kind::STREAM_LISTPACKS | kind::STREAM_LISTPACKS_2 | kind::STREAM_LISTPACKS_3 => {
            stream::listpacks(input, code)?.into_value()
        }
        kind::MODULE_PRE_GA | kind::MODULE_2 => return Err(module(input)),
        code => return Err(input.error(ErrorKind::UnknownType(code))),
    })
}

/// The refusal of a module's data, by the module's name.
pub(super) fn module<S: Source>(input: &mut Input<S>) -> Error {
    match input.length() {
        Ok(id) => input.error(ErrorKind::Module(module_name(id))),
        Err(error) => error,
    }
}

/// The nine letters in the upper 54 bits of a module's number; the lower ten are its version.
fn module_name(id: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..9).rev().map(|place| char::from(LETTERS[(id >> (10 + 6 * place)) as usize & 0x3F])).collect()
}

/// Reads how many elements follow. None is an error: no key holds an empty collection.
fn count<S: Source>(input: &mut Input<S>) -> Result<u64, Error> {
    match input.length()? {
        0 => Err(input.error(ErrorKind::Empty)),
        count => Ok(count),
    }
}

/// Reads a listpack that has elements.
fn listpack<S: Source>(input: &mut Input<S>) -> Result<Listpack, Error> {
    let bytes = input.string()?;
    match Listpack::from_bytes(&bytes) {
        Ok(listpack) if listpack.is_empty() => Err(input.error(ErrorKind::Empty)),
        Ok(listpack) => Ok(listpack),
        Err(_) => Err(input.error(ErrorKind::Malformed("a listpack is damaged"))),
    }
}

/// Reads the elements of a ziplist that has some.
fn ziplist<S: Source>(input: &mut Input<S>) -> Result<alloc::vec::Vec<SmallBytes>, Error> {
    let bytes = input.string()?;
    match super::ziplist::elements(&bytes) {
        Some(elements) if elements.is_empty() => Err(input.error(ErrorKind::Empty)),
        Some(elements) => Ok(elements),
        None => Err(input.error(ErrorKind::Malformed("a ziplist is damaged"))),
    }
}
