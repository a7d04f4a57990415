//! What is on its way to the client.

use super::socket::Frame;
use redstart_core::Lsn;
use std::collections::VecDeque;

/// When this much waits to be sent, nothing more is executed.
const BYTES_MAX: usize = 1024 * 1024;
/// When so many frames wait to be sent, nothing more is executed.
const FRAMES_MAX: usize = 1024;

/// Frames in their order, each with the effect that has to be durable before it leaves.
#[derive(Debug, Default)]
pub(super) struct Output {
    frames: VecDeque<(Lsn, Frame)>,
    bytes: usize,
}

impl Output {
    pub(super) fn push(&mut self, lsn: Lsn, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push_back((lsn, frame));
    }

    /// What the next frame waits for.
    pub(super) fn next_lsn(&self) -> Option<Lsn> {
        self.frames.front().map(|(lsn, _)| *lsn)
    }

    pub(super) fn pop(&mut self) -> Option<Frame> {
        let (_, frame) = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }

    /// How many bytes there are.
    pub(super) const fn len(&self) -> usize {
        self.bytes
    }

    pub(super) fn has_room(&self) -> bool {
        self.bytes < BYTES_MAX && self.frames.len() < FRAMES_MAX
    }
}
