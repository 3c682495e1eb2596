//! Behind Apache, nginx and HAProxy with every way of saying who one is that may pass them, mixed: what one client proves
//! goes over connections that carry the requests of many, and is nobody else's.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::support::demo::Demo;
use crate::support::ews::basic;
use crate::support::http::{Http, Reply};
use crate::support::shipped::{ALL, Kind, Proxy};
use crate::support::ways::{self, BY_PROXY, BY_TICKET, Line, OPEN, Person, Way, World};

crate::tests![a_pooled_connection_is_nobodys];

/// Clients of each proxy, all at once.
const CLIENTS: usize = 40;
/// Every so many requests, one has a body that is asked for when its head is known.
const LARGE: u64 = 8;
/// How often each of a row of requests is tried to be sent over the same connection.
const TRIES: usize = 5;
/// How often a client of Digest goes on with another nonce.
const STALE: usize = 3;
/// Wrong answers that are shown.
const SHOWN: usize = 10;

fn a_pooled_connection_is_nobodys() {
    let world = World::make(CLIENTS);
    a_login_leaves_nothing_behind(&world);
    each_answer_belongs_to_who_asked(&world);
}

/// How long the clients go on asking. In the long run of before a release: EWSD_PROXY_SECONDS=600.
fn time() -> Duration {
    let seconds = std::env::var("EWSD_PROXY_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

/// What came of a request that says nothing of its sender.
fn refused(reply: Reply) -> Result<Reply, String> {
    if reply.status == 401 { Ok(reply) } else { Err(format!("nobody: {} {:.300}", reply.status, reply.text())) }
}

/// A proxy, and its door with TLS.
struct Door {
    kind: Kind,
    proxy: Proxy,
    tls: SocketAddr,
}

impl Door {
    /// As it is shipped.
    fn open(world: &World, kind: Kind, listener: Option<SocketAddr>) -> Option<Door> {
        let (proxy, tls) = world.start(kind, listener, &[])?;
        Some(Door { kind, proxy, tls })
    }

    /// With a pool of which the next request takes a connection, whoever's it is, where one is free.
    fn to_one_connection(world: &World, kind: Kind) -> Option<Door> {
        // As it is shipped, HAProxy sends the first request of a client over a connection that no other has used.
        let (listener, reuse): (_, &[_]) = match kind {
            Kind::Haproxy => (Some(world.quiet()), &[("http-reuse safe", "http-reuse always")]),
            Kind::Apache | Kind::Nginx => (None, &[]),
        };
        let (proxy, tls) = world.start(kind, listener, reuse)?;
        Some(Door { kind, proxy, tls })
    }

    /// For whoever comes after somebody, by the same door, over a connection of its own to the proxy.
    fn stranger(&self, world: &World, person: &Person) -> Line {
        match person.tls {
            Some(_) => Line::new(self.tls, Some(&world.stranger)),
            None => Line::new(self.proxy.address, None),
        }
    }
}

/// Somebody's client of a proxy.
struct Client<'a> {
    world: &'a World,
    kind: Kind,
    person: &'a Person,
    own: Line,
    /// For whoever says nothing, where its own connection says something by itself.
    nobody: Option<Line>,
    asked: u64,
}

impl<'a> Client<'a> {
    fn new(world: &'a World, door: &Door, person: &'a Person) -> Client<'a> {
        let (own, nobody) = match &person.tls {
            Some(config) => (Line::new(door.tls, Some(config)), Some(Line::new(door.tls, Some(&world.stranger)))),
            None => (Line::new(door.proxy.address, None), None),
        };
        Client { world, kind: door.kind, person, own, nobody, asked: 0 }
    }

    /// Nobody, over the same connection where that can be.
    fn as_nobody(&mut self) -> Result<Reply, String> {
        self.nobody.as_mut().unwrap_or(&mut self.own).ask(OPEN, &[], false).and_then(refused)
    }

    /// Nobody first, whose answer says how to go on; then who it is, whose answer must be its own.
    fn ask(&mut self) -> Result<(), String> {
        let challenge = self.as_nobody()?;
        self.asked += 1;
        let large = self.asked % LARGE == 0;
        let Person { account, token, .. } = self.person;
        let (path, authorization) = match self.person.way {
            Way::Basic => (OPEN, basic(&account.login, &account.password)),
            Way::Sha256 | Way::Md5 => (OPEN, ways::digest(self.person, &challenge)?),
            Way::Bearer => (OPEN, format!("Authorization: Bearer {token}")),
            Way::Header => (BY_PROXY, basic(&account.login, ways::PROXYS_PASSWORD)),
            Way::Certificate => (OPEN, "X-Asks: by certificate".to_owned()),
            Way::Kerberos => return self.ask_with_ticket(),
            Way::Ntlm => return self.ask_in_vain(),
        };
        let mut reply = self.own.ask(path, &[&authorization], large)?;
        // Nonces of one second may have one place among those that were used: the later one is stale at once (RFC 7616 3.3).
        for _ in 0..STALE {
            if !ways::is_stale(&reply) {
                break;
            }
            reply = self.own.ask(path, &[&ways::digest(self.person, &reply)?], large)?;
        }
        self.is_own(&reply)
    }

    /// By curl, whom ewsd asks for the ticket, and Apache for every other request.
    fn ask_with_ticket(&self) -> Result<(), String> {
        let by_apache = self.kind == Kind::Apache && ways::apache_takes_tickets() && self.asked % 2 == 0;
        let path = if by_apache { BY_TICKET } else { OPEN };
        let reply = self.world.curl(self.person, self.own.to.port(), path)?;
        self.is_own(&reply)
    }

    /// NTLM binds a connection, so it is not even begun.
    fn ask_in_vain(&mut self) -> Result<(), String> {
        for scheme in ["NTLM", "Negotiate"] {
            let begins = format!("Authorization: {scheme} TlRMTVNTUAABAAAAB4IIAA==");
            let reply = self.own.ask(OPEN, &[&begins], false)?;
            let mut offers = reply.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
            let begun = offers.any(|(_, offer)| offer.starts_with("NTLM") || offer.starts_with("Negotiate T"));
            if reply.status != 401 || begun {
                return Err(format!("{scheme} is begun: {} {:?}", reply.status, reply.headers));
            }
        }
        Ok(())
    }

    fn is_own(&self, reply: &Reply) -> Result<(), String> {
        let found = ways::inbox(reply)?;
        let owner =
            || self.world.people.iter().find(|person| person.inbox == found).map(|person| &person.account.login);
        if found == self.person.inbox { Ok(()) } else { Err(format!("the answer is {:?}'s", owner())) }
    }
}

/// Requests by proxy and way, and what was wrong.
#[derive(Default)]
struct Tally {
    asked: BTreeMap<(String, String), u64>,
    wrong: Vec<String>,
}

fn ask_until(end: Instant, mut client: Client<'_>, tally: &Mutex<Tally>) {
    let (mut rounds, mut wrong) = (0, Vec::new());
    while Instant::now() < end {
        rounds += 1;
        let what = client.ask();
        let way = client.person.way;
        wrong.extend(
            what.err().map(|what| format!("{:?} {way:?} {}: {what}", client.kind, client.person.account.login)),
        );
    }
    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    for (who, times) in [(format!("{:?}", client.person.way), client.asked), ("nobody".to_owned(), rounds)] {
        *tally.asked.entry((format!("{:?}", client.kind), who)).or_default() += times;
    }
    tally.wrong.extend(wrong);
}

/// The clients of all three proxies at once, each with a mailbox of its own at its proxy; every other request is
/// nobody's.
fn each_answer_belongs_to_who_asked(world: &World) {
    let before = taken(&world.server);
    let mut doors: Vec<(Door, Vec<&Person>)> = Vec::new();
    for kind in ALL {
        // Nobody shares a connection of HAProxy's over which Kerberos was offered: there it has a door of its own.
        let (apart, here): (Vec<_>, Vec<_>) =
            world.people.iter().partition(|person| kind == Kind::Haproxy && person.way == Way::Kerberos);
        let listener = (kind == Kind::Haproxy).then(|| world.quiet());
        doors.extend(Door::open(world, kind, listener).map(|door| (door, here)));
        if !apart.is_empty() {
            doors.extend(Door::open(world, kind, None).map(|door| (door, apart)));
        }
    }
    let (tally, end) = (Mutex::new(Tally::default()), Instant::now() + time());
    std::thread::scope(|scope| {
        for (door, people) in &doors {
            for person in people {
                let (tally, client) = (&tally, Client::new(world, door, person));
                scope.spawn(move || ask_until(end, client, tally));
            }
        }
    });
    let (Tally { asked, wrong }, used) = (tally.into_inner().unwrap(), taken(&world.server) - before);
    for kind in ALL {
        let mine = asked.iter().filter(|((proxy, _), _)| *proxy == format!("{kind:?}"));
        let figures: Vec<String> = mine.map(|((_, who), times)| format!("{who} {times}")).collect();
        println!("{kind:?}, {} clients: {}", world.people.len(), figures.join(", "));
    }
    println!("wrong answers: {}; connections of the proxies: {used}", wrong.len());
    assert!(wrong.is_empty(), "{} are wrong, as\n{}", wrong.len(), wrong[..wrong.len().min(SHOWN)].join("\n"));
    assert!(asked.values().all(|times| *times > 0), "{asked:?}");
}

/// Connections that a server has taken for HTTP so far.
fn taken(server: &Demo) -> u64 {
    let metrics = Http::connect(server.admin()).get("/metrics", &[]).text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("ewsd_accepted_total{listener=\"http\"} "));
    line.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("no count of connections in {metrics}"))
}

/// Somebody, by each way; nobody; somebody else; nobody: one after the other, over one and the same connection of the
/// proxy's.
fn a_login_leaves_nothing_behind(world: &World) {
    let mut wrong = Vec::new();
    for kind in ALL {
        // Where a connection is not free yet when the next request comes, it is tried once more.
        let tried = (0..TRIES).map_while(|_| over_one_connection(world, kind, &mut wrong));
        let used: Vec<u64> = tried.take_while(|over| *over > 0).collect();
        assert!(used.len() < TRIES, "{kind:?} took {used:?} more: not each was the next one's");
    }
    // As it is shipped: what HAProxy does of itself.
    let shipped = Door::open(world, Kind::Haproxy, None);
    let by_negotiate = world.of_each_way().filter(|(person, _)| matches!(person.way, Way::Kerberos | Way::Ntlm));
    for (person, other) in by_negotiate {
        wrong.extend(shipped.iter().flat_map(|door| one_after_the_other(world, door, person, other)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How many connections more than one the proxy took; none where it is not installed.
fn over_one_connection(world: &World, kind: Kind, wrong: &mut Vec<String>) -> Option<u64> {
    let door = Door::to_one_connection(world, kind)?;
    let before = taken(&world.server);
    // Nobody shares a connection of HAProxy's over which Kerberos was offered.
    let ways = world.of_each_way().filter(|(person, _)| kind != Kind::Haproxy || person.way != Way::Kerberos);
    for (person, other) in ways {
        wrong.extend(one_after_the_other(world, &door, person, other));
    }
    // Apache's virtual host for TLS has a pool of its own.
    let pools = if kind == Kind::Apache { 2 } else { 1 };
    Some((taken(&world.server) - before).saturating_sub(pools))
}

/// What is wrong of it.
fn one_after_the_other(world: &World, door: &Door, person: &Person, other: &Person) -> Vec<String> {
    let mut nobody = door.stranger(world, person);
    // Whatever was left by an earlier way is gone after it.
    let wrong = basic(&person.account.login, "wrong");
    let mut asks = |lines: &[&str]| nobody.ask(OPEN, lines, false).and_then(refused).map(drop);
    let turns = [
        ("a wrong password", asks(&[&wrong])),
        ("who it is", Client::new(world, door, person).ask()),
        ("the next", asks(&[])),
        ("somebody else", Client::new(world, door, other).ask()),
        ("the last", asks(&[])),
    ];
    let of = |(who, what): (&str, Result<(), String>)| {
        what.err().map(|what| format!("{:?} {:?}, {who}: {what}", door.kind, person.way))
    };
    turns.into_iter().filter_map(of).collect()
}
