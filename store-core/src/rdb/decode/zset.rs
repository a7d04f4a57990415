//! Sorted sets from their bytes.

use super::{Error, ErrorKind, Forms, Input, Source, count, packed, ziplist as read_ziplist};
use crate::number::parse_f64;
use crate::values::zset::Zset;

const TWICE: ErrorKind = ErrorKind::Malformed("a sorted set has a member twice");
const NO_SCORE: ErrorKind = ErrorKind::Malformed("a sorted set has a score that is no number");

/// Scores as text behind their length; three lengths mean what is no number, or infinite.
pub(super) fn text<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Zset, Error> {
    const POSITIVE_INFINITY: u8 = 254;
    const NEGATIVE_INFINITY: u8 = 255;
    const NOT_A_NUMBER: u8 = 253;
    each(input, forms, |input| match input.byte()? {
        NOT_A_NUMBER => Err(input.error(NO_SCORE)),
        POSITIVE_INFINITY => Ok(f64::INFINITY),
        NEGATIVE_INFINITY => Ok(f64::NEG_INFINITY),
        len => {
            let text = input.bytes(len.into())?;
            parse_f64(&text).ok_or_else(|| input.error(NO_SCORE))
        }
    })
}

/// Scores as eight bytes.
pub(super) fn binary<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Zset, Error> {
    each(input, forms, |input| {
        let score = f64::from_le_bytes(input.array()?);
        if score.is_nan() { Err(input.error(NO_SCORE)) } else { Ok(score) }
    })
}

fn each<S: Source>(
    input: &mut Input<S>,
    forms: Forms<'_>,
    mut score: impl FnMut(&mut Input<S>) -> Result<f64, Error>,
) -> Result<Zset, Error> {
    let mut zset = Zset::new();
    for _ in 0..count(input)? {
        let member = input.string()?;
        let score = score(input)?;
        add(input, &mut zset, &member, score, forms)?;
    }
    Ok(zset)
}

pub(super) fn ziplist<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Zset, Error> {
    let elements = read_ziplist(input)?;
    let (pairs, []) = elements.as_chunks() else { return Err(input.error(NO_SCORE)) };
    let mut zset = Zset::new();
    for [member, score] in pairs {
        let score = parse_f64(score).ok_or_else(|| input.error(NO_SCORE))?;
        add(input, &mut zset, member, score, forms)?;
    }
    Ok(zset)
}

pub(super) fn listpack<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Zset, Error> {
    const DISORDER: ErrorKind = ErrorKind::Malformed("a sorted set is not in order");
    let listpack = super::listpack(input)?;
    if !packed::is_distinct(&listpack, 2) {
        return Err(input.error(TWICE));
    }
    let came = Zset::from_listpack(listpack).ok_or_else(|| input.error(DISORDER))?;
    let limits = forms.config.zset;
    let longest = came.iter().map(|(member, _)| member.byte_len()).max().unwrap_or(0);
    if came.len() <= limits.max_listpack_entries && longest <= limits.max_listpack_value {
        return Ok(came);
    }
    let mut zset = Zset::new();
    let mut buffer = itoa::Buffer::new();
    for (member, score) in &came {
        zset.insert(member.as_bytes(&mut buffer), score, limits, forms.seed);
    }
    Ok(zset)
}

fn add<S: Source>(input: &Input<S>, zset: &mut Zset, member: &[u8], score: f64, forms: Forms<'_>) -> Result<(), Error> {
    match zset.insert(member, score, forms.config.zset, forms.seed) {
        None => Ok(()),
        Some(_) => Err(input.error(TWICE)),
    }
}
