//! Synchronization (MS-OXWSSYNC): what changed in a folder, and in the tree of folders, since a client last asked.

pub mod hierarchy;
pub mod items;
pub mod state;
