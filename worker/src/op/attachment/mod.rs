//! Operations on attachments, one file each (MS-OXWSATT). Files, and messages attached to messages.

pub mod create;
pub mod delete;
pub mod get;
