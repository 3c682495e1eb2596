//! Kerberos (RFC 4121), by the system's GSSAPI: a token of the client's, checked with the keys of `auth.keytab`. Each request is
//! proved by itself; replays are kept out by the library's own cache.
//!
//! The keytab's name reaches the library through the environment (KRB5_KTNAME), which the master gives its workers.

use ewsd_mailbox::log::note;
use libgssapi::context::{SecurityContext, ServerCtx};
use libgssapi::credential::{Cred, CredUsage};
use libgssapi::error::Error;
use libgssapi::oid::{GSS_MECH_KRB5, OidSet};

/// Seconds before a keytab that could not be used is tried again.
const AGAIN: u64 = 10;

/// The server's own credentials, acquired when they are first needed.
#[derive(Default)]
pub struct Acceptor {
    cred: Option<Cred>,
    again: u64,
    /// That of the client before. As long as there is one, the library keeps what it has read of krb5.conf, and looks once a second
    /// whether the file was changed; else it reads the file anew for each client, which is a third of what a login costs.
    last: Option<ServerCtx>,
}

/// A client that proved who it is.
#[derive(Debug)]
pub struct KerberosClient {
    /// `anna@EXAMPLE.ORG`
    pub principal: String,
    /// The server's proof for the client (RFC 4120 3.2.4), where it wants one.
    pub token: Option<Vec<u8>>,
}

impl Acceptor {
    /// Whether there is anything to accept with; the reason why not is in the log. Called at a worker's start, so that a
    /// keytab that is of no use shows before the first client does.
    pub fn is_ready(&mut self, keytab: &str, now: u64) -> bool {
        self.cred(keytab, now).is_some()
    }

    fn cred(&mut self, keytab: &str, now: u64) -> Option<Cred> {
        if self.cred.is_none() && self.again <= now {
            self.again = now + AGAIN;
            match acquire() {
                Ok(cred) => self.cred = Some(cred),
                Err(error) => note!(
                    Error,
                    "auth.keytab {keytab}: {error}; it must hold a key of HTTP/<host>@<REALM> and be readable for the workers' user"
                ),
            }
        }
        self.cred.clone()
    }

    /// Checks a token of krb5. An error is a reason for the log.
    ///
    /// # Errors
    /// Why not, in words that say nothing secret.
    pub fn accept(&mut self, keytab: &str, now: u64, token: &[u8]) -> Result<KerberosClient, String> {
        let cred = self.cred(keytab, now).ok_or("no usable keytab")?;
        let mut context = ServerCtx::new(Some(cred));
        let reply = context.step(token, None).map_err(|error| error.to_string())?;
        if !context.is_complete() {
            return Err("the client wants more than one step".to_owned());
        }
        let name = context.source_name().and_then(|name| name.display_name());
        let name = name.map_err(|error| error.to_string())?;
        let principal = std::str::from_utf8(&name).map_err(|_| "a principal that is no text")?.to_owned();
        // What a client lends us is used for nothing, and not kept.
        drop(context.take_delegated_cred());
        self.last = Some(context);
        Ok(KerberosClient { principal, token: reply.map(|token| token.to_vec()) })
    }
}

/// Only krb5: nothing else that the library knows is spoken here.
fn acquire() -> Result<Cred, Error> {
    let mechs = OidSet::singleton(GSS_MECH_KRB5)?;
    Cred::acquire(None, None, CredUsage::Accept, Some(&mechs))
}
