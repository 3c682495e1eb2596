//! The POX form: every answer to who has logged in has status 200.

use std::rc::Rc;

use ewsd_ews::autodiscover::pox::{self, Answer as Pox, MailboxName, PoxError, Schema};
use ewsd_mailbox::clock;
use ewsd_store::Account;

use super::{AddressHolder, busy, can_handle, look_up, look_up_dn};
use crate::front::ews::Answer;
use crate::front::response::{Response, XML};
use crate::front::route::Request;

/// POST: somebody's settings.
pub fn pox(_: Rc<Account>, mut request: Request<'_>) -> Answer {
    let asked = match pox::parse(request.body) {
        Ok(asked) => asked,
        Err(problem) => return refused(problem),
    };
    let known = match &asked.who {
        MailboxName::Address(address) => look_up(address, &mut request),
        MailboxName::LegacyDn(dn) => look_up_dn(dn, &mut request),
    };
    let answer = match known {
        Ok(AddressHolder::Here(profile)) if asked.schema == Schema::Mobile && profile.home.activesync.is_none() => {
            return refused(PoxError::NoProvider);
        }
        Ok(AddressHolder::Here(profile)) => Pox::Profile(profile),
        Ok(AddressHolder::Elsewhere(redirect)) => Pox::Redirect(redirect),
        Ok(AddressHolder::Nobody) => return refused(PoxError::NotFound),
        Err(error) => return busy(&error).map_or_else(|| refused(PoxError::Internal), Answer::Now),
    };
    let exhttp = can_handle(&request, "ExHttpInfo");
    Answer::Now(Response::new(200, XML, pox::write(&answer, asked.schema, exhttp)))
}

/// GET: what administrators try in a browser. It is no request.
pub fn pox_by_get(_: Rc<Account>, _: Request<'_>) -> Answer {
    refused(PoxError::Invalid)
}

fn refused(problem: PoxError) -> Answer {
    Answer::Now(Response::new(200, XML, pox::write_problem(problem, clock::unix())))
}
