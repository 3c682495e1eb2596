//! The control socket: one JSON object per line in, one per line out. `ewsctl` is on the other side.
//!
//! | command | does |
//! |---|---|
//! | `{"cmd":"status"}` | tells everything that `ewsctl status` shows |
//! | `{"cmd":"check"}` | lists whatever is outstanding without a deadline; nothing ever is |
//! | `{"cmd":"stop"}` | as SIGTERM |
//! | `{"cmd":"reload"}` | as SIGHUP; answers which keys need a restart |
//! | `{"cmd":"forget"}` | workers drop cached accounts and remembered passwords |
//! | `{"cmd":"changed","mailbox":1,"seq":2}` | somebody else committed a change |
//! | `{"cmd":"queued"}` | somebody else changed the queue of outgoing mail |
//!
//! Who may connect is the matter of the socket's file mode (0660).

use crate::gauges::Gauges;
use crate::json::{self, Value, array, object, quote};
use crate::master::Master;
use crate::receive::Progress;
use crate::state::{After, ConnId};

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
        let line: Vec<u8> = conn.pending.drain(..=end).collect();
        self.charge(id);
        let mut answer = match self.command(&String::from_utf8_lossy(&line)) {
            Ok(answer) => answer,
            Err(why) => object([("ok", "false".to_owned()), ("error", quote(&why))]),
        };
        answer.push('\n');
        self.write(id, answer.into_bytes(), After::Keep);
        Progress::Moved
    }

    fn command(&mut self, line: &str) -> Result<String, String> {
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
            "stop" => self.begin_stop(),
            "reload" => {
                let not_reloadable = self.reload()?;
                let keys = array(not_reloadable.iter().map(|key| quote(key)));
                return Ok(object([("ok", "true".to_owned()), ("restart_needed", keys)]));
            }
            "forget" => self.forget_accounts()?,
            "changed" => {
                let (mailbox, seq) = (number("mailbox")?, number("seq")?);
                self.metrics.changes += 1;
                self.heard(mailbox, seq);
            }
            "queued" => self.wake_courier(true),
            other => {
                let known = "status, check, stop, reload, forget, changed and queued";
                return Err(format!("unknown command {other}: there are {known}"));
            }
        }
        Ok(object([("ok", "true".to_owned())]))
    }

    /// Starts a new epoch of accounts: what workers remember of older ones is void.
    pub fn forget_accounts(&mut self) -> Result<(), String> {
        self.epoch += 1;
        ewsd_ipc::shared::set_epoch(&self.shared, self.epoch)
            .map_err(|error| format!("cannot reach the workers: {error}"))
    }

    fn status(&self) -> String {
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
            ("addresses", self.addresses()),
            ("workers", workers),
            ("connections", object(connections)),
            ("queue", gauges.queue.to_string()),
            ("outbox", self.outbox.json()),
            ("held", gauges.held.to_string()),
            ("streams", gauges.streams.to_string()),
            ("watched_mailboxes", gauges.watched.to_string()),
            ("put_off", gauges.put_off.to_string()),
            ("buffered_bytes", self.buffered.to_string()),
            ("memfd_bytes", self.memfds.to_string()),
            ("timers", self.timers.len().to_string()),
            ("shared_frames", self.interned.len().to_string()),
            ("slot_bytes", (size_of::<crate::state::Conn>() + size_of::<crate::state::Held>()).to_string()),
            ("counters", object(counters.into_iter().map(|(name, n)| (name, n.to_string())))),
        ])
    }

    /// Where the listeners really are, by kind.
    pub fn addresses(&self) -> String {
        use crate::state::Kind;
        let of = |kind: Kind| {
            array(
                self.listeners.iter().filter(|listener| listener.kind == kind).map(|listener| quote(&listener.address)),
            )
        };
        object([("http", of(Kind::Http)), ("lmtp", of(Kind::Lmtp)), ("admin", of(Kind::Admin))])
    }
}
