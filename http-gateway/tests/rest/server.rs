//! A server, and a client that shows every byte of an answer.

use clap::Parser;
use redstart_gateway::options::{Arguments, Command, Options};
use redstart_gateway::server::Server;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

/// The options of a server on free ports of this machine.
pub(crate) fn options(data: &Path, more: &[&str]) -> Options {
    let data = data.display().to_string();
    let fixed = ["redstart", "serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--data", &data];
    let Command::Serve(options) = Arguments::parse_from(fixed.iter().chain(more)).command else {
        unreachable!("the words say serve")
    };
    options
}

/// A server that keeps nothing.
pub(crate) fn in_memory(more: &[&str]) -> Server {
    let more: Vec<_> = ["--durability", "memory"].into_iter().chain(more.iter().copied()).collect();
    Server::start(&options(Path::new("unused"), &more)).unwrap()
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// Status and body.
    pub(crate) fn short(&self) -> (u16, &str) {
        (self.status, self.text())
    }

    fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let body = bytes.split_off(end + 4);
        let head = String::from_utf8(bytes).unwrap();
        let mut lines = head.trim_end().lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self { status, headers: headers.collect(), body }
    }
}

/// Sends a request, given as its line and headers, one a line, and its body.
pub(crate) fn send(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let headers: String = headers.lines().map(|line| format!("{}\r\n", line.trim())).collect();
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}{length}\r\n");
    raw(address, &[head.as_bytes(), body].concat())
}

/// Sends bytes, and gives what comes until the server closes.
pub(crate) fn raw(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    Answer::read(&mut stream)
}
