//! Operations that answer from the directory and from contacts, from ids alone, or from the time zone tables.

pub mod convert_id;
pub mod expand_dl;
mod people;
pub mod resolve_names;
pub mod time_zones;
