//! How members and scores stand in replies.

use crate::reply::{Protocol, ReplyBuffer};
use crate::values::listpack::Element;

/// Whether a reply has the scores beside the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scores {
    /// Members only.
    #[default]
    Without,
    /// Member and score: one after the other in RESP2, a pair of its own in RESP3.
    With,
}

/// An array of `count` members.
pub(super) fn write_members<'a>(
    reply: &mut ReplyBuffer,
    members: impl Iterator<Item = (Element<'a>, f64)>,
    count: usize,
    scores: Scores,
) {
    let is_flat = scores == Scores::With && reply.protocol() == Protocol::Resp2;
    reply.array(if is_flat { count * 2 } else { count });
    members.for_each(|(member, score)| write_member(reply, member, score, scores));
}

fn write_member(reply: &mut ReplyBuffer, member: Element<'_>, score: f64, scores: Scores) {
    if scores == Scores::With && reply.protocol() == Protocol::Resp3 {
        reply.array(2);
    }
    reply.element(member);
    if scores == Scores::With {
        reply.double(score);
    }
}

/// A score, or null.
pub(super) fn write_score(reply: &mut ReplyBuffer, score: Option<f64>) {
    match score {
        Some(score) => reply.double(score),
        None => reply.null(),
    }
}
