//! Numbered messages: requests in order, answers as they are ready.

use super::answer;
use super::close::Close;
use super::connection::{AHEAD_BYTES_MAX, Dialogue};
use super::output::Output;
use super::request::{Body, Id, Message, Refusal, Request, Seen, Word, slices};
use super::seat::Seat;
use super::shared;
use super::socket::Frame;
use super::subprotocol::Format;
use super::{CheckToken, Entrance};
use crate::encoding::{self, Encoder};
use crate::host::{Item, Member, Turn};
use redstart_core::acl::is_user_token;
use redstart_core::{Lsn, Outcome, Protocol, ReplyBuffer};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};

/// The requests of one session.
pub(super) struct Messages {
    seat: Seat,
    format: Format,
    check_token: Arc<CheckToken>,
    reply: ReplyBuffer,
    waiting: Vec<Waiting>,
    /// The request whose script the session runs.
    script: Option<Place>,
    /// The messages that cannot be answered yet, by a number of their own.
    unanswered: BTreeMap<u64, Answers>,
    next: u64,
    /// Messages of the past that follow the answer in the making.
    missed: Vec<Vec<u8>>,
    held: Held,
}

/// The frames that wait for the end of a pause, in order. The first of them was paid for.
#[derive(Default)]
struct Held {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// The pause is over.
    is_over: bool,
}

impl Held {
    fn push(&mut self, frame: &Frame) {
        self.bytes += frame.len();
        self.frames.push_back(frame.clone());
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }

    /// Puts the first one back.
    fn put_back(&mut self, frame: &Frame) {
        self.bytes += frame.len();
        self.frames.push_front(frame.clone());
    }
}

/// A request that waits in a session of its own.
struct Waiting {
    member: Member,
    place: Place,
}

/// Where an answer that comes late belongs.
struct Place {
    id: Id,
    /// Which message the request belongs to.
    message: u64,
    /// Its place there.
    index: usize,
}

/// The answers to the requests of one message.
#[derive(Default)]
struct Answers {
    is_batch: bool,
    /// In the order of the requests. An empty one is none: the session has turned its replies off, or waits.
    parts: Vec<Vec<u8>>,
    bytes: usize,
    missing: usize,
    lsn: Lsn,
}

impl Answers {
    fn add(&mut self, part: Vec<u8>) {
        self.bytes += part.len();
        self.parts.push(part);
    }

    /// Keeps a place for the answer to a request of this message.
    fn leave_place(&mut self, id: Id, message: u64) -> Place {
        let index = self.parts.len();
        self.missing += 1;
        self.parts.push(Vec::new());
        Place { id, message, index }
    }
}

/// What became of a request.
enum Done {
    /// It has this answer.
    Answered(Vec<u8>),
    /// Its answer comes later, to this session.
    Waits(Member),
    /// Its answer comes later, to the connection's own session.
    Runs,
    /// It has this answer, and the session ends with it.
    Ends(Vec<u8>, Close),
}

impl Messages {
    pub(super) fn new(entrance: &Entrance, seat: Seat, format: Format) -> Self {
        Self {
            seat,
            format,
            check_token: entrance.check_token.clone(),
            reply: ReplyBuffer::new(Protocol::Resp3),
            waiting: Vec::new(),
            script: None,
            unanswered: BTreeMap::new(),
            next: 0,
            missed: Vec::new(),
            held: Held::default(),
        }
    }

    /// Does what a frame asks for.
    fn process(&mut self, frame: &Frame, is_paid: bool, output: &mut Output) -> Result<(), Close> {
        match self.format.read(frame) {
            Ok(Message::Batch(requests, _)) if requests.len() > self.seat.limits.requests_max => {
                Err(Close::TOO_MANY_REQUESTS)
            }
            Ok(message) => self.execute(message, frame, is_paid, output),
            Err(Refusal::Protocol) => Err(Close::PROTOCOL),
            Err(Refusal::Invalid { ids, is_batch, reason }) => {
                self.refuse_all(&ids, is_batch, &format!("ERR invalid request: {reason}"), output);
                Ok(())
            }
        }
    }

    /// Does what has waited for the end of a pause, in order, until something has to wait again.
    fn resume(&mut self, output: &mut Output) -> Result<(), Close> {
        self.held.is_over = false;
        let mut is_paid = true;
        while let Some(frame) = self.held.pop() {
            let left = self.held.frames.len();
            self.process(&frame, is_paid, output)?;
            if self.held.frames.len() > left {
                break;
            }
            is_paid = false;
        }
        Ok(())
    }

    /// Whether one of these requests has to wait for the end of a pause; the session then waits for that, too. Requests behind
    /// a script of the same session do not: its answer is to come.
    fn has_to_wait(&self, turn: &mut Turn<'_>, message: &Message<'_>) -> bool {
        if !turn.is_paused() || self.script.is_some() {
            return false;
        }
        let commands = message.commands();
        let commands: Vec<&[&[u8]]> = commands.iter().map(Vec::as_slice).collect();
        turn.await_resumption(self.seat.member.id, &commands)
    }

    /// Executes the requests of a message, which is that of a frame, in one turn.
    fn execute(
        &mut self,
        message: Message<'_>,
        frame: &Frame,
        is_paid: bool,
        output: &mut Output,
    ) -> Result<(), Close> {
        let host = self.seat.host.clone();
        let mut turn = host.turn();
        if !is_paid && let Err(throttled) = self.seat.pay(&turn, message.command_count(), frame.len()) {
            let (ids, is_batch) = message.ids();
            self.refuse_all(ids, is_batch, &throttled.to_string(), output);
            return self.seat.check_patience();
        }
        if self.has_to_wait(&mut turn, &message) {
            self.held.put_back(frame);
            return Ok(());
        }
        // What came before this turn was before the answers.
        self.collect(output)?;
        let mut answers = Answers { is_batch: matches!(message, Message::Batch(..)), ..Answers::default() };
        let mut execute_one = |request| self.execute_one(&mut turn, request, &mut answers);
        let ended = match message {
            Message::One(request) => execute_one(request),
            Message::Batch(requests, _) => requests.into_iter().try_for_each(execute_one),
        };
        if answers.missing == 0 {
            self.send(answers, output);
        } else {
            self.unanswered.insert(self.next, answers);
            self.next += 1;
        }
        for part in std::mem::take(&mut self.missed) {
            output.push(Lsn(0), self.format.frame(part));
        }
        let collected = self.collect(output);
        ended.and(collected)
    }

    fn execute_one(&mut self, turn: &mut Turn<'_>, request: Request<'_>, answers: &mut Answers) -> Result<(), Close> {
        let Request { id, body } = request;
        let done = if answers.bytes < self.seat.limits.frame_bytes_max {
            self.request(turn, &id, body, &mut answers.lsn)
        } else {
            Done::Answered(self.refuse(&id, "ERR the answers to this batch are too long"))
        };
        match done {
            Done::Answered(part) => answers.add(part),
            Done::Waits(member) => {
                let place = answers.leave_place(id, self.next);
                self.waiting.push(Waiting { member, place });
            }
            Done::Runs => self.script = Some(answers.leave_place(id, self.next)),
            Done::Ends(part, close) => {
                answers.add(part);
                return Err(close);
            }
        }
        Ok(())
    }

    fn request(&mut self, turn: &mut Turn<'_>, id: &Id, body: Body<'_>, lsn: &mut Lsn) -> Done {
        self.reply.clear();
        match body {
            Body::Command(words) => self.command(turn, id, &slices(&words), lsn),
            Body::Multi { commands, watch } => Done::Answered(self.multi(turn, id, &commands, &watch, lsn)),
            Body::Subscribe { channels, patterns, recover } => {
                Done::Answered(self.subscribe(turn, id, (&channels, &patterns), &recover, lsn))
            }
            Body::Unsubscribe { channels, patterns } => {
                let mut run = |name: &[u8], names: Option<Vec<Word<'_>>>| {
                    names.is_none_or(|names| self.run(turn, name, &names, lsn))
                };
                let is_done = run(b"UNSUBSCRIBE", channels) && run(b"PUNSUBSCRIBE", patterns);
                Done::Answered(self.unless_refused(is_done, id, |encoder| answer::done(id, encoder)))
            }
            Body::Auth(token) => self.auth(id, &token),
        }
    }

    fn command(&mut self, turn: &mut Turn<'_>, id: &Id, words: &[&[u8]], lsn: &mut Lsn) -> Done {
        let may_wait = self.seat.may_wait(turn, words);
        if may_wait && self.waiting.len() >= self.seat.limits.requests_max {
            return Done::Answered(self.refuse(id, "ERR too many requests of this connection wait"));
        }
        let beside = may_wait.then(|| self.seat.open_beside(turn));
        let session = beside.as_ref().map_or(self.seat.member.id, |member| member.id);
        let execution = turn.execute(session, words, &mut self.reply);
        *lsn = execution.lsn.max(*lsn);
        match (execution.outcome, beside) {
            (Outcome::Blocked, Some(member)) => return Done::Waits(member),
            (Outcome::Running, _) => return Done::Runs,
            (Outcome::Blocked, None) => unreachable!("only a command that is declared as blocking waits"),
            (_, Some(member)) => turn.close(member.id),
            (_, None) => {}
        }
        let part = self.answer(id);
        match execution.outcome {
            Outcome::Closed => Done::Ends(part, Close::NORMAL),
            _ if self.seat.subscription_count(turn) > self.seat.limits.subscriptions_max => {
                Done::Ends(part, Close::TOO_MANY_SUBSCRIPTIONS)
            }
            _ => Done::Answered(part),
        }
    }

    /// The answer that stands in the reply buffer.
    fn answer(&self, id: &Id) -> Vec<u8> {
        match self.reply.as_bytes() {
            [] => Vec::new(),
            reply => self.format.write(|encoder| answer::command(id, reply, encoder)),
        }
    }

    fn multi(
        &mut self,
        turn: &mut Turn<'_>,
        id: &Id,
        requests: &[Vec<Word<'_>>],
        watch: &HashMap<Word<'_>, Word<'_>>,
        lsn: &mut Lsn,
    ) -> Vec<u8> {
        let versions: Vec<_> = watch.iter().map(|(key, version)| (key.as_ref(), version.as_ref())).collect();
        let words: Vec<_> = requests.iter().map(|words| slices(words)).collect();
        let requests: Vec<_> = words.iter().map(|words| redstart_core::Request::new(words)).collect();
        let execution = turn.transact(self.seat.member.id, &requests, &versions, &mut self.reply);
        *lsn = execution.lsn.max(*lsn);
        self.format.write(|encoder| answer::transaction(id, self.reply.as_bytes(), encoder))
    }

    fn subscribe(
        &mut self,
        turn: &mut Turn<'_>,
        id: &Id,
        (channels, patterns): (&[Word<'_>], &[Word<'_>]),
        recover: &HashMap<Word<'_>, Seen>,
        lsn: &mut Lsn,
    ) -> Vec<u8> {
        let count = self.seat.subscription_count(turn) + channels.len() + patterns.len();
        if count > self.seat.limits.subscriptions_max {
            return self.refuse(id, "ERR too many subscriptions of this connection");
        }
        if !recover.is_empty() && turn.engine().is_loading() {
            return self.refuse(id, "LOADING the histories of channels are not in memory yet");
        }
        let is_done = (channels.is_empty() || self.run(turn, b"SUBSCRIBE", channels, lsn))
            && (patterns.is_empty() || self.run(turn, b"PSUBSCRIBE", patterns, lsn));
        if !is_done {
            return self.answer(id);
        }
        // In this turn, so that nothing comes between the past and what is told from now on.
        let mut recover = |channel: &Word<'_>| {
            let since = recover.get(channel).and_then(Seen::position);
            turn.recover(channel.as_ref(), since)
        };
        let recovered: Vec<_> = channels.iter().map(|channel| (channel.as_ref(), recover(channel))).collect();
        for (channel, recovery) in &recovered {
            let missed = recovery.iter().flat_map(|recovery| recovery.missed.iter().flatten());
            let parts = missed.map(|(position, data)| {
                let message = encoding::message(channel, data);
                self.format.write(|encoder| answer::push(message.as_bytes(), Some(*position), encoder))
            });
            self.missed.extend(parts);
        }
        self.format.write(|encoder| answer::subscription(id, &recovered, encoder))
    }

    /// Runs a command whose answer tells nothing but whether it was done. False: the refusal is in the reply buffer.
    fn run(&mut self, turn: &mut Turn<'_>, name: &[u8], names: &[Word<'_>], lsn: &mut Lsn) -> bool {
        self.reply.clear();
        let mut words = vec![name];
        words.extend(names.iter().map(AsRef::as_ref));
        let execution = turn.execute(self.seat.member.id, &words, &mut self.reply);
        *lsn = execution.lsn.max(*lsn);
        // Between MULTI and EXEC it is queued, and that is what the client has to know.
        !matches!(self.reply.as_bytes().first(), Some(b'-' | b'+'))
    }

    fn unless_refused(&self, is_done: bool, id: &Id, write: impl FnOnce(&mut dyn Encoder)) -> Vec<u8> {
        if is_done { self.format.write(write) } else { self.answer(id) }
    }

    /// A session that has begun keeps its user.
    fn auth(&self, id: &Id, token: &str) -> Done {
        if is_user_token(token) {
            return Done::Answered(self.refuse(id, "ERR the token of a user has to be in the first message"));
        }
        match (self.check_token)(token) {
            Ok(_) => Done::Answered(self.format.write(|encoder| answer::done(id, encoder))),
            Err(denial) => {
                let (text, close) = super::connection::refusal(denial);
                Done::Ends(self.refuse(id, text), close)
            }
        }
    }

    fn refuse(&self, id: &Id, message: &str) -> Vec<u8> {
        self.format.write(|encoder| answer::refusal(id, message, encoder))
    }

    /// Answers all requests of a message with the same error.
    fn refuse_all<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a Id>,
        is_batch: bool,
        message: &str,
        output: &mut Output,
    ) {
        let parts = ids.into_iter().map(|id| self.refuse(id, message)).collect();
        self.send(Answers { is_batch, parts, ..Answers::default() }, output);
    }

    fn send(&self, mut answers: Answers, output: &mut Output) {
        if answers.is_batch {
            answers.parts.retain(|part| !part.is_empty());
            output.push(answers.lsn, self.format.batch(&answers.parts));
        } else if let Some(part) = answers.parts.pop().filter(|part| !part.is_empty()) {
            output.push(answers.lsn, self.format.frame(part));
        }
    }

    /// Takes what has come for the session.
    fn collect(&mut self, output: &mut Output) -> Result<(), Close> {
        while let Some(item) = self.seat.member.outbox.take() {
            match item {
                Item::Push { bytes, lsn, position } => {
                    let format = self.format;
                    let frame = shared::frame(&bytes, position, format, || {
                        format.frame(format.write(|encoder| answer::push(&bytes, position, encoder)))
                    });
                    output.push(lsn, frame);
                }
                Item::Reply { .. } => match self.script.take() {
                    Some(place) => self.answer_late(&place, item, output),
                    None if !self.held.frames.is_empty() => self.held.is_over = true,
                    None => unreachable!("what else may wait runs in a session of its own"),
                },
                Item::Close(ending) => return Err(Close::of(ending)),
                Item::Overflow => return Err(Close::TOO_SLOW),
                Item::Stop => return Err(Close::STOPPING),
            }
        }
        Ok(())
    }

    /// Answers a request whose wait is over.
    fn answer_late(&mut self, place: &Place, item: Item, output: &mut Output) {
        let (part, lsn) = match item {
            Item::Push { .. } => return,
            Item::Reply { bytes, lsn } => {
                (self.format.write(|encoder| answer::command(&place.id, &bytes, encoder)), lsn)
            }
            Item::Close(_) | Item::Overflow => (self.refuse(&place.id, "ERR closed by CLIENT KILL"), Lsn(0)),
            Item::Stop => (self.refuse(&place.id, "TRYAGAIN the server is shutting down"), Lsn(0)),
        };
        let Some(answers) = self.unanswered.get_mut(&place.message) else { return };
        answers.lsn = answers.lsn.max(lsn);
        answers.missing -= 1;
        if let Some(answer) = answers.parts.get_mut(place.index) {
            *answer = part;
        }
        if answers.missing == 0
            && let Some(answers) = self.unanswered.remove(&place.message)
        {
            self.send(answers, output);
        }
    }

    /// Takes the answers of requests that have waited.
    fn poll_waiting(&mut self, context: &Context<'_>, output: &mut Output) -> Poll<()> {
        let is_over = |waiting: &mut Waiting| waiting.member.outbox.poll_filled(context).is_ready();
        let over: Vec<_> = self.waiting.extract_if(.., is_over).collect();
        if over.is_empty() {
            return Poll::Pending;
        }
        let host = self.seat.host.clone();
        for waiting in over {
            if let Some(item) = waiting.member.outbox.take() {
                self.answer_late(&waiting.place, item, output);
            }
            host.turn().close(waiting.member.id);
        }
        Poll::Ready(())
    }
}

impl Dialogue for Messages {
    fn hear(&mut self, frame: &Frame, output: &mut Output) -> Result<(), Close> {
        if self.held.frames.is_empty() {
            return self.process(frame, false, output);
        }
        self.held.push(frame);
        Ok(())
    }

    fn has_arrivals(&self) -> bool {
        !self.seat.member.outbox.is_empty() || !self.waiting.is_empty()
    }

    fn poll_arrivals(&mut self, context: &Context<'_>, output: &mut Output) -> Poll<Result<(), Close>> {
        let waiting = self.poll_waiting(context, output);
        match self.seat.member.outbox.poll_filled(context) {
            Poll::Ready(()) => {
                let collected = self.collect(output);
                Poll::Ready(collected.and_then(|()| if self.held.is_over { self.resume(output) } else { Ok(()) }))
            }
            Poll::Pending => waiting.map(Ok),
        }
    }

    fn poll_ended(&self, context: &Context<'_>) -> Poll<()> {
        self.seat.member.outbox.poll_ended(context)
    }

    fn note_unsent(&self, bytes: usize) {
        self.seat.member.outbox.note_unsent(bytes);
    }

    fn can_hear(&self) -> bool {
        self.held.bytes < AHEAD_BYTES_MAX
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        let mut turn = self.seat.host.turn();
        self.waiting.iter().for_each(|waiting| turn.close(waiting.member.id));
    }
}
