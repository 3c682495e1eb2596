//! Fetches the public keys of the identity provider (`auth.jwks_url`), for the workers, which check tokens with them
//! (`../auth/token.rs`) and connect to nobody but the database. Of several nodes' couriers one fetches at a time.

use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use ewsd_jwt::read_keys;
use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_store::{Store, StoreError};

use super::crew::{Crew, Done, Hand};
use super::push::address::CallbackUrl;
use super::web::{self, Bounds, Reply};

/// Octets of an answer, head and all. The large providers' sets, with certificates, have some tens of thousands.
const ANSWER: usize = 512 * 1024;
/// Fetched keys are not good for longer, whatever the provider says.
const LONGEST: u64 = 86_400;

/// What a provider sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyDocument {
    text: String,
    /// Seconds until it is fetched again.
    seconds: u64,
}

/// The thread that fetches.
#[derive(Default)]
pub(crate) struct Fetcher;

impl Hand for Fetcher {
    /// The URL.
    type Task = String;
    type End = Result<KeyDocument, String>;
    const NAME: &'static str = "fetcher";

    fn work(&mut self, settings: &Settings, url: &String) -> Self::End {
        fetch(settings, url)
    }
}

/// The keys of a courier's provider.
pub(crate) struct TokenKeys {
    crew: Crew<Fetcher>,
    /// Back, and not kept yet.
    back: Vec<Done<Fetcher>>,
    /// When to look again.
    at: Instant,
    /// The last fetch failed.
    away: bool,
}

impl TokenKeys {
    pub fn new(settings: &Settings) -> nix::Result<TokenKeys> {
        Ok(TokenKeys { crew: Crew::new(settings)?, back: Vec::new(), at: clock::monotonic(), away: false })
    }

    /// Readable when a fetch is over.
    pub fn ready(&self) -> BorrowedFd<'_> {
        self.crew.ready()
    }

    /// Keeps what is back, fetches what is due. The time after which there is more to do by itself, `round` at most. `look`:
    /// somebody may want keys.
    pub fn turn(
        &mut self,
        store: &mut Store,
        settings: &Settings,
        look: bool,
        round: Duration,
    ) -> Result<Duration, StoreError> {
        let url = &settings.auth.jwks_url;
        if url.is_empty() {
            return Ok(round);
        }
        self.keep(store)?;
        if look || self.at <= clock::monotonic() {
            let again = i64::try_from(settings.auth.jwks_again_seconds).unwrap_or(i64::MAX);
            let mut next = store.next_token_keys_seconds(url)?;
            if self.crew.under_way() == 0
                && next.is_none_or(|next| next <= 0.0)
                && store.claim_token_keys(url, again)?
            {
                if self.crew.give(url.clone()).is_err() {
                    note!(Error, "no thread can be started to fetch auth.jwks_url");
                }
                next = Some(again as f64);
            }
            let next = next.unwrap_or_default().clamp(0.0, round.as_secs_f64());
            // Who fetches at this moment is not asked again at once.
            self.at = clock::monotonic() + Duration::from_secs_f64(next).max(Duration::from_millis(100));
        }
        Ok(self.at.saturating_duration_since(clock::monotonic()))
    }

    fn keep(&mut self, store: &mut Store) -> Result<(), StoreError> {
        self.back.extend(self.crew.done());
        while let Some(Done { task: url, end }) = self.back.last() {
            match end {
                Ok(document) => {
                    let seconds = i64::try_from(document.seconds).unwrap_or(i64::MAX);
                    store.keep_token_keys(url, &document.text, seconds)?;
                    if std::mem::take(&mut self.away) {
                        note!(Info, "auth.jwks_url {url} is back");
                    }
                    self.at = clock::monotonic() + Duration::from_secs(document.seconds);
                }
                Err(why) if self.away => note!(Debug, "auth.jwks_url {url} is still away: {why}"),
                Err(why) => {
                    note!(Warn, "auth.jwks_url {url}: {why}; the keys that were fetched last stay good");
                    self.away = true;
                }
            }
            self.back.pop();
        }
        Ok(())
    }
}

/// Fetches a set of keys that is one.
fn fetch(settings: &Settings, text: &str) -> Result<KeyDocument, String> {
    let url = CallbackUrl::parse(text).ok_or("it is no URL")?;
    let seconds = settings.auth.jwks_call_seconds;
    let until = clock::monotonic() + Duration::from_secs(seconds);
    let addresses = look_up(&url)?;
    let mut why = "its name has no address".to_owned();
    for (at, address) in addresses.iter().enumerate() {
        // Each has its share of the time: one that never answers must not keep us from the next.
        let others = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        let share = until.saturating_duration_since(clock::monotonic()) / others.max(1);
        let bounds = Bounds { until: clock::monotonic() + share, setting: "auth.jwks_call_seconds", octets: ANSWER };
        let ca = ("auth.jwks_ca", settings.auth.jwks_ca.as_str());
        match web::ask(*address, url.tls.then_some((&url.host, ca)), &request(&url), bounds) {
            Ok(reply) => return document(settings, reply).map_err(|error| format!("{address}: {error}")),
            Err(error) => why = format!("{address}: {error}"),
        }
    }
    Err(why)
}

/// The addresses of the URL's host. Without TLS this machine's alone: nobody on the way may change keys.
fn look_up(url: &CallbackUrl) -> Result<Vec<SocketAddr>, String> {
    let found = (url.host.as_str(), url.port).to_socket_addrs().map_err(|error| format!("its name: {error}"))?;
    Ok(found.filter(|address| url.tls || address.ip().is_loopback()).collect())
}

fn request(url: &CallbackUrl) -> Vec<u8> {
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ewsd/{}\r\nAccept: application/jwk-set+json, application/json\r\n\
         Connection: close\r\n\r\n",
        url.target,
        url.authority,
        env!("CARGO_PKG_VERSION"),
    )
    .into_bytes()
}

/// What an answer brings, if tokens can be checked with it: else what is there stays.
fn document(settings: &Settings, reply: Reply) -> Result<KeyDocument, String> {
    if reply.status != 200 {
        return Err(format!("it answered with status {}", reply.status));
    }
    read_keys(&reply.body)?;
    let text = String::from_utf8(reply.body).map_err(|error| error.to_string())?;
    let least = settings.auth.jwks_again_seconds.min(LONGEST);
    let seconds = reply.max_age.unwrap_or(settings.auth.jwks_seconds).clamp(least, LONGEST);
    Ok(KeyDocument { text, seconds })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SET: &str = r#"{"keys":[{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"}]}"#;

    #[test]
    fn an_answer_is_keys_for_a_time_within_bounds() {
        let settings = Settings::default();
        let read = |status, max_age, body: &str| {
            document(&settings, Reply { status, max_age, body: body.as_bytes().to_vec(), ..Reply::default() })
        };
        for (max_age, seconds) in
            [(None, 3600), (Some(0), 60), (Some(59), 60), (Some(600), 600), (Some(u64::MAX), LONGEST)]
        {
            assert_eq!(read(200, max_age, SET), Ok(KeyDocument { text: SET.to_owned(), seconds }));
        }
        for (status, body) in [(302, SET), (404, SET), (200, ""), (200, "{}"), (200, r#"{"keys":[]}"#), (200, "<html>")]
        {
            assert!(read(status, None, body).is_err(), "{status} {body}");
        }
    }

    #[test]
    fn without_tls_nobody_but_this_machine_is_asked() {
        let found = |text: &str| look_up(&CallbackUrl::parse(text).unwrap()).unwrap();
        assert_eq!(found("http://127.0.0.1:81/keys"), ["127.0.0.1:81".parse().unwrap()]);
        assert_eq!(found("http://192.0.2.7/keys"), []);
        assert_eq!(found("https://192.0.2.7/keys"), ["192.0.2.7:443".parse().unwrap()]);
    }
}
