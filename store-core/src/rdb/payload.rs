//! The payload of `DUMP` and `RESTORE`: one value, the version and a checksum.

use super::crc64::Crc64;
use super::decode::{self, Forms};
use super::encode::Encoder;
use super::input::Input;
use super::{Error, ErrorKind, FILE_VERSION, VERSION_MAX, code::opcode};
use crate::values::Value;
use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;

/// Why a payload is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayloadError {
    /// It was changed on the way, or a newer version wrote it.
    Footer,
    /// Its value is not well-formed.
    Value(Error),
}

/// The payload of a value.
pub fn dump(value: &Value) -> Vec<u8> {
    let mut body = alloc::vec![Encoder::kind(value)];
    Encoder::default().value(&mut body, value);
    seal(body, Encoder::version(value))
}

/// Puts the version and the checksum behind a type and a value.
pub fn seal(mut body: Vec<u8>, version: u16) -> Vec<u8> {
    body.extend_from_slice(&version.to_le_bytes());
    let checksum = Crc64::of(&body);
    body.extend_from_slice(&checksum.to_le_bytes());
    body
}

/// The value of a payload. As in Redis, what stands between the value and the version is not looked at.
///
/// # Errors
/// A [`PayloadError`], and then nothing more is known of the payload.
pub fn restore(payload: &[u8], forms: Forms<'_>) -> Result<Value, PayloadError> {
    let body = verified(payload).ok_or(PayloadError::Footer)?;
    let mut input = Input::new(body);
    let code = input.byte().map_err(PayloadError::Value)?;
    decode::value(&mut input, code, forms).map_err(PayloadError::Value)
}

/// The payload of libraries of functions.
pub fn dump_libraries<'a>(codes: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut body = Vec::new();
    let mut encoder = Encoder::default();
    for code in codes {
        body.push(opcode::FUNCTION_2);
        encoder.string(&mut body, code);
    }
    seal(body, FILE_VERSION)
}

/// The texts of the libraries of a payload.
///
/// # Errors
/// What is wrong with it.
pub fn restore_libraries(payload: &[u8]) -> Result<Vec<SmallBytes>, PayloadError> {
    let body = verified(payload).ok_or(PayloadError::Footer)?;
    let mut input = Input::new(body);
    let mut codes = Vec::new();
    while (input.offset() as usize) < body.len() {
        let code = input.byte().map_err(PayloadError::Value)?;
        if code != opcode::FUNCTION_2 {
            return Err(PayloadError::Value(input.error(ErrorKind::UnknownType(code))));
        }
        codes.push(input.string().map_err(PayloadError::Value)?);
    }
    Ok(codes)
}

/// The payload without what it ends with, if that is right.
fn verified(payload: &[u8]) -> Option<&[u8]> {
    let (summed, checksum) = payload.split_last_chunk()?;
    let (body, version) = summed.split_last_chunk()?;
    let known = u16::from_le_bytes(*version) <= VERSION_MAX;
    (known && Crc64::of(summed) == u64::from_le_bytes(*checksum)).then_some(body)
}
