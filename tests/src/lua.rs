//! Scripts, run by the machine of the store and by C Lua 5.1.

pub mod fuzz;
pub mod generate;
pub mod scripts;

use anyhow::{Context, ensure};
use redstart_lua::{Args, Failure, Fault, Host, Limits, Value, Vm};
use std::io::Write;
use std::process::{Command, Stdio};

/// What a script is called in error messages: the name that Redis gives it.
const NAME: &str = "user_script";

/// A host whose one function is `print`.
#[derive(Debug, Default)]
pub struct Printer {
    /// What was printed.
    pub output: Vec<u8>,
}

impl Host for Printer {
    fn call(&mut self, vm: &mut Vm, _: u32, args: Args) -> Result<usize, Fault> {
        let texts: Vec<_> = vm.values(args).iter().map(|value| vm.display(*value)).collect();
        self.output.extend_from_slice(&texts.join(&b'\t'));
        self.output.push(b'\n');
        Ok(0)
    }
}

/// How a script is run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Instructions.
    pub budget: u64,
    /// Bytes.
    pub bytes: usize,
    /// Whether garbage is collected at each new object.
    pub collects_always: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { budget: u64::MAX, bytes: 1 << 30, collects_always: false }
    }
}

/// How a script ended, and what it printed.
#[derive(Debug)]
pub struct Outcome {
    /// What it printed.
    pub output: String,
    /// The text of the error that ended it, or how else it ended.
    pub failure: Option<String>,
}

/// Runs a script in the machine of the store.
pub fn run(source: &[u8], settings: Settings) -> Outcome {
    let mut printer = Printer::default();
    let failure = execute(source, settings, &mut printer).err();
    Outcome { output: String::from_utf8_lossy(&printer.output).into_owned(), failure }
}

fn execute(source: &[u8], settings: Settings, printer: &mut Printer) -> Result<(), String> {
    let mut vm = Vm::new(Limits { bytes: settings.bytes }).map_err(|fault| format!("{fault:?}"))?;
    let print = vm.host_function(0).map_err(|fault| format!("{fault:?}"))?;
    let globals = vm.globals();
    vm.set_field(globals, "print", print).map_err(|fault| format!("{fault:?}"))?;
    vm.collect_always(settings.collects_always);
    vm.set_budget(settings.budget);
    let result = match vm.load(source, NAME.as_bytes()) {
        Ok(function) => vm.call(printer, function, &[]),
        Err(failure) => Err(failure),
    };
    result.map(|_| ()).map_err(|failure| describe(&vm, failure))
}

fn describe(vm: &Vm, failure: Failure) -> String {
    match failure {
        Failure::Error(value @ (Value::String(_) | Value::Number(_))) => {
            String::from_utf8_lossy(&vm.display(value)).into_owned()
        }
        other => format!("{other:?}"),
    }
}

/// Runs a script in C Lua.
///
/// # Errors
/// When it is not installed.
pub fn reference(source: &[u8]) -> anyhow::Result<Outcome> {
    // The program reads the script as a string, so that both know it by one name.
    let wrapper = format!("local f, e = loadstring(io.read('*a'), '={NAME}') if not f then error(e, 0) end f()");
    let mut child = Command::new("lua5.1")
        .args(["-e", &wrapper])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("lua5.1 is missing; on Debian: apt-get install lua5.1")?;
    let mut stdin = child.stdin.take().context("no way to write the script")?;
    let script = source.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&script));
    let output = child.wait_with_output()?;
    ensure!(writer.join().is_ok(), "the script could not be written");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let failure = errors.lines().next().map(|line| line.trim_start_matches("lua5.1: ").to_owned());
    Ok(Outcome { output: String::from_utf8_lossy(&output.stdout).into_owned(), failure })
}

/// What a script prints when Redis runs it: the lines are collected in a table.
pub fn as_redis_script(source: &str) -> String {
    let print = "local lines = {} local function print(...) local line = {} for i = 1, select('#', ...) do \
                 line[i] = tostring((select(i, ...))) end lines[#lines + 1] = table.concat(line, '\\t') end ";
    format!("{print}{source}\nreturn table.concat(lines, '\\n')")
}

/// Hides what differs by nature: addresses, and the sign of NaN.
pub fn normalised(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(": 0x") {
        let end = start + 4;
        out.push_str(&rest[..end]);
        rest = rest[end..].trim_start_matches(|digit: char| digit.is_ascii_hexdigit());
    }
    out.push_str(rest);
    out.replace("-nan", "nan")
}
