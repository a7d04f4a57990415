//! `/openapi.json`, what can be asked for as OpenAPI 3.1, and `/docs`, a page that shows it.
//!
//! Both follow from the command table: what stands in a command's grammar is in the document, and nothing is said twice. A
//! command is a path with its required words; options behind them are the query. What a path cannot say, `POST /` can, which
//! takes the words of any command.
//!
//! - `route` makes paths and parameters of grammars, `schema` schemas of replies' shapes, `page` the page.

mod page;
mod route;
mod schema;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use redstart_core::commands;
use redstart_core::spec::{Command, Flag, Run};
use route::Route;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
static JSON: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| page::write(&DOCUMENT));

/// The page has no scripts, and styles of its own.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `/openapi.json`
pub(super) async fn openapi() -> Response {
    respond("application/json", &JSON)
}

/// `/docs`
pub(super) async fn docs() -> Response {
    respond("text/html; charset=utf-8", &PAGE)
}

fn respond(kind: &'static str, body: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ]
    .map(|(name, value): (HeaderName, &'static str)| (name, HeaderValue::from_static(value)));
    (headers, body).into_response()
}

/// The commands that can be asked for over REST.
fn offered() -> impl Iterator<Item = &'static Command> {
    commands::all().filter(|command| !matches!(command.run, Run::Container) && !command.has(Flag::Stateful))
}

fn document() -> Value {
    let mut paths: Map<String, Value> = offered().map(path_of).collect();
    paths.extend(fixed_paths());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Redstart",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A Redis-compatible store over HTTP. Each command is a path of its words; options follow as the \
                query. `POST /` takes the words of any command as a JSON array.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }, { "query": [] }, {}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "query": { "type": "apiKey", "in": "query", "name": "_token" },
            },
            "schemas": schema::named(),
            "responses": {
                "Error": {
                    "description": "It was not done.",
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
                },
            },
        },
    })
}

/// The groups that there are commands of, in order.
fn tags() -> Vec<Value> {
    let mut names: Vec<_> = offered().map(|command| command.group.name()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

fn path_of(command: &'static Command) -> (String, Value) {
    let Route { path, parameters } = Route::of(command);
    let method = if command.has(Flag::ReadOnly) { "get" } else { "post" };
    let operation = json!({
        "operationId": command.name.to_ascii_lowercase().replace([' ', '-'], "_"),
        "tags": [command.group.name()],
        "summary": command.summary,
        "description": command.complexity,
        "x-usage": command.usage(),
        "parameters": parameters,
        "responses": answers(&schema::of_result(command)),
    });
    (path, json!({ method: operation }))
}

/// What a request answers: this, or an error.
fn answers(schema: &Value) -> Value {
    json!({
        "200": { "description": "It was done.", "content": { "application/json": { "schema": schema } } },
        "default": { "$ref": "#/components/responses/Error" },
    })
}

/// The paths that are no command's.
fn fixed_paths() -> Map<String, Value> {
    let words = json!({ "$ref": "#/components/schemas/Words" });
    let several = json!({ "type": "array", "items": words });
    let post = |id: &str, summary: &str, body: &Value, answer: &Value| {
        json!({ "post": {
            "operationId": id,
            "tags": ["requests"],
            "summary": summary,
            "requestBody": { "required": true, "content": { "application/json": { "schema": body } } },
            "responses": answers(answer),
        } })
    };
    let any = json!({ "$ref": "#/components/schemas/Answer" });
    let list = json!({ "type": "array", "items": any });
    let paths = [
        ("/", post("run_command", "Runs a command.", &words, &any)),
        ("/pipeline", post("run_pipeline", "Runs commands, each by itself.", &several, &list)),
        (
            "/multi-exec",
            post("run_transaction", "Runs commands as one step.", &several, &json!({ "anyOf": [list, any] })),
        ),
        ("/kv/{key}", resource()),
    ];
    paths.into_iter().map(|(path, item)| (path.to_owned(), item)).collect()
}

/// `/kv/{key}`
fn resource() -> Value {
    let bytes = json!({ "application/octet-stream": {} });
    let header = |name: &str| json!({ "name": name, "in": "header", "schema": { "type": "string" } });
    let operation = |id: &str, summary: &str, status: &str, content: Option<&Value>| {
        let mut done = json!({ "description": "It was done." });
        if let Some(content) = content {
            done["content"] = content.clone();
        }
        json!({
            "operationId": id,
            "tags": ["resources"],
            "summary": summary,
            "responses": { status: done, "default": { "$ref": "#/components/responses/Error" } },
        })
    };
    let mut put = operation("kv_put", "Sets the value.", "204", None);
    put["responses"]["201"] = json!({ "description": "The key is new." });
    put["requestBody"] = json!({ "required": true, "content": bytes });
    put["parameters"] = json!([{ "name": "ttl", "in": "query", "schema": { "type": "integer" } }]);
    let mut get = operation("kv_get", "Gives the value.", "200", Some(&bytes));
    get["responses"]["304"] = json!({ "description": "The value is the one that the client has." });
    json!({
        "parameters": [
            { "name": "key", "in": "path", "required": true, "schema": { "type": "string" } },
            header("If-Match"),
            header("If-None-Match"),
        ],
        "get": get,
        "put": put,
        "delete": operation("kv_delete", "Removes the key.", "204", None),
    })
}
