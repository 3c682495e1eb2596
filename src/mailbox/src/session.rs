//! Who asks, when, and by which settings: what everything here is given.

use std::rc::Rc;

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::timezone::ItemZone;
use ewsd_settings::Settings;
use ewsd_store::{Account, Store};
use jiff::Timestamp;

use crate::clock;
use crate::gate::Gate;

/// One piece of work for one account, whatever protocol asks for it.
pub struct Session<'a> {
    /// The only way to mailboxes.
    pub gate: Gate<'a>,
    pub settings: &'a Settings,
    /// Who asks.
    pub caller: Rc<Account>,
    /// The language asked for (`xs:language`), if it is not the account's.
    pub culture: Option<&'a str>,
    /// When the work was taken up: it sees one time.
    pub now: Timestamp,
    /// The zone that the request's times are in.
    pub zone: ZoneContext,
}

/// The zone of times that name none, unless the item they are of says another.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneContext {
    pub zone: ItemZone,
}

impl Default for ZoneContext {
    fn default() -> ZoneContext {
        ZoneContext { zone: ItemZone::utc() }
    }
}

impl<'a> Session<'a> {
    /// A session that begins now.
    pub fn new(
        store: &'a mut Store,
        settings: &'a Settings,
        caller: Rc<Account>,
        culture: Option<&'a str>,
    ) -> Session<'a> {
        Session {
            gate: Gate::new(store, caller.clone()),
            settings,
            caller,
            culture,
            now: clock::now(),
            zone: ZoneContext::default(),
        }
    }

    /// What a limit of each account (`limits.*_per_account`) is for the caller: none, where shares do not bind it.
    pub fn share(&self, most: u64) -> u64 {
        if self.caller.exempt { u64::MAX } else { most }
    }

    /// The zone of accounts that have none of their own.
    pub fn default_zone(&self) -> ItemZone {
        ItemZone::named(&self.settings.calendar.time_zone).unwrap_or_else(ItemZone::utc)
    }

    /// The caller's name, or the login of one who has none.
    pub fn name(&self) -> &str {
        if self.caller.display_name.is_empty() { &self.caller.login } else { &self.caller.display_name }
    }

    /// The caller's primary address, or the login of one who has none.
    pub fn address(&self) -> String {
        self.caller.primary_address.clone().unwrap_or_else(|| self.caller.login.clone())
    }

    /// All addresses by which the caller is known, the primary one first.
    pub fn own_addresses(&mut self) -> crate::error::Result<Vec<String>> {
        let account = self.caller.account;
        let mut all = vec![self.address()];
        all.extend(self.gate.store().addresses(account)?);
        Ok(all)
    }

    /// Whether one object may get so many changes in one call.
    pub fn check_changes(&self, changes: usize) -> Result<(), Failure> {
        let most = self.settings.limits.changes_per_object;
        if changes as u64 > most {
            let text = format!("At most {most} changes of one object in one request.");
            return Err(Failure::with_text(Code::ErrorInvalidArgument, text));
        }
        Ok(())
    }

    /// Whether a client may give a message or an attachment of so many octets, which is refused with this code.
    ///
    /// # Errors
    /// The code, for more than `limits.message_bytes`.
    pub fn check_size(&self, octets: usize, code: Code) -> Result<(), Failure> {
        if octets as u64 > self.settings.limits.message_bytes { Err(Failure::new(code)) } else { Ok(()) }
    }
}
