//! TLS on both ports: certificates, clients' certificates, other certificates without a restart, and who does without.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use clap::Parser;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use redstart_gateway::options::{Arguments, Command as Chosen};
use redstart_gateway::server::{Error, Server};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// An authority, and files with what it has signed.
struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { folder, issuer: Issuer::new(params, key) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Signs a new certificate of this name, and puts it and its key into files.
    fn sign(&self, name: &str) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        // With the name of the authority it would pass for one that has signed itself.
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        // Replaced as such files are: at once.
        for (ending, text) in [("key", key.serialize_pem()), ("pem", certificate.pem())] {
            let draft = self.path("draft");
            std::fs::write(&draft, text).unwrap();
            std::fs::rename(draft, self.path(&format!("{name}.{ending}"))).unwrap();
        }
    }

    fn certificate(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path(&format!("{name}.pem"))).unwrap()
    }

    /// A server with the certificate `server`.
    fn start(&self, more: &[&str]) -> Result<Server, Error> {
        let [cert, key] = ["server.pem", "server.key"].map(|name| self.path(name).display().to_string());
        let fixed = ["redstart", "serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--durability", "memory"];
        let words = [&fixed, ["--tls-cert", &cert, "--tls-key", &key].as_slice(), more].concat();
        let Chosen::Serve(options) = Arguments::parse_from(words).command else { unreachable!("the words say serve") };
        Server::start(&options)
    }

    /// A client that believes this authority, and shows a certificate if it has one.
    fn client(&self, own: Option<&str>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate("ca")).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        match own {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).unwrap();
                builder.with_client_auth_cert(vec![self.certificate(name)], key).unwrap()
            }
        }
    }
}

type Private = StreamOwned<ClientConnection, TcpStream>;

fn connect(config: ClientConfig, address: SocketAddr) -> Private {
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    StreamOwned::new(connection, TcpStream::connect(address).unwrap())
}

/// Sends bytes, and gives what comes until the server ends the connection as TLS ends one.
fn exchange(
    config: ClientConfig,
    address: SocketAddr,
    bytes: &[u8],
) -> std::io::Result<(String, Vec<CertificateDer<'static>>)> {
    let mut stream = connect(config, address);
    stream.write_all(bytes)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let shown = stream.conn.peer_certificates().unwrap_or_default().iter().map(|shown| shown.clone().into_owned());
    Ok((answer, shown.collect()))
}

const PING: &[u8] = b"PING\r\nQUIT\r\n";
const PONG: &str = "+PONG\r\n+OK\r\n";
const GET: &[u8] = b"GET /ping HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[test]
fn both_ports_speak_tls() {
    let authority = Authority::new();
    authority.sign("server");
    let server = authority.start(&[]).unwrap();
    assert_eq!(exchange(authority.client(None), server.resp_address(), PING).unwrap().0, PONG);
    let (answer, _) = exchange(authority.client(None), server.http_address(), GET).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("{\"result\":\"PONG\"}"), "{answer}");
    // Long answers come whole, however little the client takes at once.
    let mut client = connect(authority.client(None), server.resp_address());
    let value = vec![b'x'; 5_000_000];
    client.write_all(format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n", value.len()).as_bytes()).unwrap();
    client.write_all(&value).unwrap();
    client.write_all(b"\r\nGET k\r\nQUIT\r\n").unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.len(), b"+OK\r\n$5000000\r\n\r\n+OK\r\n".len() + value.len());
    // Another authority is not believed.
    assert!(exchange(Authority::new().client(None), server.resp_address(), PING).is_err());
    server.stop();
}

#[test]
fn who_does_without_tls_is_told_so() {
    let authority = Authority::new();
    authority.sign("server");
    let server = authority.start(&[]).unwrap();
    for (address, bytes, expected) in [
        (server.resp_address(), b"PING\r\n".as_slice(), "-ERR this port speaks TLS: the address is rediss://"),
        (server.resp_address(), b"*1\r\n$4\r\nPING\r\n", "-ERR this port speaks TLS"),
        (server.http_address(), GET, "HTTP/1.1 400 Bad Request\r\n"),
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(expected), "{answer}");
    }
    // Something that begins as TLS does and is nothing of the kind ends, and harms nobody.
    let mut stream = TcpStream::connect(server.resp_address()).unwrap();
    stream.write_all(&[0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(exchange(authority.client(None), server.resp_address(), PING).unwrap().0, PONG);
    server.stop();
}

#[test]
fn a_handshake_has_an_end() {
    let authority = Authority::new();
    authority.sign("server");
    let server = authority.start(&["--tls-handshake-timeout", "50ms"]).unwrap();
    for start in [b"".as_slice(), &[0x16, 3, 1]] {
        for address in [server.resp_address(), server.http_address()] {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(start).unwrap();
            // A reset is an end as well.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
    server.stop();
}

#[test]
fn clients_show_certificates_where_they_have_to() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    authority.sign("server");
    authority.sign("client");
    stranger.sign("client");
    std::fs::copy(authority.path("ca.pem"), stranger.path("ca.pem")).unwrap();
    let ca = authority.path("ca.pem").display().to_string();
    for (auth, without) in [("required", false), ("optional", true)] {
        let server = authority.start(&["--tls-client-ca", &ca, "--tls-client-auth", auth]).unwrap();
        for address in [server.resp_address(), server.http_address()] {
            let bytes = if address == server.http_address() { GET } else { PING };
            let works = |config| exchange(config, address, bytes).is_ok_and(|(answer, _)| answer.contains("PONG"));
            assert!(works(authority.client(Some("client"))), "{auth}");
            assert!(!works(stranger.client(Some("client"))), "{auth}");
            assert_eq!(works(authority.client(None)), without, "{auth}");
        }
        server.stop();
    }
}

#[test]
fn other_certificates_need_no_restart() {
    let authority = Authority::new();
    authority.sign("server");
    let server = authority.start(&[]).unwrap();
    let shown = || exchange(authority.client(None), server.resp_address(), PING).unwrap().1.remove(0);
    let first = authority.certificate("server");
    assert_eq!(shown(), first);
    let mut old = connect(authority.client(None), server.resp_address());
    old.write_all(b"PING\r\n").unwrap();
    let mut pong = [0; 7];
    old.read_exact(&mut pong).unwrap();

    authority.sign("server");
    let second = authority.certificate("server");
    assert_eq!(shown(), second);
    // What is broken, or does not go together, changes nothing.
    let key = std::fs::read(authority.path("server.key")).unwrap();
    authority.sign("other");
    for broken in [b"nothing".to_vec(), std::fs::read(authority.path("other.key")).unwrap()] {
        std::fs::write(authority.path("server.key"), broken).unwrap();
        assert_eq!(shown(), second);
    }
    std::fs::remove_file(authority.path("server.key")).unwrap();
    assert_eq!(shown(), second);
    std::fs::write(authority.path("server.key"), key).unwrap();
    authority.sign("server");
    assert_eq!(shown(), authority.certificate("server"));
    // Who was there is still there.
    old.write_all(PING).unwrap();
    let mut rest = String::new();
    old.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, PONG);
    server.stop();
}

#[test]
fn a_hangup_has_the_files_looked_at() {
    let authority = Authority::new();
    authority.sign("server");
    let [cert, key] = ["server.pem", "server.key"].map(|name| authority.path(name).display().to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_redstart"));
    command.args([
        "serve",
        "--http",
        "127.0.0.1:0",
        "--resp",
        "127.0.0.1:0",
        "--durability",
        "memory",
        "--log",
        "info",
    ]);
    command.args(["--tls-cert", &cert, "--tls-key", &key]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = command.spawn().unwrap();
    let mut out = BufReader::new(server.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap()).lines().map(Result::unwrap);
    let process = server.id().to_string();
    let signal = |name: &str| assert!(Command::new("kill").args(["-s", name, &process]).status().unwrap().success());
    // Nobody connects meanwhile.
    let mut expect = |text: &str| assert!(log.by_ref().any(|line| line.contains(text)), "{text}");
    authority.sign("server");
    signal("HUP");
    expect("loaded the certificate of TLS anew");
    std::fs::write(&key, "nothing").unwrap();
    signal("HUP");
    expect("the old certificate of TLS stays in force");
    signal("TERM");
    expect("stopped");
    assert!(server.wait().unwrap().success());
}

#[test]
fn what_is_missing_stops_the_start() {
    let authority = Authority::new();
    let error = |more: &[&str]| authority.start(more).err().unwrap().to_string();
    assert!(error(&[]).contains("server.pem"), "{}", error(&[]));
    authority.sign("server");
    std::fs::write(authority.path("empty"), "").unwrap();
    let empty = authority.path("empty").display().to_string();
    assert!(error(&["--tls-client-ca", &empty]).contains("there is no certificate in it"));
    authority.sign("other");
    std::fs::copy(authority.path("other.key"), authority.path("server.key")).unwrap();
    assert!(error(&[]).starts_with("failed to use the certificate and key of TLS: "), "{}", error(&[]));
    for words in ["--tls-cert a", "--tls-key a", "--tls-client-ca a"] {
        let words = ["redstart", "serve"].into_iter().chain(words.split(' '));
        let Chosen::Serve(options) = Arguments::parse_from(words).command else { unreachable!("the words say serve") };
        assert!(Server::start(&options).err().unwrap().to_string().contains("--tls-key"));
    }
}

/// Runs a client program, if this machine has it.
fn run(program: &str, words: &[&str]) -> Option<Output> {
    Command::new(program).args(words).output().ok()
}

#[test]
fn curl_and_redis_cli_are_served() {
    let authority = Authority::new();
    authority.sign("server");
    let server = authority.start(&[]).unwrap();
    let ca = authority.path("ca.pem").display().to_string();
    let url = format!("https://localhost:{}/ping", server.http_address().port());
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let words = ["-sS", "--cacert", &ca, flag, "-w", " %{http_version}", &url];
        let Some(output) = run("curl", &words) else { continue };
        let answer = String::from_utf8(output.stdout).unwrap();
        assert_eq!(answer, format!("{{\"result\":\"PONG\"}} {version}"), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let port = server.resp_address().port().to_string();
    if let Some(output) = run("redis-cli", &["--tls", "--cacert", &ca, "-h", "localhost", "-p", &port, "ping"]) {
        assert_eq!(String::from_utf8_lossy(&output.stdout), "PONG\n", "{}", String::from_utf8_lossy(&output.stderr));
    }
    server.stop();
}
