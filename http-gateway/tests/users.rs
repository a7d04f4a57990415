//! The file of users, from the start to `ACL LOAD` and `ACL SAVE`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use clap::Parser;
use redstart_gateway::options::{Arguments, Command};
use redstart_gateway::server::{Error, Server};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use tempfile::TempDir;

fn start(file: &Path) -> Result<Server, Error> {
    start_at("127.0.0.1:0", file, &[])
}

fn start_at(resp: &str, file: &Path, more: &[&str]) -> Result<Server, Error> {
    let fixed = ["redstart", "serve", "--http", "127.0.0.1:0", "--durability", "memory", "--resp", resp];
    let file = file.display().to_string();
    let named = ["--aclfile", file.as_str()];
    let words = fixed.iter().chain(&named).chain(more);
    let Command::Serve(options) = Arguments::parse_from(words).command else { unreachable!("the words say serve") };
    Server::start(&options)
}

/// A folder with a file of users.
fn file_with(text: &str) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.acl");
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(server: &Server) -> Self {
        Self(BufReader::new(TcpStream::connect(server.resp_address()).unwrap()))
    }

    /// Sends a line, and gives the line of the answer.
    fn ask(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.0.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    #[track_caller]
    fn expect_end(&mut self) {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = self.0.read_to_end(&mut rest);
        assert_eq!(rest, b"");
    }
}

#[test]
fn users_come_from_the_file_and_go_into_it() {
    let (_folder, file) = file_with("user default on nopass ~* &* +@all\nuser alice on >secret ~a:* +get\n");
    let server = start(&file).unwrap();
    let (mut admin, mut alice) = (Client::connect(&server), Client::connect(&server));
    assert_eq!(alice.ask("AUTH alice secret"), "+OK");
    assert_eq!(alice.ask("GET a:1"), "$-1");
    assert!(alice.ask("SET a:1 v").starts_with("-NOPERM"));

    assert_eq!(admin.ask("ACL SETUSER bob on >word +@all ~*"), "+OK");
    assert_eq!(admin.ask("ACL SAVE"), "+OK");
    let saved = std::fs::read_to_string(&file).unwrap();
    let names: Vec<_> = saved.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(names, ["alice", "bob", "default"]);
    assert!(!saved.contains("secret") && !saved.contains("word"), "{saved}");

    // Alice is as she was and stays; Bob has gone.
    std::fs::write(&file, saved.lines().filter(|line| !line.contains("bob")).collect::<Vec<_>>().join("\n")).unwrap();
    let mut bob = Client::connect(&server);
    assert_eq!(bob.ask("AUTH bob word"), "+OK");
    assert_eq!(admin.ask("ACL LOAD"), "+OK");
    assert_eq!(alice.ask("GET a:1"), "$-1");
    bob.expect_end();
    assert!(admin.ask("AUTH bob word").starts_with("-WRONGPASS"));
    server.stop();
}

#[test]
fn a_wrong_file_changes_nothing_and_stops_the_start() {
    let (folder, file) = file_with("user alice on nopass +@all ~*\n");
    let server = start(&file).unwrap();
    let mut client = Client::connect(&server);
    std::fs::write(&file, "user alice +nosuch\n").unwrap();
    let path = file.display();
    let wrong = format!(
        "{path}:1: Error in applying operation '+nosuch': Unknown command or category name in ACL. WARNING: ACL errors \
         detected, no change to the previously active ACL rules was performed"
    );
    assert_eq!(client.ask("ACL LOAD"), format!("-ERR {wrong}"));
    assert_eq!(client.ask("AUTH alice x"), "+OK");
    assert_eq!(start(&file).unwrap_err().to_string(), format!("failed to load the users of --aclfile: {wrong}"));

    std::fs::remove_file(&file).unwrap();
    let missing = format!("-ERR Error loading ACLs, opening file '{path}': No such file or directory");
    assert_eq!(client.ask("ACL LOAD"), missing);
    // A folder in its place takes no file.
    std::fs::create_dir(&file).unwrap();
    assert!(client.ask("ACL SAVE").starts_with("-ERR There was an error trying to save the ACLs."));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left of the try");
    server.stop();
}

#[test]
fn a_transaction_does_not_wait_for_the_file() {
    let (_folder, file) = file_with("");
    let server = start(&file).unwrap();
    let mut client = Client::connect(&server);
    assert_eq!(client.ask("MULTI"), "+OK");
    assert_eq!(client.ask("ACL LOAD"), "+QUEUED");
    assert_eq!(client.ask("EXEC"), "*1");
    let mut error = String::new();
    client.0.read_line(&mut error).unwrap();
    assert!(error.starts_with("-ERR a file cannot be waited for in a transaction"), "{error}");
    server.stop();
}

#[test]
fn a_public_port_needs_a_default_user_with_a_password() {
    let (_folder, file) = file_with("user default on nopass ~* &* +@all\n");
    let refused = start_at("0.0.0.0:0", &file, &["--requirepass", "word"]).unwrap_err();
    assert!(matches!(refused, Error::OpenUsers(_)), "{refused}");
}
