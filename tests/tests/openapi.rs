//! What `/openapi.json` says against what the gateway does: Schemathesis makes requests from the document and looks at the
//! answers. `REDSTART_OPENAPI_EXAMPLES` is how many it invents for each command besides the edges, which it always tries.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::{project, python};
use std::path::Path;
use std::process::Command;

const TOKEN: &str = "secret";

#[test]
fn the_document_is_kept_to() {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let python = python::environment(cache, "openapi/requirements.txt").unwrap();
    let (data, work) = (TemporaryFolder::new().unwrap(), TemporaryFolder::new().unwrap());
    let server = Server::gateway(data.path(), &["--durability", "memory", "--token", TOKEN]).unwrap();
    let mut program = Command::new(python);
    program.current_dir(project::tests()).arg("openapi/check.py");
    let output = program.args([&format!("http://{}", server.http), TOKEN]).arg(work.path()).output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
}
