//! The document as a page: no scripts, nothing from elsewhere.

use serde_json::{Map, Value};
use std::fmt::Write;

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content='width=device-width,initial-scale=1'><title>Redstart: HTTP API</title><style>\
:root{color-scheme:dark}\
body{background:#14161a;color:#d8dce3;font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem}\
a{color:#8ab4f8}h1,h2{color:#fff;font-weight:600}h2{border-bottom:1px solid #333944;margin-top:2.5rem}\
nav a{margin-right:.8rem;white-space:nowrap}\
details{border-bottom:1px solid #23272e;padding:.45rem 0}summary{cursor:pointer}\
code{background:#1f232a;border-radius:4px;color:#f0b27a;font:14px ui-monospace,monospace;overflow-wrap:anywhere;padding:.1rem .35rem}\
b{color:#8ad19b;display:inline-block;font:600 13px ui-monospace,monospace;width:3.6rem}\
p{margin:.4rem 0 .4rem 3.6rem}small{color:#98a1af}\
</style>";

/// Writes the page.
pub(super) fn write(document: &Value) -> String {
    let mut page = HEAD.to_owned();
    let empty = Map::new();
    let paths = document["paths"].as_object().unwrap_or(&empty);
    let mut tags: Vec<_> = operations(paths).filter_map(|(_, _, operation)| operation["tags"][0].as_str()).collect();
    tags.sort_unstable();
    tags.dedup();
    add(&mut page, "<h1>Redstart</h1><p style='margin-left:0'>");
    add(&mut page, &escape(document["info"]["description"].as_str().unwrap_or_default()));
    add(&mut page, " The same as <a href='openapi.json'>OpenAPI 3.1</a>.</p><nav>");
    tags.iter().for_each(|tag| add(&mut page, &format!("<a href='#{tag}'>{tag}</a>")));
    add(&mut page, "</nav>");
    for tag in tags {
        add(&mut page, &format!("<h2 id='{tag}'>{tag}</h2>"));
        let of_tag = operations(paths).filter(|(_, _, operation)| operation["tags"][0] == tag);
        of_tag.for_each(|(path, method, operation)| write_operation(&mut page, path, method, operation));
    }
    page
}

fn operations(paths: &Map<String, Value>) -> impl Iterator<Item = (&str, &str, &Value)> {
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().into_iter().flatten();
        let operations = item.filter(|(_, operation)| operation.get("operationId").is_some());
        operations.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn write_operation(page: &mut String, path: &str, method: &str, operation: &Value) {
    let text = |name: &str| escape(operation[name].as_str().unwrap_or_default());
    // Writing into memory does not fail.
    let _ = write!(
        page,
        "<details><summary><b>{}</b><code>{}</code> {}</summary>",
        method.to_ascii_uppercase(),
        escape(path),
        text("summary")
    );
    if operation.get("x-usage").is_some() {
        add(page, &format!("<p><code>{}</code></p>", text("x-usage")));
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let in_query: Vec<_> = parameters.filter(|parameter| parameter["in"] == "query").collect();
    if !in_query.is_empty() {
        let names = in_query.iter().filter_map(|parameter| parameter["name"].as_str());
        let names: Vec<_> = names.map(|name| format!("<code>{}</code>", escape(name))).collect();
        add(page, &format!("<p>Query: {}</p>", names.join(" ")));
    }
    let result = &operation["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["result"];
    if !result.is_null() {
        add(page, &format!("<p>Result: <code>{}</code></p>", escape(&result.to_string())));
    }
    add(page, &format!("<p><small>{}</small></p></details>", text("description")));
}

fn add(page: &mut String, text: &str) {
    page.push_str(text);
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;").replace('"', "&quot;")
}
