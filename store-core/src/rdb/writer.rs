//! A whole file, written in pieces.

use super::FILE_VERSION;
use super::code::opcode;
use super::crc64::Crc64;
use super::encode::{Encoder, length};
use crate::values::Value;
use alloc::format;
use alloc::vec::Vec;

/// Writes a file. What it appends has to be kept in order and without gaps; pieces end with [`Self::sum`], which does what
/// takes longest.
#[derive(Debug)]
pub struct FileWriter {
    encoder: Encoder,
    crc: Crc64,
}

impl Default for FileWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl FileWriter {
    /// A file of which nothing is written yet.
    pub fn new() -> Self {
        Self { encoder: Encoder::deferring(), crc: Crc64::default() }
    }

    /// Appends what a file begins with.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("REDIS{FILE_VERSION:04}").as_bytes());
    }

    /// Appends a name and a value about the file itself.
    pub fn aux(&mut self, out: &mut Vec<u8>, name: &str, value: &[u8]) {
        out.push(opcode::AUX);
        self.encoder.string(out, name.as_bytes());
        self.encoder.string(out, value);
    }

    /// Appends the code of a library of functions.
    pub fn library(&mut self, out: &mut Vec<u8>, code: &[u8]) {
        out.push(opcode::FUNCTION_2);
        self.encoder.string(out, code);
    }

    /// Appends that the keys of a database follow.
    pub fn select(&self, out: &mut Vec<u8>, number: u16) {
        out.push(opcode::SELECT_DB);
        length(out, number.into());
    }

    /// Appends how many keys the database has, and how many of them have a deadline: a hint for the reader's tables.
    pub fn sizes(&self, out: &mut Vec<u8>, keys: usize, dated: usize) {
        out.push(opcode::RESIZE_DB);
        length(out, keys as u64);
        length(out, dated as u64);
    }

    /// Appends a key.
    pub fn record(&mut self, out: &mut Vec<u8>, key: &[u8], value: &Value, deadline_ms: Option<i64>) {
        if let Some(time) = deadline_ms {
            out.push(opcode::EXPIRETIME_MS);
            out.extend_from_slice(&time.to_le_bytes());
        }
        out.push(Encoder::kind(value));
        self.encoder.string(out, key);
        self.encoder.value(out, value);
    }

    /// Makes what another writer has appended a part of this one's, where it is to stand at `at`.
    pub fn take_over(&mut self, other: &mut Self, at: usize) {
        self.encoder.take_over(&mut other.encoder, at);
    }

    /// Compresses what was appended since the last call, and adds it to the checksum.
    pub fn sum(&mut self, appended: &mut Vec<u8>) {
        self.encoder.compress(appended);
        self.crc.update(appended);
    }

    /// Appends what a file ends with: everything before it has been summed.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        out.push(opcode::EOF);
        self.crc.update(&[opcode::EOF]);
        out.extend_from_slice(&self.crc.value().to_le_bytes());
    }
}
