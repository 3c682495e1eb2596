//! The server that is measured, read from its `ready.json`.

use std::net::SocketAddr;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::demo::Demo;
use crate::error::{During, Error, Result};
use crate::{Server, http};

/// An account of the server.
#[derive(Debug, Clone)]
pub struct Account {
    pub address: String,
    pub login: String,
    pub password: String,
    /// The value of the Authorization header.
    pub authorization: String,
}

/// Where the server is and who may log in.
#[derive(Debug)]
pub struct Target {
    pub http: SocketAddr,
    pub lmtp: SocketAddr,
    pub master: u32,
    pub accounts: Vec<Account>,
    /// The demo that was started for this run; it stops when dropped.
    demo: Option<Demo>,
}

impl Target {
    /// The running server of `--ready`, else a new one with so many accounts and these settings.
    ///
    /// # Errors
    /// No server, too few accounts, or an address that is not this machine's loopback.
    pub fn find(server: &Server, accounts: usize, settings: &[(&str, String)]) -> Result<Target> {
        let target = match &server.ready {
            Some(file) => Target::read(file, None)?,
            None => {
                let demo = Demo::start(server, accounts, settings)?;
                let file = demo.ready();
                Target::read(&file, Some(demo))?
            }
        };
        if target.accounts.len() < accounts {
            return Err(Error::new(format!(
                "{accounts} accounts are needed and {} are there: ewsctl demo --accounts {accounts}",
                target.accounts.len()
            )));
        }
        Ok(target)
    }

    fn read(file: &Path, demo: Option<Demo>) -> Result<Target> {
        let text = std::fs::read_to_string(file).during(file.display())?;
        let ready: Value = serde_json::from_str(&text).during(file.display())?;
        let field = |name: &str| {
            ready.get(name).and_then(Value::as_str).ok_or_else(|| Error::new(format!("{}: no {name}", file.display())))
        };
        let url = field("ews_url")?;
        let http = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or(url);
        let accounts = ready.get("accounts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(Target {
            http: loopback(http)?,
            lmtp: loopback(field("lmtp")?)?,
            master: ready
                .get("master_pid")
                .and_then(Value::as_u64)
                .and_then(|p| u32::try_from(p).ok())
                .unwrap_or_default(),
            accounts: accounts.iter().filter_map(account).collect(),
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
    pub fn ewsctl(&self, arguments: &[&str]) -> Result {
        self.demo()?.ewsctl(arguments)
    }

    fn demo(&self) -> Result<&Demo> {
        self.demo.as_ref().ok_or_else(|| Error::new("this is another's server"))
    }

    pub fn connect(&self) -> Result<http::Client> {
        http::Client::connect(self.http)
    }
}

fn account(entry: &Value) -> Option<Account> {
    let field = |name: &str| entry.get(name).and_then(Value::as_str);
    let (address, login, password) = (field("address")?, field("login")?, field("password")?);
    Some(Account {
        address: address.to_owned(),
        login: login.to_owned(),
        password: password.to_owned(),
        authorization: format!("Basic {}", STANDARD.encode(format!("{login}:{password}"))),
    })
}

/// Refuses every address but the loopback ones.
fn loopback(text: &str) -> Result<SocketAddr> {
    let address: SocketAddr = text.parse().during(text)?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(Error::new(format!("{address} is another machine's: only servers on this one are measured")))
    }
}

#[cfg(test)]
mod tests {
    use super::loopback;

    #[test]
    fn other_machines_are_refused() {
        assert!(loopback("127.0.0.1:80").is_ok() && loopback("[::1]:80").is_ok() && loopback("127.8.9.1:80").is_ok());
        for other in ["10.0.0.1:80", "0.0.0.0:80", "[::]:80", "192.0.2.1:80", "localhost:80"] {
            assert!(loopback(other).is_err(), "{other}");
        }
    }
}
