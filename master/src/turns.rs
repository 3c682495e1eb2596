//! Whose turn it is: requests wait in lanes, and the lanes take turns, so that whoever asks a lot waits behind itself and not
//! others behind it.
//!
//! A lane is an account's where a worker said before whose the credentials are that a request carries; the master keeps a hash of
//! these under a key of its own start, and a number. Whoever has not said who it is, or is not known yet, waits with its network.
//! Whose password must be hashed, as a worker has found out, waits in a lane of its own, strangers network by network behind those who are
//! known: all of these together keep a quarter of the workers busy, and nobody else waits behind them.
//! What the master itself wants of workers (renders, sweeps, probes) takes every second turn: it is short, and somebody waits.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use ewsd_http::Head;
use ewsd_http::forwarded::{Origin, origin};
use ewsd_http::network::Network;
use ewsd_ipc::message::Hashing;

use crate::dispatch::Waiting;
use crate::master::Master;
use crate::state::{Admission, Conn, ConnId, Protocol, ReadyJob};

/// Who waits together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lane {
    /// Clients without a share of their own: local ones, and what proxies name no client for.
    #[default]
    Shared,
    /// Mail that comes in.
    Mail,
    /// An account, by the number of its mailbox.
    Account(u64),
    /// Clients of one network, by its hash.
    Network(u64),
    /// Those whose passwords are hashed: of a network, or of a known account.
    Hashing { key: u64, known: bool },
}

impl Lane {
    /// Whose password is hashed in its turn.
    pub fn hashes(self) -> Hashing {
        match self {
            Lane::Hashing { known: true, .. } => Hashing::Known,
            Lane::Hashing { known: false, .. } => Hashing::Strangers,
            _ => Hashing::No,
        }
    }
}

/// A lane as connections keep it: what tells lanes apart of one kind stands outside, so that the kind takes an octet and no word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, packed)]
pub struct ThinLane {
    kind: LaneKind,
    key: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LaneKind {
    Shared,
    Mail,
    Account,
    Network,
    Strangers,
    Known,
}

impl From<Lane> for ThinLane {
    fn from(lane: Lane) -> ThinLane {
        let (kind, key) = match lane {
            Lane::Shared => (LaneKind::Shared, 0),
            Lane::Mail => (LaneKind::Mail, 0),
            Lane::Account(mailbox) => (LaneKind::Account, mailbox),
            Lane::Network(key) => (LaneKind::Network, key),
            Lane::Hashing { key, known: false } => (LaneKind::Strangers, key),
            Lane::Hashing { key, known: true } => (LaneKind::Known, key),
        };
        ThinLane { kind, key }
    }
}

impl From<ThinLane> for Lane {
    fn from(lane: ThinLane) -> Lane {
        let key = lane.key;
        match lane.kind {
            LaneKind::Shared => Lane::Shared,
            LaneKind::Mail => Lane::Mail,
            LaneKind::Account => Lane::Account(key),
            LaneKind::Network => Lane::Network(key),
            LaneKind::Strangers => Lane::Hashing { key, known: false },
            LaneKind::Known => Lane::Hashing { key, known: true },
        }
    }
}

/// How many workers may be busy at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// For one lane.
    pub one: usize,
    /// For all whose passwords are hashed.
    pub hashing: usize,
}

/// Entries of the lanes that may be nobody's any more, beside as many as there are connections.
const FORGOTTEN: usize = 256;

/// What waits, and who is being served.
#[derive(Debug, Default)]
pub struct Turns {
    own: VecDeque<Waiting>,
    own_was_last: bool,
    lanes: HashMap<Lane, VecDeque<ConnId>>,
    /// Lanes in which somebody waits; the first one is next.
    order: VecDeque<Lane>,
    /// Those in all lanes together. Some may have gone, or been told to come again, since.
    waiting: usize,
    /// Jobs of each lane that were handed out and are not over.
    at_work: HashMap<Lane, usize>,
    /// Of those whose passwords are hashed, together.
    hashing: usize,
    /// Mailboxes whose accounts may have all workers.
    exempt: HashSet<u64>,
}

impl Turns {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.order.is_empty()
    }

    /// What the master itself wants.
    pub fn own(&self) -> impl ExactSizeIterator<Item = &Waiting> {
        self.own.iter()
    }

    /// How many requests wait; some of their clients may have left.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whose requests wait, in the order of their turns if nothing else comes.
    pub fn requests(&self) -> Vec<ConnId> {
        let lanes: Vec<_> = self.order.iter().filter_map(|lane| self.lanes.get(lane)).collect();
        let rounds = lanes.iter().map(|lane| lane.len()).max().unwrap_or(0);
        (0..rounds).flat_map(|round| lanes.iter().filter_map(move |lane| lane.get(round))).copied().collect()
    }

    /// At the end of its lane.
    pub fn push(&mut self, lane: Lane, id: ConnId) {
        let waiting = self.lanes.entry(lane).or_default();
        if waiting.is_empty() {
            self.order.push_back(lane);
        }
        waiting.push_back(id);
        self.waiting += 1;
    }

    /// Forgets whoever waits no more, when they are many: nobody takes them out while no worker is ready.
    pub fn tidy(&mut self, connections: usize, waits: impl Fn(ConnId) -> bool) {
        if self.waiting <= 2 * connections + FORGOTTEN {
            return;
        }
        self.lanes.retain(|_, waiting| {
            waiting.retain(|id| waits(*id));
            !waiting.is_empty()
        });
        let lanes = &self.lanes;
        self.order.retain(|lane| lanes.contains_key(lane));
        self.waiting = self.lanes.values().map(VecDeque::len).sum();
    }

    /// At the end of what the master itself wants.
    pub fn push_own(&mut self, waiting: Waiting) {
        self.own.push_back(waiting);
    }

    /// Before all that the master itself wants.
    pub fn push_urgent(&mut self, waiting: Waiting) {
        self.own.push_front(waiting);
        self.own_was_last = false;
    }

    /// Whose turn it is, of those who keep fewer workers busy than they may.
    pub fn pop(&mut self, shares: Shares) -> Option<(Lane, Waiting)> {
        if !self.own_was_last || self.order.is_empty() {
            if let Some(own) = self.own.pop_front() {
                self.own_was_last = true;
                return Some((Lane::Shared, own));
            }
        }
        let known = self.order.iter().any(|lane| lane.hashes() == Hashing::Known);
        let waits = |lane: Lane| known && lane.hashes() == Hashing::Strangers;
        let next = self.order.iter().position(|lane| self.may_go(*lane, shares) && !waits(*lane));
        let Some(lane) = next.and_then(|at| self.order.remove(at)) else {
            return self.own.pop_front().map(|own| (Lane::Shared, own));
        };
        self.own_was_last = false;
        let waiting = self.lanes.get_mut(&lane)?;
        let id = waiting.pop_front()?;
        self.waiting -= 1;
        if waiting.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.order.push_back(lane);
        }
        Some((lane, Waiting::Conn(id)))
    }

    /// It could not be sent after all: it is the next one again.
    pub fn put_back(&mut self, lane: Lane, waiting: Waiting) {
        let Waiting::Conn(id) = waiting else { return self.push_urgent(waiting) };
        self.lanes.entry(lane).or_default().push_front(id);
        self.waiting += 1;
        self.order.retain(|other| *other != lane);
        self.order.push_front(lane);
    }

    /// Takes everything of the master's own.
    pub fn take_own(&mut self) -> VecDeque<Waiting> {
        std::mem::take(&mut self.own)
    }

    /// Whether a lane keeps fewer workers busy than it may, or has no share that it could exceed.
    pub fn may_go(&self, lane: Lane, shares: Shares) -> bool {
        match lane {
            Lane::Hashing { .. } => self.hashing < shares.hashing,
            _ => !self.has_share(lane) || self.at_work.get(&lane).is_none_or(|busy| *busy < shares.one),
        }
    }

    /// Whether only so many workers may be busy for it at a time.
    fn has_share(&self, lane: Lane) -> bool {
        match lane {
            Lane::Account(mailbox) => !self.is_exempt(mailbox),
            Lane::Network(_) | Lane::Hashing { .. } => true,
            Lane::Shared | Lane::Mail => false,
        }
    }

    /// Whether an account's share binds it.
    pub fn set_exempt(&mut self, mailbox: u64, exempt: bool) {
        if exempt {
            self.exempt.insert(mailbox);
        } else {
            self.exempt.remove(&mailbox);
        }
    }

    /// Whether shares do not bind an account.
    pub fn is_exempt(&self, mailbox: u64) -> bool {
        self.exempt.contains(&mailbox)
    }

    /// Accounts were changed: who is exempt is told with their next requests.
    pub fn forget_exempt(&mut self) {
        self.exempt.clear();
    }

    /// A job of that lane was handed out.
    pub fn begin(&mut self, lane: Lane) {
        *self.at_work.entry(lane).or_insert(0) += 1;
        self.hashing += usize::from(lane.hashes() != Hashing::No);
    }

    /// A job of that lane is over, or was taken back.
    pub fn end(&mut self, lane: Lane) {
        if let Some(busy) = self.at_work.get_mut(&lane) {
            *busy = busy.saturating_sub(1);
            self.hashing = self.hashing.saturating_sub((lane.hashes() != Hashing::No).into());
            if *busy == 0 {
                self.at_work.remove(&lane);
            }
        }
    }
}

/// Most credentials of which the accounts are known, twice: the older half is forgotten.
const KNOWN: usize = 32_768;

/// What stands for credentials: half of a hash under a key of this start, which nobody can aim at. Should two be alike, one waits
/// in the other's turn once, until a worker says whose it is.
pub type Credentials = u32;

/// Whose credentials workers have found good. All of it may be forgotten at any time: it decides about turns and nothing else.
#[derive(Debug, Default)]
pub struct KnownCredentials {
    key: RandomState,
    recent: HashMap<Credentials, u64>,
    former: HashMap<Credentials, u64>,
}

impl KnownCredentials {
    /// What stands for the credentials in a head that are the same in each request of a client (RFC 7617, RFC 6750); 0: none.
    pub fn credentials(&self, head: &Head<'_>) -> Credentials {
        let value = head.header("authorization").unwrap_or_default();
        let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
        let lasts = scheme.eq_ignore_ascii_case(b"basic") || scheme.eq_ignore_ascii_case(b"bearer");
        if lasts { (self.key.hash_one(value) as Credentials).max(1) } else { 0 }
    }

    fn account(&mut self, credentials: Credentials) -> Option<u64> {
        if let Some(account) = self.recent.get(&credentials) {
            return Some(*account);
        }
        let account = self.former.remove(&credentials)?;
        self.meet(credentials, account);
        Some(account)
    }

    /// A worker found out.
    pub fn meet(&mut self, credentials: Credentials, account: u64) {
        if self.recent.len() >= KNOWN {
            self.former = std::mem::take(&mut self.recent);
        }
        self.recent.insert(credentials, account);
    }

    /// Accounts were changed: credentials may be somebody else's now.
    pub fn forget(&mut self) {
        self.recent.clear();
        self.former.clear();
    }

    fn network(&self, address: IpAddr) -> Lane {
        Lane::Network(self.key.hash_one(network(address)))
    }
}

/// The network that shares are counted by.
pub fn network(address: IpAddr) -> Network {
    Network::around(address, 24, 64)
}

impl Master {
    /// In which lane a connection's request waits, now that its head is there.
    pub fn find_lane(&mut self, id: ConnId, credentials: Credentials, forwarded: Option<&str>) {
        let Some(conn) = self.table.get(id) else { return };
        let stays = conn.lane();
        let is_proxy = |address: IpAddr| address.is_unspecified() || is_among(&self.config.proxies, address);
        let proxied = is_proxy(conn.ip.to_canonical());
        let Origin { address, shared } = origin(conn.ip, forwarded, is_proxy);
        let lane = match (self.acquaintances.account(credentials), stays) {
            (Some(account), _) => Lane::Account(account),
            // On a connection that is one client's alone who was found stays who it is.
            (None, Lane::Account(_)) if credentials == 0 && !proxied => stays,
            _ if shared || address.is_loopback() || self.is_exempt(address) => Lane::Shared,
            _ => self.acquaintances.network(address),
        };
        if let Some(conn) = self.table.get_mut(id) {
            conn.credentials = credentials;
            conn.set_lane(lane);
        }
    }

    /// A worker says whose the request is with which a connection came.
    pub fn met(&mut self, id: ConnId, mailbox: u64, exempt: bool) {
        self.dispatch.queue.set_exempt(mailbox, exempt);
        let Some(conn) = self.table.get_mut(id) else { return };
        conn.set_lane(Lane::Account(mailbox));
        if conn.credentials != 0 {
            self.acquaintances.meet(conn.credentials, mailbox);
        }
    }

    /// Request workers that may be busy at a time.
    pub fn shares(&self) -> Shares {
        let one = match self.config.limits.workers_per_account {
            0 => (self.config.workers * 3).div_ceil(4),
            most => most,
        };
        Shares { one, hashing: (self.config.workers / 4).max(1) }
    }

    /// A worker gives back a request for the sake of its password. Its socket is here again.
    ///
    /// # Errors
    /// It was handed out for that.
    pub fn hash_later(
        &mut self,
        id: ConnId,
        known: bool,
        head: Vec<u8>,
        body: Vec<u8>,
        admission: Option<Admission>,
    ) -> Result<(), String> {
        let Some(conn) = self.table.get_mut(id) else { return Ok(()) };
        let key = match conn.lane() {
            Lane::Network(key) | Lane::Account(key) => key,
            // Local ones, address by address; those of a proxy that names nobody wait together.
            Lane::Shared | Lane::Mail => self.acquaintances.key.hash_one(conn.ip),
            Lane::Hashing { .. } => {
                self.close(id);
                return Err("gave back what it was to hash".to_owned());
            }
        };
        conn.set_lane(Lane::Hashing { key, known });
        let ready = if let Some(admission) = admission {
            ReadyJob::Admit(Box::new(admission))
        } else {
            let lengths = ReadyJob::Http { head_len: head.len(), body_len: body.len() };
            conn.pending = [head, body, conn.pending.take()].concat().into();
            lengths
        };
        let expires = self.clock.after(self.config.limits.queue);
        self.submit_by(id, ready, expires);
        Ok(())
    }

    /// Whether connections from there are counted by their network: neither local ones nor those of proxies are, nor those of
    /// exempt ones.
    pub fn has_network_share(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !address.is_unspecified()
            && !address.is_loopback()
            && !is_among(&self.config.proxies, address)
            && !self.is_exempt(address)
    }

    /// Whether any number of connections may come from there.
    pub fn is_exempt(&self, address: IpAddr) -> bool {
        is_among(&self.config.exempt, address.to_canonical())
    }
}

/// Where a connection that has sent no head waits.
pub fn first_lane(kind: Protocol) -> Lane {
    if kind == Protocol::Lmtp { Lane::Mail } else { Lane::Shared }
}

/// The mailbox of whose request it is, or was last; 0: not known.
pub fn known_mailbox(conn: &Conn) -> u64 {
    match conn.lane() {
        Lane::Account(mailbox) => mailbox,
        _ => 0,
    }
}

fn is_among(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ANNA: Lane = Lane::Account(1);
    const BERT: Lane = Lane::Account(2);

    fn of(one: usize) -> Shares {
        Shares { one, hashing: 1 }
    }

    /// What comes out, as numbers of connections; 0 is the master's own.
    fn order(turns: &mut Turns, one: usize) -> Vec<ConnId> {
        std::iter::from_fn(|| turns.pop(of(one)))
            .map(|(_, waiting)| if let Waiting::Conn(id) = waiting { id } else { 0 })
            .collect()
    }

    #[test]
    fn who_asks_a_lot_waits_behind_itself() {
        let mut turns = Turns::default();
        for id in 1..=4 {
            turns.push(ANNA, id);
        }
        turns.push(BERT, 11);
        turns.push(Lane::Mail, 21);
        turns.push(BERT, 12);
        assert_eq!(turns.requests(), [1, 11, 21, 2, 12, 3, 4]);
        assert_eq!(order(&mut turns, 9), [1, 11, 21, 2, 12, 3, 4]);
        assert!(turns.is_empty() && turns.lanes.is_empty());
    }

    #[test]
    fn the_masters_own_takes_every_second_turn() {
        let mut turns = Turns::default();
        for _ in 0..3 {
            turns.push_own(Waiting::Sweep(Vec::new()));
        }
        turns.push(ANNA, 1);
        turns.push(BERT, 2);
        assert_eq!(order(&mut turns, 9), [0, 1, 0, 2, 0]);
        turns.push(ANNA, 1);
        turns.push_urgent(Waiting::Probe);
        assert_eq!(order(&mut turns, 9), [0, 1]);
    }

    #[test]
    fn a_share_of_the_workers_is_all_that_one_lane_gets() {
        let mut turns = Turns::default();
        turns.begin(ANNA);
        turns.begin(ANNA);
        turns.push(ANNA, 1);
        turns.push(BERT, 2);
        assert_eq!(order(&mut turns, 2), [2], "the other goes on");
        assert!(!turns.is_empty());
        turns.end(ANNA);
        assert_eq!(order(&mut turns, 2), [1]);
        turns.set_exempt(1, true);
        assert!(turns.may_go(ANNA, of(0)), "no share binds her");
        turns.forget_exempt();
        turns.begin(ANNA);
        assert!(!turns.may_go(ANNA, of(1)));
        for lane in [Lane::Shared, Lane::Mail] {
            (0..9).for_each(|_| turns.begin(lane));
            assert!(turns.may_go(lane, of(1)), "{lane:?} is nobody's share");
        }
    }

    /// However many networks they are of.
    #[test]
    fn nobody_waits_behind_strangers_whose_passwords_are_hashed() {
        let mut turns = Turns::default();
        let stranger = |key| Lane::Hashing { key, known: false };
        for key in 1..=50 {
            turns.push(stranger(key), 100 + key);
        }
        turns.push(ANNA, 1);
        let (lane, waiting) = turns.pop(of(9)).unwrap();
        assert_eq!((lane, matches!(waiting, Waiting::Conn(101))), (stranger(1), true));
        turns.begin(lane);
        turns.push(Lane::Hashing { key: 7, known: true }, 2);
        assert_eq!(order(&mut turns, 9), [1], "one is at work");
        turns.end(lane);
        // As none is said to be at work.
        let all = order(&mut turns, 9);
        assert_eq!((all.first(), all.len()), (Some(&2), 50), "the known one is before them");
        assert!(turns.is_empty());
    }

    #[test]
    fn who_waits_no_more_is_forgotten_when_there_are_many() {
        let mut turns = Turns::default();
        for id in 1..=1000 {
            turns.push(if id % 2 == 0 { ANNA } else { BERT }, id);
            turns.tidy(1, |waiting| waiting == id || waiting == 7);
            assert!(turns.waiting <= 1 + FORGOTTEN + 2, "{}", turns.waiting);
        }
        turns.tidy(0, |id| id == 7);
        let left = order(&mut turns, 9);
        assert!(left.contains(&7) && left.len() < 300, "{}", left.len());
        assert!(turns.is_empty() && turns.lanes.is_empty() && turns.waiting == 0);
    }

    #[test]
    fn what_was_put_back_is_next_and_once() {
        let mut turns = Turns::default();
        for (lane, id) in [(ANNA, 1), (ANNA, 2), (BERT, 3)] {
            turns.push(lane, id);
        }
        let (lane, waiting) = turns.pop(of(9)).unwrap();
        turns.put_back(lane, waiting);
        assert_eq!(order(&mut turns, 9), [1, 3, 2]);
    }

    #[test]
    fn credentials_that_last_are_known_again() {
        let mut known = KnownCredentials::default();
        let of = |known: &KnownCredentials, value: &str| {
            let head = format!("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: {value}\r\n\r\n");
            known.credentials(&ewsd_http::head::parse_head(head.as_bytes()).unwrap())
        };
        let basic = of(&known, "Basic YTpi");
        assert!(basic != 0 && basic == of(&known, "Basic YTpi") && basic != of(&known, "Basic YTpj"));
        assert_eq!((of(&known, "NTLM TlRM"), of(&known, "Negotiate YII=")), (0, 0));
        known.meet(basic, 7);
        for other in (0..=Credentials::MAX).filter(|other| *other != basic).take(KNOWN) {
            known.meet(other, 1);
        }
        assert_eq!(known.account(basic), Some(7), "who comes again stays");
        known.forget();
        assert_eq!(known.account(basic), None);
    }
}
