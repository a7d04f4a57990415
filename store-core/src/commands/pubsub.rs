//! `SUBSCRIBE`, `PUBLISH` and their kin. Who listens to what is kept by the engine.

use super::command::help;
use crate::args::Args;
use crate::clock::Millis;
use crate::engine::{Caller, RECORDS, Topic};
use crate::error::Error;
use crate::glob;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, KeySpec, Shape};

pub(super) const COMMANDS: &[Command] = &[
    PSUBSCRIBE,
    PUBLISH,
    PUBSUB,
    PUBSUB_CHANNELS,
    PUBSUB_HELP,
    PUBSUB_NUMPAT,
    PUBSUB_NUMSUB,
    PUBSUB_SHARDCHANNELS,
    PUBSUB_SHARDNUMSUB,
    PUNSUBSCRIBE,
    SPUBLISH,
    SSUBSCRIBE,
    SUBSCRIBE,
    SUNSUBSCRIBE,
    UNSUBSCRIBE,
];

/// The flags of what begins or ends a subscription.
const SUBSCRIPTION: &[Flag] = &[
    Flag::PubSub,
    Flag::NoScript,
    Flag::Loading,
    Flag::Stale,
    Flag::Stateful,
    Flag::WhileSubscribed,
    Flag::AnswersByMessages,
];
/// The flags of what asks about subscriptions.
const QUESTION: &[Flag] = &[Flag::PubSub, Flag::Loading, Flag::Stale];

const SUBSCRIBE: Command = Command::new("SUBSCRIBE", Group::PubSub, "2.0.0")
    .about("Listens to channels.", "O(N) for N channels")
    .flags(SUBSCRIPTION)
    .syntax(&[Arg::string("channel").multiple()])
    .reply(Shape::Pushes)
    .session(|caller, args, reply| subscribe(caller, args, reply, Topic::Channel));

const PSUBSCRIBE: Command = Command::new("PSUBSCRIBE", Group::PubSub, "2.0.0")
    .about("Listens to every channel whose name matches one of the patterns.", "O(N) for N patterns")
    .flags(SUBSCRIPTION)
    .syntax(&[Arg::pattern("pattern").multiple()])
    .reply(Shape::Pushes)
    .session(|caller, args, reply| subscribe(caller, args, reply, Topic::Pattern));

const SSUBSCRIBE: Command = Command::new("SSUBSCRIBE", Group::PubSub, "7.0.0")
    .about("Listens to sharded channels.", "O(N) for N channels")
    .flags(SUBSCRIPTION)
    .syntax(&[Arg::string("shardchannel").multiple()])
    .override_keys(&[KeySpec::range(1, -1, 1, Access::NOT_KEY)])
    .reply(Shape::Pushes)
    .session(ssubscribe);

fn ssubscribe(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if caller.in_transaction {
        return Err(Error::message(&"ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"));
    }
    subscribe(caller, args, reply, Topic::ShardChannel)
}

fn subscribe(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer, topic: Topic) -> Result<(), Error> {
    for name in args.rest() {
        let count = caller.engine.subscribe(caller.id, topic, name);
        confirm(reply, topic.subscribed(), Some(name), count);
    }
    Ok(())
}

const UNSUBSCRIBE: Command = Command::new("UNSUBSCRIBE", Group::PubSub, "2.0.0")
    .about("Stops listening to these channels, or to all.", "O(N) for N channels")
    .flags(SUBSCRIPTION)
    .syntax(&[Arg::string("channel").optional().multiple()])
    .reply(Shape::Pushes)
    .session(|caller, args, reply| unsubscribe(caller, args, reply, Topic::Channel));

const PUNSUBSCRIBE: Command = Command::new("PUNSUBSCRIBE", Group::PubSub, "2.0.0")
    .about("Stops listening to these patterns, or to all.", "O(N) for N patterns")
    .flags(SUBSCRIPTION)
    .syntax(&[Arg::pattern("pattern").optional().multiple()])
    .reply(Shape::Pushes)
    .session(|caller, args, reply| unsubscribe(caller, args, reply, Topic::Pattern));

const SUNSUBSCRIBE: Command = Command::new("SUNSUBSCRIBE", Group::PubSub, "7.0.0")
    .about("Stops listening to these sharded channels, or to all.", "O(N) for N channels")
    .flags(SUBSCRIPTION)
    .syntax(&[Arg::string("shardchannel").optional().multiple()])
    .override_keys(&[KeySpec::range(1, -1, 1, Access::NOT_KEY)])
    .reply(Shape::Pushes)
    .session(|caller, args, reply| unsubscribe(caller, args, reply, Topic::ShardChannel));

fn unsubscribe(
    caller: &mut Caller<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    topic: Topic,
) -> Result<(), Error> {
    if !args.is_empty() {
        for name in args.rest() {
            let count = caller.engine.unsubscribe(caller.id, topic, name);
            confirm(reply, topic.unsubscribed(), Some(name), count);
        }
        return Ok(());
    }
    let names = caller.engine.pubsub.names(caller.id, topic);
    if names.is_empty() {
        confirm(reply, topic.unsubscribed(), None, caller.session().subscriptions.confirmed(topic));
    }
    for name in names {
        let count = caller.engine.unsubscribe(caller.id, topic, &name);
        confirm(reply, topic.unsubscribed(), Some(&name), count);
    }
    Ok(())
}

/// Tells the session what it listens to from now on; it is a message, not an answer.
fn confirm(reply: &mut ReplyBuffer, word: &str, name: Option<&[u8]>, count: usize) {
    reply.push(3);
    reply.bulk(word.as_bytes());
    reply.bulk_or_null(name);
    reply.count(count);
}

const PUBLISH: Command = Command::new("PUBLISH", Group::PubSub, "2.0.0")
    .about(
        "Sends a message to everyone who listens to the channel; gives the number of receivers.",
        "O(N+M) for N listeners of the channel and M patterns",
    )
    .flags(&[Flag::PubSub, Flag::Loading, Flag::Stale, Flag::Fast])
    .syntax(&[Arg::string("channel"), Arg::string("message")])
    .reply(Shape::Integer)
    .session(publish);

fn publish(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (channel, message) = (args.word()?, args.word()?);
    if caller.now == Millis::REPLAY && channel == RECORDS {
        caller.engine.restore_history(message);
    } else if caller.engine.are_writes_stopped() && caller.engine.keeps_messages_of(channel) {
        return Err(Error::WritesStopped);
    }
    reply.count(caller.engine.publish(caller.now, channel, message));
    Ok(())
}

const SPUBLISH: Command = Command::new("SPUBLISH", Group::PubSub, "7.0.0")
    .about(
        "Sends a message to everyone who listens to the sharded channel; gives the number of receivers.",
        "O(N) for N listeners of the channel",
    )
    .flags(&[Flag::PubSub, Flag::Loading, Flag::Stale, Flag::Fast])
    .syntax(&[Arg::string("shardchannel"), Arg::string("message")])
    .override_keys(&[KeySpec::at(1, Access::NOT_KEY)])
    .reply(Shape::Integer)
    .session(spublish);

fn spublish(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (channel, message) = (args.word()?, args.word()?);
    reply.count(caller.engine.publish_sharded(channel, message));
    Ok(())
}

const PUBSUB: Command =
    Command::new("PUBSUB", Group::PubSub, "2.8.0").about("Holds the commands that ask who listens.", "");

const PUBSUB_CHANNELS: Command = Command::new("PUBSUB CHANNELS", Group::PubSub, "2.8.0")
    .about("Gives the channels that someone listens to.", "O(N) for N channels")
    .flags(QUESTION)
    .syntax(&[Arg::pattern("pattern").optional()])
    .reply(Shape::Array(&Shape::Bulk))
    .session(|caller, args, reply| active_channels(caller, args, reply, Topic::Channel));

const PUBSUB_SHARDCHANNELS: Command = Command::new("PUBSUB SHARDCHANNELS", Group::PubSub, "7.0.0")
    .about("Gives the sharded channels that someone listens to.", "O(N) for N channels")
    .flags(QUESTION)
    .syntax(&[Arg::pattern("pattern").optional()])
    .reply(Shape::Array(&Shape::Bulk))
    .session(|caller, args, reply| active_channels(caller, args, reply, Topic::ShardChannel));

fn active_channels(
    caller: &mut Caller<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    topic: Topic,
) -> Result<(), Error> {
    let pattern = args.word().unwrap_or(b"*");
    help::refuse_more(args)?;
    let array = reply.begin();
    let mut count = 0;
    for (name, _) in caller.engine.pubsub.active(topic).filter(|(name, _)| glob::matches(pattern, name)) {
        reply.bulk(name);
        count += 1;
    }
    reply.end_array(array, count);
    Ok(())
}

const PUBSUB_NUMSUB: Command = Command::new("PUBSUB NUMSUB", Group::PubSub, "2.8.0")
    .about("Gives each channel with the number of its listeners, patterns not counted.", "O(N) for N channels")
    .flags(QUESTION)
    .syntax(&[Arg::string("channel").optional().multiple()])
    .reply(Shape::FlatPairs(&Shape::Bulk, &Shape::Integer))
    .session(|caller, args, reply| listener_counts(caller, args, reply, Topic::Channel));

const PUBSUB_SHARDNUMSUB: Command = Command::new("PUBSUB SHARDNUMSUB", Group::PubSub, "7.0.0")
    .about("Gives each sharded channel with the number of its listeners.", "O(N) for N channels")
    .flags(QUESTION)
    .syntax(&[Arg::string("shardchannel").optional().multiple()])
    .reply(Shape::FlatPairs(&Shape::Bulk, &Shape::Integer))
    .session(|caller, args, reply| listener_counts(caller, args, reply, Topic::ShardChannel));

fn listener_counts(
    caller: &mut Caller<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    topic: Topic,
) -> Result<(), Error> {
    reply.array(args.remaining() * 2);
    for name in args.rest() {
        reply.bulk(name);
        reply.count(caller.engine.pubsub.listener_count(topic, name));
    }
    Ok(())
}

const PUBSUB_NUMPAT: Command = Command::new("PUBSUB NUMPAT", Group::PubSub, "2.8.0")
    .about("Gives the number of patterns that someone listens to.", "O(N) for N patterns")
    .flags(QUESTION)
    .reply(Shape::Integer)
    .session(pubsub_numpat);

fn pubsub_numpat(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(caller.engine.pubsub.active(Topic::Pattern).count());
    Ok(())
}

const PUBSUB_HELP: Command = Command::new("PUBSUB HELP", Group::PubSub, "6.2.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "PUBSUB"));
