//! The program itself, with everything that it writes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

/// A server in a process of its own, which logs all that can be logged.
pub(crate) struct Program {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    announced: String,
    errors: JoinHandle<String>,
    pub(crate) http: SocketAddr,
    pub(crate) resp: SocketAddr,
}

impl Program {
    pub(crate) fn start(words: &[&str], environment: &[(&str, &str)]) -> Self {
        let fixed = ["serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--durability", "memory"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_redstart"));
        command.args(fixed).args(words).env("RUST_LOG", "trace").envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut announced = String::new();
        while !announced.contains("token  ") {
            assert_ne!(output.read_line(&mut announced).unwrap(), 0, "it ended");
        }
        let address = |name: &str| {
            let line = announced.lines().find(|line| line.starts_with(name)).unwrap();
            line.rsplit('/').next().unwrap().parse().unwrap()
        };
        let (http, resp) = (address("REST "), address("RESP "));
        Self { child, output, announced, errors, http, resp }
    }

    /// Has a client stop it, and gives all that it has written.
    pub(crate) fn stop(mut self, password: &str) -> String {
        exchange(self.resp, format!("AUTH {password}\r\nSHUTDOWN NOSAVE\r\n").as_bytes());
        assert!(self.child.wait().unwrap().success());
        let mut text = self.announced;
        self.output.read_to_string(&mut text).unwrap();
        text + &self.errors.join().unwrap()
    }
}

/// Sends bytes and no more, and gives what comes until the server closes.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    // A server that has heard enough may have gone before the end.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    read(stream)
}

/// What a WebSocket hears that says one thing, and goodbye once it has been answered.
pub(crate) fn websocket(address: SocketAddr, target: &str, headers: &str, message: &str) -> String {
    let head = format!(
        "GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    let mut stream = TcpStream::connect(address).unwrap();
    // A mask of zeros leaves the text as it is.
    let frame = [&[0x81, 0x80 | u8::try_from(message.len()).unwrap(), 0, 0, 0, 0], message.as_bytes()].concat();
    stream.write_all(&[head.as_bytes(), &frame].concat()).unwrap();
    let mut heard = Vec::new();
    let mut piece = [0; 4096];
    let is_answered =
        |heard: &[u8]| heard.windows(4).position(|end| end == b"\r\n\r\n").is_some_and(|at| at + 4 < heard.len());
    while !is_answered(&heard) {
        match stream.read(&mut piece) {
            Ok(len @ 1..) => heard.extend_from_slice(&piece[..len]),
            // A reset is an end as well.
            _ => break,
        }
    }
    // A server that has heard enough may have gone.
    let _ = stream.write_all(&[0x88, 0x80, 0, 0, 0, 0]);
    heard.extend(read(stream));
    String::from_utf8_lossy(&heard).into_owned()
}

fn read(mut stream: TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut answer);
    answer
}
