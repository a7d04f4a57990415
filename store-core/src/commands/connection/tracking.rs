//! `CLIENT TRACKING` and its kin: which keys a connection is told about when they change.

use super::client::QUESTION;
use crate::args::Args;
use crate::engine::{Caller, SessionId, Tracking, TrackingMode};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use crate::values::bytes::SmallBytes;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const TRACKING: Command = Command::new("CLIENT TRACKING", Group::Connection, "6.0.0")
    .about("Says whether this connection is told when keys change that it has read.", "O(1)")
    .flags(QUESTION)
    .flags(&[Flag::Stateful])
    .syntax(&[
        Arg::one_of("status", &[Arg::flag("on", "ON"), Arg::flag("off", "OFF")]),
        Arg::integer("client-id").token("REDIRECT").optional(),
        Arg::string("prefix").token("PREFIX").optional().multiple_token(),
        Arg::flag("bcast", "BCAST").optional(),
        Arg::flag("optin", "OPTIN").optional(),
        Arg::flag("optout", "OPTOUT").optional(),
        Arg::flag("noloop", "NOLOOP").optional(),
    ])
    .reply(Shape::Ok)
    .session(tracking);

fn tracking(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let status = args.word()?;
    let wanted = parse_options(caller, args)?;
    if status.eq_ignore_ascii_case(b"ON") {
        check_mode(caller, &wanted)?;
        check_prefixes(caller, &wanted.prefixes)?;
        caller.engine.start_tracking(caller.id, wanted.into_tracking());
    } else if status.eq_ignore_ascii_case(b"OFF") {
        caller.engine.stop_tracking(caller.id);
    } else {
        return Err(Error::Syntax);
    }
    reply.ok();
    Ok(())
}

/// The options as they were given, whether they go together or not.
#[derive(Default)]
struct Options<'a> {
    redirect: Option<SessionId>,
    broadcast: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
    prefixes: Vec<&'a [u8]>,
}

impl Options<'_> {
    const fn mode(&self) -> TrackingMode {
        match (self.broadcast, self.opt_in, self.opt_out) {
            (true, ..) => TrackingMode::Broadcast,
            (_, true, _) => TrackingMode::OptIn,
            (_, _, true) => TrackingMode::OptOut,
            _ => TrackingMode::Read,
        }
    }

    /// A broadcast without a prefix is one of all keys.
    fn into_tracking(self) -> Tracking {
        let mode = self.mode();
        let mut prefixes: Vec<_> = self.prefixes.iter().map(|prefix| SmallBytes::from(*prefix)).collect();
        if mode == TrackingMode::Broadcast && prefixes.is_empty() {
            prefixes.push(SmallBytes::EMPTY);
        }
        prefixes.sort();
        prefixes.dedup();
        Tracking { mode, no_loop: self.no_loop, redirect: self.redirect, prefixes, ..Tracking::default() }
    }
}

fn parse_options<'a>(caller: &Caller<'_>, args: &mut Args<'a>) -> Result<Options<'a>, Error> {
    let mut options = Options::default();
    while !args.is_empty() {
        if args.keyword_with("REDIRECT", 1) {
            if options.redirect.is_some() {
                return Err(Error::message(&"ERR A client can only redirect to a single other client"));
            }
            let session = u64::try_from(args.integer()?).ok().map(SessionId);
            options.redirect = session.filter(|session| caller.engine.sessions.find(*session).is_some());
            if options.redirect.is_none() {
                return Err(Error::message(&"ERR The client ID you want redirect to does not exist"));
            }
        } else if args.keyword("BCAST") {
            options.broadcast = true;
        } else if args.keyword("OPTIN") {
            options.opt_in = true;
        } else if args.keyword("OPTOUT") {
            options.opt_out = true;
        } else if args.keyword("NOLOOP") {
            options.no_loop = true;
        } else if args.keyword_with("PREFIX", 1) {
            options.prefixes.push(args.word()?);
        } else {
            return Err(Error::Syntax);
        }
    }
    Ok(options)
}

/// Refuses options that contradict each other, or how the connection tracks already.
fn check_mode(caller: &Caller<'_>, wanted: &Options<'_>) -> Result<(), Error> {
    let refuse = |text| Err(Error::message(text));
    let before = caller.session().tracking.as_ref().map(|tracking| tracking.mode);
    if !wanted.broadcast && !wanted.prefixes.is_empty() {
        return refuse(&"ERR PREFIX option requires BCAST mode to be enabled");
    }
    if before.is_some_and(|mode| (mode == TrackingMode::Broadcast) != wanted.broadcast) {
        return refuse(
            &"ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
        );
    }
    if wanted.broadcast && (wanted.opt_in || wanted.opt_out) {
        return refuse(&"ERR OPTIN and OPTOUT are not compatible with BCAST");
    }
    if wanted.opt_in && wanted.opt_out {
        return refuse(&"ERR You can't specify both OPTIN mode and OPTOUT mode");
    }
    let switches = (wanted.opt_in && before == Some(TrackingMode::OptOut))
        || (wanted.opt_out && before == Some(TrackingMode::OptIn));
    if switches {
        return refuse(
            &"ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
        );
    }
    Ok(())
}

/// Refuses prefixes of which one begins with another: a key would be told twice.
fn check_prefixes(caller: &Caller<'_>, prefixes: &[&[u8]]) -> Result<(), Error> {
    let overlap = |one: &[u8], other: &[u8]| one.starts_with(other) || other.starts_with(one);
    let refuse = |prefix: &[u8], which: &str, other: &[u8]| {
        let [prefix, other] = [prefix, other].map(String::from_utf8_lossy);
        let text = format!(
            "ERR Prefix '{prefix}' overlaps with {which} prefix '{other}'. Prefixes for a single client must not overlap."
        );
        Err(Error::detail(text))
    };
    let existing = caller.session().tracking.as_ref().map(|tracking| &tracking.prefixes);
    for (n, prefix) in prefixes.iter().enumerate() {
        if let Some(other) = existing.into_iter().flatten().find(|other| overlap(prefix, other)) {
            return refuse(prefix, "an existing", other);
        }
        if let Some(other) = prefixes.iter().skip(n + 1).find(|other| overlap(prefix, other)) {
            return refuse(prefix, "another provided", other);
        }
    }
    Ok(())
}

pub(super) const CACHING: Command = Command::new("CLIENT CACHING", Group::Connection, "6.0.0")
    .about("Says whether the keys of the next request are tracked.", "O(1)")
    .flags(QUESTION)
    .flags(&[Flag::Stateful])
    .syntax(&[Arg::one_of("mode", &[Arg::flag("yes", "YES"), Arg::flag("no", "NO")])])
    .reply(Shape::Ok)
    .session(caching);

fn caching(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let Some(tracking) = &mut caller.session_mut().tracking else {
        return Err(Error::message(
            &"ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        ));
    };
    let (mode, refusal) = if args.keyword("YES") {
        let text = &"ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
        (TrackingMode::OptIn, text)
    } else if args.keyword("NO") {
        let text = &"ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";
        (TrackingMode::OptOut, text)
    } else {
        return Err(Error::Syntax);
    };
    if tracking.mode != mode {
        return Err(Error::message(refusal));
    }
    tracking.caching = true;
    reply.ok();
    Ok(())
}

pub(super) const GETREDIR: Command = Command::new("CLIENT GETREDIR", Group::Connection, "6.0.0")
    .about("Gives the connection that is told of changed keys: 0 for this one, -1 for none.", "O(1)")
    .flags(QUESTION)
    .reply(Shape::Integer)
    .session(getredir);

fn getredir(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.integer(redirection(caller.session().tracking.as_deref()));
    Ok(())
}

/// The connection that is told, in Redis's numbers: 0 is the tracking one itself, -1 none.
pub(super) fn redirection(tracking: Option<&Tracking>) -> i64 {
    let redirect = |tracking: &Tracking| tracking.redirect.map_or(0, |to| i64::try_from(to.0).unwrap_or(i64::MAX));
    tracking.map_or(-1, redirect)
}

pub(super) const TRACKINGINFO: Command = Command::new("CLIENT TRACKINGINFO", Group::Connection, "6.2.0")
    .about("Tells how this connection tracks keys.", "O(1)")
    .flags(QUESTION)
    .reply(Shape::Map(&Shape::Bulk, &Shape::Any))
    .session(trackinginfo);

fn trackinginfo(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let tracking = caller.session().tracking.as_deref();
    let flags = flags_of(tracking);
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.bulk(flag.as_bytes()));
    reply.bulk(b"redirect");
    reply.integer(redirection(tracking));
    reply.bulk(b"prefixes");
    let prefixes = tracking.map(|tracking| &tracking.prefixes);
    reply.array(prefixes.map_or(0, Vec::len));
    prefixes.into_iter().flatten().for_each(|prefix| reply.bulk(prefix));
    Ok(())
}

fn flags_of(tracking: Option<&Tracking>) -> Vec<&'static str> {
    let Some(tracking) = tracking else { return alloc::vec!["off"] };
    let flags = [
        ("on", true),
        ("bcast", tracking.mode == TrackingMode::Broadcast),
        ("optin", tracking.mode == TrackingMode::OptIn),
        ("caching-yes", tracking.mode == TrackingMode::OptIn && tracking.caching),
        ("optout", tracking.mode == TrackingMode::OptOut),
        ("caching-no", tracking.mode == TrackingMode::OptOut && tracking.caching),
        ("noloop", tracking.no_loop),
        ("broken_redirect", tracking.broken_redirect),
    ];
    flags.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect()
}
