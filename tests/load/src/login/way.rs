//! The ways to log in, a row each.

use nix::time::ClockId;
use nix::unistd::Pid;

use super::Took;
use super::realm::Realm;
use super::token::Provider;
use crate::error::{During, Error, Result};
use crate::http::contains;
use crate::proof::Scheme;
use crate::target::{Account, Target};
use crate::{memory, soap};

/// Logins that are tried anew because a nonce was too late.
const TRIES: u32 = 5;

/// The server, and who vouches for its people.
pub struct World {
    pub target: Target,
    pub realm: Option<Realm>,
    pub provider: Option<Provider>,
}

/// A way to log in.
pub struct Way {
    pub name: &'static str,
    /// In files of figures, and on the command line.
    pub key: &'static str,
    /// Of one login.
    pub requests: u8,
    means: Means,
}

/// How a client says who it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    /// The password that the server remembers.
    Remembered,
    /// The same after an answer that asks for it.
    Asked,
    /// Under a name that nobody used yet, so that the password is hashed.
    Hashed,
    /// By what the server offers on that connection.
    Proof(Scheme),
    Token,
    Ticket,
}

/// The first is what all others are compared with.
pub const WAYS: &[Way] = &[
    Way { name: "Basic, remembered", key: "basic", requests: 1, means: Means::Remembered },
    Way { name: "Basic, asked for first", key: "basic_asked", requests: 2, means: Means::Asked },
    Way { name: "Basic, hashed", key: "basic_hashed", requests: 1, means: Means::Hashed },
    Way { name: "Digest", key: "digest", requests: 2, means: Means::Proof(Scheme::Digest) },
    Way { name: "NTLM", key: "ntlm", requests: 2, means: Means::Proof(Scheme::Ntlm) },
    Way { name: "Bearer, RS256", key: "bearer", requests: 1, means: Means::Token },
    Way { name: "Kerberos", key: "kerberos", requests: 1, means: Means::Ticket },
];

impl Way {
    /// Why it cannot be measured here.
    pub fn missing(&self, world: &World) -> Option<&'static str> {
        match self.means {
            Means::Token if world.provider.is_none() => {
                Some("openssl, which makes the provider's key, is not installed")
            }
            Means::Ticket if world.realm.is_none() => Some("krb5-kdc and krb5-user are not installed"),
            _ => None,
        }
    }

    /// Logins of this way where others have so many.
    pub fn count(&self, logins: u32) -> u32 {
        if self.means == Means::Hashed { logins.div_ceil(50) } else { logins }
    }

    /// What so many logins took, each.
    pub fn measure(&self, world: &World, logins: u32) -> Result<Took> {
        let proofs = self.proofs(world, logins)?;
        let workers = memory::workers(world.target.master()?)?;
        let spent = || -> Result<Took> {
            let each = workers.iter().map(|pid| spent(*pid)).collect::<Result<Vec<_>>>()?;
            Ok(Took { workers: each.iter().sum(), master: spent(world.target.master()?)? })
        };
        let before = spent()?;
        self.with(world, &proofs, logins)?;
        let after = spent()?;
        let logins = f64::from(logins);
        Ok(Took { workers: (after.workers - before.workers) / logins, master: (after.master - before.master) / logins })
    }

    /// Logs in so often.
    pub fn log_in(&self, world: &World, logins: u32) -> Result {
        self.with(world, &self.proofs(world, logins)?, logins)
    }

    /// What clients have at hand before they log in.
    fn proofs(&self, world: &World, logins: u32) -> Result<Vec<String>> {
        match (self.means, &world.realm, &world.provider) {
            (Means::Ticket, Some(realm), _) => realm.proofs(logins),
            (Means::Token, _, Some(provider)) => {
                world.target.accounts.iter().map(|account| provider.token(&account.address)).collect()
            }
            _ => Ok(Vec::new()),
        }
    }

    fn with(&self, world: &World, proofs: &[String], logins: u32) -> Result {
        for n in 0..logins {
            let at = usize::try_from(n).unwrap_or_default();
            let proof = proofs.get(at.checked_rem(proofs.len()).unwrap_or_default()).map_or("", String::as_str);
            let account = world.target.account(at)?;
            // Of Digest's nonces of one second some share a place at the server, and one of them is too late (RFC 7616 3.3).
            let mut tries = 0;
            while !self.once(&world.target, account, proof, n)? {
                tries += 1;
                if tries == TRIES {
                    return Err(Error::new(format!("{}: {TRIES} nonces were too late", self.name)));
                }
            }
        }
        Ok(())
    }

    /// Whether the server took it; else its nonce was too late.
    fn once(&self, target: &Target, account: &Account, proof: &str, n: u32) -> Result<bool> {
        let mut client = target.connect()?;
        let said = match self.means {
            Means::Remembered => account.authorization.clone(),
            Means::Asked => {
                let status = client.call(&soap::request("", "", &soap::get_folder()))?.status;
                if status != 401 {
                    return Err(Error::new(format!("nobody is answered with {status}")));
                }
                account.authorization.clone()
            }
            Means::Hashed => {
                // Each run begins anew, at another time.
                let time = ClockId::CLOCK_MONOTONIC.now().during("the time")?.tv_nsec();
                Scheme::Basic.proof(&mut client, &format!("d{n}-{time}\\{}", account.login), &account.password)?
            }
            Means::Proof(scheme) => scheme.proof(&mut client, &account.login, &account.password)?,
            Means::Token => format!("Bearer {proof}"),
            Means::Ticket => format!("Negotiate {proof}"),
        };
        let reply = client.call(&soap::request(&said, "", &soap::get_folder()))?;
        if reply.status == 401 && contains(reply.head, "stale=true") {
            return Ok(false);
        }
        reply.check().during(self.name).map(|()| true)
    }
}

/// Microseconds of processor time that a process has spent, with threads that have ended.
fn spent(pid: u32) -> Result<f64> {
    let pid = i32::try_from(pid).during("pid")?;
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(pid)).during(format_args!("the clock of process {pid}"))?;
    let time = clock.now().during(format_args!("the clock of process {pid}"))?;
    Ok(time.tv_sec() as f64 * 1e6 + time.tv_nsec() as f64 / 1e3)
}
