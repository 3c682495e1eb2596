//! The store against a private PostgreSQL: a file per topic, a database per test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

mod directory;
mod items;
