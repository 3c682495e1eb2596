//! Single connections and jobs for administrators: what `ewsctl show` lists and `ewsctl kick` closes. Whose a connection is, is the
//! number of a mailbox that a worker told; names are a matter of `ewsctl`.

use std::net::IpAddr;

use crate::clock::{Millis, NEVER};
use crate::control::Members;
use crate::dispatch::{JobTarget, Waiting};
use crate::json::{Value, array, object, quote};
use crate::master::Master;
use crate::state::{Conn, ConnId, Protocol, State};
use crate::turns::known_mailbox;

/// Rows of one answer, if the question does not say how many.
const ROWS: u64 = 10_000;

/// Which connections are meant. What is not said leaves none out.
#[derive(Debug, Default)]
pub struct Chosen {
    conn: Option<ConnId>,
    mailbox: Option<u64>,
    address: Option<IpAddr>,
    state: Option<String>,
    most: Option<u64>,
}

impl Chosen {
    /// Reads the members of a command.
    ///
    /// # Errors
    /// What is wrong with one.
    pub fn read(members: &Members) -> Result<Chosen, String> {
        let mut chosen = Chosen::default();
        for (name, value) in members {
            match (name.as_str(), value) {
                ("cmd", _) => {}
                ("conn", Value::Number(n)) => chosen.conn = Some(*n),
                ("mailbox", Value::Number(n)) => chosen.mailbox = Some(*n),
                ("most", Value::Number(n)) => chosen.most = Some(*n),
                ("state", Value::Text(text)) => chosen.state = Some(text.clone()),
                ("address", Value::Text(text)) => {
                    chosen.address = Some(text.parse().map_err(|_| format!("{text} is no IP address"))?);
                }
                (other, _) => {
                    let known = "the numbers conn, mailbox and most, the texts state and address";
                    return Err(format!("connections are chosen by {known}, not by {other}"));
                }
            }
        }
        Ok(chosen)
    }

    fn takes(&self, conn: &Conn) -> bool {
        conn.kind.is_client()
            && self.conn.is_none_or(|id| id == conn.id)
            && self.address.is_none_or(|ip| ip == conn.ip)
            && self.state.as_ref().is_none_or(|state| state == conn.state.name())
            && self.mailbox.is_none_or(|mailbox| mailbox == known_mailbox(conn))
    }
}

impl Master {
    /// Lists connections of clients.
    pub fn connections(&self, chosen: &Chosen) -> Result<String, String> {
        let most = usize::try_from(chosen.most.unwrap_or(ROWS)).unwrap_or(usize::MAX);
        let mut all: Vec<&Conn> = self.table.iter().filter(|conn| chosen.takes(conn)).collect();
        all.sort_by_key(|conn| conn.id);
        let left_off = all.len().saturating_sub(most);
        let rows = array(all.into_iter().take(most).map(|conn| self.connection(conn)));
        Ok(object([("ok", "true".to_owned()), ("connections", rows), ("left_off", left_off.to_string())]))
    }

    fn connection(&self, conn: &Conn) -> String {
        let (protocol, listener) = (name_of(conn.kind), self.listener_of(conn));
        let mut members = vec![
            ("conn", conn.id.to_string()),
            ("protocol", quote(protocol)),
            ("state", quote(conn.state.name())),
            ("address", quote(&if conn.ip.is_unspecified() { "local".to_owned() } else { conn.ip.to_string() })),
            ("port", conn.port.to_string()),
            ("listener", quote(listener)),
            ("mailbox", known_mailbox(conn).to_string()),
            ("served", conn.served.to_string()),
            ("bytes", conn.charged.to_string()),
            ("left_s", self.left(conn.deadline)),
        ];
        if let State::Held(held) = &conn.state {
            let watched: Vec<String> = held.pairs().map(|(mailbox, _)| mailbox.to_string()).collect();
            members.push(("stream", held.stream().is_some().to_string()));
            members.push(("unsent", held.unsent().to_string()));
            members.push(("watches", array(watched)));
            let deadline = held.stream().map_or(conn.deadline, |stream| stream.deadline);
            if let Some(at) = members.iter_mut().find(|(name, _)| *name == "left_s") {
                at.1 = self.left(deadline);
            }
        }
        object(members)
    }

    fn listener_of(&self, conn: &Conn) -> &str {
        let listener = self.listeners.iter().find(|known| known.kind == conn.kind && known.index == conn.listener);
        listener.map_or("", |listener| listener.address.as_str())
    }

    fn left(&self, at: Millis) -> String {
        if at == NEVER { "null".to_owned() } else { (at.saturating_sub(self.clock.now()) / 1000).to_string() }
    }

    /// Lists the counts of failed logins that go on. An account is a number, or null: then it is all that comes from the network; a
    /// network is its first address, or null: then it is the account's, wherever from.
    pub fn failures(&self) -> Result<String, String> {
        let counted = ewsd_ipc::shared::counted(&self.shared, self.clock.unix());
        let counted = counted.map_err(|error| format!("cannot read what was counted: {error}"))?;
        let or_null = |text: Option<String>| text.unwrap_or("null".to_owned());
        let rows = array(counted.iter().map(|row| {
            object([
                ("account", or_null((row.about.account > 0).then(|| row.about.account.to_string()))),
                ("address", or_null(row.about.address.map(|address| quote(&address.to_string())))),
                ("count", row.count.to_string()),
                ("expires", row.expires.to_string()),
            ])
        }));
        Ok(object([("ok", "true".to_owned()), ("failures", rows)]))
    }

    /// Lists what workers have at this moment, the longest first, and what waits for one.
    pub fn jobs(&self) -> String {
        let now = self.clock.now();
        let mut sent: Vec<_> = self.dispatch.sent.values().collect();
        sent.sort_by_key(|sent| sent.at);
        let running = array(sent.into_iter().map(|sent| {
            let worker = sent.worker.and_then(|id| self.fleet.workers.get(&id));
            let mut members = vec![
                ("ms", now.saturating_sub(sent.at).to_string()),
                ("pid", worker.map_or("null".to_owned(), |worker| worker.pid.to_string())),
                ("generation", sent.generation.to_string()),
            ];
            let (what, about) = match &sent.about {
                JobTarget::Conn(id) => ("request", self.table.get(*id).map(|conn| self.connection(conn))),
                JobTarget::Render(calls) => ("render", Some(calls.len().to_string())),
                JobTarget::Sweep => ("sweep", None),
                JobTarget::Probe => ("probe", None),
            };
            members.push(("what", quote(what)));
            members.push(("about", about.unwrap_or_else(|| "null".to_owned())));
            object(members)
        }));
        let entry = |(what, about): (&str, Option<String>)| {
            object([("what", quote(what)), ("about", about.unwrap_or_else(|| "null".to_owned()))])
        };
        let own = self.dispatch.queue.own().map(|waiting| match waiting {
            Waiting::Conn(_) => ("request", None),
            Waiting::Render(calls) => ("render", Some(calls.len().to_string())),
            Waiting::Sweep(_) => ("sweep", None),
            Waiting::Probe => ("probe", None),
        });
        let requests = self.dispatch.queue.requests().into_iter();
        let requests = requests.map(|id| ("request", self.table.get(id).map(|conn| self.connection(conn))));
        let waiting = array(own.chain(requests).map(entry));
        object([("ok", "true".to_owned()), ("running", running), ("waiting", waiting)])
    }

    /// Closes the connections that are meant: those that wait at once, those that a worker has when it hands them back.
    ///
    /// # Errors
    /// Nothing says which: that would be everybody.
    pub fn kick(&mut self, chosen: &Chosen) -> Result<String, String> {
        if chosen.conn.is_none() && chosen.mailbox.is_none() && chosen.address.is_none() {
            return Err("kick needs a conn, a mailbox or an address".to_owned());
        }
        let meant: Vec<ConnId> = self.table.iter().filter(|conn| chosen.takes(conn)).map(|conn| conn.id).collect();
        let mut busy = 0;
        for id in &meant {
            match self.table.get_mut(*id) {
                Some(conn) if matches!(conn.state, State::Serve | State::Admit(_)) => {
                    conn.kicked = true;
                    busy += 1;
                }
                _ => self.close(*id),
            }
        }
        let kicked = meant.len() - busy;
        Ok(object([("ok", "true".to_owned()), ("kicked", kicked.to_string()), ("busy", busy.to_string())]))
    }
}

fn name_of(kind: Protocol) -> &'static str {
    match kind {
        Protocol::Http => "http",
        Protocol::Lmtp => "lmtp",
        Protocol::Admin => "admin",
        Protocol::Control => "control",
    }
}
