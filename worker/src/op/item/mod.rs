//! Operations on items, one file each. What an item is and how it changes is `ewsd_mailbox::item`.

pub mod create;
pub mod delete;
pub mod get;
pub mod mark_all_read;
mod meeting;
pub mod relocate;
pub mod send;
pub mod update;

#[cfg(test)]
mod tests;
