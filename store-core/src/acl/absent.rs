//! The commands of Redis that are not here, with which rules are taken all the same.
//!
//! Files of users and the scripts that make users are written for Redis: most of them name some of these, if only to
//! forbid them. Such a rule is shown as it was given, and means nothing, for there is nothing that could be run.

/// Their full names, as rules have them.
const ABSENT: [&str; 43] = [
    "asking",
    "cluster",
    "cluster|addslots",
    "cluster|addslotsrange",
    "cluster|bumpepoch",
    "cluster|count-failure-reports",
    "cluster|countkeysinslot",
    "cluster|delslots",
    "cluster|delslotsrange",
    "cluster|failover",
    "cluster|flushslots",
    "cluster|forget",
    "cluster|getkeysinslot",
    "cluster|help",
    "cluster|info",
    "cluster|keyslot",
    "cluster|links",
    "cluster|meet",
    "cluster|myid",
    "cluster|myshardid",
    "cluster|nodes",
    "cluster|replicas",
    "cluster|replicate",
    "cluster|reset",
    "cluster|saveconfig",
    "cluster|set-config-epoch",
    "cluster|setslot",
    "cluster|shards",
    "cluster|slaves",
    "cluster|slots",
    "failover",
    "migrate",
    "module|load",
    "module|loadex",
    "module|unload",
    "psync",
    "readonly",
    "readwrite",
    "replconf",
    "replicaof",
    "restore-asking",
    "slaveof",
    "sync",
];

/// Whether this is the name of one of them, in any case.
pub(super) fn is_absent(name: &[u8]) -> bool {
    ABSENT.iter().any(|absent| name.eq_ignore_ascii_case(absent.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::CommandTable;

    #[test]
    fn none_of_them_is_here() {
        let commands = CommandTable::new();
        for name in ABSENT {
            assert!(commands.id_of(name.as_bytes()).is_none(), "{name} is here");
        }
    }
}
