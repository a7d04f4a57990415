//! Lists from their bytes.

use super::{Error, ErrorKind, Forms, Input, Source, count, ziplist as read_ziplist};
use crate::rdb::code::{NODE_PACKED, NODE_PLAIN};
use crate::values::bytes::SmallBytes;
use crate::values::list::{End, List, NodeLimit};
use crate::values::listpack::Listpack;
use alloc::vec::Vec;

const fn limit(forms: Forms<'_>) -> NodeLimit {
    NodeLimit::new(forms.config.list_max_listpack_size)
}

pub(super) fn plain<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<List, Error> {
    let mut list = List::new();
    for _ in 0..count(input)? {
        list.push(End::Tail, &input.string()?, limit(forms));
    }
    Ok(list)
}

pub(super) fn ziplist<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<List, Error> {
    let mut list = List::new();
    append(&mut list, &read_ziplist(input)?, forms);
    Ok(list)
}

/// The nodes of Redis 3.2 to 6.2.
pub(super) fn ziplists<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<List, Error> {
    let mut list = List::new();
    for _ in 0..count(input)? {
        match read_ziplist(input) {
            Ok(elements) => append(&mut list, &elements, forms),
            Err(Error { kind: ErrorKind::Empty, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    unless_empty(input, list)
}

fn append(list: &mut List, elements: &[SmallBytes], forms: Forms<'_>) {
    list.push_all(End::Tail, elements.iter().map(SmallBytes::as_slice), limit(forms));
}

/// The nodes of Redis 7, which are taken as they are.
pub(super) fn nodes<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<List, Error> {
    let mut nodes = Vec::new();
    for _ in 0..count(input)? {
        match input.length()? {
            NODE_PACKED => match super::listpack(input) {
                Ok(node) => nodes.push(node.into_growable()),
                Err(Error { kind: ErrorKind::Empty, .. }) => {}
                Err(error) => return Err(error),
            },
            NODE_PLAIN => {
                let mut node = Listpack::growable();
                node.push_back(&input.string()?);
                nodes.push(node);
            }
            _ => return Err(input.error(ErrorKind::Malformed("a list has a node of no known form"))),
        }
    }
    unless_empty(input, List::from_nodes(nodes, limit(forms)))
}

fn unless_empty<S: Source>(input: &Input<S>, list: List) -> Result<List, Error> {
    if list.is_empty() { Err(input.error(ErrorKind::Empty)) } else { Ok(list) }
}
