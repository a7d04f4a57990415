//! Byte strings that keep small content inline: the form of keys, members, fields and string values.
//!
//! A [`SmallBytes`] is 24 bytes. Up to [`INLINE_CAPACITY`] bytes of content live inside it, so that most keys and
//! members need no allocation of their own; longer content is one exact heap allocation without spare capacity,
//! unless it was grown in place: then it keeps room, so that growing byte by byte is not quadratic.
//! The tag leaves unused values, so `Option<SmallBytes>`, or an enum with a `SmallBytes` in one variant and at most
//! 16 bytes in each of the others, is 24 bytes too.
//!
//! Content decides everything: equality, order and hash are those of `[u8]`, whichever form holds the bytes.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::mem;
use core::ops::{Deref, DerefMut};

use super::listpack::Element;

/// The longest content, in bytes, that needs no heap allocation.
pub const INLINE_CAPACITY: usize = 22;

const _: () = assert!(size_of::<SmallBytes>() == 24);
const _: () = assert!(size_of::<Option<SmallBytes>>() == 24);

/// An owned byte string, inline up to [`INLINE_CAPACITY`] bytes.
///
/// Build one with `From`: content that fits is always inline.
#[derive(Clone)]
pub enum SmallBytes {
    /// Content of at most [`INLINE_CAPACITY`] bytes.
    Inline(Inline),
    /// Longer content.
    Heap(Box<[u8]>),
    /// Content that grew in place, with room to grow on.
    Grown(Box<Vec<u8>>),
}

/// The inline form: a length and that many bytes, the rest being zero.
#[derive(Clone, Copy)]
pub struct Inline {
    len: u8,
    data: [u8; INLINE_CAPACITY],
}

impl Inline {
    const EMPTY: Self = Self { len: 0, data: [0; INLINE_CAPACITY] };

    /// The inline form of `bytes`, or `None` when they are too long for it.
    fn new(bytes: &[u8]) -> Option<Self> {
        let mut inline = Self::EMPTY;
        inline.data.get_mut(..bytes.len())?.copy_from_slice(bytes);
        inline.len = u8::try_from(bytes.len()).ok()?;
        Some(inline)
    }
}

impl SmallBytes {
    /// The empty byte string.
    pub const EMPTY: Self = Self::Inline(Inline::EMPTY);

    /// The content.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Inline(inline) => &inline.data[..usize::from(inline.len)],
            Self::Heap(bytes) => bytes,
            Self::Grown(bytes) => bytes,
        }
    }

    /// The content, to be changed in place; its length stays.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Self::Inline(inline) => &mut inline.data[..usize::from(inline.len)],
            Self::Heap(bytes) => bytes,
            Self::Grown(bytes) => bytes,
        }
    }

    /// Adds bytes at the end, in amortised time that does not depend on the length before.
    pub fn append(&mut self, tail: &[u8]) {
        self.grow_with(tail.len(), |bytes| bytes.extend_from_slice(tail));
    }

    /// Makes the content at least `len` bytes long by adding zeros, in amortised time as [`Self::append`].
    pub fn extend_to(&mut self, len: usize) {
        let missing = len.saturating_sub(self.as_slice().len());
        self.grow_with(missing, |bytes| bytes.resize(bytes.len() + missing, 0));
    }

    fn grow_with(&mut self, additional: usize, add: impl FnOnce(&mut Vec<u8>)) {
        if let Self::Grown(bytes) = self {
            add(bytes);
            return;
        }
        if additional == 0 {
            return;
        }
        let mut bytes = mem::take(self).into_vec();
        add(&mut bytes);
        *self = match Inline::new(&bytes) {
            Some(inline) => Self::Inline(inline),
            None => Self::Grown(Box::new(bytes)),
        };
    }

    /// The content as a vector, without a copy when it was on the heap.
    pub fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Inline(_) => self.as_slice().to_owned(),
            Self::Heap(bytes) => bytes.into_vec(),
            Self::Grown(bytes) => *bytes,
        }
    }

    /// Bytes of heap memory that this string owns.
    pub fn heap_len(&self) -> usize {
        match self {
            Self::Inline(_) => 0,
            Self::Heap(bytes) => bytes.len(),
            Self::Grown(bytes) => bytes.capacity() + size_of::<Vec<u8>>(),
        }
    }
}

impl Default for SmallBytes {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl From<&[u8]> for SmallBytes {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        Inline::new(bytes).map_or_else(|| Self::Heap(bytes.into()), Self::Inline)
    }
}

impl<const N: usize> From<&[u8; N]> for SmallBytes {
    fn from(bytes: &[u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl From<Vec<u8>> for SmallBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Inline::new(&bytes).map_or_else(|| Self::Heap(bytes.into_boxed_slice()), Self::Inline)
    }
}

impl From<Box<[u8]>> for SmallBytes {
    fn from(bytes: Box<[u8]>) -> Self {
        Inline::new(&bytes).map_or_else(|| Self::Heap(bytes), Self::Inline)
    }
}

impl From<Element<'_>> for SmallBytes {
    fn from(element: Element<'_>) -> Self {
        Self::from(element.as_bytes(&mut itoa::Buffer::new()))
    }
}

impl Deref for SmallBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl DerefMut for SmallBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.as_mut_slice()
    }
}

impl AsRef<[u8]> for SmallBytes {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl Borrow<[u8]> for SmallBytes {
    fn borrow(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialEq for SmallBytes {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for SmallBytes {}

impl PartialEq<[u8]> for SmallBytes {
    #[inline]
    fn eq(&self, other: &[u8]) -> bool {
        self.as_slice() == other
    }
}

impl PartialOrd for SmallBytes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SmallBytes {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl Hash for SmallBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl fmt::Debug for SmallBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_slice().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn leaves_a_niche_for_an_enclosing_enum() {
        #[expect(dead_code, reason = "only its size matters")]
        enum Value {
            Str(SmallBytes),
            Int(i64),
            List(Box<u8>),
            Packed(Box<[u8]>),
        }
        assert_eq!(size_of::<Value>(), 24);
        assert_eq!(size_of::<Option<Value>>(), 24);
    }

    #[test]
    fn keeps_content_of_every_length_in_either_form() {
        for len in 0..64u8 {
            let content: Vec<u8> = (0..len).collect();
            let borrowed = SmallBytes::from(content.as_slice());
            let owned = SmallBytes::from(content.clone());
            let boxed = SmallBytes::from(content.clone().into_boxed_slice());
            for bytes in [&borrowed, &owned, &boxed] {
                assert_eq!(bytes.as_slice(), content);
                assert_eq!(bytes.heap_len() == 0, content.len() <= INLINE_CAPACITY);
                assert_eq!(bytes.clone().into_vec(), content);
            }
            assert_eq!(borrowed, owned);
        }
    }

    #[test]
    fn orders_by_content_across_forms() {
        let short = SmallBytes::from(b"b");
        let long = SmallBytes::from([b'a'; 40].as_slice());
        assert!(long < short);
        assert!(SmallBytes::default() < long);
        assert_ne!(short, long);
    }

    #[test]
    fn changes_content_in_place() {
        let mut bytes = SmallBytes::from(b"abc");
        bytes[1] = b'X';
        assert_eq!(format!("{bytes:?}"), "\"aXc\"");
    }
}
