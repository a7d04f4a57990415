//! Functions: named callbacks of libraries, which the store keeps with its data.
//!
//! All libraries live in one machine of their own. A library's text runs once, when it is loaded, and may do nothing but
//! register its functions. A change is made of libraries that have all been compiled before; so it happens as a whole or
//! not at all.

mod header;
mod register;

use super::ScriptFlags;
use super::machine::Machine;
use crate::config::Config;
use crate::engine::Output;
use crate::error::Error;
use crate::values::bytes::SmallBytes;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use header::Header;
use redstart_lua::Anchor;

/// The libraries, and the machine that their functions run in.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    machine: Option<Box<Machine>>,
    /// By name.
    libraries: Vec<Library>,
    /// Where each function is, by its name in lower case.
    index: HashMap<Vec<u8>, (usize, usize), FixedState>,
    /// What libraries logged while they were loaded.
    lines: Vec<Output>,
}

/// A library.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) name: Vec<u8>,
    /// Its whole text.
    pub(crate) code: SmallBytes,
    /// In the order in which it registered them.
    pub(crate) functions: Vec<Function>,
}

/// A function of a library.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: Vec<u8>,
    pub(crate) description: Option<Vec<u8>>,
    pub(crate) flags: ScriptFlags,
    pub(super) callback: Anchor,
}

/// What becomes of libraries that are there when others come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// They go.
    Flush,
    /// They stay, and none may come again.
    Append,
    /// Those go that come again.
    Replace,
}

impl Functions {
    /// The libraries, by name.
    pub(crate) fn libraries(&self) -> &[Library] {
        &self.libraries
    }

    /// How many functions there are.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// The function of this name, in any case.
    pub(crate) fn find(&self, name: &[u8]) -> Option<&Function> {
        let (library, function) = self.index.get(&name.to_ascii_lowercase())?;
        self.libraries.get(*library)?.functions.get(*function)
    }

    /// The bytes of the machine's objects.
    pub(crate) fn machine_bytes(&self) -> usize {
        self.machine.as_ref().map_or(0, |machine| machine.vm.used_bytes())
    }

    /// What libraries logged while they were loaded, once.
    pub(crate) fn take_lines(&mut self) -> Vec<Output> {
        core::mem::take(&mut self.lines)
    }

    /// The machine, out of its place. It has to be put back.
    pub(super) const fn take_machine(&mut self) -> Option<Box<Machine>> {
        self.machine.take()
    }

    /// Puts the machine back.
    pub(super) fn put_machine(&mut self, machine: Box<Machine>) {
        self.machine = Some(machine);
    }

    /// Adds a library, or puts it in the place of one of its name; its name.
    ///
    /// # Errors
    /// What is wrong with it, and then nothing has changed.
    pub(crate) fn load(&mut self, config: &Config, code: &[u8], replace: bool) -> Result<Vec<u8>, Error> {
        let header = Header::parse(code).map_err(refused)?;
        let is_there = self.libraries.iter().any(|library| library.name == header.name);
        if is_there && !replace {
            return Err(taken(header.name));
        }
        let name = header.name.to_vec();
        let library = self.compile(config, code, &header)?;
        self.join(alloc::vec![library], Policy::Replace)?;
        Ok(name)
    }

    /// Adds libraries, all or none.
    ///
    /// # Errors
    /// What is wrong with them, and then nothing has changed.
    pub(crate) fn restore<'a>(
        &mut self,
        config: &Config,
        codes: impl Iterator<Item = &'a [u8]>,
        policy: Policy,
    ) -> Result<(), Error> {
        let (mut libraries, mut names) = (Vec::<Library>::new(), Names::default());
        for code in codes {
            let compiled = Header::parse(code).map_err(refused).and_then(|header| {
                if libraries.iter().any(|library| library.name == header.name) {
                    return Err(taken(header.name));
                }
                self.compile(config, code, &header)
            });
            let added = compiled.and_then(|library| {
                let added = names.add(&library);
                libraries.push(library);
                added
            });
            if let Err(error) = added {
                self.release(libraries);
                return Err(error);
            }
        }
        self.join(libraries, policy)
    }

    /// Removes a library. False when there is none of this name.
    pub(crate) fn delete(&mut self, name: &[u8]) -> bool {
        let (gone, rest) = core::mem::take(&mut self.libraries).into_iter().partition(|library| library.name == name);
        self.libraries = rest;
        let found = self.release(gone) > 0;
        self.rebuild_index();
        found
    }

    /// Removes all libraries, and their machine.
    pub(crate) fn flush(&mut self) {
        *self = Self::default();
    }

    fn join(&mut self, libraries: Vec<Library>, policy: Policy) -> Result<(), Error> {
        if let Err(error) = self.check_names(&libraries, policy) {
            self.release(libraries);
            return Err(error);
        }
        let stays = |library: &Library| stays(library, &libraries, policy);
        let (kept, gone) = core::mem::take(&mut self.libraries).into_iter().partition(stays);
        self.libraries = kept;
        self.release(gone);
        self.libraries.extend(libraries);
        self.libraries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        self.rebuild_index();
        Ok(())
    }

    /// No name may be there twice.
    fn check_names(&self, libraries: &[Library], policy: Policy) -> Result<(), Error> {
        let mut names = Names::default();
        let kept = || self.libraries.iter().filter(|library| stays(library, libraries, policy));
        for library in libraries {
            if kept().any(|other| other.name == library.name) {
                return Err(exists("Library", &library.name));
            }
        }
        kept().chain(libraries).try_for_each(|library| names.add(library))
    }

    /// Lets go of the functions of libraries; how many libraries.
    fn release(&mut self, libraries: Vec<Library>) -> usize {
        let count = libraries.len();
        for function in libraries.into_iter().flat_map(|library| library.functions) {
            if let Some(machine) = &mut self.machine {
                machine.vm.release(function.callback);
            }
        }
        count
    }

    fn rebuild_index(&mut self) {
        let places = self.libraries.iter().enumerate().flat_map(|(at, library)| {
            let functions = library.functions.iter().enumerate();
            functions.map(move |(place, function)| (function.name.to_ascii_lowercase(), (at, place)))
        });
        self.index = places.collect();
    }
}

/// The names of functions, in lower case, none of which may be there twice.
#[derive(Default)]
struct Names(HashMap<Vec<u8>, (), FixedState>);

impl Names {
    fn add(&mut self, library: &Library) -> Result<(), Error> {
        for function in &library.functions {
            if self.0.insert(function.name.to_ascii_lowercase(), ()).is_some() {
                return Err(exists("Function", &function.name));
            }
        }
        Ok(())
    }
}

/// Whether a library stays when others come.
fn stays(library: &Library, coming: &[Library], policy: Policy) -> bool {
    match policy {
        Policy::Flush => false,
        Policy::Append => true,
        Policy::Replace => coming.iter().all(|other| other.name != library.name),
    }
}

/// Two libraries that are loaded have one name.
fn taken(name: &[u8]) -> Error {
    refused(format!("Library '{}' already exists", String::from_utf8_lossy(name)))
}

/// A library that comes has the name of one that stays.
fn exists(what: &str, name: &[u8]) -> Error {
    refused(format!("{what} {} already exists", String::from_utf8_lossy(name)))
}

/// An error with a text of its own.
pub(super) fn refused(text: String) -> Error {
    Error::detail(format!("ERR {text}"))
}
