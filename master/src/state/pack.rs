//! Writes the state as rows of `carry.rs`, and makes it out of them again. Descriptors are numbers in the rows: [`Pack`] notes
//! which ones must stay open, [`Unpack`] gives them their owners back.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use ewsd_http::{BodyKind, ChunkDecoder, EndFinder};
use ewsd_ipc::AfterReply;
use ewsd_ipc::message::Pieces;

use super::carry::{
    AdmissionRow, AskingRow, BodyKindRow, BodyRow, ChunkRow, CollectRow, ConnRow, DiscardRow, DrainRow, FramingRow,
    HeldRow, KindRow, LossRow, ReadyRow, RenderRow, SourceRow, StateRow, StreamRow, TimeRow,
};
use super::{
    Admission, After, Collect, Conn, Discard, DotScan, Drain, Framing, Held, Loss, Protocol, ReadyJob, ReadyProbe,
    Render, SmallBody, Source, State, Stream, Time, Unsent, fresh,
};
use crate::intern::Interned;
use crate::turns::{Lane, known_mailbox};

/// What was wrong with a row.
pub type Wrong = String;

/// The descriptors that rows name.
#[derive(Debug, Default)]
pub struct Pack {
    /// To be kept open.
    pub kept: Vec<RawFd>,
}

/// Gives descriptors their owners.
pub trait Unpack {
    /// The owner of a descriptor that a row names; each number has one.
    ///
    /// # Errors
    /// It is not open, or was named before.
    fn own(&mut self, number: u32) -> Result<OwnedFd, Wrong>;
}

impl Pack {
    /// Notes a descriptor.
    pub fn fd(&mut self, fd: &impl AsRawFd) -> u32 {
        let raw = fd.as_raw_fd();
        self.kept.push(raw);
        u32::try_from(raw).unwrap_or(u32::MAX)
    }

    /// A connection as a row.
    ///
    /// # Errors
    /// Its request lies in a memfd that cannot be read.
    pub fn conn(&mut self, conn: &Conn) -> io::Result<ConnRow> {
        let mut row = ConnRow {
            id: conn.id,
            socket: conn.socket.as_ref().map(|socket| self.fd(socket)),
            inode: conn.inode,
            peer: (conn.ip, conn.port).into(),
            listener: conn.listener,
            kind: KindRow::from(conn.kind),
            preface: conn.preface,
            unread: conn.unread,
            keep_alive: conn.keep_alive,
            served: conn.served,
            mailbox: known_mailbox(conn),
            kicked: conn.kicked,
            deadline: conn.deadline,
            context: conn.context.to_vec(),
            pending: conn.pending.to_vec(),
            state: self.state(&conn.state),
        };
        if let State::Parked { block, number } = &conn.state {
            let (octets, ready) = block.read(*number)?;
            row.pending = octets;
            row.state = StateRow::Queued(self.ready(&ready));
        }
        Ok(row)
    }

    fn state(&mut self, state: &State) -> StateRow {
        match state {
            State::Idle => StateRow::Idle,
            State::Head(_) => StateRow::Head,
            State::SkipLine => StateRow::SkipLine,
            State::Body(body) => StateRow::Body(BodyRow {
                head_len: body.head_len as u64,
                kind: body.kind.into(),
                since: body.since,
                decoder: body.decoder.into(),
                decoded: body.decoded.clone(),
            }),
            State::Queued(ready) => StateRow::Queued(self.ready(ready)),
            // A parked one is read from where it lies.
            State::Parked { .. } | State::Serve => StateRow::Serve,
            State::Admit(admission) => StateRow::Admit(admission_row(admission)),
            State::Collect(collect) => StateRow::Collect(self.collect(collect)),
            State::Discard(discard) => StateRow::Discard(DiscardRow {
                left: discard.left,
                chunked: discard.decoder.is_some(),
                decoder: discard.decoder.unwrap_or_default().into(),
                since: discard.since,
                received: discard.received,
                close: discard.then == AfterReply::Close,
                reply: discard.reply.clone(),
            }),
            State::Held(held) => StateRow::Held(held_row(held)),
            State::Asking(asking) => StateRow::Asking(AskingRow {
                head_only: asking.head_only,
                keep_alive: asking.keep_alive,
                version_minor: asking.version_minor,
            }),
            State::Drain(drain) => StateRow::Drain(self.drain(drain)),
            State::Linger(bytes) => StateRow::Linger(*bytes),
        }
    }

    fn ready(&mut self, ready: &ReadyJob) -> ReadyRow {
        match ready {
            ReadyJob::Http { head_len, body_len } => {
                ReadyRow::Http { head_len: *head_len as u64, body_len: *body_len as u64 }
            }
            ReadyJob::HttpDecoded { head_len, body } => {
                ReadyRow::HttpDecoded { head_len: *head_len as u64, body: body.clone() }
            }
            ReadyJob::HttpMemfd { head_len, body, length } => {
                ReadyRow::HttpMemfd { head_len: *head_len as u64, body: self.fd(body), length: *length }
            }
            ReadyJob::Admit(admission) => ReadyRow::Admit(admission_row(admission)),
            ReadyJob::LmtpGreeting => ReadyRow::LmtpGreeting,
            ReadyJob::LmtpLines { length } => ReadyRow::LmtpLines { length: *length as u64 },
            ReadyJob::LmtpData { body, length } => ReadyRow::LmtpData { body: self.fd(body), length: *length },
            ReadyJob::LmtpTooBig => ReadyRow::LmtpTooBig,
            ReadyJob::LmtpLongLine => ReadyRow::LmtpLongLine,
        }
    }

    fn collect(&mut self, collect: &Collect) -> CollectRow {
        let framing = match &collect.framing {
            Framing::Length { head_len, left } => FramingRow::Length { head_len: *head_len as u64, left: *left },
            Framing::Chunked { head_len, decoder } => {
                FramingRow::Chunked { head_len: *head_len as u64, decoder: (*decoder).into() }
            }
            Framing::Dot { scan, over } => {
                let (seen, carry) = scan.to_parts();
                FramingRow::Dot { seen, carry, over: *over }
            }
        };
        let Collect { length, limit, since, .. } = *collect;
        CollectRow { file: self.fd(&collect.file), length, limit, since, framing }
    }

    fn drain(&mut self, drain: &Drain) -> DrainRow {
        let sources = drain.sources.iter().map(|source| match source {
            Source::Bytes(bytes, at) => SourceRow::Bytes(bytes.get(*at..).unwrap_or_default().to_vec()),
            Source::Memfd(file, at, end) => SourceRow::Memfd { file: self.fd(file), at: *at, end: *end },
        });
        let sources = sources.collect();
        DrainRow { sources, since: drain.since, written: drain.written, close: drain.after == After::Close }
    }
}

fn admission_row(admission: &Admission) -> AdmissionRow {
    AdmissionRow {
        job: admission.job,
        head_len: admission.head_len as u64,
        kind: admission.kind.into(),
        expect_continue: admission.expect_continue,
        decoder: admission.decoder.into(),
        decoded: admission.decoded.clone(),
    }
}

fn held_row(held: &Held) -> HeldRow {
    let stream = held.stream().map(|stream| StreamRow {
        owner: stream.owner,
        at_beat: Pieces(stream.at_beat.pieces(&[])),
        deadline: stream.deadline,
        next_beat: stream.next_beat,
        heartbeat: stream.heartbeat,
        out: stream.unsent.as_ref().map(|unsent| unsent.octets.clone()).unwrap_or_default(),
        stalled: stream.stalled(),
        loss: match stream.loss {
            Loss::None => LossRow::None,
            Loss::Heard => LossRow::Heard,
            Loss::Asked => LossRow::Asked,
        },
    });
    HeldRow {
        watch: held.pairs().collect::<Vec<_>>().into(),
        at_deadline: Pieces(held.at_deadline.pieces(held.own())),
        context: held.context().to_vec(),
        crashes: held.crashes,
        time: match held.time {
            Time::Left => TimeRow::Left,
            Time::Over => TimeRow::Over,
            Time::Asked => TimeRow::Asked,
        },
        render: match held.render() {
            Render::No => RenderRow::No,
            Render::Wanted => RenderRow::Wanted,
            Render::Later => RenderRow::Later,
            Render::Job(job) => RenderRow::Job(job),
        },
        is_stream: stream.is_some(),
        stream: stream.unwrap_or_default(),
    }
}

/// A connection out of its row.
///
/// # Errors
/// What does not fit.
pub fn conn(row: ConnRow, interned: &mut Interned, fds: &mut impl Unpack) -> Result<Conn, Wrong> {
    let away = matches!(row.state, StateRow::Serve | StateRow::Admit(_));
    let socket = match (row.socket, away) {
        (Some(number), false) => Some(fds.own(number)?),
        (None, true) => None,
        (socket, _) => return Err(format!("connection {}: socket {socket:?} in {:?}", row.id, name(&row.state))),
    };
    let kind = Protocol::from(row.kind);
    let mut conn = fresh(row.id, socket, row.inode, row.peer, row.listener, kind);
    conn.preface = row.preface;
    conn.unread = row.unread;
    conn.keep_alive = row.keep_alive;
    conn.served = row.served;
    if row.mailbox != 0 {
        conn.set_lane(Lane::Account(row.mailbox));
    }
    conn.kicked = row.kicked;
    conn.context = row.context.into();
    conn.pending = row.pending.into();
    conn.state = state(row.state, interned, fds)?;
    Ok(conn)
}

fn name(state: &StateRow) -> String {
    let text = format!("{state:?}");
    text.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

fn state(row: StateRow, interned: &mut Interned, fds: &mut impl Unpack) -> Result<State, Wrong> {
    Ok(match row {
        StateRow::Idle => State::Idle,
        // What has come is looked at once more from its start.
        StateRow::Head => State::Head(EndFinder::default()),
        StateRow::SkipLine => State::SkipLine,
        StateRow::Body(body) => State::Body(Box::new(SmallBody {
            head_len: size(body.head_len)?,
            kind: body.kind.into(),
            since: body.since,
            decoder: decoder(body.decoder)?,
            decoded: body.decoded,
        })),
        StateRow::Queued(ready) => State::Queued(Box::new(ready_job(ready, fds)?)),
        StateRow::Serve => State::Serve,
        StateRow::Admit(row) => State::Admit(Box::new(admission(row)?)),
        StateRow::Collect(row) => State::Collect(Box::new(collect(row, fds)?)),
        StateRow::Discard(row) => State::Discard(Box::new(Discard {
            left: row.left,
            decoder: row.chunked.then(|| decoder(row.decoder)).transpose()?,
            since: row.since,
            received: row.received,
            then: if row.close { AfterReply::Close } else { AfterReply::Keep },
            reply: row.reply,
        })),
        StateRow::Held(row) => State::Held(Box::new(held(row, interned))),
        StateRow::Asking(AskingRow { head_only, keep_alive, version_minor }) => {
            State::Asking(ReadyProbe { head_only, keep_alive, version_minor })
        }
        StateRow::Drain(row) => State::Drain(Box::new(drain(row, fds)?)),
        StateRow::Linger(bytes) => State::Linger(bytes),
    })
}

fn ready_job(row: ReadyRow, fds: &mut impl Unpack) -> Result<ReadyJob, Wrong> {
    Ok(match row {
        ReadyRow::Http { head_len, body_len } => {
            ReadyJob::Http { head_len: size(head_len)?, body_len: size(body_len)? }
        }
        ReadyRow::HttpDecoded { head_len, body } => ReadyJob::HttpDecoded { head_len: size(head_len)?, body },
        ReadyRow::HttpMemfd { head_len, body, length } => {
            ReadyJob::HttpMemfd { head_len: size(head_len)?, body: File::from(fds.own(body)?), length }
        }
        ReadyRow::Admit(row) => ReadyJob::Admit(Box::new(admission(row)?)),
        ReadyRow::LmtpGreeting => ReadyJob::LmtpGreeting,
        ReadyRow::LmtpLines { length } => ReadyJob::LmtpLines { length: size(length)? },
        ReadyRow::LmtpData { body, length } => ReadyJob::LmtpData { body: File::from(fds.own(body)?), length },
        ReadyRow::LmtpTooBig => ReadyJob::LmtpTooBig,
        ReadyRow::LmtpLongLine => ReadyJob::LmtpLongLine,
    })
}

fn admission(row: AdmissionRow) -> Result<Admission, Wrong> {
    Ok(Admission {
        job: row.job,
        head_len: size(row.head_len)?,
        kind: row.kind.into(),
        expect_continue: row.expect_continue,
        decoder: decoder(row.decoder)?,
        decoded: row.decoded,
    })
}

fn collect(row: CollectRow, fds: &mut impl Unpack) -> Result<Collect, Wrong> {
    let framing = match row.framing {
        FramingRow::Length { head_len, left } => Framing::Length { head_len: size(head_len)?, left },
        FramingRow::Chunked { head_len, decoder: row } => {
            Framing::Chunked { head_len: size(head_len)?, decoder: decoder(row)? }
        }
        FramingRow::Dot { seen, carry, over } => {
            let scan = DotScan::from_parts(seen, carry).ok_or("message data at no known place")?;
            Framing::Dot { scan, over }
        }
    };
    let CollectRow { length, limit, since, .. } = row;
    Ok(Collect { file: File::from(fds.own(row.file)?), length, limit, since, framing })
}

fn held(row: HeldRow, interned: &mut Interned) -> Held {
    let StreamRow { owner, at_beat, deadline, next_beat, heartbeat, out, stalled, loss } = row.stream;
    let mut held = Held::new(interned.keep(row.at_deadline.0), &row.context);
    held.set_watch(row.watch.0);
    if row.is_stream {
        let at_beat = interned.keep_whole(at_beat.0);
        let unsent = (!out.is_empty()).then(|| Box::new(Unsent { octets: out, stalled }));
        let loss = match loss {
            LossRow::None => Loss::None,
            LossRow::Heard => Loss::Heard,
            LossRow::Asked => Loss::Asked,
        };
        held.set_stream(Stream {
            owner,
            at_beat,
            deadline,
            next_beat,
            heartbeat,
            loss,
            paused: true,
            full: false,
            unsent,
        });
    }
    held.crashes = row.crashes;
    held.time = match row.time {
        TimeRow::Left => Time::Left,
        TimeRow::Over => Time::Over,
        TimeRow::Asked => Time::Asked,
    };
    held.set_render(match row.render {
        RenderRow::No => Render::No,
        RenderRow::Wanted => Render::Wanted,
        RenderRow::Later => Render::Later,
        RenderRow::Job(job) => Render::Job(job),
    });
    held
}

fn drain(row: DrainRow, fds: &mut impl Unpack) -> Result<Drain, Wrong> {
    let mut sources = VecDeque::with_capacity(row.sources.len());
    for source in row.sources {
        sources.push_back(match source {
            SourceRow::Bytes(bytes) => Source::Bytes(bytes, 0),
            SourceRow::Memfd { file, at, end } => Source::Memfd(File::from(fds.own(file)?), at, end),
        });
    }
    let after = if row.close { After::Close } else { After::Keep };
    Ok(Drain { sources, since: row.since, written: row.written, after })
}

/// A length in this program's memory.
pub fn size(number: u64) -> Result<usize, Wrong> {
    usize::try_from(number).map_err(|_| format!("a length of {number}"))
}

fn decoder(row: ChunkRow) -> Result<ChunkDecoder, Wrong> {
    let ChunkRow { state, digits, left, line } = row;
    ChunkDecoder::from_parts((state, digits, left, line)).ok_or_else(|| "chunks at no known place".to_owned())
}

impl From<ChunkDecoder> for ChunkRow {
    fn from(decoder: ChunkDecoder) -> ChunkRow {
        let (state, digits, left, line) = decoder.to_parts();
        ChunkRow { state, digits, left, line }
    }
}

impl From<BodyKind> for BodyKindRow {
    fn from(kind: BodyKind) -> BodyKindRow {
        match kind {
            BodyKind::None => BodyKindRow::None,
            BodyKind::Length(bytes) => BodyKindRow::Length(bytes),
            BodyKind::Chunked => BodyKindRow::Chunked,
        }
    }
}

impl From<BodyKindRow> for BodyKind {
    fn from(kind: BodyKindRow) -> BodyKind {
        match kind {
            BodyKindRow::None => BodyKind::None,
            BodyKindRow::Length(bytes) => BodyKind::Length(bytes),
            BodyKindRow::Chunked => BodyKind::Chunked,
        }
    }
}

impl From<Protocol> for KindRow {
    fn from(kind: Protocol) -> KindRow {
        match kind {
            Protocol::Http => KindRow::Http,
            Protocol::Lmtp => KindRow::Lmtp,
            Protocol::Admin => KindRow::Admin,
            Protocol::Control => KindRow::Control,
        }
    }
}

impl From<KindRow> for Protocol {
    fn from(kind: KindRow) -> Protocol {
        match kind {
            KindRow::Http => Protocol::Http,
            KindRow::Lmtp => Protocol::Lmtp,
            KindRow::Admin => Protocol::Admin,
            KindRow::Control => Protocol::Control,
        }
    }
}
