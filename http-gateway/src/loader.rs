//! Loads the log behind open ports: clients are told that data are loading, and people how far that has come.

use crate::host::{Durability, Flusher, Host};
use crate::log::{self, Error, Folder, Log, Progress};
use redstart_core::{Config, Engine};
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the bar on a terminal moves.
const BAR_INTERVAL: Duration = Duration::from_millis(100);
/// How often a line is logged where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(2);
/// The length of the bar.
const BAR_CELLS: u64 = 40;
const MIB: u64 = 1 << 20;

/// What an engine is loaded from and for.
#[derive(Debug)]
pub struct Loader {
    /// Who gets the data.
    pub host: Arc<Host>,
    /// Where they are.
    pub folder: Folder,
    /// The parameters of the host's engine.
    pub config: Config,
    /// The seed of the host's engine.
    pub seed: u64,
    /// When effects are written from then on.
    pub durability: Durability,
    /// How far it has come, for others to see.
    pub progress: Arc<Progress>,
}

impl Loader {
    /// Begins to load, on a thread of its own. When the data are served `then` is called with their log; what is given in
    /// the end writes that log. When they cannot be loaded the host is stopped, and there is nothing to be given.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(self, then: impl FnOnce(Arc<Log>) + Send + 'static) -> io::Result<JoinHandle<Option<Flusher>>> {
        std::thread::Builder::new().name("load".into()).spawn(|| {
            let host = self.host.clone();
            let loaded = self.run(then);
            loaded.inspect_err(|_| tracing::error!("the data are not loaded")).map_err(|error| host.fail(error)).ok()
        })
    }

    fn run(self, then: impl FnOnce(Arc<Log>)) -> Result<Flusher, Error> {
        let Self { host, folder, config, seed, durability, progress } = self;
        let mut engine = Engine::new(config, seed);
        let (log, writer) = show(&progress, || log::open(folder, &progress, &mut engine))?;
        let log = Arc::new(log);
        let started = Flusher::start(&host, log.clone(), writer, durability);
        let flusher = started.map_err(|source| Error::Thread { source })?;
        host.adopt(engine);
        then(log);
        Ok(flusher)
    }
}

/// Does something, and shows meanwhile how far it has come: on a terminal by a bar, elsewhere by lines in the log.
pub(crate) fn show<T>(progress: &Progress, work: impl FnOnce() -> T) -> T {
    let (done, is_done) = channel::<()>();
    let is_terminal = io::stderr().is_terminal();
    let interval = if is_terminal { BAR_INTERVAL } else { LINE_INTERVAL };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut shown = false;
            while is_done.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                shown = true;
                if is_terminal { draw(&bar(progress)) } else { tracing::info!("{}", line(progress)) }
            }
            if shown && is_terminal {
                draw(&format!("{}\n", bar(progress)));
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn draw(text: &str) {
    // A terminal that takes no bar takes no complaint either.
    let _ = write!(io::stderr(), "\r{text}");
}

fn bar(progress: &Progress) -> String {
    let full = BAR_CELLS * progress.read_bytes() / progress.total_bytes().max(1);
    let cells: String = (0..BAR_CELLS).map(|cell| if cell < full { '#' } else { '.' }).collect();
    format!("[{cells}] {}", line(progress))
}

fn line(progress: &Progress) -> String {
    let (read, total) = (progress.read_bytes(), progress.total_bytes());
    match (100 * read).checked_div(total) {
        Some(percent) => format!("{}: {percent} % of {} MiB", progress.what, total.div_ceil(MIB)),
        None => format!("{}: {} MiB", progress.what, read / MIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_load_is_no_division_by_zero() {
        assert_eq!(line(&Progress::default()), "loading the data: 0 MiB");
        assert!(bar(&Progress::default()).starts_with("[....."));
    }
}
