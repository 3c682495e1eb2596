//! Under which names an account may be known, where others than the client say who it is: a Kerberos principal, a proxy, a token.

use ewsd_settings::Settings;

/// The names to look for, the fullest first. `anna@EXAMPLE.ORG` is `anna` where the realm is one of `auth.realms`, and the address
/// anna@example.org anyway; `EXAMPLE\anna` is `anna`.
pub fn names(principal: &str, settings: &Settings) -> Vec<String> {
    let mut names = vec![principal.to_owned()];
    if let Some((_, user)) = principal.split_once('\\').filter(|(_, user)| !user.is_empty()) {
        names.push(user.to_owned());
    }
    if let Some((user, realm)) = principal.rsplit_once('@') {
        let ours = settings.auth.realms.iter().any(|own| own.eq_ignore_ascii_case(realm));
        // A host's or a service's principal is nobody's.
        if ours && !user.is_empty() && !user.contains('/') {
            names.push(user.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_of_ours_are_left_out() {
        let mut settings = Settings::default();
        settings.auth.realms = vec!["EXAMPLE.ORG".to_owned()];
        assert_eq!(names("anna@example.org", &settings), ["anna@example.org", "anna"]);
        assert_eq!(names("anna@FAR.ORG", &settings), ["anna@FAR.ORG"]);
        assert_eq!(names("HTTP/mail@EXAMPLE.ORG", &settings), ["HTTP/mail@EXAMPLE.ORG"]);
        assert_eq!(names("EXAMPLE\\anna", &settings), ["EXAMPLE\\anna", "anna"]);
        assert_eq!(names("anna", &settings), ["anna"]);
    }
}
