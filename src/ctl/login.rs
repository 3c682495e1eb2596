//! `ewsctl login`: why somebody does not get in, and what failed logins have brought upon people.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use clap::Subcommand;
use ewsd_settings::{LOGIN_SCHEMES, Settings};
use ewsd_store::{Account, LoginPlace, Store};
use ewsd_worker::auth::password::{delay_ms, network};
use ewsd_worker::auth::scheme::SCHEMES;
use ewsd_worker::auth::sealed::SecretKind;
use ewsd_worker::auth::{ALL_SCHEMES, Peer};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::control::{self, text_of};
use super::database::{away, open};
use super::out::Out;
use super::status::span;
use super::{Result, account, completions};

/// See why somebody does not get in, and to failed logins.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what an account can log in with, from where it came in, and the failed logins that count against it; without one,
    /// against whom most do.
    ///
    /// Failures count for a minute, which begins with the first of them: of a network (an IPv4 address, 64 bits of an IPv6 one), of an
    /// account from a network, and of an account wherever from. Whose logins have failed and why stands in the server's log, who
    /// is there now in `ewsctl show connections`. From where somebody came in is noted once an hour, and kept for auth.login_days.
    #[command(after_help = "Examples:\n  ewsctl login show anna@example.org\n  ewsctl login show --json | jq '.[0]'")]
    Show {
        /// Its login or one of its addresses.
        #[arg(add = completions::accounts())]
        account: Option<String>,
        /// Without an account: so many accounts and networks.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = super::whole::<usize>)]
        most: usize,
    },
    /// Forget all failed logins: whoever had too many of them may try again at once.
    #[command(after_help = "Example:\n  ewsctl login forgive")]
    Forgive,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    match &args.command {
        Command::Show { account: Some(name), .. } => show(&settings, name, out),
        Command::Show { account: None, most } => worst(&settings, *most, out),
        Command::Forgive => {
            control::tell(&settings, &json!({"cmd": "forgive"}))?;
            out.tell(&Value::Null, "failed logins are forgotten")
        }
    }
}

/// A count of failures that goes on, as the server has it.
#[derive(Debug, Clone)]
struct Count {
    /// None: of whoever comes from the network.
    account: Option<i64>,
    /// None: wherever from.
    address: Option<IpAddr>,
    count: u64,
    /// Seconds since 1970.
    expires: u64,
}

fn read(answer: &Value) -> Vec<Count> {
    let rows = answer.get("failures").and_then(Value::as_array);
    let read = |row: &Value| {
        let number = |name: &str| row.get(name).and_then(Value::as_u64);
        Some(Count {
            account: row.get("account").and_then(Value::as_i64),
            address: text_of(row, "address").and_then(|text| text.parse().ok()),
            count: number("count")?,
            expires: number("expires")?,
        })
    };
    rows.into_iter().flatten().filter_map(read).collect()
}

/// What is counted against somebody, and what comes of it.
#[derive(Debug)]
struct Against<'a> {
    row: &'a Count,
    /// Nothing is judged any more.
    refused: bool,
    /// Answers to wrong passwords come so much later.
    delay_ms: u32,
}

impl Against<'_> {
    /// As the server judges: a login from somewhere by what counts against the account there, the network and the account.
    fn of<'a>(row: &'a Count, all: &[Count], settings: &Settings) -> Against<'a> {
        let auth = &settings.auth;
        let count = |account: Option<i64>, address: Option<IpAddr>| {
            let same = |other: &&Count| other.account == account && other.address == address;
            all.iter().filter(same).map(|row| row.count).max().unwrap_or(0)
        };
        let there = if row.address.is_some() { row.count.max(count(None, row.address)) } else { 0 };
        let anywhere = if row.account.is_some() { count(row.account, None) } else { 0 };
        let refused = auth.failures_per_minute > 0 && there >= auth.failures_per_minute;
        let longest = auth.failure_delay_seconds * 1000;
        Against { row, refused, delay_ms: delay_ms(there.max(anywhere), auth.failures_per_minute, longest) }
    }

    fn left(&self) -> u64 {
        let now = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
        self.row.expires.saturating_sub(now)
    }

    fn network(&self) -> Option<String> {
        self.row.address.map(|address| network(address).to_string())
    }

    fn json(&self) -> Value {
        let until = i64::try_from(self.row.expires).ok().and_then(|second| Timestamp::from_second(second).ok());
        json!({
            "network": self.network(), "count": self.row.count, "refused": self.refused, "delay_ms": self.delay_ms,
            "until": until.map(|until| until.to_string()), "left_s": self.left(),
        })
    }

    /// `7 failures, answers to wrong passwords come after 4 s; for 35s more`.
    fn text(&self) -> String {
        let count = match self.row.count {
            1 => "1 failure".to_owned(),
            count => format!("{count} failures"),
        };
        let then = match (self.refused, self.delay_ms) {
            (true, _) => ", nothing from there is judged any more".to_owned(),
            (false, 0) => String::new(),
            (false, ms) => format!(", answers to wrong passwords come after {} s", f64::from(ms) / 1000.0),
        };
        format!("{count}{then}; for {} more", span(self.left()))
    }
}

/// A way to log in, as it is for an account.
#[derive(Debug)]
struct Method {
    scheme: &'static str,
    /// Switched on.
    on: bool,
    /// What the account has for it; else what it lacks.
    has: std::result::Result<String, String>,
}

fn methods(settings: &Settings, account: &Account, store: &mut Store) -> Result<Vec<Method>> {
    let mut keeps = |kind: SecretKind| {
        let secret = store.secret(account.account, kind.number());
        secret.map(|secret| secret.is_some()).map_err(|error| away(settings, &error))
    };
    let nt = keeps(SecretKind::Nt)?;
    let digests = [("MD5", keeps(SecretKind::DigestMd5)?), ("SHA-256", keeps(SecretKind::DigestSha256)?)];
    let digests: Vec<&str> = digests.into_iter().filter_map(|(name, is_kept)| is_kept.then_some(name)).collect();
    // To somebody of whom nothing else is known, directly or by a proxy, some schemes are spoken there only.
    let direct = Peer {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        shared: false,
        proxied: false,
        relayed: false,
        schemes: ALL_SCHEMES,
    };
    let peers = [direct, Peer { proxied: true, relayed: true, ..direct }];
    let spoken = |name: &str| {
        let mut named = SCHEMES.iter().filter(|scheme| scheme.name() == name);
        named.any(|scheme| peers.iter().any(|peer| scheme.speaks(settings, *peer)))
    };
    let no_hash = || format!("no NT hash: ewsctl account password {} --ntlm", account.login);
    let nt_hash = || if nt { Ok("NT hash".to_owned()) } else { Err(no_hash()) };
    let has = |scheme: &str| match scheme {
        "basic" => password(settings, account),
        "negotiate" if settings.auth.keytab.is_empty() => nt_hash(),
        "negotiate" => Ok("Kerberos, for its login in a realm of auth.realms".to_owned()),
        "ntlm" => nt_hash(),
        "digest" if digests.is_empty() => Err("no hash for it: give it a password while auth.digest is on".to_owned()),
        "digest" => Ok(format!("hash ({})", digests.join(", "))),
        "bearer" => Ok(format!("a token that names it ({})", settings.auth.token_claims.join(", "))),
        _ => Ok("whom a proxy of server.trusted_proxies names".to_owned()),
    };
    Ok(LOGIN_SCHEMES.iter().map(|scheme| Method { scheme, on: spoken(scheme), has: has(scheme) }).collect())
}

/// Who knows its password.
fn password(settings: &Settings, account: &Account) -> std::result::Result<String, String> {
    match (&account.password_phc, settings.auth.basic_against.as_str()) {
        (Some(_), _) => Ok("password, kept here".to_owned()),
        (None, "accounts") => Err(format!("no password: ewsctl account password {}", account.login)),
        (None, other) => Ok(format!("password, known by {other} (auth.basic_against)")),
    }
}

/// Networks of an account that are listed, those of late.
const PLACES: i64 = 20;

fn show(settings: &Settings, name: &str, out: Out) -> Result {
    let mut store = open(settings)?;
    let account = account::find(settings, &mut store, name)?;
    let methods = methods(settings, &account, &mut store)?;
    let places = store.login_places(account.account, PLACES).map_err(|error| away(settings, &error))?;
    let counts = control::ask_if_running(settings, &json!({"cmd": "failures"}))?.map(|answer| read(&answer));
    let mut own: Vec<Against<'_>> = counts
        .iter()
        .flatten()
        .filter(|row| row.account == Some(account.account))
        .map(|row| Against::of(row, counts.as_deref().unwrap_or_default(), settings))
        .collect();
    // What counts wherever from comes first.
    own.sort_by_key(|against| (against.row.address.is_some(), std::cmp::Reverse(against.row.count)));
    if out.json {
        let methods = methods.iter().map(|method| {
            let (has, lacks) = (method.has.as_ref().ok(), method.has.as_ref().err());
            json!({"scheme": method.scheme, "on": method.on, "has": has, "lacks": lacks})
        });
        let failures = counts.as_ref().map(|_| own.iter().map(Against::json).collect::<Value>());
        let (login, disabled) = (&account.login, account.disabled);
        return say!(
            "{:#}",
            json!({
                "login": login, "disabled": disabled, "methods": methods.collect::<Value>(),
                "places": places.iter().map(place).collect::<Value>(), "failures": failures,
            })
        );
    }
    say!("login      {}", account.login)?;
    let enable = format!("disabled: ewsctl account enable {}", account.login);
    say!("state      {}", if account.disabled { enable.as_str() } else { "active" })?;
    for Method { scheme, on, has } in &methods {
        let off = if *on { "" } else { "off; " };
        say!("{scheme:10} {off}{}", has.as_ref().unwrap_or_else(|lacks| lacks))?;
    }
    for LoginPlace { network, scheme, last } in &places {
        say!("came in    from {network} by {scheme}, last {}", last.strftime("%Y-%m-%dT%H:00Z"))?;
    }
    if places.is_empty() {
        match settings.auth.login_days {
            0 => say!("came in    is not noted (auth.login_days)")?,
            days => say!("came in    never in {days} days")?,
        }
    }
    match (&counts, own.as_slice()) {
        (None, _) => say!("failures   no server runs: nothing is counted"),
        (Some(_), []) => say!("failures   none in the last minute"),
        (Some(_), own) => own.iter().try_for_each(|against| {
            let from = against.network().unwrap_or("anywhere".to_owned());
            say!("failures   from {from}: {}", against.text())
        }),
    }
}

fn place(place: &LoginPlace) -> Value {
    json!({"network": place.network, "scheme": place.scheme, "last": place.last.to_string()})
}

fn worst(settings: &Settings, most: usize, out: Out) -> Result {
    let counts = read(&control::require(settings, &json!({"cmd": "failures"}))?);
    let mut all: Vec<Against<'_>> = counts.iter().map(|row| Against::of(row, &counts, settings)).collect();
    all.sort_by_key(|against| (std::cmp::Reverse(against.row.count), against.row.account, against.row.address));
    let left_off = all.len().saturating_sub(most);
    all.truncate(most);
    // Without a database nobody has a name, and the list is as good without.
    let accounts = open(settings).ok().and_then(|mut store| store.accounts().ok()).unwrap_or_default();
    let logins: HashMap<i64, String> = accounts.into_iter().map(|account| (account.account, account.login)).collect();
    let login = |against: &Against<'_>| {
        against.row.account.map(|number| logins.get(&number).cloned().unwrap_or(format!("account {number}")))
    };
    if out.json {
        let rows = all.iter().map(|against| {
            let mut row = against.json();
            if let Some(members) = row.as_object_mut() {
                members.insert("login".to_owned(), login(against).into());
            }
            row
        });
        return say!("{:#}", rows.collect::<Value>());
    }
    if all.is_empty() {
        return say!("no login failed in the last minute");
    }
    for against in &all {
        let whose = login(against).unwrap_or("whoever".to_owned());
        say!("{whose:32} from {:20} {}", against.network().unwrap_or("anywhere".to_owned()), against.text())?;
    }
    match left_off {
        0 => Ok(()),
        more => say!("and {more} more: --most N"),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn count(account: Option<i64>, address: Option<[u8; 4]>, count: u64) -> Count {
        Count { account, address: address.map(IpAddr::from), count, expires: u64::MAX }
    }

    #[test]
    fn a_login_is_judged_by_the_worst_of_three_counts() {
        let mut settings = Settings::default();
        (settings.auth.failures_per_minute, settings.auth.failure_delay_seconds) = (10, 8);
        let here = Some([192, 0, 2, 1]);
        let all = [
            count(Some(1), None, 12),
            count(Some(1), here, 4),
            count(None, here, 10),
            count(Some(1), Some([192, 0, 2, 2]), 8),
            count(Some(2), None, 3),
        ];
        let judged = all.each_ref().map(|row| {
            let against = Against::of(row, &all, &settings);
            (against.refused, against.delay_ms)
        });
        assert_eq!(judged, [(false, 8_000), (true, 8_000), (true, 8_000), (false, 8_000), (false, 0)]);
        settings.auth.failures_per_minute = 0;
        assert!(all.iter().all(|row| {
            let against = Against::of(row, &all, &settings);
            !against.refused && against.delay_ms == 0
        }));
    }

    #[test]
    fn counts_are_read_as_the_server_writes_them() {
        let answer = json!({"failures": [
            {"account": 7, "address": null, "count": 3, "expires": 9},
            {"account": null, "address": "2001:db8::", "count": 4, "expires": 9},
        ]});
        let read = read(&answer);
        let found: Vec<_> = read.iter().map(|row| (row.account, row.address.is_some(), row.count)).collect();
        assert_eq!(found, [(Some(7), false, 3), (None, true, 4)]);
        let against = Against { row: &read[1], refused: true, delay_ms: 0 };
        assert_eq!(against.network().as_deref(), Some("2001:db8::/64"));
        assert!(against.text().starts_with("4 failures, nothing from there is judged"), "{}", against.text());
    }
}
