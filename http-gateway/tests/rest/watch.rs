//! Transactions that depend on versions of keys.

use crate::server::{in_memory, send};
use std::net::SocketAddr;

fn version(address: SocketAddr, key: &str) -> String {
    let answer = send(address, &format!("GET /object/version/{key}"), b"");
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    answer["result"].as_str().unwrap().to_owned()
}

fn exec(address: SocketAddr, watch: &str, commands: &str) -> (u16, String) {
    let head = format!("POST /multi-exec\nredstart-watch: {watch}");
    let answer = send(address, &head, commands.as_bytes());
    (answer.status, answer.text().to_owned())
}

#[test]
fn a_transaction_runs_if_its_keys_are_the_same() {
    let server = in_memory(&[]);
    let address = server.http_address();
    let done = (200, r#"[{"result":"OK"}]"#.to_owned());
    let broken = (200, r#"{"result":null}"#.to_owned());
    assert_eq!(exec(address, "a%20b=none", r#"[["SET","a b","1"]]"#), done);
    assert_eq!(exec(address, "a%20b=none", r#"[["SET","a b","2"]]"#), broken);
    let seen = version(address, "a%20b");
    let both = format!("a%20b={seen}, other=none");
    assert_eq!(exec(address, &both, r#"[["SET","other","1"]]"#), done);
    assert_eq!(exec(address, &both, r#"[["SET","other","2"]]"#), broken);
    assert_eq!(send(address, "GET /get/other", b"").text(), r#"{"result":"1"}"#);
    assert_eq!(exec(address, &format!("a%20b={seen}"), r#"[["SET","a b","3"]]"#), done);
    assert_eq!(exec(address, &format!("a%20b={seen}"), r#"[["SET","a b","4"]]"#), broken);
    let refused = exec(address, "nonsense", r#"[["PING"]]"#);
    assert_eq!(refused.0, 400);
    assert!(refused.1.starts_with(r#"{"error":"ERR Redstart-Watch has to be"#), "{}", refused.1);
    server.stop();
}

#[test]
fn of_clients_that_count_at_once_none_is_lost() {
    let server = in_memory(&[]);
    let address = server.http_address();
    let count = || loop {
        let seen = version(address, "n");
        let answer = send(address, "GET /get/n", b"");
        let n: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let next = n["result"].as_str().map_or(0, |n| n.parse::<u64>().unwrap()) + 1;
        if exec(address, &format!("n={seen}"), &format!(r#"[["SET","n",{next}]]"#)).1.starts_with('[') {
            return;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| count()));
        }
    });
    assert_eq!(send(address, "GET /get/n", b"").text(), r#"{"result":"40"}"#);
    server.stop();
}
