//! The list of the operations that are read and answered in their own words, one line each. `request/mod.rs` makes the requests
//! of it (the modules with the records, [`Request`](crate::Request) and its reader), `reply/mod.rs` the answers
//! ([`Reply`](crate::Reply) and its writer).
//!
//! Where else an operation has a place says the head of `proto/model/src/operation.rs`.

/// Gives the list to the macro `$expand`. A line has the operation, or those that share a record; the module of the record below
/// `request/`; the record; how many response messages answer it; what each of them holds; the writer of that below `reply/`.
macro_rules! operations {
    ($expand:ident) => {
        $expand! {
            GetFolder              get_folder::GetFolder, |r| r.folders.len() => FolderView, folder::info;
            FindFolder             find_folder::FindFolder, |r| r.parents.len() => Found<FolderView>, folder::found_folders;
            CreateFolder           create_folder::CreateFolder, |r| r.folders.len() => FolderView, folder::info;
            UpdateFolder           update_folder::UpdateFolder, |r| r.changes.len() => FolderView, folder::info;
            DeleteFolder           delete_folder::DeleteFolder, |r| r.folders.len() => (), nothing;
            MoveFolder | CopyFolder
                                   move_folder::MoveCopyFolder, |r| r.folders.len() => FolderView, folder::info;
            EmptyFolder            empty_folder::EmptyFolder, |r| r.folders.len() => (), nothing;
            CreateItem             create_item::CreateItem, |r| r.items.len() => Vec<ItemView>, item::infos;
            GetItem                get_item::GetItem, |r| r.items.len() => Vec<Rc<ItemView>>, item::shared;
            FindItem               find_item::FindItem, |r| r.parents.len() => Rc<Found<ItemView>>, folder::found_items;
            UpdateItem             update_item::UpdateItem, |r| r.changes.len() => Updated, item::updated;
            DeleteItem             delete_item::DeleteItem, |r| r.items.len() => (), nothing;
            MoveItem | CopyItem    move_item::MoveCopyItem, |r| r.items.len() => Option<ItemView>, item::perhaps;
            SendItem               send_item::SendItem, |r| r.items.len() => (), nothing;
            MarkAllItemsAsRead     mark_all_items_as_read::MarkAllItemsAsRead, |r| r.folders.len() => (), nothing;
            CreateAttachment       create_attachment::CreateAttachment, |r| r.attachments.len() => AttachmentView, attachment::info;
            GetAttachment          get_attachment::GetAttachment, |r| r.ids.len() => Rc<AttachmentView>, attachment::shared;
            DeleteAttachment       delete_attachment::DeleteAttachment, |r| r.ids.len() => WireId, attachment::deleted;
            SyncFolderHierarchy    sync_folder_hierarchy::SyncFolderHierarchy, |_| 1 => SyncPage<FolderView>, sync::hierarchy;
            SyncFolderItems        sync_folder_items::SyncFolderItems, |_| 1 => SyncPage<ItemView>, sync::items;
            Subscribe              subscribe::Subscribe, |_| 1 => Subscribed, event::subscribed;
            Unsubscribe            unsubscribe::Unsubscribe, |_| 1 => (), nothing;
            GetEvents              get_events::GetEvents, |_| 1 => Notification, event::notification;
            GetStreamingEvents     get_streaming_events::GetStreamingEvents, |_| 1 => StreamDocument, event::document;
            ConvertId              convert_id::ConvertId, |r| r.ids.len() => AlternateId, directory::converted;
            ResolveNames           resolve_names::ResolveNames, |_| 1 => Resolutions, directory::resolved;
            ExpandDL               expand_dl::ExpandDL, |_| 1 => Expansion, directory::expanded;
            GetUserAvailability    get_user_availability::GetUserAvailability, |r| r.mailboxes.len() => Availability, availability::write;
            GetReminders           get_reminders::GetReminders, |_| 1 => Vec<Reminder>, reminder::reminders;
            PerformReminderAction  perform_reminder_action::PerformReminderAction, |_| 1 => Vec<WireId>, reminder::performed;
            GetServerTimeZones     get_server_time_zones::GetServerTimeZones, |_| 1 => TimeZones, timezone::definitions;
        }
    };
}
pub(crate) use operations;
