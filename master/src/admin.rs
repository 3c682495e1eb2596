//! The admin listener: `/metrics`, `/healthz`, `/readyz`, the first two answered from the master's own
//! tables, the last one with a worker's help (`probe.rs`). No authentication: bind it to
//! where only administrators can reach it.

use ewsd_http::BodyKind;
use ewsd_http::head::parse_head;
use ewsd_http::reply::Head;

use crate::gauges::Gauges;
use crate::master::Master;
use crate::metrics::{describe, put};
use crate::receive::Progress;
use crate::refuse;
use crate::state::{After, ConnId, ReadyProbe};

impl Master {
    /// Answers the request whose head is the first `head_len` bytes of `pending`.
    pub fn answer_admin(&mut self, id: ConnId, head_len: usize, body: BodyKind) -> Progress {
        let unix = self.clock.unix();
        let Some(conn) = self.table.get_mut(id) else {
            return Progress::Moved;
        };
        let bytes: Vec<u8> = conn.pending.take_front(head_len);
        let Ok(head) = parse_head(&bytes) else {
            return Progress::Moved;
        };
        if body != BodyKind::None {
            self.refuse(id, refuse::NO_BODY);
            return Progress::Moved;
        }
        let (status, kind, text) = match (head.method, head.path()) {
            ("GET" | "HEAD", "/metrics") => (200, "text/plain; version=0.0.4; charset=utf-8", self.metrics_text()),
            ("GET" | "HEAD", "/healthz") => (200, "text/plain", "ok\n".to_owned()),
            ("GET" | "HEAD", "/readyz") => {
                let head_only = head.method == "HEAD";
                let asking = ReadyProbe { head_only, keep_alive: head.keep_alive, version_minor: head.version_minor };
                self.ask_ready(id, asking);
                return Progress::Moved;
            }
            ("GET" | "HEAD", _) => (404, "text/plain", "there is /metrics, /healthz and /readyz\n".to_owned()),
            _ => (405, "text/plain", "GET only\n".to_owned()),
        };
        let reply =
            Head::new(status).date(unix).header("Content-Type", kind).connection(head.keep_alive, head.version_minor);
        let mut reply = reply.with_body(text.as_bytes());
        if head.method == "HEAD" {
            reply.truncate(reply.len() - text.len());
        }
        self.write(id, reply, if head.keep_alive { After::Keep } else { After::Close });
        Progress::Moved
    }

    fn metrics_text(&mut self) -> String {
        let mut out = String::with_capacity(8192);
        self.metrics.write(&mut out);
        let gauges = Gauges::of(self);
        describe(&mut out, "connections", "Client connections by what they are doing", "gauge");
        for (state, n) in gauges.states() {
            put(&mut out, format_args!("ewsd_connections{{state=\"{state}\"}} {n}"));
        }
        describe(&mut out, "workers", "Worker processes", "gauge");
        for ((role, condition), n) in &gauges.workers {
            put(&mut out, format_args!("ewsd_workers{{role=\"{role}\",state=\"{condition}\"}} {n}"));
        }
        for (name, help, n) in [
            ("queue", "Jobs that wait for a worker", gauges.queue),
            ("streams", "Held calls that are streams", gauges.streams),
            ("watched_mailboxes", "Mailboxes with held calls", gauges.watched),
            ("put_off", "Held calls that changed and cannot be looked at now", gauges.put_off),
            ("buffered_bytes", "Bytes of requests and replies in memory", self.buffered as u64),
            ("memfd_bytes", "Bytes of request bodies in memfds", self.memfds.requests),
            ("unread_bytes", "Bytes of answers in memfds that clients have not read", self.memfds.answers),
            ("generation", "Generation of the request workers", u64::from(self.dispatch.current.number)),
            ("ready", "1 if requests are served", u64::from(self.is_ready())),
            ("uptime_seconds", "Seconds since the master started", self.clock.now() / 1000),
        ] {
            describe(&mut out, name, help, "gauge");
            put(&mut out, format_args!("ewsd_{name} {n}"));
        }
        self.outbox.write(&mut out);
        self.doubt.write(&mut out);
        describe(&mut out, "build_info", "What this server is; the value is always 1", "gauge");
        let (version, protocol) = (env!("CARGO_PKG_VERSION"), ewsd_ipc::PROTOCOL);
        put(&mut out, format_args!("ewsd_build_info{{version=\"{version}\",protocol=\"{protocol}\"}} 1"));
        describe(&mut out, "start_time_seconds", "When the master started, in seconds since 1970", "gauge");
        put(
            &mut out,
            format_args!("ewsd_start_time_seconds {}", self.clock.unix().saturating_sub(self.clock.now() / 1000)),
        );
        out
    }
}
