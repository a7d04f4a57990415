//! The functions of a module, and the module with them in other places.

use std::convert::Infallible;

use anyhow::Context;
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, MemArg, Module};
use wasmparser::{CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef};

/// The functions of a module.
pub(super) struct Functions<'m> {
    /// How many are imported. They are counted before its own.
    pub(super) imported: u32,
    /// The types of its own ones.
    pub(super) types: Vec<u32>,
    /// Their bodies.
    pub(super) bodies: Vec<&'m [u8]>,
}

impl<'m> Functions<'m> {
    /// Those of this module.
    pub(super) fn of(module: &'m [u8]) -> anyhow::Result<Self> {
        let mut functions = Self { imported: 0, types: Vec::new(), bodies: Vec::new() };
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        functions.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(section) => functions.types = section.into_iter().collect::<Result<_, _>>()?,
                Payload::CodeSectionEntry(body) => functions.bodies.push(&module[body.range()]),
                _ => {}
            }
        }
        Ok(functions)
    }
}

/// The module with these of its own functions, in this order. Wherever a function was named, the one at its place is named
/// now. Hints of alignment are left out on the way.
pub(super) fn place(module: &[u8], imported: u32, order: Vec<usize>, places: &[usize]) -> anyhow::Result<Vec<u8>> {
    let mut placed = Module::new();
    Placement { imported, order, places }
        .parse_core_module(&mut placed, Parser::new(0), module)
        .ok()
        .context("the module is not as expected")?;
    Ok(placed.finish())
}

/// Writes functions in other places.
struct Placement<'p> {
    imported: u32,
    /// The functions as they are to stand.
    order: Vec<usize>,
    /// Where each function is found by then.
    places: &'p [usize],
}

type Result<T, E = reencode::Error<Infallible>> = std::result::Result<T, E>;

impl Reencode for Placement<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32> {
        let own = function.checked_sub(self.imported);
        Ok(own.map_or(function, |own| self.imported + self.places[own as usize] as u32))
    }

    /// No engine heeds what a module says of the alignment of an access, and without it more accesses are alike.
    fn mem_arg(&mut self, access: wasmparser::MemArg) -> Result<MemArg> {
        Ok(MemArg { align: 0, ..utils::mem_arg(self, access)? })
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<()> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for function in &self.order {
            functions.function(types[*function]);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Result<()> {
        let bodies = section.into_iter().collect::<Result<Vec<FunctionBody<'_>>, _>>()?;
        for function in self.order.clone() {
            self.parse_function_body(code, bodies[function].clone())?;
        }
        Ok(())
    }
}
