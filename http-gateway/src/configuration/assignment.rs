//! A parameter of Redis, set at the start.

use super::{flags, nearest, suggestion};
use redstart_core::Config;
use redstart_core::config::{PARAMETERS, Refused};
use std::fmt;
use std::str::FromStr;

/// A parameter and its value, as `CONFIG SET` takes them. What is wrong in itself is no assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The parameter's name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Assignment {
    /// Changes the parameters of a store.
    ///
    /// # Errors
    /// [`Refused`] when this store refuses what another one takes.
    pub fn apply(&self, config: &Config) -> Result<Config, Refused> {
        config.changed(&[[self.name.as_bytes(), self.value.as_bytes()]])
    }
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("it has to be a name and a value, such as maxmemory=1gb")?;
        if let Some(flag) = flags().iter().filter_map(|arg| arg.get_long()).find(|flag| *flag == name) {
            return Err(format!("{name} is a setting of the server: set it with --{flag}, or outside of [redis]"));
        }
        let assignment = Self { name: name.to_ascii_lowercase(), value: value.to_owned() };
        match assignment.apply(&Config::default()) {
            Ok(_) => Ok(assignment),
            Err(Refused { reason: Some(reason), .. }) => Err(format!("{name}: {reason}")),
            Err(Refused { reason: None, .. }) => {
                let names = PARAMETERS.iter().map(|parameter| parameter.name);
                Err(format!("there is no parameter {name}{}", suggestion(nearest(name, names))))
            }
        }
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_wrong(text: &str, expected: &str) {
        assert_eq!(text.parse::<Assignment>().unwrap_err(), expected);
    }

    #[test]
    fn parameters_are_checked_as_config_set_does() {
        let assignment: Assignment = "MaxMemory=100mb".parse().unwrap();
        assert_eq!(assignment.to_string(), "maxmemory=100mb");
        assert_eq!(assignment.apply(&Config::default()).unwrap().eviction.max_bytes, 100 << 20);
        check_wrong("maxmemory", "it has to be a name and a value, such as maxmemory=1gb");
        check_wrong("maxmemory=x", "maxmemory: argument must be a memory value");
        check_wrong("maxmemori=1", "there is no parameter maxmemori; did you mean maxmemory?");
        check_wrong("nothing-like-it=1", "there is no parameter nothing-like-it");
        check_wrong("databases=3", "databases: can't set immutable config");
        check_wrong(
            "requirepass=x",
            "requirepass is a setting of the server: set it with --requirepass, or outside of [redis]",
        );
    }
}
