//! From one form to another: MIME to properties and back (`mime/`), HTML to text and back (`html/`).
//!
//! Nothing here knows a mailbox, a caller or a database.

pub mod html;
pub mod mime;
