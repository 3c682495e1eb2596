//! Every message survives the wire, and nothing that is no message is taken for one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::net::SocketAddr;

use ewsd_ipc::message::{ClockDoubt, Hashing, JOB_ROWS, Pieces, REPLY_ROWS, RenderedCall, Share, WORD_ROWS};
use ewsd_ipc::{
    AfterReply, Body, ConnRecord, Count, HeldCall, HeldOutcome, HoldUpdate, Job, LmtpExpect, LmtpInput, MAX_MESSAGE,
    Piece, Refused, RenderReason, Reply,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..max)
}

fn conn() -> impl Strategy<Value = ConnRecord> {
    (any::<u64>(), any::<SocketAddr>(), any::<u16>(), any::<u32>(), any::<u64>(), bytes(8 * 1024)).prop_map(
        |(conn, peer, listener, served, mailbox, context)| {
            // Flow label and scope of an IPv6 address do not travel.
            let peer = SocketAddr::new(peer.ip(), peer.port());
            ConnRecord {
                conn,
                peer,
                listener,
                served,
                mailbox,
                hashes: if mailbox % 2 == 1 { Hashing::Strangers } else { Hashing::Known },
                context,
            }
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![bytes(3000).prop_map(Body::Inline), any::<u64>().prop_map(Body::Memfd)]
}

fn pairs(max: usize) -> impl Strategy<Value = Vec<(u64, u64)>> {
    vec(any::<(u64, u64)>(), 0..max)
}

fn then() -> impl Strategy<Value = AfterReply> {
    prop_oneof![Just(AfterReply::Keep), Just(AfterReply::Close)]
}

fn why() -> impl Strategy<Value = RenderReason> {
    prop_oneof![Just(RenderReason::Changed), Just(RenderReason::Heartbeat), Just(RenderReason::Deadline)]
}

fn keep() -> impl Strategy<Value = HoldUpdate> {
    (pairs(65), bytes(512)).prop_map(|(watch, context)| HoldUpdate { watch: watch.into(), context: context.into() })
}

fn job() -> impl Strategy<Value = Job> {
    let input = prop_oneof![
        Just(LmtpInput::Greeting),
        bytes(3000).prop_map(LmtpInput::Lines),
        body().prop_map(LmtpInput::Data),
        Just(LmtpInput::TooBig),
        Just(LmtpInput::LongLine),
    ];
    let call = (any::<u64>(), why(), bytes(512)).prop_map(|(held, why, context)| HeldCall { held, why, context });
    prop_oneof![
        (any::<u64>(), conn(), bytes(3000), body()).prop_map(|(job, conn, head, body)| Job::Http {
            job,
            conn,
            head,
            body
        }),
        (any::<u64>(), conn(), bytes(3000), any::<Option<u64>>()).prop_map(|(job, conn, head, declared)| Job::Admit {
            job,
            conn,
            head,
            declared
        }),
        (any::<u64>(), conn(), input).prop_map(|(job, conn, input)| Job::Lmtp { job, conn, input }),
        (any::<u64>(), vec(call, 0..33)).prop_map(|(job, batch)| Job::Render { job, batch: batch.into() }),
        (any::<u64>(), pairs(1025)).prop_map(|(job, known)| Job::Sweep { job, known: known.into() }),
        any::<u64>().prop_map(|job| Job::Probe { job }),
    ]
}

fn outcome() -> impl Strategy<Value = HeldOutcome> {
    prop_oneof![
        (then(), body()).prop_map(|(then, bytes)| HeldOutcome::Answer { then, bytes }),
        (bytes(3000), keep()).prop_map(|(bytes, keep)| HeldOutcome::Chunk { bytes, keep }),
        keep().prop_map(|keep| HeldOutcome::Still { keep }),
        any::<u32>().prop_map(|ms| HeldOutcome::Later { ms }),
        Just(HeldOutcome::Unreadable),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    let expect = prop_oneof![Just(LmtpExpect::Lines), any::<u64>().prop_map(|limit| LmtpExpect::Data { limit })];
    let piece = prop_oneof![
        bytes(300).prop_map(Piece::Shared),
        bytes(300).prop_map(Piece::Own),
        Just(Piece::Date),
        any::<(u16, u16)>().prop_map(|(at, length)| Piece::Context { at, length }),
        any::<(u16, u16)>().prop_map(|(at, length)| Piece::Base64 { at, length }),
        any::<u16>().prop_map(|at| Piece::Uuid { at }),
    ];
    let beat = bytes(300).prop_map(Piece::Shared);
    let hold = (
        any::<u64>(),
        conn(),
        pairs(65),
        any::<u32>(),
        vec(piece, 0..17),
        (any::<u32>(), any::<bool>(), then()),
        vec(beat, 0..17),
        bytes(512),
    );
    prop_oneof![
        any::<(u32, u32)>().prop_map(|(version, pid)| Reply::Hello { version, pid }),
        Just(Reply::Ready {}),
        Just(Reply::Retiring {}),
        any::<(u64, u64, bool)>().prop_map(|(job, mailbox, exempt)| Reply::Whose { job, mailbox, exempt }),
        (any::<u64>(), conn()).prop_map(|(job, conn)| Reply::Idle { job, conn }),
        any::<u64>().prop_map(|job| Reply::Closed { job }),
        (any::<u64>(), conn(), then(), any::<u64>(), any::<u64>())
            .prop_map(|(job, conn, then, offset, length)| Reply::Drain { job, conn, then, offset, length }),
        (any::<u64>(), conn(), any::<u64>()).prop_map(|(job, conn, limit)| Reply::Collect { job, conn, limit }),
        (any::<u64>(), conn(), any::<u64>(), then(), bytes(3000))
            .prop_map(|(job, conn, limit, then, reply)| Reply::Discard { job, conn, limit, then, reply }),
        (any::<u64>(), conn(), expect).prop_map(|(job, conn, expect)| Reply::LmtpNext { job, conn, expect }),
        (any::<u64>(), conn(), any::<bool>(), bytes(3000), bytes(3000))
            .prop_map(|(job, conn, known, head, body)| Reply::MustHash { job, conn, known, head, body }),
        hold.prop_map(|(job, conn, watch, deadline_ms, pieces, (heartbeat_ms, stream, then), beat, context)| {
            Reply::Hold {
                job,
                conn,
                watch: watch.into(),
                then,
                deadline_ms,
                at_deadline: pieces.into(),
                heartbeat_ms,
                at_beat: beat.into(),
                share: Share { owner: u64::from(deadline_ms), most: heartbeat_ms, at_most: Pieces::default() },
                stream,
                context: context.into(),
            }
        }),
        (any::<u64>(), any::<u64>(), outcome()).prop_map(|(job, held, outcome)| Reply::Rendered { job, held, outcome }),
        (any::<u64>(), vec((any::<u64>(), outcome()), 0..4)).prop_map(|(job, outcomes)| {
            let inline = |(held, outcome)| match outcome {
                HeldOutcome::Answer { bytes: Body::Memfd(ms), .. } => (held, HeldOutcome::Later { ms: ms as u32 }),
                outcome => (held, outcome),
            };
            let calls = outcomes.into_iter().map(inline).map(|(held, outcome)| RenderedCall { held, outcome });
            Reply::RenderedTogether { job, outcomes: calls.collect::<Vec<_>>().into() }
        }),
        any::<u64>().prop_map(|job| Reply::Swept { job }),
        any::<u32>().prop_map(|within_ms| Reply::Step { within_ms }),
        any::<(u64, bool)>().prop_map(|(job, good)| Reply::Probed { job, good }),
        pairs(1025).prop_map(|changes| Reply::Changed { changes: changes.into() }),
        Just(Reply::Queued {}),
        any::<(u64, u64, Option<u64>)>().prop_map(|(queued, deferred, oldest)| Reply::Outbox {
            queued,
            deferred,
            oldest
        }),
        (0..ClockDoubt::ALL.len(), any::<u64>())
            .prop_map(|(doubt, left_s)| Reply::Clock { doubt: ClockDoubt::ALL[doubt], left_s }),
        any::<u32>().prop_map(|others| Reply::Nodes { others }),
        Just(Reply::Missed {}),
        Just(Reply::Forget {}),
        any::<i64>().prop_map(|question| Reply::Describe { question }),
        (any::<bool>(), pairs(1025)).prop_map(|(anew, mailboxes)| Reply::Pushed { anew, mailboxes: mailboxes.into() }),
        (0..Count::ALL.len(), any::<u32>()).prop_map(|(what, n)| Reply::Tally { what: Count::ALL[what], n }),
    ]
}

proptest! {
    #[test]
    fn jobs_survive(job in job()) {
        let mut wire = Vec::new();
        job.encode(&mut wire);
        prop_assert!(wire.len() <= MAX_MESSAGE);
        prop_assert_eq!(Job::decode(&wire, job.descriptors()).unwrap(), job);
    }

    #[test]
    fn replies_survive(reply in reply()) {
        let mut wire = Vec::new();
        reply.encode(&mut wire);
        prop_assert_eq!(Reply::decode(&wire, reply.descriptors()).unwrap(), reply);
    }

    /// Cut anywhere or with something behind it, a message is refused; so is a wrong number of descriptors.
    #[test]
    fn nothing_but_the_whole_message_is_taken(reply in reply(), cut in any::<prop::sample::Index>(), more in 1..4usize) {
        let mut wire = Vec::new();
        reply.encode(&mut wire);
        let fds = reply.descriptors();
        prop_assert!(Reply::decode(&wire[..cut.index(wire.len())], fds).is_err());
        prop_assert_eq!(Reply::decode(&wire, fds + more), Err(Refused::Descriptors { expected: fds, came: fds + more }));
        wire.extend(std::iter::repeat_n(0, more));
        prop_assert_eq!(Reply::decode(&wire, fds), Err(Refused::Long));
    }

    /// Random bytes and damaged messages are refused or mean something; they never do worse.
    #[test]
    fn hostile_bytes_do_no_harm(reply in reply(), at in any::<prop::sample::Index>(), value in any::<u8>(), noise in bytes(300)) {
        let _ = Reply::decode(&noise, 0);
        let _ = Job::decode(&noise, 0);
        let mut wire = Vec::new();
        reply.encode(&mut wire);
        let at = at.index(wire.len());
        wire[at] = value;
        if let Ok(other) = Reply::decode(&wire, reply.descriptors()) {
            let mut again = Vec::new();
            other.encode(&mut again);
            prop_assert_eq!(again, wire);
        }
    }
}

#[test]
fn the_rows_are_a_table() {
    let mut kinds: Vec<u8> = JOB_ROWS.iter().chain(REPLY_ROWS).chain(WORD_ROWS).map(|row| row.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), JOB_ROWS.len() + REPLY_ROWS.len() + WORD_ROWS.len());
    assert!(JOB_ROWS.iter().all(|row| row.from_master && row.kind < 64));
    assert!(REPLY_ROWS.iter().all(|row| !row.from_master && (64..128).contains(&row.kind)));
    assert!(WORD_ROWS.iter().all(|row| row.from_master && row.kind >= 128));
    let named = |name: &str| REPLY_ROWS.iter().find(|row| row.name == name).unwrap().descriptors;
    assert_eq!((named("Hello"), named("Idle"), named("Drain"), named("Rendered")), (0, 1, 2, 0));
}

#[test]
fn limits_are_kept_at_the_gate() {
    let conn = |context: usize| ConnRecord {
        conn: 1,
        peer: "127.0.0.1:1".parse().unwrap(),
        listener: 0,
        served: 0,
        mailbox: 0,
        hashes: Hashing::No,
        context: vec![0; context],
    };
    let refused = |reply: Reply| {
        let mut wire = Vec::new();
        reply.encode(&mut wire);
        matches!(Reply::decode(&wire, reply.descriptors()), Err(Refused::TooBig(_)))
    };
    assert!(!refused(Reply::Idle { job: 1, conn: conn(8 * 1024) }));
    assert!(refused(Reply::Idle { job: 1, conn: conn(8 * 1024 + 1) }));
    assert!(refused(Reply::Changed { changes: vec![(1, 1); 1025].into() }));
    let keep = |watch: usize, context: usize| HoldUpdate {
        watch: vec![(1, 1); watch].into(),
        context: vec![0; context].into(),
    };
    let still = |keep| Reply::Rendered { job: 1, held: 1, outcome: HeldOutcome::Still { keep } };
    assert!(!refused(still(keep(256, 10 * 1024))));
    assert!(refused(still(keep(257, 0))));
    assert!(refused(still(keep(1, 10 * 1024 + 1))));
    assert!(refused(Reply::Discard {
        job: 1,
        conn: conn(0),
        limit: 0,
        then: AfterReply::Keep,
        reply: vec![0; MAX_MESSAGE]
    }));
    let answer = |n| HeldOutcome::Answer { then: AfterReply::Keep, bytes: Body::Inline(vec![0; n]) };
    assert!(!refused(Reply::Rendered { job: 1, held: 1, outcome: answer(64 * 1024) }));
    assert!(refused(Reply::Rendered { job: 1, held: 1, outcome: answer(64 * 1024 + 1) }));
    let together = |n| {
        let calls = vec![RenderedCall { held: 1, outcome: HeldOutcome::Unreadable }; n];
        Reply::RenderedTogether { job: 1, outcomes: calls.into() }
    };
    assert!(!refused(together(128)) && refused(together(129)));
}
