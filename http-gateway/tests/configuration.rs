//! Flags, environment and file, from the program's command line to what clients see.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use redstart_gateway::configuration;
use redstart_gateway::options::Command;
use redstart_gateway::server::Server;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// A folder with a configuration.
fn file_with(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("redstart.toml");
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

fn run(words: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_redstart"));
    command.args(words).env_clear().envs(environment.iter().copied()).output().unwrap()
}

/// What `config check` says of each setting.
#[track_caller]
fn checked(words: &[&str], environment: &[(&str, &str)]) -> Vec<[String; 3]> {
    let output = run(&[&["config", "check"], words].concat(), environment);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let fields = |line: &str| {
        let fields: Vec<_> = line.split("  ").map(str::trim).filter(|field| !field.is_empty()).collect();
        let [name, value, origin] = fields.try_into().unwrap();
        [name, value, origin].map(str::to_owned)
    };
    text.lines().map(fields).collect()
}

#[track_caller]
fn expect(settings: &[[String; 3]], name: &str, value: &str, origin: &str) {
    let [_, shown, from] = settings.iter().find(|[of, ..]| of == name).unwrap();
    assert_eq!((shown.as_str(), from.as_str()), (value, origin), "{name}");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let text = "http = '127.0.0.1:1'\nresp = '127.0.0.1:1'\ndata = '/a'\ntoken = 'hidden'\n\
                [redis]\nmaxmemory = '1mb'\nmaxmemory-samples = 7\n";
    let (_folder, file) = file_with(text);
    let file = file.to_str().unwrap();
    let words = ["--http", "127.0.0.1:3", "--set", "maxmemory=2mb"];
    let environment = [("REDSTART_CONFIG", file), ("REDSTART_HTTP", "127.0.0.1:2"), ("REDSTART_RESP", "127.0.0.1:2")];
    let settings = checked(&words, &environment);
    expect(&settings, "http", "127.0.0.1:3", "command line");
    expect(&settings, "resp", "127.0.0.1:2", "environment REDSTART_RESP");
    expect(&settings, "data", "/a", &format!("{file}:3"));
    expect(&settings, "token", "***", &format!("{file}:4"));
    expect(&settings, "durability", "everysec", "default");
    expect(&settings, "requirepass", "-", "default");
    expect(&settings, "redis.maxmemory", "2mb", "command line");
    expect(&settings, "redis.maxmemory-samples", "7", &format!("{file}:7"));
    let settings = checked(&["--config", file], &[]);
    expect(&settings, "redis.maxmemory", "1mb", &format!("{file}:6"));
}

#[test]
fn a_secret_has_one_source_and_the_command_line_wins() {
    let (folder, _file) = file_with("");
    let [word, other] = ["word", "other"].map(|name| {
        let path = folder.path().join(name);
        std::fs::write(&path, name).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let settings = checked(&["--token-file", &word], &[("REDSTART_TOKEN", "hidden")]);
    expect(&settings, "token-file", &word, "command line");
    expect(&settings, "token", "-", "default");
    let settings = checked(&["--token", "shown"], &[("REDSTART_TOKEN_FILE", &other)]);
    expect(&settings, "token", "***", "command line");
    expect(&settings, "token-file", "-", "default");
    for (words, environment) in [
        (&["--token", "a", "--token-file", word.as_str()][..], &[][..]),
        (&[], &[("REDSTART_TOKEN", "a"), ("REDSTART_TOKEN_FILE", word.as_str())]),
    ] {
        let output = run(&[&["config", "check"], words].concat(), environment);
        assert!(String::from_utf8(output.stderr).unwrap().contains("are both given"), "{words:?}");
    }
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_started() {
    let (folder, file) = file_with("htpp = 'x'\n[redis]\nmaxmemory = 'much'\n");
    let path = file.to_str().unwrap();
    for words in [["config", "check", "--config", path].as_slice(), &["serve", "--config", path]] {
        let output = run(words, &[]);
        assert_eq!(output.status.code(), Some(1));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains(&format!("{path}:1: there is no key htpp; did you mean http?")), "{errors}");
        assert!(errors.contains(&format!("{path}:3: maxmemory: argument must be a memory value")), "{errors}");
    }
    let missing = folder.path().join("none.toml");
    let output = run(&["config", "check", "--config", missing.to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("failed to read the configuration"));
    // The combination may be wrong where each part is right.
    let output = run(&["config", "check", "--http", "0.0.0.0:1"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("set --token"));
}

fn start(file: &Path, more: &[&str]) -> Server {
    let fixed = ["redstart", "serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--durability", "memory"];
    let words = [&fixed, ["--config", file.to_str().unwrap()].as_slice(), more].concat();
    let Command::Serve(options) = configuration::parse(words).unwrap().arguments.command else {
        unreachable!("the words say serve")
    };
    Server::start(&options).unwrap()
}

/// The answers to lines over RESP.
fn ask(server: &Server, lines: &[&str]) -> String {
    let mut client = TcpStream::connect(server.resp_address()).unwrap();
    client.write_all(format!("{}\r\nQUIT\r\n", lines.join("\r\n")).as_bytes()).unwrap();
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    answers
}

#[test]
fn a_server_has_the_parameters_of_the_file() {
    let (_folder, file) = file_with("[redis]\nmaxmemory = '100mb'\nnotify-keyspace-events = 'KEA'\n");
    let server = start(&file, &["--set", "maxmemory=1gb"]);
    let answers = ask(&server, &["CONFIG GET maxmemory", "CONFIG GET notify-keyspace-events", "INFO server"]);
    assert!(answers.contains("$10\r\n1073741824\r\n") && answers.contains("\r\nAKE\r\n"), "{answers}");
    assert!(answers.contains(&format!("config_file:{}\r\n", file.display())), "{answers}");
    server.stop();
}

#[test]
fn config_rewrite_writes_what_was_changed() {
    let (folder, file) = file_with("[redis]\nmaxmemory = '100mb' # enough\n");
    let link = folder.path().join("link.toml");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let server = start(&link, &["--set", "maxmemory-samples=7"]);
    let read = || std::fs::read_to_string(&file).unwrap();
    assert_eq!(ask(&server, &["CONFIG REWRITE"]), "+OK\r\n+OK\r\n");
    assert_eq!(read(), "[redis]\nmaxmemory = '100mb' # enough\n");
    let set = "CONFIG SET maxmemory 1gb requirepass secret list-max-ziplist-size 5";
    assert_eq!(ask(&server, &[set, "CONFIG REWRITE"]), "+OK\r\n+OK\r\n+OK\r\n");
    let expected = "[redis]\nmaxmemory = 1073741824 # enough\nlist-max-listpack-size = 5\n";
    assert_eq!(read(), expected);
    assert!(link.is_symlink());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");

    std::fs::write(&file, "[redis").unwrap();
    let answers = ask(&server, &["AUTH secret", "CONFIG SET maxmemory 5", "CONFIG REWRITE"]);
    assert!(answers.contains("-ERR Rewriting config file: it is no TOML any more\r\n"), "{answers}");
    assert_eq!(read(), "[redis");
    std::fs::remove_file(&file).unwrap();
    let answers = ask(&server, &["AUTH secret", "CONFIG REWRITE"]);
    assert!(answers.contains("-ERR Rewriting config file: No such file or directory\r\n"), "{answers}");
    // What could not be written is written the next time.
    std::fs::write(&file, expected).unwrap();
    ask(&server, &["AUTH secret", "CONFIG REWRITE"]);
    assert_eq!(read(), expected.replace("1073741824", "5"));
    server.stop();
}
