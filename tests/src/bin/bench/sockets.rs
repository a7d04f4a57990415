//! WebSockets: what ten thousand idle subscribers cost, how fast a message reaches all of them, and how requests over a
//! WebSocket compare with requests over TCP. Beside a server of Node.js with the `ws` package and nats-server, with the same
//! client, which counts marks in what it receives and reads no frames.

use crate::process::{processor_seconds, resident_bytes};
use crate::report::{Table, median};
use anyhow::{Context, ensure};
use redstart_tests::project;
use redstart_tests::server::{Server, TemporaryFolder, free_address};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// How many subscribers there are.
const SUBSCRIBERS: usize = 10_000;
/// How many messages each of them gets when the rate is measured.
const MESSAGES: usize = 20;
/// How often each figure is measured.
const ROUNDS: usize = 3;
/// What every message holds exactly once, and nothing else does.
const MARK: u8 = b'~';
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// A server that sends what one client says to all others.
const NODE_SERVER: &str = "
const { WebSocketServer } = require('ws');
const server = new WebSocketServer({ port: Number(process.argv[1]), host: '127.0.0.1' });
server.on('connection', (socket) => socket.on('message', (data) => {
  const text = data.toString();
  if (text === 'subscribe') return socket.send('ready');
  for (const other of server.clients) if (other !== socket) other.send(text);
}));";

/// A server, and how it is spoken to.
struct Broker {
    name: &'static str,
    pid: u32,
    websocket: SocketAddr,
    path: &'static str,
    /// What a client says in order to subscribe, and what only the answer to that holds.
    greeting: &'static [&'static str],
    welcome: &'static str,
    /// Where messages are published, and whether as frames of a WebSocket.
    publisher: SocketAddr,
    framed: bool,
    /// A message of this text, as it is published.
    publish: fn(&str) -> String,
}

/// A process that is ended when this is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Both tables.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    Ok(vec![fan_out(&runtime)?, pipelines(&runtime)?])
}

fn fan_out(runtime: &Runtime) -> anyhow::Result<Table> {
    let folder = TemporaryFolder::new()?;
    let options = ["--durability", "memory", "--set", "maxclients=20000"];
    let redstart = Server::gateway(folder.path(), &options)?;
    let ours = Broker {
        name: "Redstart",
        pid: redstart.pid(),
        websocket: redstart.http,
        path: "/ws",
        greeting: &[r#"{"id":1,"subscribe":["news"]}"#],
        welcome: "recovered",
        publisher: redstart.address,
        framed: false,
        publish: |text| format!("PUBLISH news {text}\r\n"),
    };
    let mut rows = vec![measure_broker(runtime, &ours)?];
    drop(redstart);
    let (process, node) = node()?;
    rows.push(measure_broker(runtime, &node)?);
    drop(process);
    let (_process, nats) = nats(folder.path())?;
    rows.push(measure_broker(runtime, &nats)?);
    let own_rate = rows.first().map_or(f64::NAN, |row| row.1);
    let title = format!(
        "{SUBSCRIBERS} WebSockets that listen to one channel: memory of the server for each while it is idle, until a message \
         of 64 bytes has reached all, and messages a second (medians of {ROUNDS})"
    );
    let columns = ["server", "bytes each", "one message, ms", "messages a second", "Redstart's rate / its"];
    let rows = rows.into_iter().map(|(mut row, rate)| {
        row.push(format!("{:.2}", own_rate / rate));
        row
    });
    Ok(Table { title, columns: columns.map(str::to_owned).into(), rows: rows.collect() })
}

fn node() -> anyhow::Result<(Process, Broker)> {
    let address = free_address()?;
    let packages = project::root().join("wasm/npm/node_modules");
    ensure!(packages.join("ws").exists(), "the package ws is missing; `npm install` in wasm/npm brings it");
    let child = Command::new("node")
        .args(["-e", NODE_SERVER, &address.port().to_string()])
        .env("NODE_PATH", packages)
        .spawn()
        .context("node is missing")?;
    let broker = Broker {
        name: "Node.js ws",
        pid: child.id(),
        websocket: address,
        path: "/",
        greeting: &["subscribe"],
        welcome: "ready",
        publisher: address,
        framed: true,
        publish: str::to_owned,
    };
    Ok((Process(child), broker))
}

fn nats(folder: &std::path::Path) -> anyhow::Result<(Process, Broker)> {
    let (websocket, publisher) = (free_address()?, free_address()?);
    let config = folder.join("nats.conf");
    let text = format!("listen: \"{publisher}\"\nwebsocket {{ listen: \"{websocket}\", no_tls: true }}\n");
    std::fs::write(&config, text)?;
    let child = Command::new("nats-server")
        .arg("-c")
        .arg(config)
        .stderr(Stdio::null())
        .spawn()
        .context("nats-server is missing; on Debian: apt-get install nats-server")?;
    let broker = Broker {
        name: "nats-server",
        pid: child.id(),
        websocket,
        path: "/",
        greeting: &["CONNECT {\"verbose\":false}\r\nSUB news 1\r\nPING\r\n"],
        welcome: "PONG",
        publisher,
        framed: false,
        publish: |text| format!("PUB news {}\r\n{text}\r\n", text.len()),
    };
    Ok((Process(child), broker))
}

/// The row of a server, and its messages a second.
fn measure_broker(runtime: &Runtime, broker: &Broker) -> anyhow::Result<(Vec<String>, f64)> {
    runtime.block_on(wait_for(broker.websocket))?;
    let before = resident_bytes(broker.pid)?;
    let received = Arc::new(AtomicUsize::new(0));
    let subscribers: Vec<_> = runtime.block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..SUBSCRIBERS {
            let stream = upgraded(broker.websocket, broker.path, None).await?;
            for text in broker.greeting {
                send(&stream, &frame(text)).await?;
            }
            let welcome = broker.welcome.as_bytes();
            read_until(&stream, |bytes| bytes.windows(welcome.len()).any(|window| window == welcome)).await?;
            tasks.push(tokio::spawn(count(stream, MARK, received.clone())));
        }
        anyhow::Ok(tasks)
    })?;
    let each = (resident_bytes(broker.pid)? - before) / SUBSCRIBERS as f64;
    let publisher = runtime.block_on(async {
        if broker.framed {
            upgraded(broker.publisher, broker.path, None).await
        } else {
            Ok(TcpStream::connect(broker.publisher).await?)
        }
    })?;
    let text = (broker.publish)(&format!("{}{}", "x".repeat(63), char::from(MARK)));
    let message = if broker.framed { frame(&text) } else { text.into_bytes() };
    let publish = |count: usize| {
        let wanted = received.load(Ordering::Relaxed) + count * SUBSCRIBERS;
        let begun = Instant::now();
        runtime.block_on(send(&publisher, &message.repeat(count)))?;
        while received.load(Ordering::Relaxed) < wanted {
            ensure!(begun.elapsed() < PATIENCE, "{}: messages are missing", broker.name);
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(begun.elapsed().as_secs_f64())
    };
    let single = (0..ROUNDS).map(|_| publish(1)).collect::<anyhow::Result<Vec<_>>>()?;
    let many = (0..ROUNDS).map(|_| publish(MESSAGES)).collect::<anyhow::Result<Vec<_>>>()?;
    subscribers.iter().for_each(tokio::task::JoinHandle::abort);
    let rate = (MESSAGES * SUBSCRIBERS) as f64 / median(many);
    let row = vec![
        broker.name.to_owned(),
        format!("{each:.0}"),
        format!("{:.1}", median(single) * 1000.0),
        format!("{rate:.0}"),
    ];
    Ok((row, rate))
}

/// Connections of each kind, and requests in each piece that they send.
const CLIENTS: usize = 20;
const PIPELINED: usize = 16;
/// For how long each is measured.
const SECONDS: f64 = 3.0;

/// A way to send requests that do not wait for each other.
struct Pipeline {
    name: &'static str,
    /// None over TCP.
    subprotocol: Option<&'static str>,
    piece: Vec<u8>,
}

impl Pipeline {
    /// All ways to send [`PIPELINED`] times the same request at once, TCP first.
    fn all() -> anyhow::Result<[Self; 5]> {
        let words = ["SET", "k", "v"];
        let resp = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n".repeat(PIPELINED);
        let request = serde_json::json!({ "id": 1, "cmd": words });
        let batch = vec![request.clone(); PIPELINED];
        let packed = b"\x82\xa2id\x01\xa3cmd\x93\xa3SET\xa1k\xa1v".repeat(PIPELINED);
        Ok([
            Self { name: "RESP", subprotocol: None, piece: resp.clone() },
            Self { name: "WebSocket, RESP3", subprotocol: Some("redstart.v1.resp3"), piece: binary_frame(&resp) },
            Self {
                name: "WebSocket, a batch of MessagePack",
                subprotocol: Some("redstart.v1.msgpack"),
                piece: binary_frame(&[b"\xdc\x00\x10".as_slice(), &packed].concat()),
            },
            Self {
                name: "WebSocket, a batch of JSON",
                subprotocol: Some("redstart.v1.json"),
                piece: frame(&serde_json::to_string(&batch)?),
            },
            Self {
                name: "WebSocket, a frame of JSON each",
                subprotocol: Some("redstart.v1.json"),
                piece: frame(&request.to_string()).repeat(PIPELINED),
            },
        ])
    }
}

fn pipelines(runtime: &Runtime) -> anyhow::Result<Table> {
    let folder = TemporaryFolder::new()?;
    let server = Server::gateway(folder.path(), &["--durability", "memory"])?;
    let pipelines = Pipeline::all()?;
    let mut figures: [[Vec<f64>; 2]; 5] = Default::default();
    for _ in 0..ROUNDS {
        for ([rates, costs], pipeline) in figures.iter_mut().zip(&pipelines) {
            let address = if pipeline.subprotocol.is_some() { server.http } else { server.address };
            let processor = processor_seconds(server.pid())?;
            let requests = runtime.block_on(send_pieces(address, pipeline))?;
            rates.push(requests as f64 / SECONDS);
            costs.push((processor_seconds(server.pid())? - processor) * 1e6 / requests as f64);
        }
    }
    let figures = figures.map(|figures| figures.map(median));
    let [[resp, _], ..] = figures;
    let title = format!(
        "SET over {CLIENTS} connections, {PIPELINED} requests in one piece: requests a second, and microseconds of the server's \
         processor time per request (medians of {ROUNDS})"
    );
    let columns = ["requests as", "a second", "of RESP", "us"];
    let rows = pipelines.iter().zip(figures).map(|(pipeline, [rate, cost])| {
        vec![pipeline.name.to_owned(), format!("{rate:.0}"), format!("{:.2}", rate / resp), format!("{cost:.2}")]
    });
    Ok(Table { title, columns: columns.map(str::to_owned).into(), rows: rows.collect() })
}

/// Sends a piece again whenever all of its answers have come, on several connections, and gives how many were answered. Each
/// answer holds one K, that of its OK.
async fn send_pieces(address: SocketAddr, pipeline: &Pipeline) -> anyhow::Result<usize> {
    let (answered, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let stream = match pipeline.subprotocol {
            Some(subprotocol) => upgraded(address, "/ws", Some(subprotocol)).await?,
            None => TcpStream::connect(address).await?,
        };
        let (piece, answered, over) = (pipeline.piece.clone(), answered.clone(), over.clone());
        clients.push(tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                send(&stream, &piece).await?;
                let mut missing = PIPELINED;
                while missing > 0 {
                    missing -= marks(&stream, b'K').await?.min(missing);
                }
                answered.fetch_add(PIPELINED, Ordering::Relaxed);
            }
            anyhow::Ok(())
        }));
    }
    tokio::time::sleep(Duration::from_secs_f64(SECONDS)).await;
    over.store(true, Ordering::Relaxed);
    let answered = answered.load(Ordering::Relaxed);
    for client in clients {
        client.await??;
    }
    Ok(answered)
}

async fn wait_for(address: SocketAddr) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).await.is_err() {
        ensure!(Instant::now() < deadline, "nobody listens on {address}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// A WebSocket, as the bytes on its connection.
async fn upgraded(address: SocketAddr, path: &str, subprotocol: Option<&str>) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let offer = subprotocol.map_or_else(String::new, |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{offer}\r\n"
    );
    send(&stream, head.as_bytes()).await?;
    // What comes with it is what some servers say of themselves.
    read_until(&stream, |bytes| bytes.windows(4).any(|window| window == b"\r\n\r\n")).await?;
    Ok(stream)
}

/// A text frame, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    frame_of(0x81, text.as_bytes())
}

/// The same of bytes.
fn binary_frame(bytes: &[u8]) -> Vec<u8> {
    frame_of(0x82, bytes)
}

fn frame_of(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let len = match u16::try_from(bytes.len()) {
        Ok(len @ ..126) => vec![0x80 | len as u8],
        Ok(len) => [&[0x80 | 126], len.to_be_bytes().as_slice()].concat(),
        Err(_) => panic!("frames of this client are short"),
    };
    [&[kind], len.as_slice(), &[0; 4], bytes].concat()
}

async fn send(stream: &TcpStream, mut bytes: &[u8]) -> anyhow::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(len) => bytes = bytes.get(len..).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn read_until(stream: &TcpStream, is_enough: impl Fn(&[u8]) -> bool) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    while !is_enough(&bytes) {
        read(stream, |piece| bytes.extend_from_slice(piece)).await?;
    }
    Ok(())
}

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; 64 * 1024].into_boxed_slice());
}

/// Waits for something to come, and shows it.
async fn read(stream: &TcpStream, show: impl FnOnce(&[u8])) -> anyhow::Result<()> {
    loop {
        stream.readable().await?;
        let read = BUFFER.with_borrow_mut(|buffer| stream.try_read(buffer));
        match read {
            Ok(0) => anyhow::bail!("the server has closed the connection"),
            Ok(len) => {
                BUFFER.with_borrow(|buffer| show(buffer.get(..len).unwrap_or_default()));
                return Ok(());
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// How many of these bytes come next.
async fn marks(stream: &TcpStream, mark: u8) -> anyhow::Result<usize> {
    let mut count = 0;
    read(stream, |bytes| count = bytes.iter().filter(|byte| **byte == mark).count()).await?;
    Ok(count)
}

/// Counts these bytes until the connection ends.
async fn count(stream: TcpStream, mark: u8, received: Arc<AtomicUsize>) {
    while let Ok(count) = marks(&stream, mark).await {
        received.fetch_add(count, Ordering::Relaxed);
    }
}
