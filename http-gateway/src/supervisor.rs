//! What `systemd` is told, where it has started the server (`Type=notify`): that it is ready, that it lives, that it stops.

use crate::host::Host;
use sd_notify::NotifyState;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::interval;

/// How often it is said that loading goes on.
const LOADING_INTERVAL: Duration = Duration::from_secs(1);
/// For how long the start may take from then on.
const LOADING_PATIENCE_MICROS: u32 = 30_000_000;

/// Tells that the data are loaded, and then that the engine still answers, for as long as it is polled.
pub async fn watch_over(host: Arc<Host>) {
    let mut ticks = interval(LOADING_INTERVAL);
    while host.turn().engine().is_loading() {
        tell(&[NotifyState::Status("loading the data"), NotifyState::ExtendTimeoutUsec(LOADING_PATIENCE_MICROS)]);
        ticks.tick().await;
    }
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
    let Some(patience) = watchdog() else { return };
    let mut ticks = interval(patience / 2);
    loop {
        ticks.tick().await;
        // Whoever holds the engine for ever keeps this from being said.
        drop(host.turn());
        tell(&[NotifyState::Watchdog]);
    }
}

/// Tells that the server stops.
pub fn say_goodbye() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// After which silence the process is ended, if that is so.
fn watchdog() -> Option<Duration> {
    let mut micros = 0;
    (sd_notify::watchdog_enabled(false, &mut micros) && micros > 0).then(|| Duration::from_micros(micros))
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(false, states) {
        tracing::warn!("failed to tell systemd: {error}");
    }
}
