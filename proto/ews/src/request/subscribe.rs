//! Subscribe in its three forms (MS-OXWSNTIF 3.1.4.4).

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::target::TargetFolder;

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::limits;
use crate::record::{list, record, text, within};
use crate::word::EventType;

/// What to watch, and how to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscribe {
    /// Empty: all folders of the mailbox.
    pub folders: Vec<TargetFolder>,
    pub events: Vec<EventType>,
    /// Where to begin; now, when not said.
    pub watermark: Option<String>,
    pub delivery: Delivery,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// GetEvents, at least once in so many minutes.
    Pull { timeout: i32 },
    /// SendNotification to the URL, at least once in so many minutes.
    Push { status_frequency: i32, url: String, caller_data: Option<String> },
    /// GetStreamingEvents.
    Streaming,
}

record! {
    PullSubscription {
        attributes {
            "SubscribeToAllFolders" all_folders: default bool;
        }
        elements {
            "FolderIds" folders: default Vec<TargetFolder>, list(TargetFolder::read);
            "EventTypes" events: required Vec<EventType>, list(event_type);
            "Watermark" watermark: optional String, text;
            "Timeout" timeout: required i32, within(limits::SUBSCRIPTION_MINUTES);
        }
    }
}

record! {
    PushSubscription {
        attributes {
            "SubscribeToAllFolders" all_folders: default bool;
        }
        elements {
            "FolderIds" folders: default Vec<TargetFolder>, list(TargetFolder::read);
            "EventTypes" events: required Vec<EventType>, list(event_type);
            "Watermark" watermark: optional String, text;
            "StatusFrequency" status_frequency: required i32, within(limits::SUBSCRIPTION_MINUTES);
            "URL" url: required String, text;
            "CallerData" caller_data: optional String, text;
        }
    }
}

record! {
    StreamingSubscription {
        attributes {
            "SubscribeToAllFolders" all_folders: default bool;
        }
        elements {
            "FolderIds" folders: default Vec<TargetFolder>, list(TargetFolder::read);
            "EventTypes" events: required Vec<EventType>, list(event_type);
        }
    }
}

fn event_type(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<EventType, Fault> {
    match element.name() {
        "EventType" => c.value(element),
        _ => Err(c.unexpected(element)),
    }
}

impl Subscribe {
    pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Subscribe, Fault> {
        let Some(child) = c.child()? else { return Err(c.missing(element, "PullSubscriptionRequest")) };
        let (all_folders, subscribe) = match child.name() {
            "PullSubscriptionRequest" => {
                let PullSubscription { all_folders, folders, events, watermark, timeout } =
                    PullSubscription::read(c, &child)?;
                (all_folders, Subscribe { folders, events, watermark, delivery: Delivery::Pull { timeout } })
            }
            "PushSubscriptionRequest" => {
                let PushSubscription { all_folders, folders, events, watermark, status_frequency, url, caller_data } =
                    PushSubscription::read(c, &child)?;
                let delivery = Delivery::Push { status_frequency, url: url.trim().to_owned(), caller_data };
                (all_folders, Subscribe { folders, events, watermark, delivery })
            }
            "StreamingSubscriptionRequest" => {
                let StreamingSubscription { all_folders, folders, events } = StreamingSubscription::read(c, &child)?;
                (all_folders, Subscribe { folders, events, watermark: None, delivery: Delivery::Streaming })
            }
            _ => return Err(c.unexpected(&child)),
        };
        c.empty()?;
        if all_folders != subscribe.folders.is_empty() {
            let text = "Either name the folders to watch, or say SubscribeToAllFolders, not both and not neither.";
            c.fail(Failure::with_text(Code::ErrorInvalidSubscriptionRequest, text));
        }
        Ok(subscribe)
    }
}
