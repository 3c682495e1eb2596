//! The store against a private PostgreSQL: a file per topic, a database per test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

mod attachments;
mod bodies;
mod connection;
mod contacts;
mod contains;
mod directory;
mod entering;
mod event;
mod folders;
mod groups;
mod items;
mod journal;
mod late;
mod migrations;
mod pages;
mod search;
mod small;
mod sync;
mod untold;
mod words;
