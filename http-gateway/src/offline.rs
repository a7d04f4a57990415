//! What is done with files while no server uses them: `import`, `export`, `check`.

use crate::follow::{self, Address, Until};
use crate::loader::show;
use crate::log::{self, Error, Folder, Progress, Summary};
use crate::options::{CheckOptions, ExportOptions, ImportOptions, ImportSource, RestoreOptions};
use redstart_core::{Config, Engine, Purpose};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};

/// Brings the data of a dump or of an append-only directory into a data folder that has none yet.
///
/// # Errors
/// When there is something wrong with either of them; then the data folder is as it was.
pub fn import(options: &ImportOptions, out: &mut impl Write) -> Result<(), follow::Error> {
    match &options.source {
        ImportSource::Path(source) => Ok(import_files(source, &options.data, out)?),
        ImportSource::Redis(address) => import_running(address, options, out),
    }
}

fn import_files(source: &Path, data: &Path, out: &mut impl Write) -> Result<(), Error> {
    let mut engine = engine();
    let files = load(source, &mut engine)?;
    for file in files.iter().filter(|file| file.torn_bytes > 0) {
        say(out, &format!("{}: {} bytes of an unfinished write are left out", file.path.display(), file.torn_bytes))?;
    }
    let folder = Folder::take(data)?;
    log::create(&folder, &mut engine)?;
    say(out, &format!("{} holds {}", data.display(), contents(&engine)))
}

/// Follows a Redis that runs until a signal comes, and writes what it has then.
fn import_running(address: &Address, options: &ImportOptions, out: &mut impl Write) -> Result<(), follow::Error> {
    let data = &options.data;
    let folder = Folder::take(data)?;
    log::check_empty(&folder)?;
    let stopped = stopped_by_signals().map_err(|source| Error::Thread { source })?;
    if !options.once {
        say(out, &format!("following {address} until Ctrl-C; then its data are written to {}", data.display()))?;
    }
    let mut engine = engine();
    let until = Until { stopped, once: options.once };
    let Some(offset) = follow::follow(address, &until, &mut engine)? else {
        return Ok(say(out, "stopped before all data were here: nothing was written")?);
    };
    log::create(&folder, &mut engine)?;
    let contents = contents(&engine);
    Ok(say(out, &format!("{} holds {contents}: everything up to offset {offset} of {address}", data.display()))?)
}

/// Becomes true when somebody wants this to end.
fn stopped_by_signals() -> io::Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let guard = runtime.enter();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    drop(guard);
    let told = stopped.clone();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        });
        told.store(true, Ordering::SeqCst);
    })?;
    Ok(stopped)
}

/// Writes the data of a data folder into an RDB file, which a Redis loads.
///
/// # Errors
/// When the folder is used by a server, its log is damaged, or the file cannot be written.
pub fn export(options: &ExportOptions, out: &mut impl Write) -> Result<(), Error> {
    let _folder = Folder::take_existing(&options.data)?;
    let mut engine = engine();
    load(&options.data, &mut engine)?;
    log::rdb::replace(&options.file, &mut engine, Purpose::Copy)?;
    say(out, &format!("{} holds {}", options.file.display(), contents(&engine)))
}

/// Makes a data folder that holds what another one held at some place of its log.
///
/// # Errors
/// When the log does not go there or is damaged, and when there is a log in the new folder already.
pub fn restore(options: &RestoreOptions, out: &mut impl Write) -> Result<(), Error> {
    let RestoreOptions { at, data, target } = options;
    let mut engine = engine();
    let progress = Progress::default();
    let last = show(&progress, || log::history::restore(data, *at, &progress, &mut engine))?;
    let folder = Folder::take(target)?;
    log::create(&folder, &mut engine)?;
    let contents = contents(&engine);
    say(out, &format!("{} holds {contents}: everything up to lsn:{}", target.display(), last.0))
}

/// Reads files as a start would, and tells what they hold. With `--fix`, the rest of an unfinished write is cut off.
///
/// # Errors
/// What is wrong with the files, and where.
pub fn check(options: &CheckOptions, out: &mut impl Write) -> Result<(), Error> {
    // The files of a running server must not be cut.
    let is_folder = options.fix && options.path.join(log::DIRECTORY).is_dir();
    let _folder = is_folder.then(|| Folder::take_existing(&options.path)).transpose()?;
    let mut engine = engine();
    for file in load(&options.path, &mut engine)? {
        let Summary { path, purpose, bytes, torn_bytes } = file;
        say(out, &format!("{}: {purpose}, {bytes} bytes", path.display()))?;
        if torn_bytes > 0 {
            let whole = bytes - torn_bytes;
            say(out, &format!("  from byte {whole} on: {torn_bytes} bytes of an unfinished write, never confirmed"))?;
            if options.fix {
                cut(&path, whole).map_err(Error::io("cut", &path))?;
                say(out, "  they have been cut off")?;
            }
        }
    }
    say(out, &contents(&engine))
}

fn cut(path: &Path, len: u64) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    file.set_len(len)?;
    file.sync_all()
}

/// Loads what a path names: a data folder, an append-only directory, or a file.
fn load(path: &Path, engine: &mut Engine) -> Result<Vec<Summary>, Error> {
    let inner = path.join(log::DIRECTORY);
    if inner.is_dir() {
        log::look(&inner, engine)
    } else if path.is_dir() {
        log::look(path, engine)
    } else {
        log::look_at_file(path, engine).map(|file| vec![file])
    }
}

/// Nobody takes effects from it.
fn engine() -> Engine {
    Engine::new(Config { record_effects: false, ..Config::default() }, 0)
}

/// How much an engine holds, in words.
fn contents(engine: &Engine) -> String {
    let sizes: Vec<_> = engine.database_sizes().filter(|(_, keys)| *keys > 0).collect();
    if sizes.is_empty() {
        return "no keys".to_owned();
    }
    let texts: Vec<_> = sizes.iter().map(|(number, keys)| format!("{keys} keys in database {number}")).collect();
    texts.join(", ")
}

pub(crate) fn say(out: &mut impl Write, line: &str) -> Result<(), Error> {
    writeln!(out, "{line}").map_err(Error::io("write to", Path::new("standard output")))
}
