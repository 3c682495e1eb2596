//! Whatever a scheme would keep: a connection that many share keeps nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
use ewsd_http::head::parse_head;
use ewsd_model::id::{Guid, MailboxNo};
use ewsd_store::Options;

use super::*;

/// A scheme in two steps, as NTLM: the second must repeat what lies with the connection, and binds it.
struct TwoSteps;

impl Scheme for TwoSteps {
    fn number(&self) -> u8 {
        200
    }
    fn name(&self) -> &'static str {
        "steps"
    }
    fn speaks(&self, _: &Settings, _: Peer) -> bool {
        true
    }
    fn offer(&self, _: &Settings, _: Peer, _: &dyn Fn() -> String) -> Option<String> {
        Some("Steps".to_owned())
    }
    fn accept(&self, attempt: &Attempt<'_>, _: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied> {
        let bound = |state: &[u8]| Bound { scheme: 200, state: state.to_vec() };
        match (attempt.credentials("Steps"), attempt.bound) {
            (None, Some(b"known")) => Ok(Some(Entered {
                account: account(7),
                via: AdmittedBy::Connection,
                bound: Some(bound(b"known")),
                reply: None,
            })),
            (None, _) => Ok(None),
            (Some(b"begin"), _) => {
                Err(Denied::Continue { challenge: "Steps 17".to_owned(), bound: Some(bound(b"17")) })
            }
            (Some(said), Some(pending)) if said == pending => Ok(Some(Entered {
                account: account(7),
                via: AdmittedBy::Password,
                bound: Some(bound(b"known")),
                reply: None,
            })),
            _ => Err(Denied::Refused),
        }
    }
}

pub(super) fn account(number: i64) -> Rc<Account> {
    Rc::new(Account {
        account: number,
        login: "alice".into(),
        display_name: "Alice".into(),
        password_phc: None,
        disabled: false,
        mailbox: MailboxNo(number),
        guid: Guid([7; 16]),
        language: "en".into(),
        primary_address: None,
        quota_bytes: None,
        zone: None,
        working_hours: None,
        resource: None,
        booking: Default::default(),
        exempt: false,
    })
}

/// From where a request comes.
pub(super) fn peer(shared: bool, proxied: bool, relayed: bool) -> Peer {
    Peer { address: "192.0.2.1".parse().unwrap(), shared, proxied, relayed, schemes: u32::MAX }
}

/// A client's own connection; and those of others: a proxy's that was named to us, one that gives itself away, both, and
/// one of which nothing is known.
pub(super) fn peers() -> [(Peer, bool); 5] {
    [
        (peer(false, false, false), true),
        (peer(false, true, true), false),
        (peer(false, false, true), false),
        (peer(true, true, false), false),
        (Peer::UNKNOWN, false),
    ]
}

/// What comes of a request with that line in its head, or without any, when [`account`] is known.
pub(super) fn ask_for(
    schemes: &[&dyn Scheme],
    settings: &Settings,
    line: &str,
    bound: Option<&Bound>,
    peer: Peer,
) -> Result<Entered, Denied> {
    let text = format!("POST / HTTP/1.1\r\nHost: x\r\n{line}\r\n");
    let head = parse_head(text.as_bytes()).unwrap();
    let shared = Shared::map(ewsd_ipc::shared::create(&[7; 32]).unwrap()).unwrap();
    let mut store = Store::lazy(&Options::new("host=/nowhere")).unwrap();
    let mut known = AccountCache::default();
    known.insert(account(7), 1, 100);
    let mut cx = Circumstances {
        store: &mut store,
        settings,
        shared: &shared,
        known: &mut known,
        keyring: &mut Keyring::default(),
        kerberos: &mut Acceptor::default(),
        tokens: &mut Keys::default(),
        owners: &mut Owners::default(),
        hasher: &mut Hasher::default(),
        turn: Turn::default(),
        logins: None,
        delay_ms: 0,
        epoch: 1,
        now: 1,
    };
    judge(schemes, &head, peer, bound, &mut cx)
}

fn ask(authorization: &str, bound: Option<&Bound>, proxied: bool) -> Result<Entered, Denied> {
    ask_for(&[&TwoSteps], &Settings::default(), authorization, bound, peer(false, proxied, false))
}

#[test]
fn a_scheme_may_go_in_steps_and_bind_the_connection() {
    assert_eq!(ask("", None, false).unwrap_err(), Denied::Unasked);
    let Denied::Continue { challenge, bound } = ask("Authorization: steps begin\r\n", None, false).unwrap_err() else {
        panic!("it goes on")
    };
    assert_eq!(challenge, "Steps 17");
    let bound = bound.unwrap();
    assert_eq!(ask("Authorization: Steps 18\r\n", Some(&bound), false).unwrap_err(), Denied::Refused);
    assert_eq!(ask("Authorization: Steps 17\r\n", None, false).unwrap_err(), Denied::Refused);
    let entered = ask("Authorization: Steps 17\r\n", Some(&bound), false).unwrap();
    let bound = entered.bound.unwrap();
    assert_eq!(ask("", Some(&bound), false).unwrap().via, AdmittedBy::Connection);
    let foreign = Bound { scheme: 201, ..bound.clone() };
    assert_eq!(ask("", Some(&foreign), false).unwrap_err(), Denied::Unasked, "another scheme's");
}

#[test]
fn nothing_sticks_to_a_proxys_connection() {
    let bound = Bound { scheme: 200, state: b"known".to_vec() };
    assert_eq!(ask("", Some(&bound), true).unwrap_err(), Denied::Unasked);
    assert!(ask("Authorization: Steps 17\r\n", Some(&Bound { state: b"17".to_vec(), ..bound }), true).is_err());
}

/// A row of the table as it would be if it let a connection be somebody's: who asks once has it.
struct Sticky(&'static dyn Scheme);

impl Scheme for Sticky {
    fn number(&self) -> u8 {
        self.0.number()
    }
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn speaks(&self, _: &Settings, _: Peer) -> bool {
        true
    }
    fn offer(&self, _: &Settings, _: Peer, _: &dyn Fn() -> String) -> Option<String> {
        Some(self.name().to_owned())
    }
    fn accept(&self, attempt: &Attempt<'_>, _: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied> {
        let bound = || Some(Bound { scheme: self.number(), state: b"known".to_vec() });
        let entered = |via| Ok(Some(Entered { account: account(7), via, bound: bound(), reply: None }));
        match (attempt.head.header("Authorization"), attempt.bound) {
            (Some(b"begin"), _) => Err(Denied::Continue { challenge: self.name().to_owned(), bound: bound() }),
            (Some(_), _) => entered(AdmittedBy::Password),
            (None, Some(b"known")) => entered(AdmittedBy::Connection),
            (None, _) => Ok(None),
        }
    }
}

/// Whatever a scheme of the table would keep, on whichever connection that is not one client's alone.
#[test]
fn no_row_of_the_table_leaves_anything_with_a_shared_connection() {
    let settings = Settings::default();
    for row in SCHEMES {
        let sticky = Sticky(*row);
        let left = Bound { scheme: row.number(), state: b"known".to_vec() };
        for (peer, alone) in peers() {
            let ask = |line: &str, bound| ask_for(&[&sticky], &settings, line, bound, peer);
            let (name, stays) = (row.name(), alone.then_some(&left));
            let entered = ask("Authorization: somebody\r\n", None).unwrap();
            assert_eq!(entered.bound.as_ref(), stays, "{name}: a login leaves its name behind for {peer:?}");
            let Denied::Continue { bound, .. } = ask("Authorization: begin\r\n", None).unwrap_err() else {
                panic!("{name} goes on")
            };
            assert_eq!(bound.as_ref(), stays, "{name}: half a login is left behind for {peer:?}");
            let next = ask("", Some(&left)).map(|entered| entered.via);
            let expected = if alone { Ok(AdmittedBy::Connection) } else { Err(Denied::Unasked) };
            assert_eq!(next, expected, "{name}: the next one over the connection of {peer:?}");
        }
    }
}
