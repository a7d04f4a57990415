//! What is at which path. Every other path is a command.

use super::answer::Refusal;
use super::{App, command};
use axum::Router;
use axum::routing::MethodRouter;
use std::collections::HashSet;

/// What has a path of its own.
#[derive(Debug, Default)]
pub(super) struct Places {
    router: Router<App>,
    names: HashSet<&'static str>,
}

impl Places {
    /// Has a handler answer what comes to a path, as [`Router::route`] understands it.
    pub(super) fn add(mut self, path: &'static str, handler: MethodRouter<App>) -> Self {
        self.names.insert(first_segment(path));
        Self { router: self.router.route(path, handler), ..self }
    }

    /// The router of these paths and all others, and a way to tell without it which are others.
    pub(super) fn into_router(self, app: App) -> (Router, Names) {
        let router = self.router.fallback(command::from_path);
        let router = router.method_not_allowed_fallback(async || Refusal::GET_ONLY).with_state(app);
        (router, Names(self.names))
    }
}

/// The first segments of all paths that are not commands.
#[derive(Debug)]
pub(super) struct Names(HashSet<&'static str>);

impl Names {
    /// Whether a path can be a command only. If not, it takes the router to know.
    pub(super) fn leave_to_commands(&self, path: &str) -> bool {
        !self.0.contains(first_segment(path))
    }
}

fn first_segment(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_once('/').map_or(path, |(first, _)| first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::any;

    #[test]
    fn what_has_no_path_is_left_to_commands() {
        let handler = || any(async || "");
        let places = Places::default().add("/", handler()).add("/kv/{*key}", handler()).add("/monitor", handler());
        let names = Names(places.names);
        for path in ["/get/k", "/Monitor", "/%6Bv/key", "/kvs", "*"] {
            assert!(names.leave_to_commands(path), "{path}");
        }
        for path in ["/", "", "//", "/kv", "/kv/", "/kv/a/b", "/monitor"] {
            assert!(!names.leave_to_commands(path), "{path}");
        }
    }
}
