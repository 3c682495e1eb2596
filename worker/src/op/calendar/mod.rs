//! Operations about calendars that are asked of no folder: who is free when, what somebody is to be reminded of.

pub mod availability;
pub mod remind;
pub mod reminders;
mod suggestions;
