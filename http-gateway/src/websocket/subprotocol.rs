//! The languages that a socket may speak.

use super::request::{Message, Refusal, read_json, read_msgpack};
use super::socket::Frame;
use crate::encoding::Encoder;
use crate::encoding::json::Json;
use crate::encoding::msgpack::{self, MessagePack};
use axum::http::HeaderValue;

/// What the frames hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subprotocol {
    /// Messages with numbers.
    Messages(Format),
    /// RESP3, as on a TCP connection.
    Plain,
}

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    MessagePack,
}

impl Subprotocol {
    /// Their names, the one first that is taken when a client offers several.
    pub(super) const NAMES: [&str; 3] = ["redstart.v1.json", "redstart.v1.msgpack", "redstart.v1.resp3"];

    /// The one that was chosen; JSON when the client has not asked for any.
    pub(super) fn of(chosen: Option<&HeaderValue>) -> Self {
        let [_, packed, plain] = Self::NAMES;
        match chosen {
            Some(name) if name == packed => Self::Messages(Format::MessagePack),
            Some(name) if name == plain => Self::Plain,
            _ => Self::Messages(Format::Json),
        }
    }
}

impl Format {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Refusal`] when it is not one.
    pub(super) fn read(self, frame: &Frame) -> Result<Message<'_>, Refusal> {
        match (self, frame) {
            (Self::Json, Frame::Text(text)) => read_json(text.as_bytes()),
            (Self::Json, Frame::Binary(bytes)) => read_json(bytes),
            (Self::MessagePack, Frame::Binary(bytes)) => read_msgpack(bytes),
            (Self::MessagePack, Frame::Text(_)) => Err(Refusal::Protocol),
        }
    }

    /// Writes one part of a message.
    pub(super) fn write(self, write: impl FnOnce(&mut dyn Encoder)) -> Vec<u8> {
        match self {
            Self::Json => {
                let mut json = Json::default();
                write(&mut json);
                json.into_bytes()
            }
            Self::MessagePack => {
                let mut msgpack = MessagePack::default();
                write(&mut msgpack);
                msgpack.into_bytes()
            }
        }
    }

    /// A frame of one part.
    pub(super) fn frame(self, part: Vec<u8>) -> Frame {
        match self {
            Self::Json => Frame::text(part),
            Self::MessagePack => Frame::Binary(part.into()),
        }
    }

    /// A frame of several parts, as a list.
    pub(super) fn batch(self, parts: &[Vec<u8>]) -> Frame {
        match self {
            Self::Json => Frame::text([b"[".as_slice(), &parts.join(&b','), b"]"].concat()),
            Self::MessagePack => Frame::Binary(msgpack::list(parts).into()),
        }
    }
}
