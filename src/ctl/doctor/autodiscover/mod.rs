//! `ewsctl doctor autodiscover`: the way that clients go from a mail address to the server, step by step.
//!
//! Clients try four ways, in an order of their own, and one that leads to a server is enough. How the others end is told all the
//! same, for each client stumbles over something else.

mod ask;
mod dns;
mod told;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ewsd_settings::Settings;
use ewsd_worker::web::Reply;

use self::ask::{Asker, Question, Resolve, Silence, Url};
use super::super::{Exit, Failure, Out, Result, address, password};
use super::certificate::{self, judge};
use super::{Finding, report, right, warning, wrong};

/// Go the way that clients go from a mail address to the server, and say where it ends: names, certificates, redirects, the proxy's
/// rules, and with a login what clients are told.
///
/// Needs no server on this machine, and no rights: run it where clients are as well.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ewsctl doctor autodiscover anna@example.org\n  \
    ewsctl doctor autodiscover anna@example.org --user anna@example.org\n  \
    ewsctl doctor autodiscover anna@example.org --dns 9.9.9.9        as others see it\n  \
    ewsctl doctor autodiscover anna@example.org --resolve autodiscover.example.org=192.0.2.7    before DNS knows it")]
pub struct Args {
    /// The mail address that a client would be given.
    address: String,
    /// Log in with this name, too (by Basic), and see what clients are told; the password is asked for.
    #[arg(long, value_name = "LOGIN")]
    user: Option<String>,
    /// Read the password from the first line of standard input instead of asking for it.
    #[arg(long, requires = "user")]
    password_stdin: bool,
    /// A name leads there, whatever DNS says: NAME=ADDRESS, NAME=ADDRESS:PORT, or NAME:PORT=ADDRESS:PORT for one of its ports.
    #[arg(long, value_name = "NAME=ADDRESS", value_parser = Resolve::parse)]
    resolve: Vec<Resolve>,
    /// Ask this DNS server instead of the system's.
    #[arg(long, value_name = "ADDRESS", value_parser = dns::server)]
    dns: Option<SocketAddr>,
    /// Certificates of authorities that clients trust beside the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

const XML: &str = "/autodiscover/autodiscover.xml";
/// Redirects that clients follow at most.
const REDIRECTS: usize = 10;

/// Where one of the four ways leads.
enum Way {
    /// To a server that asks who is there; with a cure if not for long.
    Open { url: Url, text: String, cure: String },
    /// Nowhere, and clients go on.
    Absent(String, String),
    /// To something that some clients stumble over.
    Broken(String, String),
    /// To something that clients take for an answer.
    Dead(String, String),
}

/// What is asked about, and by whom.
struct Walk {
    asker: Asker,
    address: String,
    domain: String,
    /// The host that clients should be led to, as far as it is known.
    host: String,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    // It may be another machine than the server's.
    let settings = if config.is_file() { super::super::load(config)? } else { Settings::default() };
    let address = address::checked(&args.address)?;
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let domain =
        idna::domain_to_ascii(domain).map_err(|_| Exit::Data.because(format!("{domain} is no name of DNS")))?;
    let read = |user: &String| Ok::<_, Failure>((user.clone(), password::existing(args.password_stdin)?));
    let login = args.user.as_ref().map(read).transpose()?;
    let roots = certificate::roots(args.ca.as_deref()).map_err(|why| Exit::NoInput.because(why))?;
    let host = Url::parse(&settings.server.public_url).map_or_else(|| format!("mail.{domain}"), |url| url.host);
    let asker = Asker { resolve: args.resolve.clone(), dns: args.dns, roots: Arc::new(roots) };
    let walk = Walk { asker, address, domain, host };
    let mut rows = Vec::new();
    let open = walk.ways(&mut rows);
    let mut told = Vec::new();
    for url in &open {
        told.extend(walk.told_at(url, login.as_ref(), &mut rows));
    }
    told.dedup();
    for text in told {
        rows.push(("EWS", walk.ews(&text)));
    }
    report(rows, out)
}

impl Walk {
    /// Goes all four ways; the places that are there.
    fn ways(&self, rows: &mut Vec<(&'static str, Finding)>) -> Vec<Url> {
        let Walk { domain, host, .. } = self;
        let sub = format!("autodiscover.{domain}");
        let ways = [
            ("domain", self.follow(Url::new(true, domain, XML))),
            ("subdomain", self.follow(Url::new(true, &sub, XML))),
            ("redirect", self.follow(Url::new(false, &sub, XML))),
            ("SRV", self.service()),
        ];
        let is_open = ways.iter().any(|(_, way)| matches!(way, Way::Open { .. }));
        let mut open: Vec<Url> = Vec::new();
        for (name, way) in ways {
            let finding = match way {
                Way::Open { url, text, cure } => {
                    if !open.iter().any(|known| (&known.host, known.port) == (&url.host, url.port)) {
                        open.push(url);
                    }
                    if cure.is_empty() { right(text) } else { warning(text, cure) }
                }
                Way::Absent(text, _) if is_open => right(format!("{text}; clients go on")),
                Way::Absent(text, cure) => warning(text, cure),
                Way::Broken(text, cure) if is_open => warning(text, cure),
                Way::Broken(text, cure) | Way::Dead(text, cure) => wrong(text, cure),
            };
            rows.push((name, finding));
        }
        if !is_open {
            let cure = format!(
                "one is enough, best autodiscover.{domain} as another name (CNAME) of {host}, with a certificate for it and the \
                 proxy's rule for /autodiscover/"
            );
            rows.push(("ways", wrong("none of the four ways leads to a server", cure)));
        }
        open
    }

    /// The way from a URL, by whatever redirects there are.
    fn follow(&self, first: Url) -> Way {
        let mut trail = vec![first];
        loop {
            let Some(url) = trail.last().cloned() else { return Way::Absent(String::new(), String::new()) };
            let shown = trail.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> ");
            let met = match self.asker.ask(&url, &Question::default()) {
                Ok(met) => met,
                Err(silence) => return self.silent(&shown, &url, silence),
            };
            let finding = met.certificate.as_ref().map(|seen| (judge(&shown, seen), seen.days));
            if let Some((Finding { text, cure, .. }, _)) =
                finding.as_ref().filter(|_| met.certificate.as_ref().is_some_and(|seen| seen.today.is_err()))
            {
                return Way::Broken(text.clone(), cure.clone());
            }
            let reply = match met.reply {
                Ok(reply) => reply,
                Err(why) => {
                    return Way::Broken(
                        format!("{shown}: {}: {why}", met.address),
                        "does the web server there answer?".into(),
                    );
                }
            };
            let next = match reply.status {
                301 | 302 | 307 | 308 => target(&url, &reply),
                _ => return self.answered(&shown, url, &reply, finding),
            };
            match next {
                Ok(next) if trail.contains(&next) || trail.len() > REDIRECTS => {
                    return Way::Dead(
                        format!("{shown} -> {next}: round in circles"),
                        "let the last of them answer itself".into(),
                    );
                }
                Ok(next) => trail.push(next),
                Err(to) => {
                    let cure = format!("redirect to https://{}{XML}, or answer 404", self.host);
                    return Way::Absent(format!("{shown} -> {to}, which clients do not follow"), cure);
                }
            }
        }
    }

    fn silent(&self, shown: &str, url: &Url, silence: Silence) -> Way {
        let Walk { domain, host, .. } = self;
        match silence {
            Silence::NoName(why) if url.host == *domain => {
                Way::Absent(format!("{shown}: {why}"), "a web site of that name may pass /autodiscover/ on".into())
            }
            Silence::NoName(why) => {
                Way::Absent(format!("{shown}: {why}"), format!("add to DNS: {}. CNAME {host}.", url.host))
            }
            Silence::Closed(why) => Way::Absent(
                format!("{shown}: {why}"),
                format!("let the proxy take port {} of {}, or take the name out of DNS", url.port, url.host),
            ),
            Silence::Slow(why) => Way::Broken(
                format!("{shown}: {why}"),
                "clients wait here for up to half a minute: let the firewall refuse, or the proxy answer".into(),
            ),
        }
    }

    /// What an answer that is no redirect means.
    fn answered(&self, shown: &str, url: Url, reply: &Reply, certificate: Option<(Finding, u64)>) -> Way {
        let status = reply.status;
        match status {
            401 if !url.tls => Way::Broken(
                format!("{shown}: asks for a password without TLS"),
                format!("answer 302 there, to https://{}{XML}", url.host),
            ),
            401 => {
                let offers = offers(reply);
                if offers.is_empty() {
                    let text = format!("{shown}: 401 without WWW-Authenticate");
                    return Way::Broken(text, "let the proxy pass that field on".into());
                }
                let days = certificate.as_ref().map_or(0, |(_, days)| *days);
                let cure = certificate.map(|(finding, _)| finding.cure).unwrap_or_default();
                let text =
                    format!("{shown}: 401, asks for {}; the certificate is valid for {days} days", offers.join(", "));
                Way::Open { url, text, cure }
            }
            _ if !url.tls => Way::Absent(
                format!("{shown}: {status}, no redirect"),
                format!("answer 302 there, to https://{}{XML}", url.host),
            ),
            200..=299 => Way::Dead(
                format!("{shown}: {status} without asking who is there: clients take the page for an answer"),
                RULE.into(),
            ),
            502..=504 => Way::Broken(
                format!("{shown}: {status}: the proxy does not reach the server"),
                "is ewsd running (ewsctl status), and does the proxy lead to one of server.http?".into(),
            ),
            400..=499 => Way::Absent(format!("{shown}: {status}"), RULE.into()),
            _ => Way::Broken(format!("{shown}: {status}"), "the log of the web server there says why".into()),
        }
    }

    fn service(&self) -> Way {
        let (name, host) = (format!("_autodiscover._tcp.{}", self.domain), &self.host);
        let services = match self.asker.services(&name) {
            Ok(services) => services,
            Err(why) => return Way::Broken(format!("{name}: {why}"), "is the DNS server right?".into()),
        };
        let add = format!("add to DNS: {name}. SRV 0 0 443 {host}.");
        let Some(first) = services.first() else { return Way::Absent(format!("{name}: no such record"), add) };
        if first.target.is_empty() {
            return Way::Absent(format!("{name}: there is none, it says"), add);
        }
        let url = Url { port: first.port, ..Url::new(true, &first.target, XML) };
        let led = |text: String| format!("{name} -> {text}");
        match self.follow(url) {
            Way::Open { url, text, cure } => {
                let odd = format!("take port 443: Outlook does not ask port {}", first.port);
                let cure = if first.port == 443 { cure } else { odd };
                Way::Open { url, text: led(text), cure }
            }
            // Whoever put it into DNS wants clients to come.
            Way::Absent(text, cure) | Way::Broken(text, cure) => Way::Broken(led(text), cure),
            Way::Dead(text, cure) => Way::Dead(led(text), cure),
        }
    }
}

/// What helps where nobody passes on what clients ask.
const RULE: &str = "let the proxy pass everything below /autodiscover/ on to ewsd there, in any case of letters (nginx: location ~* \
    ^/(ews|autodiscover)/; the samples have it)";

/// The schemes that an answer asks for.
fn offers(reply: &Reply) -> Vec<&str> {
    let values = reply.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
    let mut names: Vec<&str> = values.filter_map(|(_, value)| value.split_whitespace().next()).collect();
    names.dedup();
    names
}

/// Where a redirect leads, if clients follow it there; else where it leads.
fn target(from: &Url, reply: &Reply) -> std::result::Result<Url, String> {
    let location = reply.field("location").unwrap_or_default();
    let absolute = if location.starts_with('/') { from.with_path(location).to_string() } else { location.to_owned() };
    Url::parse(&absolute)
        .filter(|url| url.tls && url.path.to_ascii_lowercase().ends_with(XML))
        .ok_or(if absolute.is_empty() { "nowhere".to_owned() } else { absolute })
}
