//! Answers about notifications: Subscribe, GetEvents, and the documents of a stream.

use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::operation::Op;
use ewsd_model::value::WireId;
use jiff::Timestamp;

use crate::record::Write;
use crate::soap::{self, Form};
use crate::word::{ConnectionStatus, EventType};
use crate::writer::{M, Ns, T, Writer};

/// What Subscribe came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    pub id: String,
    /// None for a streaming subscription.
    pub watermark: Option<String>,
}

/// NotificationType. An empty list of events is written as one StatusEvent without a watermark.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    pub subscription: String,
    /// None in streams.
    pub previous_watermark: Option<String>,
    /// None in streams.
    pub more_events: Option<bool>,
    pub events: Vec<Event>,
}

/// Nearly all are changes, so that the size of the other matters little.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Nothing has happened.
    Status { watermark: Option<String> },
    /// Something has.
    Change {
        kind: EventType,
        /// None in streams.
        watermark: Option<String>,
        at: Timestamp,
        object: Object,
        parent: WireId,
        /// What it was before: of Moved and Copied only.
        old: Option<(Object, WireId)>,
        /// Unread items: of a folder's Modified only.
        unread: Option<i64>,
    },
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    Item(WireId),
    Folder(WireId),
}

pub(super) fn subscribed(w: &mut Writer<'_>, _: Op, subscribed: Option<&Subscribed>) {
    let Some(subscribed) = subscribed else { return };
    w.text_element(M, "SubscriptionId", &subscribed.id);
    w.some_text(M, "Watermark", subscribed.watermark.as_deref());
}

pub(super) fn notification(w: &mut Writer<'_>, _: Op, notification: Option<&Notification>) {
    let Some(notification) = notification else { return };
    write_notification(w, notification);
}

pub(crate) fn write_notification(w: &mut Writer<'_>, notification: &Notification) {
    w.open(M, "Notification");
    w.text_element(T, "SubscriptionId", &notification.subscription);
    w.some_text(T, "PreviousWatermark", notification.previous_watermark.as_deref());
    if let Some(more) = notification.more_events {
        w.bool_element(T, "MoreEvents", more);
    }
    if notification.events.is_empty() {
        w.empty(T, "StatusEvent");
    }
    notification.events.iter().for_each(|event| write_event(w, event));
    w.close(M, "Notification");
}

fn write_event(w: &mut Writer<'_>, event: &Event) {
    match event {
        Event::Status { watermark: None } => w.empty(T, "StatusEvent"),
        Event::Status { watermark } => {
            w.open(T, "StatusEvent");
            w.some_text(T, "Watermark", watermark.as_deref());
            w.close(T, "StatusEvent");
        }
        Event::Change { kind, watermark, at, object, parent, old, unread } => {
            w.open(T, kind.word());
            w.some_text(T, "Watermark", watermark.as_deref());
            w.time_element(T, "TimeStamp", *at);
            match object {
                Object::Item(id) => id.write(w, "ItemId"),
                Object::Folder(id) => id.write(w, "FolderId"),
            }
            parent.write(w, "ParentFolderId");
            if let Some((object, parent)) = old {
                match object {
                    Object::Item(id) => id.write(w, "OldItemId"),
                    Object::Folder(id) => id.write(w, "OldFolderId"),
                }
                parent.write(w, "OldParentFolderId");
            }
            if let Some(unread) = unread {
                w.number_element(T, "UnreadCount", *unread);
            }
            w.close(T, kind.word());
        }
    }
}

/// One document of a GetStreamingEvents answer, complete in itself. It says one thing: clients read one, and not the others.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamDocument {
    /// OK opens the stream and keeps it alive, Closed ends it.
    Status(ConnectionStatus),
    /// One client reads only the first of several.
    Notifications(Vec<Notification>),
    /// These subscriptions are told no more on this connection. None are named: the stream ends.
    Error { failure: Failure, subscriptions: Vec<String> },
}

impl StreamDocument {
    /// Appends the document. Its envelope has no prefix: clients cut the stream at the literal `<Envelope`.
    pub fn write(&self, out: &mut Vec<u8>, form: Form) {
        soap::stream_envelope(out, form, |w| self.write_body(w));
    }

    pub fn to_bytes(&self, form: Form) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        self.write(&mut out, form);
        out
    }

    fn write_body(&self, w: &mut Writer<'_>) {
        let row = Op::GetStreamingEvents.row();
        w.open(M, row.response);
        w.open(M, "ResponseMessages");
        match self {
            StreamDocument::Error { failure, .. } => super::head(w, row.message, "Error", failure),
            _ => {
                w.tag(M, row.message);
                w.plain_attribute("ResponseClass", "Success");
                w.end_tag();
                w.raw("<m:ResponseCode>NoError</m:ResponseCode>");
            }
        }
        document(w, Op::GetStreamingEvents, Some(self));
        w.close(M, row.message);
        w.close(M, "ResponseMessages");
        w.close(M, row.response);
    }
}

/// Of an answer of GetStreamingEvents, the document that one outcome is.
pub(super) fn write(outcome: &Outcome<StreamDocument>, out: &mut Vec<u8>, form: Form) {
    match outcome {
        Outcome::Success(document) | Outcome::Warning(_, Some(document)) => document.write(out, form),
        Outcome::Warning(failure, None) | Outcome::Error(failure) => {
            StreamDocument::Error { failure: failure.clone(), subscriptions: Vec::new() }.write(out, form);
        }
    }
}

/// What an outcome says that is wrong.
pub(super) fn failure(outcome: &Outcome<StreamDocument>) -> Option<&Failure> {
    match outcome {
        Outcome::Success(StreamDocument::Error { failure, .. }) => Some(failure),
        other => other.failure(),
    }
}

/// What stands behind code and text.
pub(super) fn document(w: &mut Writer<'_>, _: Op, document: Option<&StreamDocument>) {
    let Some(document) = document else { return };
    match document {
        StreamDocument::Status(status) => w.text_element(M, "ConnectionStatus", status.word()),
        StreamDocument::Notifications(notifications) => {
            w.open(M, "Notifications");
            notifications.iter().for_each(|one| notification(w, Op::GetStreamingEvents, Some(one)));
            w.close(M, "Notifications");
        }
        StreamDocument::Error { subscriptions, .. } if subscriptions.is_empty() => {}
        StreamDocument::Error { subscriptions, .. } => {
            // The schema says types; the wire has messages.
            const WIRE: Ns = M;
            w.open(M, "ErrorSubscriptionIds");
            subscriptions.iter().for_each(|id| w.text_element(WIRE, "SubscriptionId", id));
            w.close(M, "ErrorSubscriptionIds");
        }
    }
}
