//! The settings table: every key, its type, default and whether a reload takes it
