//! The login role: asks others whether a password is right, for the request workers (`../login/`). It has no database, and of the
//! settings only those of logins.

use std::io;
use std::os::fd::AsFd;

use ewsd_ipc::role::Service;
use ewsd_ipc::{Reply, WorkerEnd, worker_end};
use ewsd_settings::Settings;

use super::hears_within_all;
use super::serving::{ROUND, SLACK, turns, watch};
use crate::login::Login;
use crate::service::{Server, Turn};

pub(super) fn run(end: &WorkerEnd, settings: &Settings) -> Result<(), String> {
    let socket = worker_end::desk(Service::Login).map_err(|error| error.to_string())?;
    let epoll = watch(end, socket.as_fd()).map_err(|error| format!("epoll: {error}"))?;
    let mut server = Server::new(Login::new(settings)?);
    let failed = |error: io::Error| format!("logins: {error}");
    end.send(&Reply::Ready {}, &[]).map_err(failed)?;
    let mut left = settings.process.retire_after;
    loop {
        hears_within_all(end, ROUND + server.serves.longest() + SLACK).map_err(failed)?;
        match turns(&epoll, &mut server, socket.as_fd(), ROUND, &mut left).map_err(failed)? {
            Turn::End => return Ok(()),
            Turn::Worn => return end.send(&Reply::Retiring {}, &[]).map_err(failed),
            Turn::Nothing | Turn::Served => {}
        }
    }
}
