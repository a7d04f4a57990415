//! The layout of a request in memory: the number of words, the length of each, then their bytes one after the other.
//! Numbers are 32-bit little-endian.

use smallvec::SmallVec;

/// The words of a request.
pub(crate) fn split(bytes: &[u8]) -> SmallVec<[&[u8]; 8]> {
    let Some((count, mut lengths)) = first_u32(bytes) else {
        return SmallVec::new();
    };
    let mut words = lengths.get(count * 4..).unwrap_or_default();
    let mut result = SmallVec::with_capacity(count.min(words.len()));
    for _ in 0..count {
        let Some((len, rest)) = first_u32(lengths) else { break };
        let Some((word, behind)) = words.split_at_checked(len) else { break };
        result.push(word);
        (lengths, words) = (rest, behind);
    }
    result
}

fn first_u32(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*first)).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::split;

    fn laid_out(words: &[&[u8]]) -> Vec<u8> {
        let lengths = [words.len()].into_iter().chain(words.iter().map(|word| word.len()));
        let mut bytes: Vec<u8> = lengths.flat_map(|len| u32::try_from(len).unwrap().to_le_bytes()).collect();
        bytes.extend(words.concat());
        bytes
    }

    #[test]
    fn gives_back_what_was_laid_out() {
        for words in [&[][..], &[b"PING".as_slice()], &[b"SET", b"", b"\0\xff"], &[b"x".as_slice(); 20]] {
            assert_eq!(split(&laid_out(words)).as_slice(), words);
        }
    }

    #[test]
    fn a_cut_request_loses_words_and_nothing_else() {
        let whole = laid_out(&[b"SET", b"key", b"value"]);
        for end in 0..whole.len() {
            assert!(split(&whole[..end]).len() < 3, "cut at {end}");
        }
    }
}
