//! What the project is built from: licences, sources and versions of all crates, as `.cargo/deny.toml` allows them. It is
//! cargo-deny's file; what that program also looks at, the database of advisories, is not to be had everywhere.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::project;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use toml_edit::DocumentMut;

/// The crates of the lock file, those of every platform, as `cargo metadata` tells them.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--locked"];
    let output = Command::new(cargo).current_dir(project::root()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    package[field].as_str().unwrap_or_default()
}

fn rules() -> DocumentMut {
    std::fs::read_to_string(project::root().join(".cargo/deny.toml")).unwrap().parse().unwrap()
}

/// The texts of a list, or what its tables say of a crate.
fn list(rules: &DocumentMut, table: &str, key: &str) -> Vec<String> {
    let list = rules[table][key].as_array().unwrap();
    let name = |item: &toml_edit::Value| item.as_inline_table().map_or(Some(item), |table| table.get("crate")).cloned();
    list.iter().map(|item| name(item).unwrap().as_str().unwrap().to_owned()).collect()
}

#[test]
fn licences_are_on_the_list() {
    let allowed = list(&rules(), "licenses", "allow");
    let refused: Vec<_> = packages()
        .iter()
        .filter(|package| !Licence::of(text(package, "license")).granted_by(&allowed))
        .map(|package| format!("{} ({})", text(package, "name"), text(package, "license")))
        .collect();
    assert!(refused.is_empty(), "not allowed by .cargo/deny.toml: {}", refused.join(", "));
}

#[test]
fn crates_come_from_one_registry() {
    let allowed = list(&rules(), "sources", "allow-registry");
    for package in packages() {
        // What stands in this folder has no source.
        let Some(source) = package["source"].as_str() else { continue };
        let registry = source.strip_prefix("registry+").unwrap_or(source);
        assert!(allowed.iter().any(|allowed| allowed == registry), "{} is from {source}", text(&package, "name"));
    }
}

#[test]
fn every_second_version_is_known_and_nothing_is_banned() {
    let rules = rules();
    let (mut skipped, banned) = (list(&rules, "bans", "skip"), list(&rules, "bans", "deny"));
    let mut versions = BTreeMap::<String, Vec<String>>::new();
    for package in packages() {
        let (name, version) = (text(&package, "name").to_owned(), text(&package, "version").to_owned());
        assert!(!banned.contains(&name), "{name} is banned");
        versions.entry(name).or_default().push(version);
    }
    for (name, versions) in versions {
        let known = |version: &&String| skipped.iter().any(|skipped| *skipped == format!("{name}@{version}"));
        let unknown = versions.iter().filter(|version| !known(version)).count();
        assert_eq!(unknown, 1, "{name} has {versions:?}: all but one stand below `skip` in .cargo/deny.toml");
        skipped.retain(|skipped| !versions.iter().any(|version| *skipped == format!("{name}@{version}")));
    }
    assert!(skipped.is_empty(), "nothing asks for {skipped:?} any more");
}

/// A licence expression of SPDX, or of the older kind with slashes.
struct Licence(Vec<String>);

impl Licence {
    fn of(expression: &str) -> Self {
        let spaced =
            expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ").replace(" WITH ", "+WITH+");
        Self(spaced.split_whitespace().map(|word| word.replace("+WITH+", " WITH ")).rev().collect())
    }

    /// Whether what is allowed is enough to use it.
    fn granted_by(mut self, allowed: &[String]) -> bool {
        let granted = self.any(allowed);
        granted && self.0.is_empty()
    }

    /// OR, which binds weaker than AND.
    fn any(&mut self, allowed: &[String]) -> bool {
        let mut granted = self.all(allowed);
        while self.0.pop_if(|word| word == "OR").is_some() {
            granted |= self.all(allowed);
        }
        granted
    }

    fn all(&mut self, allowed: &[String]) -> bool {
        let mut granted = self.one(allowed);
        while self.0.pop_if(|word| word == "AND").is_some() {
            granted &= self.one(allowed);
        }
        granted
    }

    fn one(&mut self, allowed: &[String]) -> bool {
        let Some(word) = self.0.pop() else { return false };
        if word != "(" {
            return allowed.contains(&word);
        }
        let granted = self.any(allowed);
        self.0.pop().is_some_and(|word| word == ")") && granted
    }
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    let check = |expression: &str, granted| {
        assert_eq!(Licence::of(expression).granted_by(&allowed), granted, "{expression}");
    };
    for granted in
        ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "ISC AND (GPL-3.0 OR MIT)", "Apache-2.0 WITH LLVM-exception"]
    {
        check(granted, true);
    }
    for refused in ["", "GPL-3.0", "MIT AND GPL-3.0", "GPL-3.0 OR MIT AND BSL-1.0", "(MIT", "MIT)", "Apache-2.0"] {
        check(refused, false);
    }
}
