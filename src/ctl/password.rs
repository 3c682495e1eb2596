//! A password from standard input or from the terminal, without echo.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use ewsd_settings::Settings;
use ewsd_store::{Account, Store};
use ewsd_worker::auth::scheme::digest;
use ewsd_worker::auth::sealed::{self, SealKey, SecretKind};

use super::database::away;
use super::{Exit, Result};

/// Longer ones are refused by many clients.
const LONGEST: usize = 256;
const NO_TERMINAL: &str = "standard input is no terminal to ask for a password: give it there with --password-stdin";

/// The new password: the first line of standard input, or asked for twice when that is a terminal.
pub fn read(from_stdin: bool) -> Result<String> {
    if from_stdin {
        return checked(line()?);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Exit::Usage.because(NO_TERMINAL));
    }
    let password = ask("New password: ")?;
    if ask("Once more: ")? != password {
        return Err(Exit::Data.because("the two differ; nothing was changed"));
    }
    checked(password)
}

/// One that is there: the first line of standard input, or asked for when that is a terminal.
pub fn existing(from_stdin: bool) -> Result<String> {
    if from_stdin {
        return line();
    }
    if !std::io::stdin().is_terminal() {
        return Err(Exit::Usage.because(NO_TERMINAL));
    }
    ask("Password: ")
}

/// Its hash for the accounts table.
pub fn hash(password: &str) -> Result<String> {
    ewsd_worker::auth::password::hash(password).ok_or_else(|| Exit::Software.because("the password cannot be hashed"))
}

/// What other schemes than Basic need of it, sealed: replaces what the account had. `ntlm`: although that is off.
pub fn keep_secrets(settings: &Settings, store: &mut Store, account: &Account, password: &str, ntlm: bool) -> Result {
    let auth = &settings.auth;
    let mut secrets = Vec::new();
    if auth.ntlm || ntlm {
        secrets.push((SecretKind::Nt, sealed::nt_hash(password)));
    }
    if auth.digest {
        let realm = digest::realm(settings);
        let of = |scheme: &digest::Digest| (scheme.kind, digest::secret(scheme, &account.login, &realm, password));
        secrets.extend([of(&digest::SHA256), of(&digest::MD5)]);
    }
    if secrets.is_empty() {
        return Ok(());
    }
    let path = sealed::path(settings);
    let failed = |error: std::io::Error| Exit::Io.because(format!("auth.key_file {}: {error}", path.display()));
    let key = SealKey::read_or_make(&path).map_err(failed)?;
    let sealed: Option<Vec<(i16, Vec<u8>)>> =
        secrets.iter().map(|(kind, secret)| Some((kind.number(), key.seal(account.account, *kind, secret)?))).collect();
    let sealed = sealed.ok_or_else(|| Exit::Software.because("the password cannot be sealed"))?;
    store.set_secrets(account.account, &sealed).map_err(|error| away(settings, &error))
}

fn checked(password: String) -> Result<String> {
    let problem = match password.len() {
        0 => "the password is empty",
        length if length > LONGEST => "the password is longer than 256 bytes",
        _ if password.contains(char::is_control) => "the password holds a control character",
        _ => return Ok(password),
    };
    Err(Exit::Data.because(problem))
}

fn line() -> Result<String> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Exit::Io.because(format!("standard input: {error}")))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

fn ask(prompt: &str) -> Result<String> {
    let stdin = std::io::stdin();
    let failed = |error: nix::Error| Exit::Io.because(format!("terminal: {error}"));
    let before = tcgetattr(&stdin).map_err(failed)?;
    let mut silent = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO);
    silent.local_flags.insert(LocalFlags::ECHONL);
    eprint!("{prompt}");
    let _ = std::io::stderr().flush();
    tcsetattr(&stdin, SetArg::TCSAFLUSH, &silent).map_err(failed)?;
    let line = line();
    tcsetattr(&stdin, SetArg::TCSAFLUSH, &before).map_err(failed)?;
    line
}
