//! JSON Web Tokens: whose are believed, what they allow, and when they end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use rcgen::KeyPair;
use redstart_gateway::options::{Arguments, Command};
use redstart_gateway::server::{Error, Server};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const RULES: &str = "~tenant:{sub}:* &news:{sub} +@all -@admin";

/// Who makes tokens: a secret and three pairs of keys.
struct Maker {
    folder: TempDir,
    keys: Vec<(Algorithm, EncodingKey)>,
    /// The public ones.
    set: Value,
}

impl Maker {
    fn new() -> Self {
        let [rsa, ec, ed] = [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ED25519]
            .map(|algorithm| KeyPair::generate_for(algorithm).unwrap());
        let keys = vec![
            (Algorithm::RS256, EncodingKey::from_rsa_pem(rsa.serialize_pem().as_bytes()).unwrap()),
            (Algorithm::ES256, EncodingKey::from_ec_pem(ec.serialize_pem().as_bytes()).unwrap()),
            (Algorithm::EdDSA, EncodingKey::from_ed_pem(ed.serialize_pem().as_bytes()).unwrap()),
        ];
        let public = |(algorithm, key): &(Algorithm, EncodingKey)| {
            if *algorithm == Algorithm::EdDSA {
                // The library takes the public part out of older files only.
                let x = URL_SAFE_NO_PAD.encode(ed.public_key_raw());
                return json!({ "kty": "OKP", "crv": "Ed25519", "kid": "EdDSA", "x": x });
            }
            let mut jwk = Jwk::from_encoding_key(key, *algorithm).unwrap();
            jwk.common.key_id = Some(format!("{algorithm:?}"));
            serde_json::to_value(jwk).unwrap()
        };
        let set = json!({ "keys": keys.iter().map(public).collect::<Vec<_>>() });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
        std::fs::write(folder.path().join("keys.json"), set.to_string()).unwrap();
        Self { folder, keys, set }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A server that believes the secret and the keys.
    fn start(&self, more: &[&str]) -> Server {
        let (secret, keys) = (self.path("secret"), self.path("keys.json"));
        let ours = ["--jwt-secret-file", &secret, "--jwt-jwks", &keys, "--jwt-acl", RULES, "--jwt-leeway", "0s"];
        start(&[ours.as_slice(), more].concat()).unwrap()
    }

    /// A token with these claims.
    fn token(&self, algorithm: Algorithm, claims: &Value) -> String {
        let header = Header { kid: Some(format!("{algorithm:?}")), ..Header::new(algorithm) };
        let key = self.keys.iter().find(|(of, _)| *of == algorithm).map(|(_, key)| key.clone());
        encode(&header, claims, &key.unwrap_or_else(|| EncodingKey::from_secret(SECRET.as_bytes()))).unwrap()
    }
}

fn start(words: &[&str]) -> Result<Server, Error> {
    let fixed = ["redstart", "serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--durability", "memory"];
    let words = [fixed.as_slice(), words].concat();
    let Command::Serve(options) = Arguments::parse_from(words).command else { unreachable!("the words say serve") };
    Server::start(&options)
}

/// The claims of a subject, for so many seconds.
fn claims(subject: &str, seconds: u64) -> Value {
    json!({ "sub": subject, "exp": get_current_timestamp() + seconds })
}

/// Sends bytes, and gives what comes until the server closes.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// Status and body of a request with a bearer token.
fn get(server: &Server, target: &str, token: &str) -> (u16, String) {
    let head = format!(
        "GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    let answer = String::from_utf8(exchange(server.http_address(), head.as_bytes())).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn status(server: &Server, token: &str) -> u16 {
    get(server, "/set/tenant:ada:k/v", token).0
}

/// What a WebSocket hears that sends these messages and goes on listening.
fn websocket(server: &Server, target: &str, headers: &str, messages: &[String]) -> Vec<u8> {
    let head = format!(
        "GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    let mut bytes = head.into_bytes();
    for message in messages {
        // A mask of zeros leaves the text as it is.
        let len = u16::try_from(message.len()).unwrap().to_be_bytes();
        bytes.extend([&[0x81, 0x80 | 126, len[0], len[1], 0, 0, 0, 0], message.as_bytes()].concat());
    }
    exchange(server.http_address(), &bytes)
}

#[test]
fn tokens_of_each_algorithm_are_worth_their_rules() {
    let maker = Maker::new();
    let server = maker.start(&[]);
    for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let token = maker.token(algorithm, &claims("ada", 600));
        // The second time it is known.
        for _ in 0..2 {
            assert_eq!(
                get(&server, "/set/tenant:ada:k/v", &token),
                (200, "{\"result\":\"OK\"}".into()),
                "{algorithm:?}"
            );
        }
        assert_eq!(get(&server, "/acl/whoami", &token).1, "{\"result\":\"jwt:ada\"}");
        for target in ["/get/tenant:bob:k", "/config/get/*", "/publish/news:bob/x"] {
            let (_, body) = get(&server, target, &token);
            assert!(body.starts_with("{\"error\":\"NOPERM"), "{target} {body}");
        }
        assert_eq!(get(&server, "/keys/*", &token).1, "{\"result\":[\"tenant:ada:k\"]}");
        assert_eq!(get(&server, "/kv/tenant:ada:k", &token), (200, "v".into()));
        assert_eq!(get(&server, "/admin/backup", &token).0, 405);
        let target = format!("/get/tenant:ada:k?_token={token}");
        let head = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        assert!(exchange(server.http_address(), head.as_bytes()).starts_with(b"HTTP/1.1 200"));
    }
    server.stop();
}

#[test]
fn tokens_that_are_wrong_are_refused() {
    let maker = Maker::new();
    let server = maker.start(&["--jwt-audience", "store", "--jwt-issuer", "us"]);
    let now = get_current_timestamp();
    let good = json!({"sub": "ada", "aud": ["store", "x"], "iss": "us", "exp": now + 600, "nbf": now - 1});
    assert_eq!(status(&server, &maker.token(Algorithm::RS256, &good)), 200);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        maker.token(Algorithm::ES256, &claims)
    };
    for (name, value) in [
        ("exp", json!(now - 1)),
        ("exp", json!(null)),
        ("exp", json!("soon")),
        ("nbf", json!(now + 600)),
        ("aud", json!("other")),
        ("aud", json!(null)),
        ("iss", json!("them")),
        ("iss", json!(null)),
        ("sub", json!(null)),
        ("sub", json!("a b +@all")),
        ("sub", json!("")),
    ] {
        assert_eq!(status(&server, &with(name, value.clone())), 401, "{name} {value}");
    }
    // A claim is no pattern.
    assert!(get(&server, "/get/tenant:ada:k", &with("sub", json!("*"))).1.starts_with("{\"error\":\"NOPERM"));
    server.stop();
}

#[test]
fn a_token_does_not_choose_how_it_is_checked() {
    let maker = Maker::new();
    let server = maker.start(&[]);
    let good = maker.token(Algorithm::RS256, &claims("ada", 600));
    let [_, body, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let base64 = |text: &str| URL_SAFE_NO_PAD.encode(text);
    for header in
        ["{\"alg\":\"none\"}", "{\"alg\":\"None\",\"typ\":\"JWT\"}", "{\"alg\":\"HS256\"}", "{\"alg\":\"RS512\"}", "{}"]
    {
        for signature in ["", signature] {
            assert_eq!(status(&server, &format!("{}.{body}.{signature}", base64(header))), 401, "{header}");
        }
    }
    // A public key is no secret.
    let set = &maker.set;
    for secret in [set.to_string(), set["keys"][0].to_string(), set["keys"][0]["n"].as_str().unwrap().to_owned()] {
        let key = EncodingKey::from_secret(secret.as_bytes());
        assert_eq!(status(&server, &encode(&Header::default(), &claims("ada", 600), &key).unwrap()), 401);
    }
    // Keys do not come with a token, and a name that is not there is not looked for elsewhere.
    let other = Maker::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let own = Jwk::from_encoding_key(&other.keys[1].1, Algorithm::ES256).unwrap();
    let header = Header { kid: Some(url.clone()), jku: Some(url), jwk: Some(own), ..Header::new(Algorithm::ES256) };
    assert_eq!(status(&server, &encode(&header, &claims("ada", 600), &other.keys[1].1).unwrap()), 401);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    let unknown = Header { kid: Some("x".to_owned()), ..Header::new(Algorithm::RS256) };
    assert_eq!(status(&server, &encode(&unknown, &claims("ada", 600), &maker.keys[0].1).unwrap()), 401);
    let changed =
        format!("{}.{}.{signature}", good.split('.').next().unwrap(), base64(&claims("bob", 600).to_string()));
    assert_eq!(status(&server, &changed), 401);
    assert_eq!(status(&server, &format!("{good}.x")), 401);
    assert_eq!(status(&server, ""), 401);
    assert_eq!(status(&server, &good), 200);
    server.stop();
}

#[test]
fn websockets_and_events_end_with_the_token() {
    let maker = Maker::new();
    let server = maker.start(&[]);
    let token = || maker.token(Algorithm::ES256, &claims("ada", 2));
    let ping = "{\"id\":1,\"cmd\":[\"SET\",\"tenant:ada:k\",\"v\"]}".to_owned();
    let ways = [
        (String::from("/ws"), format!("authorization: Bearer {}\r\n", token()), vec![ping.clone()]),
        (format!("/ws?_token={}", token()), String::new(), vec![ping.clone()]),
        (String::from("/ws"), String::new(), vec![format!("{{\"id\":0,\"auth\":\"{}\"}}", token()), ping]),
    ];
    std::thread::scope(|scope| {
        for (target, headers, messages) in &ways {
            let server = &server;
            scope.spawn(move || {
                let heard = websocket(server, target, headers, messages);
                let text = String::from_utf8_lossy(&heard).into_owned();
                assert!(text.contains("\"id\":1") && text.contains("OK"), "{text}");
                // A close frame with the code 4401.
                assert!(heard.windows(2).any(|pair| pair == 4401_u16.to_be_bytes()), "{text}");
                assert!(text.contains("the token has expired"), "{text}");
            });
        }
        let head = format!(
            "GET /subscribe/news:ada HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\naccept: text/event-stream\r\n\
             authorization: Bearer {}\r\n\r\n",
            token()
        );
        let heard = String::from_utf8(exchange(server.http_address(), head.as_bytes())).unwrap();
        assert!(heard.contains("data: subscribe,news:ada,1"), "{heard}");
    });
    server.stop();
}

/// Serves one answer to whoever comes, as often as one comes.
fn serve(answer: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            // One that has heard enough goes before the end.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn keys_come_from_an_address() {
    let maker = Maker::new();
    let good = serve(answer(&maker.set.to_string()));
    let redirect =
        format!("HTTP/1.1 302 Found\r\nlocation: http://{good}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let long = format!("{{\"keys\":{},\"x\":\"{}\"}}", maker.set["keys"], "x".repeat(300_000));
    let shared = json!({"keys": [{"kty": "oct", "alg": "HS256", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]});
    for (address, works) in [
        (good, true),
        (serve(redirect), false),
        (serve(answer(&long)), false),
        (serve(answer("{\"keys\":[]}")), false),
        (serve(answer(&shared.to_string())), false),
        (serve("HTTP/1.1 500 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()), false),
    ] {
        let url = format!("http://{address}/keys");
        let server = start(&["--token", "all", "--jwt-jwks", &url, "--jwt-acl", RULES]).unwrap();
        let expected = if works { 200 } else { 401 };
        assert_eq!(status(&server, &maker.token(Algorithm::RS256, &claims("ada", 600))), expected);
        assert_eq!(status(&server, &maker.token(Algorithm::HS256, &claims("ada", 600))), 401);
        // Other tokens do not depend on it.
        assert_eq!(status(&server, "all"), 200);
        server.stop();
    }
}

/// Serves, over TLS, what stands in `set` to whoever comes.
fn serve_privately(folder: &Path, set: Arc<Mutex<String>>) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            // One that does not believe the certificate goes at once.
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(answer(&set.lock().unwrap()).as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    address
}

/// An answer with a JWK set.
fn answer(set: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{set}", set.len())
}

#[test]
fn keys_come_over_https_and_go_when_they_are_withdrawn() {
    let (maker, other) = (Maker::new(), Maker::new());
    let set = Arc::new(Mutex::new(json!({"keys": [maker.set["keys"][0]]}).to_string()));
    let address = serve_privately(maker.folder.path(), set.clone());
    let (url, ca) = (format!("https://localhost:{}/keys", address.port()), maker.path("ca.pem"));
    let words = ["--token", "all", "--jwt-jwks", &url, "--jwt-acl", RULES, "--jwt-refresh", "100ms"];
    // Without its authority the address is not believed.
    let server = start(&words).unwrap();
    assert_eq!(status(&server, &maker.token(Algorithm::RS256, &claims("ada", 600))), 401);
    server.stop();

    let server = start(&[&words[..], &["--jwt-jwks-ca", &ca]].concat()).unwrap();
    let [first, second] = [Algorithm::RS256, Algorithm::ES256].map(|of| maker.token(of, &claims("ada", 600)));
    assert_eq!([&first, &second].map(|token| status(&server, token)), [200, 401]);
    // A key that is new is found, and the one before it still counts.
    *set.lock().unwrap() = json!({"keys": [maker.set["keys"][0], maker.set["keys"][1]]}).to_string();
    while status(&server, &second) != 200 {}
    assert_eq!(status(&server, &first), 200);
    *set.lock().unwrap() = json!({"keys": [maker.set["keys"][1]]}).to_string();
    while status(&server, &first) != 401 {}
    assert_eq!(status(&server, &second), 200);
    // Where there is nothing to be had, the keys stay.
    *set.lock().unwrap() = "nothing".to_owned();
    assert_eq!(status(&server, &second), 200);
    // The same name for another key is another key.
    *set.lock().unwrap() = json!({"keys": [other.set["keys"][1]]}).to_string();
    while status(&server, &second) != 401 {}
    assert_eq!(status(&server, &other.token(Algorithm::ES256, &claims("ada", 600))), 200);
    server.stop();
}

#[test]
fn what_is_missing_stops_the_start() {
    let maker = Maker::new();
    let error = |words: &[&str]| start(words).err().unwrap().to_string();
    let (secret, keys) = (maker.path("secret"), maker.path("keys.json"));
    assert!(error(&["--jwt-acl", "+@all"]).contains("needs --jwt-secret-file or --jwt-jwks"));
    assert!(error(&["--jwt-jwks", &keys]).contains("need --jwt-acl"));
    assert!(error(&["--jwt-jwks", &keys, "--jwt-acl", "+nosuch"]).starts_with("--jwt-acl: Unknown command"));
    assert!(error(&["--jwt-jwks", &secret, "--jwt-acl", "+@all"]).contains("it is no JSON"));
    assert!(error(&["--jwt-jwks", "/none", "--jwt-acl", "+@all"]).contains("/none: No such file"));
    std::fs::write(maker.path("secret"), "short").unwrap();
    let short = error(&["--jwt-secret-file", &secret, "--jwt-acl", "+@all"]);
    assert!(short.contains("32 bytes or more") && !short.contains("short"), "{short}");
    // Private keys are nobody's business.
    let private = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "x"}]});
    std::fs::write(&keys, private.to_string()).unwrap();
    assert!(error(&["--jwt-jwks", &keys, "--jwt-acl", "+@all"]).contains("none of its keys can be used"));
}
