//! The domains that are delivered here and nowhere else: `mail.domains`, else those of the accounts' addresses.

use ewsd_settings::Settings;
use ewsd_store::{Store, StoreError};

/// Whoever has an address in one of them and is nobody here does not exist; the smarthost would bring such mail back.
pub struct Domains(Vec<String>);

impl Domains {
    pub fn read(store: &mut Store, settings: &Settings) -> Result<Domains, StoreError> {
        Ok(Domains(match settings.mail.domains.as_slice() {
            [] => store.domains()?,
            named => named.to_vec(),
        }))
    }

    /// Whether an address is in one of them.
    pub fn hold(&self, address: &str) -> bool {
        let domain = address.rsplit('@').next().unwrap_or_default();
        self.0.iter().any(|own| own.eq_ignore_ascii_case(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_ours_by_its_whole_domain() {
        let ours = Domains(vec!["example.test".into(), "other.test".into()]);
        for address in ["anna@example.test", "Anna@Example.TEST", "\"a@b\"@other.test"] {
            assert!(ours.hold(address), "{address}");
        }
        for address in ["anna@far.test", "anna@sub.example.test", "anna@example.test.far", "example.test@far.test", ""]
        {
            assert!(!ours.hold(address), "{address}");
        }
    }
}
