//! x
use crate::host::Host;
use crate::options::Options;
use std::io;
use std::sync::Arc;
use tokio::runtime::Runtime;
/// x
#[derive(Debug)]
pub struct Listener;
impl Listener {
    /// x
    pub fn start(_: &Runtime, _: &Arc<Host>, _: std::net::TcpListener, _: &Options) -> io::Result<Self> { Ok(Self) }
    /// x
    pub fn stop(self, _: &Runtime) {}
}
