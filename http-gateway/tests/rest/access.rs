//! Who may do what, and which pages.

use crate::server::{Answer, in_memory, send};
use redstart_gateway::server::Server;

fn get(server: &Server, target: &str, headers: &str) -> Answer {
    send(server.http_address(), &format!("GET {target}\n{headers}"), b"")
}

/// A token of a user that has just been made.
fn token_of(server: &Server, name: &str, password: &str) -> String {
    let answer = get(server, &format!("/acl/resttoken/{name}/{password}?_token=all"), "");
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    answer["result"].as_str().unwrap().to_owned()
}

const REFUSED: (u16, &str) = (401, r#"{"error":"WRONGPASS invalid or missing auth token"}"#);

#[test]
fn a_users_token_is_worth_what_the_user_may_do_now() {
    let server = in_memory(&["--token", "all"]);
    let ask = |target: &str| get(&server, &format!("{target}?_token=all"), "");
    ask("/acl/setuser/ada/on/%3Esecret/~ada:*/+@read/+set");
    let wrong = ask("/acl/resttoken/ada/wrong");
    assert_eq!(wrong.short(), (400, r#"{"error":"ERR Wrong password or user \"ada\" does not exist"}"#));
    let token = token_of(&server, "ada", "secret");
    let bearer = format!("authorization: Bearer {token}");
    assert_eq!(get(&server, "/set/ada:k/v", &bearer).short(), (200, r#"{"result":"OK"}"#));
    assert_eq!(get(&server, &format!("/get/ada:k?_token={token}"), "").text(), r#"{"result":"v"}"#);
    let denied = get(&server, "/get/other", &bearer);
    assert!(denied.status == 400 && denied.text().starts_with(r#"{"error":"NOPERM "#), "{}", denied.text());
    assert_eq!(get(&server, "/kv/other", &bearer).status, 403);
    assert_eq!(get(&server, "/kv/ada:k", &bearer).text(), "v");
    let whole = send(server.http_address(), &format!("POST /admin/backup\n{bearer}"), b"");
    assert_eq!(whole.status, 403, "a backup has everybody's data");
    ask("/acl/setuser/ada/-set");
    assert_eq!(get(&server, "/set/ada:k/w", &bearer).status, 400);
    for change in ["/acl/setuser/ada/off", "/acl/setuser/ada/on/resetpass/%3Eother", "/acl/deluser/ada"] {
        ask(change);
        assert_eq!(get(&server, "/get/ada:k", &bearer).short(), REFUSED, "{change}");
    }
    server.stop();
}

#[test]
fn a_users_token_counts_where_none_is_needed() {
    let server = in_memory(&[]);
    get(&server, "/acl/setuser/ada/on/nopass/+get/~*", "");
    let token = token_of(&server, "ada", "anything");
    assert_eq!(get(&server, &format!("/get/k?_token={token}"), "").status, 200);
    assert_eq!(get(&server, &format!("/set/k/v?_token={token}"), "").status, 400);
    assert_eq!(get(&server, "/set/k/v?_token=whatever", "").status, 200);
    get(&server, "/acl/deluser/ada", "");
    assert_eq!(get(&server, &format!("/get/k?_token={token}"), "").short(), REFUSED);
    let forged = format!("{}.{}", "64656661756c74", "0".repeat(64));
    assert_eq!(get(&server, &format!("/get/k?_token={forged}"), "").short(), REFUSED);
    server.stop();
}

#[test]
fn tokens_are_not_shown_to_who_watches() {
    let server = in_memory(&[]);
    get(&server, "/config/set/slowlog-log-slower-than/0", "");
    get(&server, "/acl/resttoken/default/my-password", "");
    let slow = get(&server, "/slowlog/get", "").text().to_owned();
    assert!(slow.to_lowercase().contains("resttoken") && !slow.contains("my-password"), "{slow}");
    server.stop();
}

#[test]
fn browsers_are_told_what_pages_may_send_and_read() {
    let server = in_memory(&[]);
    let head = "OPTIONS /kv/k\norigin: http://localhost:3000\naccess-control-request-method: PUT\n\
                access-control-request-headers: authorization, if-match";
    let preflight = send(server.http_address(), head, b"");
    assert_eq!(preflight.status, 200);
    let list = |name: &str| preflight.header(name).unwrap().to_ascii_lowercase();
    assert_eq!(
        list("access-control-allow-headers"),
        "authorization,content-type,accept,cache-control,last-event-id,idempotency-key,if-match,if-none-match,\
         upstash-encoding,upstash-response-format,upstash-sync-token,upstash-telemetry-sdk,upstash-telemetry-runtime,\
         upstash-telemetry-platform"
    );
    assert_eq!(list("access-control-allow-methods"), "get,post,put,delete,head,options");
    assert_eq!(list("access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(list("access-control-max-age"), "86400");
    let answer = get(&server, "/get/k", "origin: http://localhost:3000");
    assert_eq!(answer.header("access-control-expose-headers"), Some("upstash-sync-token,etag,retry-after"));
    let foreign = get(&server, "/get/k", "origin: http://evil.example");
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (403, None));
    server.stop();
}
