//! The server that is measured, and who may log in: one of this program's own (a demo), a demo that runs (its `ready.json`), or whatever
//! answers at a URL. All scenarios ask here.

mod door;
mod users;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

pub use self::door::Door;
use self::door::{Reach, Url};
use crate::demo::Demo;
use crate::error::{During, Error, Result};
use crate::lmtp::Session;
use crate::{http, memory, soap};

/// The heading of their options.
pub const SERVER: &str = "Server";

/// Which server is measured: without any of these one of this program's own, started and stopped again.
#[derive(Debug, Clone, Args)]
pub struct Server {
    /// The address of EWS, http or https. Other machines than this one only with --allow-remote.
    #[arg(help_heading = SERVER, long, value_name = "URL", conflicts_with = "ready")]
    pub url: Option<String>,
    /// Who logs in there (Basic): lines of address, login and password, with tabs or commas in between.
    #[arg(help_heading = SERVER, long, value_name = "FILE", requires = "url", conflicts_with = "header")]
    pub users: Option<PathBuf>,
    /// A header that says who is there, instead of a file: 'Authorization: Bearer …', 'X-Remote-User: …'. All clients are that one.
    #[arg(help_heading = SERVER, long, value_name = "NAME: VALUE", requires = "url")]
    pub header: Vec<String>,
    /// The mail address of whom --header names, if mail is to come by LMTP.
    #[arg(help_heading = SERVER, long, value_name = "ADDRESS", requires = "header")]
    pub address: Option<String>,
    /// Where the server at --url takes mail: HOST:PORT, or the path of a socket. Without it mail is made by CreateItem.
    #[arg(help_heading = SERVER, long, value_name = "PLACE", requires = "url")]
    pub lmtp: Option<String>,
    /// The process of the master at --url, if that is on this machine: for figures of memory and processor time.
    #[arg(help_heading = SERVER, long, value_name = "PID", requires = "url")]
    pub master: Option<u32>,
    /// Go through this proxy, by CONNECT.
    #[arg(help_heading = SERVER, long, value_name = "HOST:PORT", requires = "url")]
    pub proxy: Option<String>,
    /// Trust the certificates of this file (PEM) beside the system's.
    #[arg(help_heading = SERVER, long, value_name = "FILE", requires = "url")]
    pub ca: Option<PathBuf>,
    /// Measure another machine. Its administrator must know.
    #[arg(help_heading = SERVER, long, requires = "url")]
    pub allow_remote: bool,
    /// The `ready.json` of a running `ewsctl demo`.
    #[arg(help_heading = SERVER, long, value_name = "FILE")]
    pub ready: Option<PathBuf>,
    /// The `ewsctl` that starts a server of this program's own; without it the one beside this program.
    #[arg(help_heading = SERVER, long, value_name = "FILE")]
    pub ewsctl: Option<PathBuf>,
    /// Request workers of that server; 0: one per processor, at least two.
    #[arg(help_heading = SERVER, long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=256))]
    pub workers: u16,
    /// Any other setting of that server, as in ewsd.toml(5); may be given more than once.
    #[arg(help_heading = SERVER, long, value_name = "KEY=VALUE", conflicts_with_all = ["url", "ready"])]
    pub set: Vec<String>,
}

impl Server {
    /// For what can be measured at a server of this program's own only.
    ///
    /// # Errors
    /// Another was named.
    pub fn own_only(&self, what: &str) -> Result {
        if self.ready.is_none() && self.url.is_none() {
            return Ok(());
        }
        Err(Error::new(format!("{what} at a server of this program's own: leave --ready and --url out")))
    }
}

/// Somebody of the server's.
#[derive(Debug, Clone)]
pub struct Account {
    /// Empty: unknown.
    pub address: String,
    pub login: String,
    pub password: String,
    /// The value of the Authorization header, if it is Basic.
    pub authorization: String,
    /// How a request of this one begins: its first line, Host, and who it is.
    pub head: String,
}

impl Account {
    /// A request of this one for an operation, with header lines besides.
    pub fn request(&self, extra: &str, operation: &str) -> Vec<u8> {
        soap::request_with(&self.head, extra, operation)
    }
}

/// Where the server is and who may log in.
#[derive(Debug)]
pub struct Target {
    door: Door,
    lmtp: Option<Lmtp>,
    master: Option<u32>,
    pub accounts: Vec<Account>,
    /// The demo that was started for this run; it stops when dropped.
    demo: Option<Demo>,
}

/// Where mail is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lmtp {
    Port(SocketAddr),
    Socket(PathBuf),
}

impl Target {
    /// The server that was named, else a new one with so many accounts and these settings.
    ///
    /// # Errors
    /// No server, too few accounts, or another machine's that nobody allowed.
    pub fn find(server: &Server, accounts: usize, settings: &[(&str, String)]) -> Result<Target> {
        let target = match (&server.ready, &server.url) {
            (Some(file), _) => Target::read(file, None)?,
            (None, Some(url)) => Target::at(server, url)?,
            (None, None) => {
                let demo = Demo::start(server, accounts, settings)?;
                let file = demo.ready();
                Target::read(&file, Some(demo))?
            }
        };
        if target.accounts.len() >= accounts {
            return Ok(target);
        }
        let are = target.accounts.len();
        let more = match (&server.url, server.header.is_empty()) {
            (None, _) => format!("ewsctl demo --accounts {accounts}"),
            (Some(_), true) => "more lines in the file of --users".to_owned(),
            (Some(_), false) => "--users FILE instead of --header".to_owned(),
        };
        Err(Error::new(format!("{accounts} accounts are needed and {are} are there: {more}")))
    }

    /// One that was started by another process of this program's, by an address that it shares with others, from one of this
    /// machine's addresses.
    ///
    /// # Errors
    /// The file that announces it is no such thing.
    pub fn announced(file: &Path, address: SocketAddr, from: Ipv4Addr) -> Result<Target> {
        Ok(Target { door: Door::plain(address).coming_from(from), ..Target::read(file, None)? })
    }

    fn at(server: &Server, url: &str) -> Result<Target> {
        let reach = if server.allow_remote { Reach::Anywhere } else { Reach::Loopback };
        let door = Door::find(Url::read(url)?, server.proxy.as_deref(), server.ca.as_deref(), reach)?;
        let head = door.head();
        let accounts = match (&server.users, server.header.as_slice()) {
            (Some(file), _) => users::read(file, &head)?,
            (None, []) => return Err(Error::new("who logs in? --users FILE or --header 'NAME: VALUE'")),
            (None, header) => {
                vec![users::ready_made(header, server.address.as_deref().unwrap_or_default(), &head)?]
            }
        };
        let lmtp = server.lmtp.as_deref().map(|place| Lmtp::read(place, reach)).transpose()?;
        Ok(Target { door, lmtp, master: server.master, accounts, demo: None })
    }

    fn read(file: &Path, demo: Option<Demo>) -> Result<Target> {
        let text = std::fs::read_to_string(file).during(file.display())?;
        let ready: Value = serde_json::from_str(&text).during(file.display())?;
        let field = |name: &str| {
            ready.get(name).and_then(Value::as_str).ok_or_else(|| Error::new(format!("{}: no {name}", file.display())))
        };
        let door = Door::find(Url::read(field("ews_url")?)?, None, None, Reach::Loopback)?;
        let head = door.head();
        let accounts = ready.get("accounts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let account = |entry: &Value| {
            let field = |name: &str| entry.get(name).and_then(Value::as_str);
            Some(users::basic(field("address")?, field("login")?, field("password")?, &head))
        };
        Ok(Target {
            lmtp: Some(Lmtp::read(field("lmtp")?, Reach::Loopback)?),
            master: ready.get("master_pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok()),
            accounts: accounts.iter().filter_map(account).collect(),
            door,
            demo,
        })
    }

    /// The n-th account, counted around.
    ///
    /// # Errors
    /// The server has no account.
    pub fn account(&self, n: usize) -> Result<&Account> {
        let at = n.checked_rem(self.accounts.len()).unwrap_or_default();
        self.accounts.get(at).ok_or_else(|| Error::new("the server has no accounts"))
    }

    /// What the server that was started for this run has logged so far.
    ///
    /// # Errors
    /// None was.
    pub fn log(&self) -> Result<Vec<u8>> {
        self.demo()?.log()
    }

    /// Has an administrator of that server say something.
    ///
    /// # Errors
    /// None was started, or it was of no use.
    pub fn ewsctl(&self, arguments: &[&str]) -> Result<String> {
        self.demo()?.ewsctl(arguments)
    }

    /// What that server says of itself.
    ///
    /// # Errors
    /// None was started, or it does not answer.
    pub fn status(&self) -> Result<Value> {
        serde_json::from_str(&self.ewsctl(&["status", "--json"])?).during("ewsctl status --json")
    }

    /// The settings with which another server works on the database of the one that was started for this run.
    ///
    /// # Errors
    /// None was.
    pub fn shared(&self) -> Result<[(&'static str, String); 2]> {
        Ok(self.demo()?.shared())
    }

    /// The file in which that server says how it is reached, for another process of this program's.
    ///
    /// # Errors
    /// None was started.
    pub fn announcement(&self) -> Result<PathBuf> {
        Ok(self.demo()?.ready())
    }

    fn demo(&self) -> Result<&Demo> {
        self.demo.as_ref().ok_or_else(|| Error::new("this is another's server"))
    }

    pub fn connect(&self) -> Result<http::Client> {
        http::Client::connect(&self.door)
    }

    /// The address that clients connect to.
    pub fn http(&self) -> SocketAddr {
        self.door.address()
    }

    /// Whether mail can be brought by LMTP: the way is known, and so is everybody's address.
    pub fn takes_mail(&self) -> bool {
        self.lmtp.is_some() && self.accounts.iter().all(|account| !account.address.is_empty())
    }

    /// # Errors
    /// Nobody said where, or nobody answers there.
    pub fn mail(&self) -> Result<Session> {
        match &self.lmtp {
            Some(lmtp) => Session::open(lmtp),
            None => Err(Error::new("where does the server take mail? --lmtp HOST:PORT or the path of its socket")),
        }
    }

    /// The master's process.
    ///
    /// # Errors
    /// It is not known to be on this machine.
    pub fn master(&self) -> Result<u32> {
        self.master.ok_or_else(|| {
            Error::new("memory and processor time of which server? --master PID, if it is on this machine")
        })
    }
}

/// Sees to it that so many connections can be open at a time, and says at once if they cannot.
///
/// # Errors
/// Too few descriptors or ports, with what helps.
pub fn room_for(connections: usize) -> Result {
    memory::allow_connections(connections)?;
    memory::ports_for(connections)
}

impl Lmtp {
    fn read(place: &str, reach: Reach) -> Result<Lmtp> {
        if place.starts_with('/') {
            return Ok(Lmtp::Socket(PathBuf::from(place)));
        }
        let wrong = || Error::new(format!("{place}: neither HOST:PORT nor the path of a socket"));
        let (host, port) = place.rsplit_once(':').ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Ok(Lmtp::Port(reach.find(host, port.parse().map_err(|_| wrong())?)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::PathBuf;

    use clap::Parser;

    use super::{Lmtp, Reach, Server, Target};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        server: Server,
    }

    fn target(line: &str) -> Result<Target, String> {
        let line = Line::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
        Target::find(&line.server, 1, &[]).map_err(|error| error.to_string())
    }

    #[test]
    fn another_machine_is_measured_by_leave_only() {
        let header = "x --header X-Remote-User:anna --url";
        let refused = target(&format!("{header} http://192.0.2.1/")).unwrap_err();
        assert!(refused.contains("--allow-remote"), "{refused}");
        let refused = target(&format!("{header} http://127.0.0.1/ --lmtp 192.0.2.1:24")).unwrap_err();
        assert!(refused.contains("--allow-remote"), "{refused}");
        let refused = target(&format!("{header} http://127.0.0.1/ --proxy 192.0.2.1:3128")).unwrap_err();
        assert!(refused.contains("--allow-remote"), "{refused}");
        let refused = target(&format!("{header} http://192.0.2.1/ --proxy 127.0.0.1:3128")).unwrap_err();
        assert!(refused.contains("--allow-remote"), "{refused}");
        let allowed = target(&format!("{header} http://192.0.2.1/ --allow-remote")).unwrap();
        assert_eq!(allowed.http().to_string(), "192.0.2.1:80");
        assert!(!allowed.takes_mail() && allowed.master().is_err());
    }

    #[test]
    fn a_server_of_ones_own_or_a_named_one() {
        for wrong in [
            "x --users f",
            "x --allow-remote",
            "x --url http://127.0.0.1 --ready f",
            "x --url http://127.0.0.1 --users f --header a:b",
            "x --url http://127.0.0.1 --set a=b",
        ] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
        let who = target("x --url http://127.0.0.1").unwrap_err();
        assert!(who.contains("--users"), "{who}");
        let own = target("x --url http://localhost:8080 --header A:b --address anna@a --lmtp /run/ewsd/lmtp").unwrap();
        assert!(own.takes_mail());
        let account = own.account(5).unwrap();
        assert!(
            account.head.starts_with("POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: localhost:8080\r\n"),
            "{account:?}"
        );
    }

    #[test]
    fn mail_goes_to_a_port_or_a_socket() {
        assert_eq!(Lmtp::read("/run/x", Reach::Loopback).unwrap(), Lmtp::Socket(PathBuf::from("/run/x")));
        let port = Lmtp::Port("[::1]:24".parse().unwrap());
        assert_eq!(Lmtp::read("[::1]:24", Reach::Loopback).unwrap(), port);
        for wrong in ["run/x", "127.0.0.1", "127.0.0.1:x", "10.0.0.1:24"] {
            assert!(Lmtp::read(wrong, Reach::Loopback).is_err(), "{wrong}");
        }
    }
}
