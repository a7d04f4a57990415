"""Schemathesis against /openapi.json of a gateway: python3 check.py URL TOKEN FOLDER

Every request is what the document describes, or is almost that. No answer may be the server's own failure, and each has to have
a status, a type and a shape that the document gives.
"""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

# What ends the server or this client, waits or streams for long, or takes the test's own rights away.
LEFT_OUT = (
    "shutdown", "debug", "subscribe", "psubscribe", "monitor", "admin", "failover", "client/kill", "client/pause",
    "acl/setuser", "acl/deluser", "acl/load", "config/set", "bl", "brpop", "bz",
)
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)


def without_tuples(schema):
    """Schemathesis 4.32 takes its own old form of `prefixItems` for a fault of the document."""
    if isinstance(schema, list):
        return [without_tuples(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {name: without_tuples(value) for name, value in schema.items() if name != "prefixItems"}
    return rest | ({"items": {"anyOf": without_tuples(schema["prefixItems"])}} if "prefixItems" in schema else {})


def main():
    url, token, folder = sys.argv[1:]
    with urllib.request.urlopen(url + "/openapi.json") as answer:
        document = json.load(answer)
    assert len(document["paths"]) > 300, "commands are missing"
    file = Path(folder) / "openapi.json"
    file.write_text(json.dumps(without_tuples(document)))
    examples = os.environ.get("REDSTART_OPENAPI_EXAMPLES", "3")
    words = [
        Path(sys.executable).with_name("st"), "run", file, "--url", url, "--header", f"Authorization: Bearer {token}",
        "--seed", "1", "--phases", "coverage,fuzzing", "--max-examples", examples, "--no-shrink", "--continue-on-failure",
        "--generation-database", "none", "--request-timeout", "30", "--warnings", "off", "--checks", ",".join(CHECKS),
        "--exclude-path-regex", f"^/({'|'.join(LEFT_OUT)})",
    ]
    result = subprocess.run(words, cwd=folder, check=False)
    with urllib.request.urlopen(url + "/healthz") as answer:
        assert answer.status == 200
    sys.exit(result.returncode)


main()
