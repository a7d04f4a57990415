//! A key as it is stored, with the record of its uses in bytes that would be empty otherwise.
//!
//! 24 bytes: up to [`INLINE_CAPACITY`] bytes of key stand in them, longer keys are one exact allocation. The record
//! takes three bytes from the inline form (a [`SmallBytes`](crate::values::bytes::SmallBytes) keeps 22 bytes), so
//! that an entry is no larger with it.

use super::access::Access;
use alloc::boxed::Box;

/// The longest key, in bytes, that needs no allocation.
const INLINE_CAPACITY: usize = 19;

const _: () = assert!(size_of::<Key>() <= 24);

/// A key and the record of its uses.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Inline { access: Access, len: u8, bytes: [u8; INLINE_CAPACITY] },
    Heap { access: Access, bytes: Box<[u8]> },
}

impl Key {
    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes, .. } => &bytes[..usize::from(*len)],
            Self::Heap { bytes, .. } => bytes,
        }
    }

    /// Bytes that it takes outside of its entry.
    pub(super) fn heap_size(&self) -> u64 {
        match self {
            Self::Inline { .. } => 0,
            Self::Heap { bytes, .. } => bytes.len() as u64,
        }
    }

    #[inline]
    pub(super) const fn access(&self) -> &Access {
        let (Self::Inline { access, .. } | Self::Heap { access, .. }) = self;
        access
    }
}

impl From<&[u8]> for Key {
    #[inline]
    fn from(key: &[u8]) -> Self {
        let mut bytes = [0; INLINE_CAPACITY];
        match (bytes.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(key);
                Self::Inline { access: Access::default(), len, bytes }
            }
            _ => Self::Heap { access: Access::default(), bytes: key.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn keys_of_every_length_are_kept() {
        for len in 0..40_u8 {
            let bytes: Vec<u8> = (0..len).collect();
            let key = Key::from(bytes.as_slice());
            assert_eq!(key.as_slice(), bytes);
            assert_eq!(matches!(key, Key::Inline { .. }), usize::from(len) <= INLINE_CAPACITY);
        }
    }
}
