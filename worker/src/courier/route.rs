//! Where the smarthost is and how it is talked to: the settings, made ready for a connection.

use std::fs;
use std::time::Duration;

use ewsd_settings::Settings;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};

/// How long a smarthost may take until it is connected; for its answers there is `courier.timeout_seconds`.
const CONNECT: Duration = Duration::from_secs(30);

/// When TLS begins.
#[derive(Clone)]
pub(super) enum Tls {
    None,
    IfOffered(TlsParameters),
    Required(TlsParameters),
    Implicit(TlsParameters),
}

/// A way to the smarthost.
#[derive(Clone)]
pub(super) struct Route {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub login: Option<Credentials>,
    pub hello: String,
    pub connect: Duration,
    pub answer: Duration,
}

impl Route {
    /// Reads the files that the settings name, so that a password put right is taken at the next attempt.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn of(settings: &Settings) -> Result<Route, String> {
        let courier = &settings.courier;
        let (host, port) = courier.smarthost.rsplit_once(':').ok_or("courier.smarthost is not set")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = port.parse().map_err(|_| format!("courier.smarthost: {port} is no port"))?;
        let login = login(settings)?;
        let tls = match (courier.tls.as_str(), &login) {
            ("none", _) => Tls::None,
            ("implicit", _) => Tls::Implicit(parameters(settings, &host, true)?),
            // Who takes away the offer of STARTTLS would be told the password.
            ("required", _) | (_, Some(_)) => Tls::Required(parameters(settings, &host, true)?),
            _ => Tls::IfOffered(parameters(settings, &host, false)?),
        };
        let answer = Duration::from_secs(courier.timeout_seconds);
        Ok(Route { host, port, tls, login, hello: hello(settings), connect: CONNECT.min(answer), answer })
    }
}

/// The name for EHLO and for reports.
pub(super) fn hello(settings: &Settings) -> String {
    let names = [&settings.courier.hello, &settings.server.name];
    let set = names.into_iter().find(|name| !name.is_empty()).cloned();
    let name = set.unwrap_or_else(crate::role::host_name);
    // An EHLO takes no Unicode without SMTPUTF8, which is only known after it.
    idna::domain_to_ascii(&name).unwrap_or(name)
}

fn login(settings: &Settings) -> Result<Option<Credentials>, String> {
    let courier = &settings.courier;
    if courier.login.is_empty() {
        return Ok(None);
    }
    if courier.password_file.is_empty() {
        return Err("courier.login is set, and courier.password_file is not".to_owned());
    }
    let text = fs::read_to_string(&courier.password_file)
        .map_err(|error| format!("courier.password_file {}: {error}", courier.password_file))?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    if password.is_empty() {
        return Err(format!("courier.password_file {}: its first line is empty", courier.password_file));
    }
    Ok(Some(Credentials::new(courier.login.clone(), password)))
}

/// Without `verified` the certificate proves nothing: whoever could forge it could take away the offer of TLS as well.
fn parameters(settings: &Settings, host: &str, verified: bool) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if !verified {
        builder = builder.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
    }
    let file = &settings.courier.tls_ca;
    if verified && !file.is_empty() {
        let failed = |error: &dyn std::fmt::Display| format!("courier.tls_ca {file}: {error}");
        let pem = fs::read(file).map_err(|error| failed(&error))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| failed(&error))?);
    }
    builder.build().map_err(|error| format!("TLS: {error}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn settings(assignments: &[&str]) -> Settings {
        let mut settings = Settings::default();
        for assignment in assignments {
            settings.set(assignment).unwrap();
        }
        settings
    }

    #[test]
    fn a_login_is_never_told_to_whoever_asks() {
        let file = std::env::temp_dir().join(format!("ewsd-route-{}", std::process::id()));
        fs::write(&file, "secret\nmore\n").unwrap();
        let file = format!("courier.password_file={}", file.display());
        let host = "courier.smarthost=mail.example.test:587";
        let of = |all: &[&str]| Route::of(&settings(all));
        assert!(matches!(of(&[host]).unwrap().tls, Tls::IfOffered(_)));
        assert!(matches!(of(&[host, "courier.login=me", &file]).unwrap().tls, Tls::Required(_)));
        assert!(matches!(of(&[host, "courier.login=me", &file, "courier.tls=none"]).unwrap().tls, Tls::None));
        let refused = |all: &[&str]| of(all).err().unwrap();
        assert!(refused(&[host, "courier.login=me"]).contains("courier.password_file"));
        assert!(refused(&[host, "courier.login=me", "courier.password_file=/nowhere"]).contains("/nowhere"));
        assert!(refused(&[host, "courier.tls=required", "courier.tls_ca=/nowhere"]).contains("courier.tls_ca"));
        assert!(refused(&[]).contains("courier.smarthost"));
        assert_eq!(of(&["courier.smarthost=[::1]:25"]).unwrap().host, "::1");
    }
}
