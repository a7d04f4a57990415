//! One socket from its first message to its last: who is it, what does it say, why does it end.

use super::answer;
use super::close::Close;
use super::heartbeat::{Beat, Heartbeat};
use super::messages::Messages;
use super::output::Output;
use super::plain::Plain;
use super::request::{Body, Message, Request};
use super::seat::Seat;
use super::socket::{Frame, Lost, Received, Socket};
use super::subprotocol::{Format, Subprotocol};
use super::{Client, Denial, Entrance, Identity, Peer};
use crate::host::Host;
use axum::extract::ws::WebSocket;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::timeout;

/// How long a client may take to hear the end.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// How much a client may send ahead while its session waits.
pub(super) const AHEAD_BYTES_MAX: usize = 1024 * 1024;

/// What is spoken over a socket.
pub(super) trait Dialogue: Send {
    /// Does what a frame asks for.
    ///
    /// # Errors
    /// How the socket has to end, once the output has been sent.
    fn hear(&mut self, frame: &Frame, output: &mut Output) -> Result<(), Close>;

    /// Whether something may have come without having been asked for. It costs less than waiting for it.
    fn has_arrivals(&self) -> bool;

    /// Waits for what comes without having been asked for, and takes it.
    fn poll_arrivals(&mut self, context: &Context<'_>, output: &mut Output) -> Poll<Result<(), Close>>;

    /// Ready once the session has been ended from outside.
    fn poll_ended(&self, context: &Context<'_>) -> Poll<()>;

    /// Says how many bytes wait for the client to take them.
    fn note_unsent(&self, bytes: usize);

    /// Whether it can take another frame.
    fn can_hear(&self) -> bool;
}

/// Serves a socket until its end.
pub(super) async fn serve(
    entrance: Entrance,
    socket: WebSocket,
    subprotocol: Subprotocol,
    peer: Arc<Peer>,
    identity: Option<Identity>,
) {
    let mut socket = Socket::new(socket);
    let identity = match identity {
        Some(identity) => Ok(identity),
        None => authenticate(&entrance, &mut socket, subprotocol).await,
    };
    let end = match identity {
        Ok(identity) => {
            let client = Client { identity: identity.clone(), peer };
            Connection::new(&entrance, &mut socket, subprotocol, client).run(&entrance, &identity).await
        }
        Err(end) => end,
    };
    // A client that does not listen any more is left alone.
    let _ = match end {
        Some(close) => timeout(CLOSE_WAIT, socket.close(close)).await,
        None => timeout(CLOSE_WAIT, socket.part()).await,
    };
}

/// Waits for the message that says who the client is.
async fn authenticate(
    entrance: &Entrance,
    socket: &mut Socket,
    subprotocol: Subprotocol,
) -> Result<Identity, Option<Close>> {
    // Plain RESP has no such message, so it borrows JSON's.
    let format = match subprotocol {
        Subprotocol::Messages(format) => format,
        Subprotocol::Plain => Format::Json,
    };
    let frame = timeout(entrance.limits.auth_wait, receive_frame(socket)).await;
    let frame = frame.map_err(|_| Some(Close::NOT_AUTHENTICATED))?.map_err(end_of)?;
    let Ok(Message::One(Request { id, body: Body::Auth(token) })) = format.read(&frame) else {
        return Err(Some(Close::NOT_AUTHENTICATED));
    };
    let identity = (entrance.check_token)(&token).map_err(refusal);
    let answer = format.write(|encoder| match identity {
        Ok(_) => answer::done(&id, encoder),
        Err((text, _)) => answer::refusal(&id, text, encoder),
    });
    socket.put(format.frame(answer)).map_err(end_of)?;
    identity.map_err(|(_, close)| Some(close))
}

/// What a client is told whose token is worth nothing, and how its socket ends.
pub(super) const fn refusal(denial: Denial) -> (&'static str, Close) {
    match denial {
        Denial::Unknown => ("WRONGPASS invalid or missing auth token", Close::NOT_AUTHENTICATED),
        Denial::Forbidden => ("NOPERM the user of this token may not log in", Close::FORBIDDEN),
    }
}

async fn receive_frame(socket: &mut Socket) -> Result<Frame, Lost> {
    loop {
        if let Received::Frame(frame) = poll_fn(|context| socket.poll_receive(context)).await? {
            return Ok(frame);
        }
    }
}

/// How to end a socket that was lost: nobody is there to be told, or someone who broke the rules.
const fn end_of(lost: Lost) -> Option<Close> {
    match lost {
        Lost::Gone => None,
        Lost::Broken => Some(Close::PROTOCOL),
    }
}

/// A client that is known, and what is under way between it and the engine.
struct Connection<'a> {
    host: Arc<Host>,
    socket: &'a mut Socket,
    dialogue: Box<dyn Dialogue>,
    output: Output,
    heartbeat: Heartbeat,
    /// Nothing more is executed, and the socket ends once the output has been sent.
    closing: Option<Close>,
}

/// How far the output has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// All of it has left.
    All,
    /// The gate holds the rest back.
    Held,
    /// The client does not take the rest.
    Stuck,
}

impl<'a> Connection<'a> {
    fn new(entrance: &Entrance, socket: &'a mut Socket, subprotocol: Subprotocol, client: Client) -> Self {
        let seat = Seat::new(entrance, client, matches!(subprotocol, Subprotocol::Messages(_)));
        let dialogue: Box<dyn Dialogue> = match subprotocol {
            Subprotocol::Messages(format) => Box::new(Messages::new(entrance, seat, format)),
            Subprotocol::Plain => Box::new(Plain::new(seat)),
        };
        Self {
            host: entrance.host.clone(),
            socket,
            dialogue,
            output: Output::default(),
            heartbeat: Heartbeat::new(entrance.limits.ping_every, entrance.limits.pong_wait),
            closing: None,
        }
    }

    /// Serves the client, and says what it is to be told at the end: nothing when it has gone.
    async fn run(mut self, entrance: &Entrance, identity: &Identity) -> Option<Close> {
        let mut stopping = entrance.stopping.clone();
        let stopped = async {
            if stopping.wait_for(|stopping| *stopping).await.is_err() {
                // Nobody is there any more who could stop the server.
                pending::<()>().await;
            }
        };
        let close = tokio::select! {
            end = poll_fn(|context| self.poll_end(context)) => return end,
            () = stopped => Close::STOPPING,
            () = identity.expired() => Close::EXPIRED,
        };
        self.closing = Some(close);
        let end = timeout(CLOSE_WAIT, poll_fn(|context| self.poll_end(context))).await;
        end.unwrap_or(Some(close))
    }

    /// Does everything that can be done now.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Option<Close>> {
        loop {
            if let Err(lost) = ready!(self.poll_step(context)) {
                return Poll::Ready(lost);
            }
        }
    }

    /// Does all that can be done, and then sends what may leave: the answers to frames that have come together leave
    /// together, too.
    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Option<Close>>> {
        let mut has_more = true;
        while has_more && self.closing.is_none() && self.output.has_room() {
            match self.poll_converse(context) {
                Ok(conversed) => has_more = conversed.is_ready(),
                // What came before is answered first, if anybody is there.
                Err(None) => return Poll::Ready(Err(None)),
                Err(close) => self.closing = close,
            }
            // Behind a client's goodbye the socket takes nothing any more, and that may be what comes next.
            self.poll_put(context).map_err(end_of)?;
        }
        let sent = self.poll_send(context).map_err(end_of)?;
        let unsent = if sent == Sent::Stuck { self.output.len() } else { 0 };
        self.dialogue.note_unsent(unsent);
        if sent == Sent::Stuck && self.dialogue.poll_ended(context).is_ready() {
            // It will hardly hear why, but what waits for it can go.
            return Poll::Ready(Err(Some(Close::TOO_SLOW)));
        }
        if let Some(close) = self.closing {
            if sent == Sent::All {
                return Poll::Ready(Err(Some(close)));
            }
        } else if has_more && self.output.has_room() {
            return Poll::Ready(Ok(()));
        }
        // While the gate holds answers back the client may be unheard without any fault of its own.
        if sent == Sent::Held { Poll::Pending } else { self.poll_heartbeat(context) }
    }

    /// Puts what may leave into the socket.
    fn poll_put(&mut self, context: &mut Context<'_>) -> Result<Sent, Lost> {
        while let Some(lsn) = self.output.next_lsn() {
            if self.host.gate().poll_pass(lsn, context).is_pending() {
                return Ok(Sent::Held);
            }
            if self.socket.poll_ready(context)?.is_pending() {
                return Ok(Sent::Stuck);
            }
            if let Some(frame) = self.output.pop() {
                self.socket.put(frame)?;
            }
        }
        Ok(Sent::All)
    }

    /// The same, and sends it.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Result<Sent, Lost> {
        let put = self.poll_put(context)?;
        Ok(if self.socket.poll_flush(context)?.is_pending() { Sent::Stuck } else { put })
    }

    /// Takes what has come for the client, or else what comes from it.
    fn poll_converse(&mut self, context: &mut Context<'_>) -> Result<Poll<()>, Option<Close>> {
        let mut heard = Poll::Pending;
        if self.dialogue.has_arrivals() {
            heard = self.dialogue.poll_arrivals(context, &mut self.output);
        }
        if heard.is_pending() && self.dialogue.can_hear() {
            heard = self.poll_hear(context)?;
        }
        if heard.is_pending() {
            heard = self.dialogue.poll_arrivals(context, &mut self.output);
        }
        Ok(heard.map(|heard| {
            if let Err(close) = heard {
                self.closing = Some(close);
            }
        }))
    }

    /// Takes what comes from the client.
    fn poll_hear(&mut self, context: &mut Context<'_>) -> Result<Poll<Result<(), Close>>, Option<Close>> {
        let received = self.socket.poll_receive(context).map_err(end_of)?;
        Ok(received.map(|received| match received {
            Received::Pong => {
                self.heartbeat.pong();
                Ok(())
            }
            Received::Frame(frame) => self.dialogue.hear(&frame, &mut self.output),
        }))
    }

    fn poll_heartbeat(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Option<Close>>> {
        match ready!(self.heartbeat.poll(context)) {
            Beat::Missed => Poll::Ready(Err(Some(Close::NO_PONG))),
            Beat::Ping => match self.socket.poll_ready(context).map_err(end_of)? {
                // A client that does not even take the question will not answer it.
                Poll::Pending => Poll::Ready(Ok(())),
                Poll::Ready(()) => Poll::Ready(self.socket.ping().map_err(end_of)),
            },
        }
    }
}
