//! Logins whose passwords somebody else knows: whether whoever is asked can be.

use ewsd_worker::login::{ldap, pam};

use super::{Finding, Patient, right, warning, wrong};

/// Whom auth.basic_against names: PAM, or each server of the directory, and whoever searches there.
pub fn logins(patient: &Patient<'_>) -> Vec<Finding> {
    let auth = &patient.settings.auth;
    match auth.basic_against.as_str() {
        "ldap" => {}
        "pam" => {
            return vec![match pam::examine(&patient.settings) {
                Ok(file) => right(format!("PAM is asked as {} says", file.display())),
                Err(why) => wrong(why, "see auth.basic_against and auth.pam_* in ewsd.toml(5)"),
            }];
        }
        _ => return Vec::new(),
    }
    let servers = match ldap::examine(&patient.settings) {
        Ok(servers) => servers,
        Err(why) => return vec![wrong(why, "see auth.ldap_* in ewsd.toml(5)")],
    };
    let mut found: Vec<Finding> = servers
        .into_iter()
        .map(|ldap::Examined { url, trouble }| match trouble {
            None => right(format!("{url} answers")),
            Some(why) => wrong(format!("auth.ldap_urls: {url} is of no use: {why}"), cure(&why)),
        })
        .collect();
    if auth.ldap_tls == "none" && auth.ldap_urls.iter().any(|url| url.starts_with("ldap://")) {
        found.push(warning(
            "auth.ldap_tls = \"none\": passwords go over ldap:// for everybody on the way to read",
            "take the line out once the directory has a certificate",
        ));
    }
    found
}

/// What helps, as far as it can be told.
fn cure(why: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if says(&["UnknownIssuer", "auth.ldap_ca"]) {
        "name the CA's certificate in auth.ldap_ca"
    } else if says(&["not valid for name", "NotValidForName"]) {
        "name the server in auth.ldap_urls as its certificate does"
    } else if says(&["peer certificate"]) {
        "renew the server's certificate"
    } else if says(&["StartTLS"]) {
        "give the directory a certificate, or take ldaps://; auth.ldap_tls = \"none\" does without"
    } else if says(&["auth.ldap_search"]) {
        "set auth.ldap_search_dn, and the password in auth.ldap_search_password_file"
    } else if says(&["the search below"]) {
        "set auth.ldap_base to an entry that is there, and that auth.ldap_search_dn may search"
    } else {
        "is the directory running, and the address in auth.ldap_urls right?"
    }
}
