//! The only SQL. Mailboxes with their folders, items, contents and journal; accounts; subscriptions; the outbox.
//!
//! | question | file |
//! |---|---|
//! | which tables are there? | `../migrations` |
//! | how does a change get its number, and can it be forgotten? | `journal.rs` |
//! | which column is `Column::Subject`? | `column.rs`, one row |
//! | how does a restriction become SQL? | `query/mod.rs` |
//! | how is a row read? | `row.rs` |
//! | where does a mailbox's number come in? | `mailbox.rs` |
//! | what happens when PostgreSQL is away? | `connection/mod.rs` |
//! | when is a change made a second time? | `connection/transaction.rs` |
//! | what is an attached item, kept whole? | `attached.rs` |
//! | and when it does not answer? | `session.rs` |
//! | which statements stay prepared? | `prepared.rs` |
//! | is this still the database that gave these numbers? | `incarnation.rs` |
//! | how far was a stream told? | `stream.rs` |
//! | whose subscriber is to be called? | `push.rs` |
//! | which nodes are there, and what do they tell each other? | `node.rs` |
//! | how much may a mailbox take? | `quota.rs` |
//! | by which time is age judged? | `age.rs` |
//! | which members of a group have a message already? | `delivered.rs` |
//! | what does one operation run? | `item/<verb>.rs`, `folder/<verb>.rs`, `sync/<what>.rs` |
//!
//! Client text reaches a statement only as a bound parameter. Nothing here knows XML, shapes, or what rights mean: the caller says
//! which columns it wants, and has asked the worker's gate before.

mod age;
pub mod attached;
mod attachment;
mod blob;
mod clock;
mod column;
mod connection;
mod conninfo;
mod delivered;
mod directory;
pub mod embedded;
mod error;
mod folder;
mod incarnation;
mod index;
mod item;
mod journal;
pub mod json;
mod line;
mod mailbox;
mod migrate;
mod node;
mod options;
mod outbox;
mod plain;
mod prepared;
mod push;
pub mod query;
mod quota;
mod row;
mod search;
mod session;
mod sql;
mod stream;
mod subscription;
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tls;
mod token_keys;

pub use age::{Before, Believed, ClockSeen, Doubt};
pub use attachment::{AttachmentKind, AttachmentRow, NewAttachment};
pub use blob::Hash;
pub use column::{ColumnSet, Columns, column_name, is_always_set, stored_column};
pub use connection::{Health, Store};
pub use directory::{
    Account, AccountChange, Calendar, DirectoryEntry, Grant, Granted, Group, GroupMember, ImpersonationTarget,
    LoginPlace, NewAccount, OwnedAddress, Recipient,
};
pub use error::{Missing, StoreError};
pub use folder::{FolderRow, FolderUpdate, NewFolder};
pub use index::Entered;
pub use item::{
    AUTHORS, Bounds, BusyItem, Event, EventsIn, FoundContact, FoundEvent, FoundReminder, GAVE_UP, ItemPlace, ItemRef,
    ItemRow, ItemUpdate, NewItem, Outline, Plan, Search, Unread,
};
pub use journal::{ChangeKind, Entry, Events, Scope};
pub use mailbox::Mailbox;
pub use migrate::{MigrationStatus, migrate, migration_status, wait_ready};
pub use node::{Herald, HeraldEvent, Node, NodeName};
pub use options::{Needs, Options};
pub use outbox::{Claim, NewOutgoing, OutboxFigures, Outgoing, Postponed, Queued};
pub use plain::PlainDue;
pub use push::{Called, NewPush, Push, PushClaim};
pub use query::{Cmp, ContainsMode, Field, Filter, Found, Grouping, Order, Page, Place, ScalarType};
pub use quota::{AlmostFull, Limits};
pub use search::{Area, SEARCHED};
pub use stream::{ClaimedSubscription, EventPosition, StreamPosition};
pub use subscription::{ListedSubscription, NewSubscription, Subscription, SubscriptionKind};
pub use sync::{FolderChange, HierarchyPage, ItemChange, ItemPage, ItemState, SyncKind};

/// A JSON object as `jsonb` columns hold it.
pub type Map = serde_json::Map<String, serde_json::Value>;
