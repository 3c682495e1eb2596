//! Negotiate (RFC 4559): SPNEGO, and in it Kerberos or NTLM. Kerberos proves each request by itself and leaves nothing behind;
//! it is taken when it is the client's first choice.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_ntlm::{Mech, Token, accept_completed, accept_incomplete, request_mic};
use ewsd_settings::Settings;

use super::ntlm::{self, NtlmState, begin, entered, finish, kept, kept_as};
use super::{Attempt, Circumstances, Scheme};
use crate::auth::password::{self, principal};
use crate::auth::{AdmittedBy, Denied, Entered, Peer};

pub struct Negotiate;

/// The scheme's own number, which what it keeps is told by.
const NUMBER: u8 = 3;
/// Octets of the longest token: a ticket of Kerberos names all groups of its owner (Windows makes them up to 48,000 octets
/// long), and the head that it comes in has a bound itself. A message of NTLM has a bound of its own.
const TOKEN_MAX: usize = ewsd_http::HEAD_MAX;

impl Scheme for Negotiate {
    fn number(&self) -> u8 {
        NUMBER
    }

    fn name(&self) -> &'static str {
        "negotiate"
    }

    fn speaks(&self, settings: &Settings, peer: Peer) -> bool {
        let kerberos = !settings.auth.keytab.is_empty();
        kerberos || settings.auth.negotiate && ntlm::usable(settings, peer)
    }

    fn offer(&self, settings: &Settings, peer: Peer, _: &dyn Fn() -> String) -> Option<String> {
        self.speaks(settings, peer).then(|| "Negotiate".to_owned())
    }

    fn accept(&self, attempt: &Attempt<'_>, cx: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied> {
        let Some(text) = attempt.credentials("Negotiate") else { return ntlm::known(attempt, NUMBER, cx) };
        let octets = ntlm::decode(text, TOKEN_MAX, attempt.peer)?;
        let Ok(token) = Token::read(&octets) else { return Err(Denied::Unasked) };
        match token {
            Token::RawNtlm(message) if ntlm::usable(cx.settings, attempt.peer) => raw(message, attempt, cx).map(Some),
            Token::Init { mechs, token: Some(token), .. }
                if mechs.first() == Some(&Mech::Kerberos) && has_kerberos(cx) =>
            {
                let (entered, proof) = kerberos(token, attempt.peer, cx)?;
                let reply = accept_completed(Some(Mech::Kerberos), proof.as_deref(), None);
                Ok(Some(Entered { reply: Some(format!("Negotiate {}", STANDARD.encode(reply))), ..entered }))
            }
            Token::RawKerberos(token) if has_kerberos(cx) => {
                let (entered, proof) = kerberos(token, attempt.peer, cx)?;
                Ok(Some(Entered {
                    reply: proof.map(|proof| format!("Negotiate {}", STANDARD.encode(proof))),
                    ..entered
                }))
            }
            Token::Init { mechs, list, token } => Err(first(&mechs, list, token, attempt.peer, cx)),
            Token::Response { token: Some(token), list_mic } => next(token, list_mic, attempt, cx).map(Some),
            Token::RawNtlm(_) | Token::RawKerberos(_) | Token::Response { token: None, .. } => Err(Denied::Unasked),
        }
    }
}

fn has_kerberos(cx: &Circumstances<'_>) -> bool {
    !cx.settings.auth.keytab.is_empty()
}

/// Who a token of Kerberos proves, and the server's own proof.
fn kerberos(token: &[u8], peer: Peer, cx: &mut Circumstances<'_>) -> Result<(Entered, Option<Vec<u8>>), Denied> {
    let (settings, now) = (cx.settings, cx.now);
    let proved = match cx.kerberos.accept(&settings.auth.keytab, now, token) {
        Ok(proved) => proved,
        Err(reason) => {
            password::refused("", peer, &reason);
            return Err(Denied::Refused);
        }
    };
    let names = principal::of_ticket(&proved.principal, settings);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let account = cx.vouched(&names)?.map_err(|reason| {
        password::refused(&proved.principal, peer, reason);
        Denied::Refused
    })?;
    Ok((Entered { account, via: AdmittedBy::Password, bound: None, reply: None }, proved.token))
}

fn go_on(token: &[u8], kept: &NtlmState) -> Denied {
    Denied::Continue { challenge: format!("Negotiate {}", STANDARD.encode(token)), bound: Some(kept_as(NUMBER, kept)) }
}

/// NTLM without SPNEGO around it, under the name of Negotiate.
fn raw(message: &[u8], attempt: &Attempt<'_>, cx: &mut Circumstances<'_>) -> Result<Entered, Denied> {
    if let Some((challenge, kept)) = begin(message, &[], false, cx) {
        return Err(go_on(&challenge, &kept));
    }
    let (account, _) = finish(message, kept(attempt), attempt.peer, cx)?;
    Ok(entered(account, NUMBER, None, cx))
}

/// The client's first token: its list, and maybe a message of what it likes best.
fn first(mechs: &[Mech], list: &[u8], token: Option<&[u8]>, peer: Peer, cx: &Circumstances<'_>) -> Denied {
    if !mechs.contains(&Mech::Ntlm) || !ntlm::usable(cx.settings, peer) {
        return Denied::Unasked;
    }
    let begun = token.filter(|_| mechs.first() == Some(&Mech::Ntlm)).and_then(|token| begin(token, list, false, cx));
    match begun {
        Some((challenge, kept)) => go_on(&accept_incomplete(Some(Mech::Ntlm), &challenge), &kept),
        None => go_on(&request_mic(Mech::Ntlm), &NtlmState::Chosen(list.to_vec())),
    }
}

/// A later token: the first message of a mechanism that was not the client's first choice, or the last one.
fn next(
    token: &[u8],
    list_mic: Option<&[u8]>,
    attempt: &Attempt<'_>,
    cx: &mut Circumstances<'_>,
) -> Result<Entered, Denied> {
    let (list, must_sign) = match kept(attempt) {
        Some(NtlmState::Chosen(list)) => {
            let (challenge, kept) = begin(token, &list, true, cx).ok_or(Denied::Unasked)?;
            return Err(go_on(&accept_incomplete(None, &challenge), &kept));
        }
        Some(NtlmState::Challenged { list, sign, .. }) => (list, sign),
        _ => return Err(Denied::Unasked),
    };
    let (account, session) = finish(token, kept(attempt), attempt.peer, cx)?;
    // Somebody may have taken better mechanisms out of the client's list on the way.
    let right = list_mic.map_or(!must_sign, |mic| session.is_clients(mic, &list));
    if !right {
        password::refused(&account.login, attempt.peer, "the list of mechanisms was changed");
        return Err(Denied::Refused);
    }
    let ours = list_mic.and_then(|_| session.signature(&list));
    let completed = accept_completed(None, None, ours.as_ref().map(<[u8; 16]>::as_slice));
    let reply = format!("Negotiate {}", STANDARD.encode(completed));
    Ok(entered(account, NUMBER, Some(reply), cx))
}
