//! The control socket: one JSON object per line in, one per line out. `ewsctl` is on the other side.
//!
//! | command | does |
//! |---|---|
//! | `{"cmd":"status"}` | tells everything that `ewsctl status` shows |
//! | `{"cmd":"check"}` | lists whatever is outstanding without a deadline; nothing ever is |
//! | `{"cmd":"stop"}` | as SIGTERM |
//! | `{"cmd":"reload"}` | as SIGHUP; answers which keys need a restart, and the number of the generation that starts; `reloading` and `failing` of status tell how it gets on |
//! | `{"cmd":"connections","state":"held","mailbox":1,"address":"192.0.2.7","most":100}` | lists connections, all members but the first at will (`show.rs`) |
//! | `{"cmd":"jobs"}` | lists what workers do and what waits for one |
//! | `{"cmd":"kick","conn":7}`, or a `mailbox`, or an `address` | closes connections |
//! | `{"cmd":"upgrade"}` | as SIGUSR2; answered when the new program has taken over, or has refused |
//! | `{"cmd":"forget"}` | workers drop cached accounts and remembered passwords |
//! | `{"cmd":"failures"}` | lists the counts of failed logins that go on, by account and network |
//! | `{"cmd":"forgive"}` | they begin to count failed logins anew |
//! | `{"cmd":"changed","mailbox":1,"seq":2}` | somebody else committed a change |
//! | `{"cmd":"queued"}` | somebody else changed the queue of outgoing mail |
//!
//! Who may connect is the matter of the socket's file mode (0660).

use crate::gauges::Gauges;
use crate::json::{self, Value, array, object, quote};
use crate::master::Master;
use crate::receive::Progress;
use crate::show::Chosen;
use crate::state::{After, ConnId};

/// A command as it is read: names and values.
pub type Members = [(String, Value)];

/// Longest command in bytes.
const LINE_MAX: usize = 16 * 1024;

impl Master {
    /// Obeys the command at the start of `pending`.
    pub fn frame_command(&mut self, id: ConnId) -> Progress {
        let Some(conn) = self.table.get_mut(id) else {
            return Progress::Moved;
        };
        let Some(end) = conn.pending.iter().position(|byte| *byte == b'\n') else {
            if conn.pending.len() > LINE_MAX {
                self.close(id);
                return Progress::Moved;
            }
            return Progress::Need;
        };
        let line: Vec<u8> = conn.pending.take_front(end + 1);
        self.charge(id);
        let mut answer = match self.command(id, &String::from_utf8_lossy(&line)) {
            // It comes later.
            Ok(answer) if answer.is_empty() => return Progress::Moved,
            Ok(answer) => answer,
            Err(why) => object([("ok", "false".to_owned()), ("error", quote(&why))]),
        };
        answer.push('\n');
        self.write(id, answer.into_bytes(), After::Keep);
        Progress::Moved
    }

    fn command(&mut self, id: ConnId, line: &str) -> Result<String, String> {
        let members = json::read(line)?;
        let find = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let number = |name: &str| match find(name) {
            Some(Value::Number(n)) => Ok(*n),
            _ => Err(format!("this command needs a whole number \"{name}\"")),
        };
        let Some(Value::Text(command)) = find("cmd") else {
            return Err("a command looks like {\"cmd\":\"status\"}".to_owned());
        };
        match command.as_str() {
            "status" => return Ok(self.status()),
            "check" => {
                let found = array(self.without_deadline().iter().map(|what| quote(what)));
                return Ok(object([("ok", "true".to_owned()), ("without_deadline", found)]));
            }
            "connections" => return self.connections(&Chosen::read(&members)?),
            "jobs" => {
                self.look();
                return Ok(self.jobs());
            }
            "failures" => return self.failures(),
            "kick" => return self.kick(&Chosen::read(&members)?),
            "stop" => self.begin_stop(),
            "reload" => {
                let not_reloadable = self.reload()?;
                let keys = array(not_reloadable.iter().map(|key| quote(key)));
                let generation = self.fleet.generation.to_string();
                return Ok(object([("ok", "true".to_owned()), ("restart_needed", keys), ("generation", generation)]));
            }
            "upgrade" => {
                self.begin_upgrade(Some(id))?;
                return Ok(String::new());
            }
            "forget" => self.forget_accounts()?,
            "forgive" => ewsd_ipc::shared::forgive(&self.shared).map_err(unreached)?,
            "changed" => {
                let (mailbox, seq) = (number("mailbox")?, number("seq")?);
                self.changed_here(mailbox, seq);
            }
            "queued" => self.wake_courier(true),
            other => {
                let known = "status, check, connections, jobs, failures, kick, stop, reload, upgrade, forget, forgive, changed and queued";
                return Err(format!("unknown command {other}: there are {known}"));
            }
        }
        Ok(object([("ok", "true".to_owned())]))
    }

    /// Starts a new epoch of accounts: what workers remember of older ones is void.
    pub fn forget_accounts(&mut self) -> Result<(), String> {
        self.epoch += 1;
        self.acquaintances.forget();
        self.dispatch.queue.forget_exempt();
        ewsd_ipc::shared::set_epoch(&self.shared, self.epoch).map_err(unreached)
    }

    fn status(&mut self) -> String {
        let gauges = Gauges::of(self);
        let now = self.clock.now();
        let mut workers: Vec<_> = self.fleet.workers.values().collect();
        workers.sort_by_key(|worker| (worker.role.name(), worker.slot, worker.id));
        let workers = array(workers.into_iter().map(|worker| {
            object([
                ("role", quote(worker.role.name())),
                ("slot", worker.slot.to_string()),
                ("pid", worker.pid.to_string()),
                ("generation", worker.generation.to_string()),
                ("state", quote(worker.state())),
                ("requests", worker.requests.to_string()),
                ("age_s", (now.saturating_sub(worker.started) / 1000).to_string()),
            ])
        }));
        let mut connections: Vec<(&str, String)> = gauges.states().map(|(name, n)| (name, n.to_string())).into();
        connections.push(("total", gauges.total.to_string()));
        let counters = self.metrics.all();
        object([
            ("ok", "true".to_owned()),
            ("version", quote(env!("CARGO_PKG_VERSION"))),
            ("pid", std::process::id().to_string()),
            ("uptime_s", (now / 1000).to_string()),
            ("generation", self.dispatch.current.number.to_string()),
            ("ready", self.is_ready().to_string()),
            ("phase", quote(self.phase.name())),
            ("reloading", self.is_reloading().to_string()),
            ("failing", self.failing()),
            ("addresses", self.addresses()),
            ("workers", workers),
            ("connections", object(connections)),
            ("queue", gauges.queue.to_string()),
            ("outbox", self.outbox.json()),
            ("clock", self.doubt.json()),
            ("held", gauges.held.to_string()),
            ("streams", gauges.streams.to_string()),
            ("watched_mailboxes", gauges.watched.to_string()),
            ("other_nodes", self.nodes.others.to_string()),
            ("put_off", gauges.put_off.to_string()),
            ("buffered_bytes", self.buffered.to_string()),
            ("memfd_bytes", self.memfds.requests.to_string()),
            ("unread_bytes", self.memfds.answers.to_string()),
            ("timers", self.timers.len().to_string()),
            ("shared_frames", self.interned.len().to_string()),
            ("slot_bytes", (size_of::<crate::state::Conn>() + size_of::<crate::state::Held>()).to_string()),
            ("operations", self.metrics.operations.json()),
            ("counters", object(counters.into_iter().map(|(name, n)| (name, n.to_string())))),
        ])
    }

    /// Which places of workers cannot be filled, and why.
    fn failing(&self) -> String {
        let now = self.clock.now();
        array(self.fleet.posts.iter().filter_map(|post| {
            let why = post.trouble.as_ref()?;
            Some(object([
                ("role", quote(post.role.name())),
                ("slot", post.slot.to_string()),
                ("failures", post.failures.to_string()),
                ("why", quote(why)),
                ("retry_s", (post.start_at.saturating_sub(now) / 1000).to_string()),
            ]))
        }))
    }

    /// Where the listeners really are, by kind.
    pub fn addresses(&self) -> String {
        use crate::state::Protocol;
        let of = |kind: Protocol| {
            array(
                self.listeners.iter().filter(|listener| listener.kind == kind).map(|listener| quote(&listener.address)),
            )
        };
        object([("http", of(Protocol::Http)), ("lmtp", of(Protocol::Lmtp)), ("admin", of(Protocol::Admin))])
    }
}

fn unreached(error: std::io::Error) -> String {
    format!("cannot reach the workers: {error}")
}
