//! What of a request's head is honoured besides its credentials.

use std::time::Duration;

use ewsd_http::Head;
use ewsd_settings::Settings;

use crate::op::Wait;

/// What the client wants of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The client takes gzip (RFC 9110 12.5.3).
    pub gzip: bool,
    /// `client-request-id`, to be echoed.
    pub echo: Option<String>,
    /// X-PreferServerAffinity without the cookie that it leads to.
    pub affinity: bool,
    pub keep_alive: bool,
    pub version_minor: u8,
    /// HEAD: no body.
    pub head_only: bool,
    /// `Prefer: wait=N`.
    pub wait: Option<Duration>,
}

impl Preferences {
    pub fn read(head: &Head<'_>) -> Preferences {
        let yes = |name| head.header_str(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let echo = head.header_str("client-request-id").filter(|_| yes("return-client-request-id"));
        let cookie = head.header_str("Cookie").is_some_and(|cookie| cookie.contains(AFFINITY_COOKIE));
        Preferences {
            gzip: takes_gzip(head),
            echo: echo.map(|id| id.chars().filter(|c| c.is_ascii_graphic()).take(128).collect()),
            affinity: yes("X-PreferServerAffinity") && !cookie,
            keep_alive: head.keep_alive,
            version_minor: head.version_minor,
            head_only: head.method == "HEAD",
            wait: wait(head),
        }
    }

    /// How long a call may be held: as asked for up to a limit, else as set for everybody.
    pub fn wait(&self, settings: &Settings) -> Wait {
        let most = Duration::from_secs(settings.notifications.pull_wait_most);
        match self.wait {
            Some(wait) => Wait { most: wait.min(most), asked: true },
            None => Wait { most: Duration::from_secs(settings.notifications.pull_wait), asked: false },
        }
    }
}

pub const AFFINITY_COOKIE: &str = "X-BackEndOverrideCookie";

fn values<'a>(head: &'a Head<'_>, name: &'a str) -> impl Iterator<Item = &'a str> {
    let fields = head.headers().filter(move |(found, _)| found.eq_ignore_ascii_case(name));
    fields.filter_map(|(_, value)| std::str::from_utf8(value).ok()).flat_map(|value| value.split(',')).map(str::trim)
}

fn takes_gzip(head: &Head<'_>) -> bool {
    values(head, "Accept-Encoding").any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named =
            parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip"));
        let refused = parts.filter_map(|part| part.strip_prefix("q=")).any(|weight| weight.parse() == Ok(0.0f32));
        named && !refused
    })
}

fn wait(head: &Head<'_>) -> Option<Duration> {
    let preferences = values(head, "Prefer").flat_map(|value| value.split(';')).map(str::trim);
    let mut waits = preferences.filter_map(|one| {
        let (name, value) = one.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"').parse().ok())?
    });
    // RFC 7240 2: the first of several wins.
    waits.next().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(fields: &str) -> Preferences {
        let text = format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        Preferences::read(&ewsd_http::scan_head(text.as_bytes()).unwrap().unwrap())
    }

    #[test]
    fn wishes_are_read() {
        assert!(read("Accept-Encoding: gzip, deflate\r\n").gzip);
        assert!(!read("Accept-Encoding: gzip;q=0, identity\r\n").gzip);
        assert!(!read("Accept-Encoding: identity\r\n").gzip);
        assert_eq!(read("Prefer: return=minimal, wait=25\r\n").wait, Some(Duration::from_secs(25)));
        assert_eq!(read("Prefer: wait=\"5\"; x=y\r\n").wait, Some(Duration::from_secs(5)));
        assert_eq!(read("Prefer: wait=soon\r\n").wait, None);
        assert_eq!(read("client-request-id: a b\r\nreturn-client-request-id: TRUE\r\n").echo, Some("ab".into()));
        assert_eq!(read("client-request-id: a\r\n").echo, None);
        assert!(read("X-PreferServerAffinity: True\r\n").affinity);
        assert!(!read("X-PreferServerAffinity: True\r\nCookie: X-BackEndOverrideCookie=n1\r\n").affinity);
    }

    #[test]
    fn nobody_waits_longer_than_allowed() {
        let settings = Settings::default();
        assert_eq!(read("").wait(&settings), Wait { most: Duration::from_secs(30), asked: false });
        let asked = read("Prefer: wait=100000\r\n").wait(&settings);
        assert_eq!(asked, Wait { most: Duration::from_secs(300), asked: true });
        assert_eq!(read("Prefer: wait=0\r\n").wait(&settings), Wait { most: Duration::ZERO, asked: true });
    }
}
