//! Sends notifications to subscribers: what a thread of the crew does.

use ewsd_ews::word::SubscriptionStatus;
use ewsd_settings::Settings;
use ewsd_store::{EventPosition, Push};

use super::call;
use crate::courier::crew::Hand;

/// A subscriber to be called.
pub(super) struct Task {
    pub push: Push,
    pub document: Vec<u8>,
    /// When it has heard the document, it is told up to there.
    pub upto: EventPosition,
}

#[derive(Default)]
pub(super) struct Notifier;

impl Hand for Notifier {
    type Task = Task;
    /// What the subscriber wants, or why it was not reached.
    type End = Result<SubscriptionStatus, String>;
    const NAME: &'static str = "caller";

    fn work(&mut self, settings: &Settings, task: &Task) -> Self::End {
        call::call(settings, &task.push, &task.document)
    }
}
