//! Under which names an account may be known, where others than the client say who it is: a Kerberos principal, a proxy, a token.

use ewsd_settings::Settings;

/// The names to look for, of a name that a proxy or a token tells, the fullest first. `anna@EXAMPLE.ORG` is `anna` where the
/// realm is one of `auth.realms`, and the address anna@example.org anyway; `EXAMPLE\anna` is `anna` where the domain is one of
/// them.
pub fn names(name: &str, settings: &Settings) -> Vec<String> {
    let bare = name.split_once('\\').filter(|(domain, user)| is_ours(domain, settings) && !user.contains(['\\', '@']));
    let bare = bare.map(|(_, user)| user.to_owned()).filter(|user| !user.is_empty());
    of_ticket(name, settings).into_iter().chain(bare).collect()
}

/// As [`names`], of a principal as Kerberos writes it: a backslash there is an escape, and no domain stands before it.
pub fn of_ticket(principal: &str, settings: &Settings) -> Vec<String> {
    // A host's or a service's principal is nobody's.
    let bare = principal.rsplit_once('@').filter(|(user, realm)| is_ours(realm, settings) && !user.contains('/'));
    let bare = bare.map(|(user, _)| user.to_owned()).filter(|user| !user.is_empty());
    std::iter::once(principal.to_owned()).chain(bare).collect()
}

fn is_ours(realm: &str, settings: &Settings) -> bool {
    settings.auth.realms.iter().any(|own| own.eq_ignore_ascii_case(realm))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let mut settings = Settings::default();
        settings.auth.realms = vec!["EXAMPLE.ORG".to_owned(), "EXAMPLE".to_owned()];
        settings
    }

    #[test]
    fn realms_and_domains_of_ours_are_left_out() {
        for (name, expected) in [
            ("anna@example.org", &["anna@example.org", "anna"][..]),
            ("anna@FAR.ORG", &["anna@FAR.ORG"]),
            ("HTTP/mail@EXAMPLE.ORG", &["HTTP/mail@EXAMPLE.ORG"]),
            ("anna", &["anna"]),
            ("example\\anna", &["example\\anna", "anna"]),
            ("PARTNER\\anna", &["PARTNER\\anna"]),
            ("EXAMPLE\\PARTNER\\anna", &["EXAMPLE\\PARTNER\\anna"]),
            ("EXAMPLE\\boss@far.org", &["EXAMPLE\\boss@far.org"]),
            ("EXAMPLE\\", &["EXAMPLE\\"]),
            ("\\anna", &["\\anna"]),
        ] {
            assert_eq!(names(name, &settings()), expected, "{name}");
        }
    }

    #[test]
    fn a_tickets_escapes_are_no_domains() {
        for (principal, expected) in [
            ("anna@EXAMPLE.ORG", &["anna@EXAMPLE.ORG", "anna"][..]),
            ("EXAMPLE\\boss@EXAMPLE.ORG", &["EXAMPLE\\boss@EXAMPLE.ORG", "EXAMPLE\\boss"]),
            ("EXAMPLE\\\\boss@FAR.ORG", &["EXAMPLE\\\\boss@FAR.ORG"]),
            ("boss\\@EXAMPLE.ORG@FAR.ORG", &["boss\\@EXAMPLE.ORG@FAR.ORG"]),
        ] {
            assert_eq!(of_ticket(principal, &settings()), expected, "{principal}");
        }
    }
}
