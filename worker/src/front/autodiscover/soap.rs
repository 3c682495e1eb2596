//! The SOAP form.

use std::rc::Rc;

use ewsd_ews::autodiscover::soap::{self, Code, DomainResult, NAMES, Op, Request as SoapRequest, UserResult};
use ewsd_mailbox::clock;
use ewsd_store::{Account, StoreError};

use super::{AddressHolder, busy, home, look_up, redirect};
use crate::front::ews::Answer;
use crate::front::response::{Response, XML};
use crate::front::route::Request;

/// POST.
pub fn soap(_: Rc<Account>, mut request: Request<'_>) -> Answer {
    let asked = match soap::parse(request.body) {
        Ok(asked) => asked,
        Err(text) => return Answer::Now(Response::new(500, XML, soap::write_fault(&text))),
    };
    let body = match answer(&asked, &mut request) {
        Ok(body) => body,
        Err(error) => match busy(&error) {
            Some(response) => return Answer::Now(response),
            None => soap::write_refusal(asked.op, Code::InternalServerError, "The server failed."),
        },
    };
    Answer::Now(Response::new(200, XML, body))
}

/// GET: nothing for people, and nothing that a client could take for an answer.
pub fn soap_by_get(_: Rc<Account>, _: Request<'_>) -> Answer {
    Answer::Now(Response::text(405, "This address takes POST.").with("Allow", "POST"))
}

fn answer(asked: &SoapRequest, request: &mut Request<'_>) -> Result<Vec<u8>, StoreError> {
    match asked.op {
        Op::Federation => {
            let text = "This organisation is not federated with others.";
            return Ok(soap::write_refusal(asked.op, Code::NotFederated, text));
        }
        Op::Relationship => {
            let text = "There are no relationships with other organisations.";
            return Ok(soap::write_refusal(asked.op, Code::InvalidRequest, text));
        }
        Op::UserSettings | Op::DomainSettings => {}
    }
    let wrong = match (asked.names.len(), asked.settings.len()) {
        (0, _) => Some("The request names nobody.".to_owned()),
        (many, _) if many > NAMES => Some(format!("The request names more than {NAMES}.")),
        (_, 0) => Some("The request names no settings.".to_owned()),
        _ => None,
    };
    if let Some(text) = wrong {
        return Ok(soap::write_refusal(asked.op, Code::InvalidRequest, &text));
    }
    if asked.op == Op::DomainSettings {
        let told: Result<Vec<DomainResult>, StoreError> =
            asked.names.iter().map(|domain| tell_domain(domain, request)).collect();
        return Ok(soap::write_domains(asked, &told?));
    }
    let told: Result<Vec<UserResult>, StoreError> = asked.names.iter().map(|address| tell(address, request)).collect();
    Ok(soap::write_users(asked, &told?))
}

fn tell(address: &str, request: &mut Request<'_>) -> Result<UserResult, StoreError> {
    Ok(match look_up(address, request)? {
        AddressHolder::Here(profile) => UserResult::Profile(profile),
        AddressHolder::Elsewhere(redirect) => UserResult::Redirect(redirect),
        // The words are compared by exchangelib.
        AddressHolder::Nobody => UserResult::Refused(Code::InvalidUser, format!("Invalid user '{address}'")),
    })
}

fn tell_domain(domain: &str, request: &mut Request<'_>) -> Result<DomainResult, StoreError> {
    let anybody = format!("x@{domain}");
    if let Some(redirect) = redirect(&anybody, request.settings) {
        return Ok(DomainResult::Redirect(redirect));
    }
    let (now, settings) = (clock::unix(), request.settings);
    let ours = request.accepted.holds(&anybody, now, request.store, settings)?;
    Ok(if ours {
        DomainResult::Home(home(domain, request))
    } else {
        DomainResult::Refused(Code::InvalidDomain, format!("Invalid domain '{domain}'"))
    })
}
