//! Bearer tokens (RFC 6750): each request carries one. What a token must be is `token.rs`.

use ewsd_settings::Settings;

use super::{Attempt, Circumstances, Scheme};
use crate::auth::password::{self, principal};
use crate::auth::token::Unfit;
use crate::auth::{AdmittedBy, Denied, Entered, Peer, failed};

pub struct Bearer;

/// The offers to one whose token was refused (RFC 6750 3.1).
pub fn after_bad_token(offers: Vec<String>) -> Vec<String> {
    let told = |offer: String| {
        if offer.starts_with("Bearer ") { offer + ", error=\"invalid_token\"" } else { offer }
    };
    offers.into_iter().map(told).collect()
}

impl Scheme for Bearer {
    fn number(&self) -> u8 {
        5
    }

    fn name(&self) -> &'static str {
        "bearer"
    }

    fn speaks(&self, settings: &Settings, _: Peer) -> bool {
        !settings.auth.jwks_file.is_empty() || !settings.auth.jwks_url.is_empty()
    }

    fn offer(&self, settings: &Settings, peer: Peer, _: &dyn Fn() -> String) -> Option<String> {
        let auth = &settings.auth;
        let quoted =
            |text: &str| text.chars().filter(|c| !c.is_control() && *c != '"' && *c != '\\').collect::<String>();
        self.speaks(settings, peer).then(|| {
            let mut offer = format!("Bearer realm=\"{}\"", quoted(&auth.realm));
            // Where to get one, for clients that look there.
            for (name, value) in [("authorization_uri", &auth.token_url), ("trusted_issuers", &auth.token_issuer)] {
                if !value.is_empty() {
                    offer.push_str(&format!(", {name}=\"{}\"", quoted(value)));
                }
            }
            offer
        })
    }

    fn accept(&self, attempt: &Attempt<'_>, cx: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied> {
        let Some(token) = attempt.credentials("Bearer") else { return Ok(None) };
        let (settings, now) = (cx.settings, cx.now);
        let said = match cx.tokens.check(token, cx.store, settings, now) {
            Ok(said) => said,
            Err(Unfit::Keys(error)) => return Err(failed(error)),
            Err(Unfit::Token(reason)) => {
                password::refused("", attempt.peer, reason);
                return Err(Denied::BadToken);
            }
        };
        let names = principal::names(&said, settings);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let account = cx.vouched(&names)?.map_err(|reason| {
            password::refused(&said, attempt.peer, reason);
            Denied::BadToken
        })?;
        Ok(Some(Entered { account, via: AdmittedBy::Password, bound: None, reply: None }))
    }
}
