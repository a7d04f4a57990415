//! `string.format`: the directives of C's `printf` that Lua 5.1 knows.

use crate::fault::Fault;
use crate::library::give;
use crate::number::{Style, write_float};
use crate::vm::{Args, Host, Vm, to_integer};
use alloc::format;
use alloc::vec::Vec;

/// What stands between `%` and the letter.
#[derive(Clone, Copy, Debug, Default)]
struct Directive {
    is_left: bool,
    has_plus: bool,
    has_blank: bool,
    is_alternate: bool,
    has_zeros: bool,
    width: usize,
    precision: Option<usize>,
}

pub(super) fn format(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let template = vm.check_string(args, 0)?;
    let template = vm.copy_bytes(template)?;
    let scratch = vm.heap.meter.scratch();
    let (mut text, mut position, mut index) = (Vec::new(), 0, 0);
    while let Some(byte) = template.get(position) {
        position += 1;
        let before = text.len();
        match (byte, template.get(position)) {
            (b'%', Some(b'%')) => {
                text.push(b'%');
                position += 1;
            }
            (b'%', _) => {
                if index + 1 >= args.count {
                    return Err(vm.argument_error(index + 1, "no value"));
                }
                let (directive, end) = read_directive(vm, &template, position)?;
                index += 1;
                write_argument(vm, args, index, directive, template.get(end).copied(), &mut text)?;
                position = end + 1;
            }
            _ => text.push(*byte),
        }
        vm.heap.meter.reserve_scratch(text.len() - before)?;
    }
    vm.heap.meter.restore_scratch(scratch);
    vm.charge_bytes(text.len() * 4)?;
    let text = vm.heap.string_of(text)?;
    give(vm, text)
}

/// Reads flags, width and precision; where the letter is.
fn read_directive(vm: &mut Vm, template: &[u8], start: usize) -> Result<(Directive, usize), Fault> {
    const FLAGS: &[u8] = b"-+ #0";
    let mut directive = Directive::default();
    let rest = &template[start..];
    let flags = rest.iter().take_while(|byte| FLAGS.contains(byte)).count();
    if flags > FLAGS.len() {
        return Err(vm.error("invalid format (repeated flags)"));
    }
    for flag in &rest[..flags] {
        match flag {
            b'-' => directive.is_left = true,
            b'+' => directive.has_plus = true,
            b' ' => directive.has_blank = true,
            b'#' => directive.is_alternate = true,
            _ => directive.has_zeros = true,
        }
    }
    let (width, mut end) = read_two_digits(template, start + flags);
    directive.width = width;
    if template.get(end) == Some(&b'.') {
        let (precision, behind) = read_two_digits(template, end + 1);
        directive.precision = Some(precision);
        end = behind;
    }
    if template.get(end).is_some_and(u8::is_ascii_digit) {
        return Err(vm.error("invalid format (width or precision too long)"));
    }
    Ok((directive, end))
}

fn read_two_digits(template: &[u8], start: usize) -> (usize, usize) {
    let (mut number, mut end) = (0, start);
    while let Some(digit @ b'0'..=b'9') = template.get(end)
        && end < start + 2
    {
        number = number * 10 + usize::from(digit - b'0');
        end += 1;
    }
    (number, end)
}

fn write_argument(
    vm: &mut Vm,
    args: Args,
    index: usize,
    directive: Directive,
    letter: Option<u8>,
    text: &mut Vec<u8>,
) -> Result<(), Fault> {
    match letter {
        Some(b'c') => {
            let byte = vm.check_number(args, index)? as i64 as u8;
            let mut padded = Vec::new();
            directive.pad(&mut padded, &[byte]);
            text.extend_from_slice(until_nul(&padded));
        }
        Some(b'd' | b'i') => {
            let number = to_integer(vm.check_number(args, index)?);
            directive.write_integer(text, number < 0, &format!("{}", number.unsigned_abs()));
        }
        Some(letter @ (b'u' | b'o' | b'x' | b'X')) => {
            let number = to_unsigned(vm.check_number(args, index)?);
            directive.write_unsigned(text, number, letter);
        }
        Some(letter @ (b'e' | b'E' | b'f' | b'g' | b'G')) => {
            let number = vm.check_number(args, index)?;
            directive.write_float(text, number, letter);
        }
        Some(b'q') => write_quoted(vm, args, index, text)?,
        Some(b's') => {
            let string = vm.check_string(args, index)?;
            let bytes = vm.bytes(string);
            if directive.precision.is_none() && bytes.len() >= 100 {
                text.extend_from_slice(bytes);
            } else {
                let bytes = until_nul(bytes);
                directive.pad(text, &bytes[..bytes.len().min(directive.precision.unwrap_or(usize::MAX))]);
            }
        }
        other => {
            let letter = other.map_or_else(Vec::new, |letter| alloc::vec![letter]);
            return Err(vm.error([b"invalid option '%", &letter[..], b"' to 'format'"].concat()));
        }
    }
    Ok(())
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// What C makes of a number as an unsigned one.
fn to_unsigned(number: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    if number < HALF { to_integer(number) as u64 } else { (to_integer(number - HALF) as u64) ^ (1 << 63) }
}

impl Directive {
    fn pad(&self, text: &mut Vec<u8>, content: &[u8]) {
        let blanks = self.width.saturating_sub(content.len());
        if !self.is_left {
            text.resize(text.len() + blanks, b' ');
        }
        text.extend_from_slice(content);
        if self.is_left {
            text.resize(text.len() + blanks, b' ');
        }
    }

    const fn sign(&self, is_negative: bool) -> &'static [u8] {
        match (is_negative, self.has_plus, self.has_blank) {
            (true, _, _) => b"-",
            (false, true, _) => b"+",
            (false, false, true) => b" ",
            _ => b"",
        }
    }

    fn write_integer(&self, text: &mut Vec<u8>, is_negative: bool, digits: &str) {
        self.write_parts(text, self.sign(is_negative), digits.as_bytes());
    }

    fn write_unsigned(&self, text: &mut Vec<u8>, number: u64, letter: u8) {
        let digits = match letter {
            b'u' => format!("{number}"),
            b'o' if self.is_alternate && number != 0 => format!("0{number:o}"),
            b'o' => format!("{number:o}"),
            b'x' => format!("{number:x}"),
            _ => format!("{number:X}"),
        };
        let prefix: &[u8] = match letter {
            b'x' if self.is_alternate && number != 0 => b"0x",
            b'X' if self.is_alternate && number != 0 => b"0X",
            _ => b"",
        };
        self.write_parts(text, prefix, digits.as_bytes());
    }

    /// Writes an integer: precision is the least number of digits, and takes the place of zeros before it.
    fn write_parts(&self, text: &mut Vec<u8>, prefix: &[u8], digits: &[u8]) {
        let digits = if self.precision == Some(0) && digits == b"0" { b"" } else { digits };
        let mut zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
        if self.has_zeros && !self.is_left && self.precision.is_none() {
            zeros = self.width.saturating_sub(prefix.len() + digits.len());
        }
        let mut content = prefix.to_vec();
        content.resize(content.len() + zeros, b'0');
        content.extend_from_slice(digits);
        self.pad(text, &content);
    }

    fn write_float(&self, text: &mut Vec<u8>, number: f64, letter: u8) {
        let style = match letter {
            b'e' | b'E' => Style::Scientific,
            b'f' => Style::Fixed,
            _ => Style::General,
        };
        let mut content = Vec::new();
        write_float(&mut content, number, style, self.precision.unwrap_or(6), self.is_alternate);
        if letter.is_ascii_uppercase() {
            content.make_ascii_uppercase();
        }
        let is_negative = content.first() == Some(&b'-');
        let digits = &content[usize::from(is_negative)..];
        let sign = self.sign(is_negative);
        let mut signed = sign.to_vec();
        if self.has_zeros && !self.is_left && number.is_finite() {
            signed.resize(signed.len() + self.width.saturating_sub(sign.len() + digits.len()), b'0');
        }
        signed.extend_from_slice(digits);
        self.pad(text, &signed);
    }
}

/// A string as Lua can read it back.
fn write_quoted(vm: &mut Vm, args: Args, index: usize, text: &mut Vec<u8>) -> Result<(), Fault> {
    let string = vm.check_string(args, index)?;
    text.push(b'"');
    for byte in vm.bytes(string) {
        match byte {
            b'"' | b'\\' | b'\n' => text.extend_from_slice(&[b'\\', *byte]),
            b'\r' => text.extend_from_slice(b"\\r"),
            0 => text.extend_from_slice(b"\\000"),
            byte => text.push(*byte),
        }
    }
    text.push(b'"');
    Ok(())
}
