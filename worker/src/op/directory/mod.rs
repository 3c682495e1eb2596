//! Operations that answer from the directory, from ids alone, or from the time zone tables.

pub mod convert_id;
pub mod resolve_names;
pub mod time_zones;
