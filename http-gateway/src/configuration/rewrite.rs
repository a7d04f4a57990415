//! `CONFIG REWRITE`: what `CONFIG SET` has changed, written into the table `[redis]` of the file. All else stays as it is there,
//! comments and order too.

use super::file::REDIS;
use super::flags;
use crate::host::Host;
use crate::log::rdb;
use crate::users::system_text;
use redstart_core::Config;
use redstart_core::config::{PARAMETERS, today_name};
use redstart_core::engine::FileTask;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml_edit::{DocumentMut, Item, Table, Value};

/// Parameters and their values, by today's names.
type Values = BTreeMap<&'static str, String>;

/// Writes the file whenever a client asks for it, for as long as it is polled.
pub(crate) async fn keep(host: Arc<Host>, path: PathBuf) {
    let mut written = values(host.turn().engine().config());
    loop {
        let task = host.file_wanted(FileTask::RewriteConfig).await;
        let awaited = host.turn().take_file_awaited(task);
        let current = values(host.turn().engine().config());
        let changed: Values =
            current.clone().into_iter().filter(|(name, value)| written.get(name) != Some(value)).collect();
        let path = path.clone();
        let done = tokio::task::spawn_blocking(move || rewrite(&path, &changed)).await;
        let done = done.unwrap_or_else(|error| Err(error.to_string()));
        match &done {
            Ok(()) => {
                tracing::info!("wrote the changed parameters into the configuration");
                written = current;
            }
            Err(reason) => tracing::error!("failed to write the configuration: {reason}"),
        }
        let refusal = done.map_err(|reason| format!("Rewriting config file: {reason}"));
        host.turn().answer_file(&awaited, refusal.as_ref().map_err(String::as_str).copied());
    }
}

/// What can be changed, but for what has a key of its own outside of `[redis]`: a password may stand elsewhere for a reason.
fn values(config: &Config) -> Values {
    let flags = flags();
    let is_flag = |name| flags.iter().any(|flag| flag.get_long() == Some(name));
    let changeable = PARAMETERS.iter().filter(|parameter| parameter.change.is_some() && !is_flag(parameter.name));
    changeable.map(|parameter| (today_name(parameter.name), (parameter.show)(config))).collect()
}

/// Replaces the file by one that says this, too.
fn rewrite(path: &Path, changed: &BTreeMap<&str, String>) -> Result<(), String> {
    // Where the name is a link, it stays one.
    let path = path.canonicalize().map_err(|error| system_text(&error))?;
    let text = std::fs::read_to_string(&path).map_err(|error| system_text(&error))?;
    let text = with_values(&text, changed)?;
    let put = |draft: &Path| {
        copy_mode(&path, draft, text.as_bytes()).map_err(crate::log::Error::io("write", draft))?;
        Ok(text.len() as u64)
    };
    rdb::put(&path, put).map(drop).map_err(|error| {
        let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref());
        source.map_or_else(|| error.to_string(), system_text)
    })
}

/// Writes a file that the same people may read as the one that it replaces.
fn copy_mode(old: &Path, new: &Path, text: &[u8]) -> io::Result<()> {
    let permissions = std::fs::metadata(old)?.permissions();
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(new)?;
    file.set_permissions(std::fs::Permissions::from_mode(permissions.mode()))?;
    file.write_all(text)?;
    file.sync_all()
}

fn with_values(text: &str, changed: &BTreeMap<&str, String>) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|_| "it is no TOML any more".to_owned())?;
    if !changed.is_empty() {
        let redis = document.entry(REDIS).or_insert(Item::Table(Table::new()));
        let table = redis.as_table_mut().ok_or("redis is no table in it")?;
        changed.iter().for_each(|(name, value)| set(table, name, value));
    }
    Ok(document.to_string())
}

fn set(table: &mut Table, name: &str, value: &str) {
    let same = |key: &str| key.eq_ignore_ascii_case(name) || today_name(&key.to_ascii_lowercase()) == name;
    let known: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).filter(|key| same(key)).collect();
    let Some((last, others)) = known.split_last() else {
        table.insert(name, Item::Value(new_value(value, None)));
        return;
    };
    others.iter().for_each(|key| drop(table.remove(key)));
    if let Some(old) = table.get_mut(last).and_then(Item::as_value_mut) {
        let decor = old.decor().clone();
        *old = new_value(value, Some(old));
        *old.decor_mut() = decor;
    }
}

/// A number where it is one, and a switch where there has been one.
fn new_value(text: &str, old: Option<&Value>) -> Value {
    match (text, old) {
        ("yes" | "no", Some(Value::Boolean(_))) => (text == "yes").into(),
        (text, _) => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, changed: &[(&'static str, &str)], expected: &str) {
        let changed = changed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        assert_eq!(with_values(text, &changed).as_deref(), Ok(expected));
    }

    #[test]
    fn comments_and_order_stay() {
        check(
            "# mine\nhttp = 'x' # why\n\n[redis]\nmaxmemory = '1gb'   # half\ncompat-upstash = true\n# end\n",
            &[("compat-upstash", "no"), ("maxmemory", "5"), ("maxmemory-policy", "allkeys-lru")],
            "# mine\nhttp = 'x' # why\n\n[redis]\nmaxmemory = 5   # half\ncompat-upstash = false\n\
             maxmemory-policy = \"allkeys-lru\"\n# end\n",
        );
        check("a = 1\n", &[("maxmemory", "5")], "a = 1\n\n[redis]\nmaxmemory = 5\n");
        check("a = 1\n", &[], "a = 1\n");
        check("", &[("notify-keyspace-events", "")], "[redis]\nnotify-keyspace-events = \"\"\n");
        check("redis.maxmemory = 1\n", &[("maxmemory", "5")], "redis.maxmemory = 5\n");
    }

    #[test]
    fn old_names_are_the_same_parameters() {
        check("[redis]\nlua-time-limit = 1\n", &[("busy-reply-threshold", "5")], "[redis]\nlua-time-limit = 5\n");
        assert!(with_values("redis = 1", &[("maxmemory", "5".to_owned())].into()).is_err());
        assert!(with_values("[redis", &[("maxmemory", "5".to_owned())].into()).is_err());
    }
}
