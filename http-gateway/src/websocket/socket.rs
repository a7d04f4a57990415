//! The socket itself: frames in and out. Whatever library carries them, and whether it compresses, ends here.

use super::close::Close;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A message of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Text(Utf8Bytes),
    Binary(Bytes),
}

impl Frame {
    /// A text frame of UTF-8 bytes.
    pub(super) fn text(bytes: Vec<u8>) -> Self {
        match Utf8Bytes::try_from(Bytes::from(bytes)) {
            Ok(text) => Self::Text(text),
            Err(_) => unreachable!("text frames are written as UTF-8"),
        }
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.as_str().len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// Something from the client.
#[derive(Debug)]
pub(super) enum Received {
    Frame(Frame),
    /// It is still there.
    Pong,
}

/// Why nothing more can come from the client or go to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// It has gone.
    Gone,
    /// It sent something that is not a WebSocket message, or is too large.
    Broken,
}

/// A WebSocket.
#[derive(Debug)]
pub(super) struct Socket {
    inner: WebSocket,
}

impl Socket {
    pub(super) const fn new(inner: WebSocket) -> Self {
        Self { inner }
    }

    /// Takes the next thing from the client.
    pub(super) fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<Received, Lost>> {
        loop {
            let received = match ready!(Pin::new(&mut self.inner).poll_next(context)) {
                Some(Ok(Message::Text(text))) => Received::Frame(Frame::Text(text)),
                Some(Ok(Message::Binary(bytes))) => Received::Frame(Frame::Binary(bytes)),
                Some(Ok(Message::Pong(_))) => Received::Pong,
                // The library answers pings.
                Some(Ok(Message::Ping(_))) => continue,
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Err(Lost::Gone)),
                Some(Err(_)) => return Poll::Ready(Err(Lost::Broken)),
            };
            return Poll::Ready(Ok(received));
        }
    }

    /// Waits until a frame can be given to [`Self::put`].
    pub(super) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        Pin::new(&mut self.inner).poll_ready(context).map_err(|_| Lost::Gone)
    }

    /// Takes a frame to be sent.
    pub(super) fn put(&mut self, frame: Frame) -> Result<(), Lost> {
        self.start(match frame {
            Frame::Text(text) => Message::Text(text),
            Frame::Binary(bytes) => Message::Binary(bytes),
        })
    }

    /// Asks the client whether it is still there.
    pub(super) fn ping(&mut self) -> Result<(), Lost> {
        self.start(Message::Ping(Bytes::new()))
    }

    fn start(&mut self, message: Message) -> Result<(), Lost> {
        Pin::new(&mut self.inner).start_send(message).map_err(|_| Lost::Gone)
    }

    /// Sends what was put.
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        Pin::new(&mut self.inner).poll_flush(context).map_err(|_| Lost::Gone)
    }

    /// Sends what was put, and the answer to the client's goodbye.
    pub(super) async fn part(&mut self) {
        let _ = self.inner.flush().await;
    }

    /// Says why the socket ends, and waits for the client to say so too.
    pub(super) async fn close(&mut self, close: Close) {
        let frame = CloseFrame { code: close.code, reason: Utf8Bytes::from_static(close.reason) };
        if self.inner.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = self.inner.next().await {}
        }
    }
}
