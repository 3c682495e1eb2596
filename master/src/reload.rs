//! Reloads: takes new settings, starts a new generation of request workers, and lets the old one finish. Drops nobody.

use log::{info, warn};
use nix::sys::signal::Signal;

use crate::clock::millis;
use crate::dispatch::Generation;
use crate::master::Master;
use crate::roles::{Condition, Worker, signal};
use crate::stop::Phase;

impl Master {
    /// Reloads; the keys that changed but need a restart.
    ///
    /// # Errors
    /// A sentence: the settings are wrong, or no descriptor is left. Nothing has changed then.
    pub fn reload(&mut self) -> Result<Vec<String>, String> {
        self.renew(true)
    }

    /// The same. `forget`: what workers remember of accounts is void; else only if the settings have changed.
    ///
    /// # Errors
    /// As [`Self::reload`].
    pub fn renew(&mut self, forget: bool) -> Result<Vec<String>, String> {
        if self.phase != Phase::Running {
            return Err("the server is stopping".to_owned());
        }
        crate::notify::reloading();
        let result = self.try_reload(forget);
        if result.is_err() {
            crate::notify::ready();
        }
        result
    }

    fn try_reload(&mut self, forget: bool) -> Result<Vec<String>, String> {
        let reloaded = (self.reload_fn)()?;
        let number = self.fleet.generation + 1;
        let next = Generation::new(number).map_err(|error| format!("cannot make a jobs socket: {error}"))?;
        let hand_over = |settings: &[u8]| {
            crate::start::hand_over(settings)
                .map_err(|error| format!("cannot keep the settings for the workers: {error}"))
        };
        let settings = hand_over(&reloaded.settings.workers)?;
        let for_converters = hand_over(&reloaded.settings.converters)?;
        let for_logins = hand_over(&reloaded.settings.logins)?;
        // The last that can fail; with nothing changed it only makes workers ask the database again.
        let same = self.settings_text().is_ok_and(|former| former == reloaded.settings.workers);
        if forget || !same {
            self.forget_accounts()?;
        }
        for key in &reloaded.not_reloadable {
            warn!("{key} changed, but counts only after a restart");
        }
        self.config = reloaded.config;
        self.settings = settings;
        self.desks.convert.settings = for_converters;
        self.desks.login.settings = for_logins;
        self.metrics.reloads += 1;
        self.fleet.generation = number;
        if let Some(unborn) = self.dispatch.next.replace(next) {
            self.abandon(unborn);
        }
        self.fleet.vacate();
        self.end_unready();
        self.fleet.set_posts(&self.config);
        self.end_superfluous();
        info!("reloaded; starting generation {number}");
        self.warn_of_descriptors();
        self.start_due();
        Ok(reloaded.not_reloadable)
    }

    /// Heirs of an earlier reload that do not stand yet. Whoever does stands in until the new heir does.
    fn end_unready(&mut self) {
        let ends = self.grace();
        let unready = |worker: &&mut Worker| worker.role.starts_anew() && worker.condition == Condition::Starting;
        for worker in self.fleet.workers.values_mut().filter(unready) {
            worker.stop = None;
            worker.due = ends;
            signal(worker.pid, Signal::SIGTERM);
        }
        self.expect_by(ends);
    }

    /// Whoever has no post any more will have no heir.
    fn end_superfluous(&mut self) {
        let ends = self.grace();
        let posts = &self.fleet.posts;
        let is_wanted = |worker: &Worker| posts.iter().any(|p| p.role == worker.role && p.slot == worker.slot);
        let workers = self.fleet.workers.values_mut();
        for worker in workers.filter(|w| w.role.starts_anew() && w.stop.is_some() && !is_wanted(w)) {
            worker.stop = None;
            worker.due = ends;
            signal(worker.pid, Signal::SIGTERM);
        }
        self.expect_by(ends);
    }

    /// A generation that never became current: its workers see the end of their jobs when its socket closes.
    fn abandon(&mut self, unborn: Generation) {
        info!("generation {} gives way before it was ready", unborn.number);
        drop(unborn);
    }

    /// The workers of a generation finish: what lies in its socket, a job each, and then themselves.
    fn tell_end(&mut self, generation: u32) {
        let limits = &self.config.limits;
        let ends = self.grace().saturating_add(millis(limits.queue)).saturating_add(millis(limits.request));
        for worker in self.fleet.workers.values_mut() {
            if worker.role.has_jobs() && worker.generation == generation {
                worker.due = worker.due.min(ends);
            }
        }
        self.expect_by(ends);
    }

    /// The first worker of the coming generation is ready: jobs go there from now on, and the old workers finish.
    pub fn switch_generation(&mut self, number: u32) {
        if self.dispatch.next.as_ref().is_none_or(|next| next.number != number) {
            return;
        }
        let Some(next) = self.dispatch.next.take() else {
            return;
        };
        let mut old = std::mem::replace(&mut self.dispatch.current, next);
        // Closing it takes it out of epoll, and is the end that its workers read after the last job.
        old.send = None;
        info!("generation {number} serves, generation {} finishes", old.number);
        let old_number = old.number;
        self.dispatch.old.push(old);
        self.tell_end(old_number);
        self.dispatch.outstanding = 0;
        self.dispatch.full = false;
        self.clear_generations();
    }
}
