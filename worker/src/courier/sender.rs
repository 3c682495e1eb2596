//! Sends messages to the smarthost. Each thread keeps its session for the next message, and hangs up when there is none for a
//! while.

use std::time::Duration;

use ewsd_settings::Settings;
use ewsd_store::Outgoing;

use super::crew::Hand;
use super::smtp::Session;
use super::{DeliveryFailure, DeliveryStatuses};

/// How long a session without a message is kept.
const IDLE: Duration = Duration::from_secs(5);

/// A message to be sent.
pub(crate) struct Task {
    pub message: Outgoing,
    /// What became of recipients that the message no longer names.
    pub others: DeliveryStatuses,
}

#[derive(Default)]
pub(crate) struct Sender {
    session: Option<Session>,
}

impl Hand for Sender {
    type Task = Task;
    /// The error is the smarthost's: the message was not tried.
    type End = Result<DeliveryStatuses, DeliveryFailure>;
    const NAME: &'static str = "courier";

    fn work(&mut self, settings: &Settings, task: &Task) -> Self::End {
        // The smarthost may have hung up meanwhile.
        let kept = self.session.take().and_then(|mut kept| kept.alive().then_some(kept));
        let mut open = match kept {
            Some(open) => open,
            None => Session::open(settings)?,
        };
        let statuses = open.send(&task.message, settings.courier.message_bytes);
        self.session = (!open.broken).then_some(open);
        Ok(statuses)
    }

    fn patience(&self) -> Option<Duration> {
        self.session.is_some().then_some(IDLE)
    }

    fn let_go(&mut self) {
        if let Some(session) = self.session.take() {
            session.close();
        }
    }
}
