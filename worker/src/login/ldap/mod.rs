//! Asks a directory (LDAP): whether it lets somebody in with that password. Connections: `line.rs`; what is said on them: `session.rs`.

mod line;
mod session;

use std::fs;
use std::sync::Arc;

use ewsd_ldap::filter::Filter;
use ewsd_ldap::template::{fill, of_filter, of_name};
use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_settings::{Directory, Settings};
use rustls::ClientConfig;
use zeroize::Zeroizing;

use self::line::Line;
use self::session::Session;
use super::Verdict;
use super::asking::within;
use crate::tls::{self, Deadline};

/// Stands in a name that nobody has.
const NOBODY: &str = "cn=ewsd asks for nobody";

/// The directory that the settings name.
pub(crate) struct Ldap {
    servers: Vec<Directory>,
    /// Which of them answered last.
    first: usize,
    /// Whether `ldap://` goes on with TLS only.
    encrypted: bool,
    ca: String,
    /// Made when it is needed, and again when it was of no use: the file may have been put right.
    tls: Option<Arc<ClientConfig>>,
    whom: Whom,
}

/// As whom somebody binds.
enum Whom {
    /// Made of the login.
    Made { name: String },
    /// Looked for.
    Searched { base: String, filter: String, asks: Option<Asks> },
}

/// Who may search.
struct Asks {
    name: String,
    password_file: String,
}

impl Ldap {
    /// # Errors
    /// A sentence: what the settings lack.
    pub fn of(settings: &Settings) -> Result<Ldap, String> {
        let auth = &settings.auth;
        let servers = auth.ldap_urls.iter().map(|url| Directory::parse(url).map_err(|why| format!("{url} {why}")));
        let servers = servers.collect::<Result<Vec<_>, _>>()?;
        if let Some(what) = settings.lacks() {
            return Err(what.to_owned());
        }
        let whom = match auth.ldap_bind_dn.as_str() {
            "" => {
                filter(&auth.ldap_filter, "anna@example.org")?;
                let asks = Some(Asks {
                    name: auth.ldap_search_dn.clone(),
                    password_file: auth.ldap_search_password_file.clone(),
                });
                Whom::Searched {
                    base: auth.ldap_base.clone(),
                    filter: auth.ldap_filter.clone(),
                    asks: asks.filter(|asks| !asks.name.is_empty()),
                }
            }
            name => Whom::Made { name: name.to_owned() },
        };
        let (encrypted, ca) = (auth.ldap_tls != "none", auth.ldap_ca.clone());
        Ok(Ldap { servers, first: 0, encrypted, ca, tls: None, whom })
    }

    /// Whether the directory lets `login` in with that password. The servers are asked one after the other, each with its share of
    /// the time, until one has an answer.
    ///
    /// # Errors
    /// Why none had.
    pub fn check(&mut self, login: &str, password: &[u8], deadline: Deadline) -> Result<Verdict, String> {
        // A bind without a password proves nothing, and succeeds (RFC 4513 5.1.2).
        if password.is_empty() {
            return Ok(Verdict::Wrong);
        }
        let count = self.servers.len();
        let mut why = Vec::new();
        for tried in 0..count {
            let at = (self.first + tried) % count;
            let share = deadline.left().map_err(|error| error.to_string())?;
            let others = u32::try_from(count - tried).unwrap_or(u32::MAX);
            let until = clock::monotonic() + share / others;
            match self.ask(at, login, password, Deadline { until, ..deadline }) {
                Ok(verdict) => {
                    self.first = at;
                    return Ok(verdict);
                }
                Err(error) => why.push(error),
            }
        }
        Err(why.join("; "))
    }

    fn ask(&mut self, at: usize, login: &str, password: &[u8], deadline: Deadline) -> Result<Verdict, String> {
        let (mut session, name) = self.open(at, deadline)?;
        let said = self.verdict(&mut session, login, password, deadline).map_err(|why| format!("{name}: {why}"));
        session.close();
        said
    }

    /// A connection that is encrypted where it must be, and what the server is called.
    fn open(&mut self, at: usize, deadline: Deadline) -> Result<(Session, String), String> {
        let server = self.servers.get(at).ok_or("there is no server")?.clone();
        let (line, name) = Line::open(&server, deadline)?;
        let named = |why: String| format!("{name}: {why}");
        let session = match &server {
            Directory::Ldaps { host, .. } => self.trusted(|tls| Ok(Session::new(line.encrypt(tls, host)?))),
            Directory::Ldap { host, .. } if self.encrypted => {
                let mut session = Session::new(line);
                session.start_tls().map_err(named)?;
                self.trusted(|tls| session.encrypt(tls, host))
            }
            Directory::Ldap { .. } | Directory::Ldapi { .. } => Ok(Session::new(line)),
        };
        Ok((session.map_err(named)?, name))
    }

    /// Does something with what TLS believes.
    fn trusted<T>(&mut self, with: impl FnOnce(Arc<ClientConfig>) -> Result<T, String>) -> Result<T, String> {
        let tls = match self.tls.take() {
            Some(tls) => tls,
            None => tls::config(("auth.ldap_ca", &self.ca))?,
        };
        let done = with(tls.clone())?;
        self.tls = Some(tls);
        Ok(done)
    }

    fn verdict(
        &self,
        session: &mut Session,
        login: &str,
        password: &[u8],
        deadline: Deadline,
    ) -> Result<Verdict, String> {
        let (name, found) = match &self.whom {
            Whom::Made { name } => {
                (fill(name, login, of_name).map_err(|error| format!("auth.ldap_bind_dn: {error}"))?, true)
            }
            Whom::Searched { base, filter: text, asks } => {
                if let Some(asks) = asks {
                    asks.bind(session)?;
                }
                let seconds = u32::try_from(deadline.left().map_err(|error| error.to_string())?.as_secs()).unwrap_or(0);
                let mut names = session.find(base, &filter(text, login)?, seconds.max(1))?;
                match (names.pop(), names.is_empty()) {
                    (Some(name), true) => (name, true),
                    // Whoever it is takes as long as somebody.
                    (None, _) => (format!("{NOBODY},{base}"), false),
                    (Some(_), false) => {
                        note!(
                            Warn,
                            "auth.ldap_filter fits several entries for {login:?}: nobody is let in by that name"
                        );
                        (format!("{NOBODY},{base}"), false)
                    }
                }
            }
        };
        let Some(bound) = session.bind(&name, password)? else { return Ok(Verdict::Wrong) };
        if bound.is_success() {
            return Ok(if found { Verdict::Right } else { Verdict::Wrong });
        }
        if bound.refuses() || !found {
            return Ok(Verdict::Wrong);
        }
        Err(format!("a bind ends with code {}: {}", bound.code, bound.text))
    }
}

impl Asks {
    fn bind(&self, session: &mut Session) -> Result<(), String> {
        let file = &self.password_file;
        let text = fs::read(file).map(Zeroizing::new);
        let text = text.map_err(|error| format!("auth.ldap_search_password_file {file}: {error}"))?;
        let password = text.split(|octet| matches!(octet, b'\n' | b'\r')).next().unwrap_or_default();
        match session.bind(&self.name, password)? {
            None => Err(format!("auth.ldap_search_password_file {file}: its first line is empty")),
            Some(bound) if bound.is_success() => Ok(()),
            Some(bound) => Err(format!("auth.ldap_search_dn is refused with code {}: {}", bound.code, bound.text)),
        }
    }
}

fn filter(text: &str, login: &str) -> Result<Filter, String> {
    let filled = fill(text, login, of_filter).and_then(|text| Filter::parse(&text));
    filled.map_err(|error| format!("auth.ldap_filter: {error}"))
}

/// A server of the directory, looked at.
#[derive(Debug)]
pub struct Examined {
    pub url: String,
    /// Why it is of no use, if it is of none.
    pub trouble: Option<String>,
}

/// What an administrator may want to know before anybody logs in: of each server whether it can be reached, its certificate fits, and
/// whoever searches finds the base. Nobody's password is tried.
///
/// # Errors
/// A sentence: what the settings lack.
pub fn examine(settings: &Settings) -> Result<Vec<Examined>, String> {
    let mut ldap = Ldap::of(settings)?;
    let mut found = Vec::new();
    for (at, url) in settings.auth.ldap_urls.iter().enumerate() {
        let deadline = Deadline { until: clock::monotonic() + within(settings), setting: "auth.login_seconds" };
        let looked = ldap.open(at, deadline).and_then(|(mut session, _)| {
            if let Whom::Searched { base, filter: text, asks } = &ldap.whom {
                asks.as_ref().map_or(Ok(()), |asks| asks.bind(&mut session))?;
                session.find(base, &filter(text, "nobody")?, 1)?;
            }
            session.close();
            Ok(())
        });
        found.push(Examined { url: url.clone(), trouble: looked.err() });
    }
    Ok(found)
}
