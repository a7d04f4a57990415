//! The numbers of locals: like code gets like numbers.
//!
//! The compiler numbers the locals of each function anew, so that two functions that do the same thing differ in every
//! access to a local, which is every fifth byte. Here two locals of one type change numbers wherever the function then
//! repeats more of what stands in the 30 KB before it: measured, 1.6 % off the compressed module. A local is known by its
//! number within its function only, and all but the parameters start as zero, so that no function does anything else
//! than before. Parameters keep their numbers, as callers give them by place.

use std::collections::VecDeque;
use std::convert::Infallible;

use anyhow::Context;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, Encode, Module};
use wasmparser::{CodeSectionReader, FunctionBody, Operator, Parser, Payload, ValType};

use super::order::WINDOW_BYTES;

/// How long the pieces are of which repetitions are counted: a longer one that is repeated counts for the shorter ones, too.
const PIECE_BYTES: [u32; 3] = [4, 6, 8];
/// How often each pair of locals is looked at, at most.
const ROUNDS_MAX: usize = 3;
/// There are two to the power of this counters of pieces.
const COUNTERS_BITS: u32 = 21;

/// The same module with the locals of its functions numbered alike.
pub(super) fn renumber(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut recent = Recent::new();
    let mut bodies = Vec::new();
    for function in functions(module)? {
        let body = function.renumbered(&recent);
        recent.push(body.clone());
        bodies.push(body);
    }
    let mut renumbered = Module::new();
    Bodies(bodies)
        .parse_core_module(&mut renumbered, Parser::new(0), module)
        .ok()
        .context("the module is not as expected")?;
    Ok(renumbered.finish())
}

/// Writes other bodies.
struct Bodies(Vec<Vec<u8>>);

impl Reencode for Bodies {
    type Error = Infallible;

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        _: CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        self.0.iter().for_each(|body| {
            code.raw(body);
        });
        Ok(())
    }
}

/// A function, cut where it names a local.
struct Function<'m> {
    /// The type of each local, none of a parameter.
    types: Vec<Option<ValType>>,
    /// What stands before each number of a local, and that number.
    parts: Vec<(&'m [u8], usize)>,
    rest: &'m [u8],
}

/// The functions of a module in their order.
fn functions(module: &[u8]) -> anyhow::Result<Vec<Function<'_>>> {
    let (mut parameters, mut types, mut functions) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for signature in section.into_iter_err_on_gc_types() {
                    parameters.push(signature?.params().len());
                }
            }
            Payload::FunctionSection(section) => types = section.into_iter().collect::<Result<Vec<_>, _>>()?,
            Payload::CodeSectionEntry(body) => {
                let signature = types.get(functions.len()).context("a body without a type")?;
                functions.push(Function::new(module, parameters[*signature as usize], &body)?);
            }
            _ => {}
        }
    }
    Ok(functions)
}

impl<'m> Function<'m> {
    fn new(module: &'m [u8], parameters: usize, body: &FunctionBody<'_>) -> anyhow::Result<Self> {
        let mut types = vec![None; parameters];
        for group in body.get_locals_reader()? {
            let (count, kind) = group?;
            types.resize(types.len() + count as usize, Some(kind));
        }
        let (mut parts, mut start, mut after_number) = (Vec::new(), body.range().start, false);
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            let (operator, at) = operator?;
            if after_number {
                start = at;
            }
            after_number = false;
            if let Operator::LocalGet { local_index }
            | Operator::LocalSet { local_index }
            | Operator::LocalTee { local_index } = operator
            {
                parts.push((&module[start..=at], local_index as usize));
                after_number = true;
            }
        }
        Ok(Self { types, parts, rest: &module[start..body.range().end] })
    }

    /// The body with those numbers for which a change of two makes it no more like what came shortly before.
    fn renumbered(&self, recent: &Recent) -> Vec<u8> {
        let mut numbers: Vec<usize> = (0..self.types.len()).collect();
        let (mut best, mut tried) = (Vec::new(), Vec::new());
        self.write(&numbers, &mut best);
        let mut most = recent.repeated(&best);
        for _ in 0..ROUNDS_MAX {
            let before = most;
            for (one, other) in self.pairs() {
                numbers.swap(one, other);
                self.write(&numbers, &mut tried);
                let repeated = recent.repeated(&tried);
                if repeated > most && tried.len() <= best.len() {
                    (most, best) = (repeated, tried.clone());
                } else {
                    numbers.swap(one, other);
                }
            }
            if most == before {
                break;
            }
        }
        best
    }

    /// The pairs of locals that may change numbers.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let own = (0..self.types.len()).filter(|local| self.types[*local].is_some());
        own.flat_map(move |one| (one + 1..self.types.len()).map(move |other| (one, other)))
            .filter(|(one, other)| self.types[*one] == self.types[*other])
    }

    /// The body, each local called by its new number.
    fn write(&self, numbers: &[usize], body: &mut Vec<u8>) {
        body.clear();
        for (before, local) in &self.parts {
            body.extend_from_slice(before);
            numbers[*local].encode(body);
        }
        body.extend_from_slice(self.rest);
    }
}

/// The bodies that were written last, and how often each piece stands in them. Pieces share counters where their hashes
/// are the same: that makes the measure worse, and never the module.
struct Recent {
    counters: Vec<u16>,
    bodies: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Recent {
    fn new() -> Self {
        Self { counters: vec![0; 1 << COUNTERS_BITS], bodies: VecDeque::new(), bytes: 0 }
    }

    /// How many pieces of a body stand in those that were written last.
    fn repeated(&self, body: &[u8]) -> usize {
        counters(body).filter(|counter| self.counters[*counter] > 0).count()
    }

    fn push(&mut self, body: Vec<u8>) {
        counters(&body).for_each(|counter| self.counters[counter] += 1);
        self.bytes += body.len();
        self.bodies.push_back(body);
        while self.bytes > WINDOW_BYTES {
            let Some(oldest) = self.bodies.pop_front() else { return };
            self.bytes -= oldest.len();
            counters(&oldest).for_each(|counter| self.counters[counter] -= 1);
        }
    }
}

/// The counter of each piece of a body.
fn counters(body: &[u8]) -> impl Iterator<Item = usize> {
    /// The golden ratio, whose product has mixed high bits.
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    body.array_windows().flat_map(|bytes| {
        let bytes = u64::from_le_bytes(*bytes);
        PIECE_BYTES.map(|len| ((bytes << (64 - 8 * len)).wrapping_mul(MIX) >> (64 - COUNTERS_BITS)) as usize)
    })
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CodeSection, Function, FunctionSection, Module, TypeSection, ValType};
    use wasmparser::{Parser, Payload};

    use super::renumber;

    /// A module of functions with a parameter and two locals of each of two types, which use two locals in turn.
    fn module(uses: &[(u32, u32)]) -> Vec<u8> {
        let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
        types.ty().function([ValType::I32], []);
        for (one, other) in uses {
            functions.function(0);
            let mut body = Function::new([(2, ValType::I32), (2, ValType::I64)]);
            for _ in 0..9 {
                body.instructions().local_get(*one).local_set(*other).local_get(0).local_set(*one);
            }
            body.instructions().end();
            code.function(&body);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        module.finish()
    }

    fn bodies(module: &[u8]) -> Vec<Vec<u8>> {
        let payloads = Parser::new(0).parse_all(module).map(|payload| payload.expect("a module"));
        payloads
            .filter_map(|payload| match payload {
                Payload::CodeSectionEntry(body) => Some(body.as_bytes().to_vec()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn locals_that_are_used_alike_are_called_alike() {
        let given = module(&[(1, 2), (2, 1), (1, 2)]);
        let made = renumber(&given).expect("a module");
        wasmparser::validate(&made).expect("a module that is still right");
        assert_eq!(bodies(&made), vec![bodies(&given)[0].clone(); 3]);
    }

    #[test]
    fn parameters_keep_their_numbers() {
        let given = module(&[(1, 2), (0, 0)]);
        assert_eq!(renumber(&given).expect("a module"), given);
    }
}
