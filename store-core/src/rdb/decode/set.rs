//! Sets from their bytes.

use super::{Error, ErrorKind, Forms, Input, Source, count, packed};
use crate::values::intset::Intset;
use crate::values::listpack::Element;
use crate::values::set::Set;

const TWICE: ErrorKind = ErrorKind::Malformed("a set has a member twice");

pub(super) fn plain<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Set, Error> {
    let count = count(input)?;
    let first = input.string()?;
    let mut set = Set::for_members(&first, input.plausible(count).max(1), forms.config.set, forms.seed);
    set.add(&first, forms.config.set, forms.seed);
    for _ in 1..count {
        if !set.add(&input.string()?, forms.config.set, forms.seed) {
            return Err(input.error(TWICE));
        }
    }
    Ok(set)
}

pub(super) fn intset<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Set, Error> {
    let bytes = input.string()?.into_vec().into_boxed_slice();
    if bytes.get(4..) == Some(&[0; 4]) {
        return Err(input.error(ErrorKind::Empty));
    }
    let intset = Intset::from_bytes(bytes).ok_or_else(|| input.error(ErrorKind::Malformed("an intset is damaged")))?;
    if intset.len() <= forms.config.set.max_intset_entries {
        return Ok(Set::from(intset));
    }
    Ok(rebuilt(intset.iter().map(Element::Int), intset.len(), forms))
}

pub(super) fn listpack<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Set, Error> {
    let listpack = super::listpack(input)?;
    if !packed::is_distinct(&listpack, 1) {
        return Err(input.error(TWICE));
    }
    let limits = forms.config.set;
    if packed::fits(&listpack, limits.max_listpack_entries, limits.max_listpack_value) {
        return Ok(Set::from(listpack));
    }
    Ok(rebuilt(listpack.iter(), listpack.len(), forms))
}

/// A set that is beyond the limits of the form in which it came.
fn rebuilt<'a>(members: impl Iterator<Item = Element<'a>>, count: usize, forms: Forms<'_>) -> Set {
    let mut set = Set::new();
    set.prepare(count, forms.config.set, forms.seed);
    let mut buffer = itoa::Buffer::new();
    for member in members {
        set.add(member.as_bytes(&mut buffer), forms.config.set, forms.seed);
    }
    set
}
