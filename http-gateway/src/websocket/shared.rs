//! A message of a channel is written once for all who get it.
//!
//! The engine gives every receiver of a message the same bytes, one behind the other. So each thread keeps the frame that it
//! has made last, and what it has made it of: the next receiver most likely needs the same.

use super::socket::Frame;
use super::subprotocol::Format;
use redstart_core::engine::Position;
use std::cell::RefCell;
use std::sync::Arc;

/// Longer messages are not worth the memory.
const BYTES_MAX: usize = 64 * 1024;

/// A frame, and what it was made of.
struct Last {
    message: Arc<[u8]>,
    position: Option<Position>,
    format: Format,
    frame: Frame,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// The frame of a message, made by `make` if it is not the last one.
pub(super) fn frame(
    message: &Arc<[u8]>,
    position: Option<Position>,
    format: Format,
    make: impl FnOnce() -> Frame,
) -> Frame {
    LAST.with_borrow_mut(|last| match last {
        // As long as the message is kept no other one has its place.
        Some(last) if Arc::ptr_eq(&last.message, message) && last.position == position && last.format == format => {
            last.frame.clone()
        }
        last => {
            let frame = make();
            if message.len() <= BYTES_MAX {
                *last = Some(Last { message: message.clone(), position, format, frame: frame.clone() });
            }
            frame
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_message_has_the_same_frame() {
        let made = RefCell::new(0);
        let ask = |message: &Arc<[u8]>, offset, format| {
            let position = Some(Position { epoch: 1, offset });
            frame(message, position, format, || {
                *made.borrow_mut() += 1;
                Frame::text(made.borrow().to_string().into_bytes())
            })
        };
        let (one, other): (Arc<[u8]>, Arc<[u8]>) = (b"a".as_slice().into(), b"a".as_slice().into());
        let first = ask(&one, 1, Format::Json);
        assert_eq!(ask(&one, 1, Format::Json), first);
        for (message, offset, format) in
            [(&one, 2, Format::Json), (&one, 2, Format::MessagePack), (&other, 2, Format::MessagePack)]
        {
            assert_ne!(ask(message, offset, format), first);
        }
        let long: Arc<[u8]> = vec![0; BYTES_MAX + 1].into();
        assert_ne!(ask(&long, 1, Format::Json), ask(&long, 1, Format::Json));
        assert_eq!(*made.borrow(), 6);
    }
}
