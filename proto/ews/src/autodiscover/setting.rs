//! The settings by name, as a table: the names that [MS-OXWSADISC] 3.1.4.3.4 and its successors know, each with what we have
//! for it. A name that is not here is no setting; one without a source is one that this server has no value for.

use super::{Profile, dotted_version, schemas};

/// What a setting's value is made of.
#[derive(Clone, Copy)]
enum Source {
    /// Known, and nothing here has a value for it.
    None,
    Fixed(&'static str),
    Text(fn(&Profile) -> String),
    /// One web client, where there is one.
    WebClient,
}

/// A value, by the type under which it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Text(String),
    /// URLs of web clients.
    WebClients(Vec<String>),
}

use Source::{Fixed, Text, WebClient};

const EWS: Source = Text(|profile| profile.home.ews());
const VERSION: Source = Text(|_| dotted_version());

/// Sorted by name.
const TABLE: &[(&str, Source)] = &[
    ("ActiveDirectoryServer", Source::None),
    ("AlternateMailboxes", Source::None),
    ("AutoDiscoverSMTPAddress", Text(|profile| profile.address.clone())),
    ("CasVersion", VERSION),
    ("CertPrincipalName", Source::None),
    ("CrossOrganizationSharingEnabled", Fixed("False")),
    ("DocumentSharingLocations", Source::None),
    ("EcpConnectUrlFragment", Source::None),
    ("EcpDeliveryReportUrlFragment", Source::None),
    ("EcpEmailSubscriptionsUrlFragment", Source::None),
    ("EcpExtensionInstallationUrlFragment", Source::None),
    ("EcpPhotoUrlFragment", Source::None),
    ("EcpPublishingUrlFragment", Source::None),
    ("EcpRetentionPolicyTagsUrlFragment", Source::None),
    ("EcpTeamMailboxCreatingUrlFragment", Source::None),
    ("EcpTeamMailboxEditingUrlFragment", Source::None),
    ("EcpTeamMailboxHidingUrlFragment", Source::None),
    ("EcpTeamMailboxUrlFragment", Source::None),
    ("EcpTextMessagingUrlFragment", Source::None),
    ("EcpVoicemailUrlFragment", Source::None),
    ("EwsPartnerUrl", Source::None),
    ("EwsSupportedSchemas", Text(|_| schemas())),
    ("ExternalEcpConnectUrl", Source::None),
    ("ExternalEcpDeliveryReportUrl", Source::None),
    ("ExternalEcpEmailSubscriptionsUrl", Source::None),
    ("ExternalEcpExtensionInstallationUrl", Source::None),
    ("ExternalEcpPhotoUrl", Source::None),
    ("ExternalEcpPublishingUrl", Source::None),
    ("ExternalEcpRetentionPolicyTagsUrl", Source::None),
    ("ExternalEcpTeamMailboxCreatingUrl", Source::None),
    ("ExternalEcpTeamMailboxEditingUrl", Source::None),
    ("ExternalEcpTeamMailboxHidingUrl", Source::None),
    ("ExternalEcpTeamMailboxUrl", Source::None),
    ("ExternalEcpTextMessagingUrl", Source::None),
    ("ExternalEcpUrl", Source::None),
    ("ExternalEcpVoicemailUrl", Source::None),
    ("ExternalEmwsUrl", EWS),
    ("ExternalEwsUrl", EWS),
    ("ExternalEwsVersion", VERSION),
    ("ExternalImap4Connections", Source::None),
    ("ExternalMailboxServer", Source::None),
    ("ExternalMailboxServerAuthenticationMethods", Source::None),
    ("ExternalMailboxServerRequiresSSL", Source::None),
    ("ExternalOABUrl", Source::None),
    ("ExternalPhotosUrl", Source::None),
    ("ExternalPop3Connections", Source::None),
    ("ExternalServerExclusiveConnect", Source::None),
    ("ExternalSmtpConnections", Source::None),
    ("ExternalUMUrl", Source::None),
    ("ExternalWebClientUrls", WebClient),
    ("GroupingInformation", Text(|profile| profile.home.host().to_owned())),
    ("InternalEcpConnectUrl", Source::None),
    ("InternalEcpDeliveryReportUrl", Source::None),
    ("InternalEcpEmailSubscriptionsUrl", Source::None),
    ("InternalEcpExtensionInstallationUrl", Source::None),
    ("InternalEcpPhotoUrl", Source::None),
    ("InternalEcpPublishingUrl", Source::None),
    ("InternalEcpRetentionPolicyTagsUrl", Source::None),
    ("InternalEcpTeamMailboxCreatingUrl", Source::None),
    ("InternalEcpTeamMailboxEditingUrl", Source::None),
    ("InternalEcpTeamMailboxHidingUrl", Source::None),
    ("InternalEcpTeamMailboxUrl", Source::None),
    ("InternalEcpTextMessagingUrl", Source::None),
    ("InternalEcpUrl", Source::None),
    ("InternalEcpVoicemailUrl", Source::None),
    ("InternalEmwsUrl", EWS),
    ("InternalEwsUrl", EWS),
    ("InternalImap4Connections", Source::None),
    ("InternalMailboxServer", Source::None),
    ("InternalMailboxServerDN", Source::None),
    ("InternalOABUrl", Source::None),
    ("InternalPhotosUrl", Source::None),
    ("InternalPop3Connections", Source::None),
    ("InternalRpcClientServer", Source::None),
    ("InternalServerExclusiveConnect", Source::None),
    ("InternalSmtpConnections", Source::None),
    ("InternalUMUrl", Source::None),
    ("InternalWebClientUrls", WebClient),
    ("MailboxDN", Source::None),
    ("MailboxVersion", VERSION),
    ("MapiHttpEnabled", Fixed("False")),
    ("MobileMailboxPolicy", Source::None),
    ("PublicFolderInformation", Source::None),
    ("PublicFolderServer", Source::None),
    ("SPMySiteHostURL", Source::None),
    ("ShowGalAsDefaultView", Source::None),
    ("SiteMailboxCreationURL", Source::None),
    ("UserDN", Text(|profile| profile.dn.clone())),
    ("UserDeploymentId", Text(|profile| profile.deployment.clone())),
    ("UserDisplayName", Text(|profile| profile.display_name.clone())),
    ("UserMSOnline", Fixed("False")),
];

/// The settings of a domain (GetDomainSettings).
pub(super) const OF_DOMAIN: &[&str] = &["ExternalEwsUrl", "ExternalEwsVersion"];

/// What became of one name that was asked for.
pub(super) enum Lookup {
    Value(&'static str, Setting),
    Unavailable(&'static str),
    Unknown,
}

pub(super) fn find(name: &str, profile: &Profile) -> Lookup {
    let Some((name, source)) = TABLE.iter().find(|(known, _)| *known == name) else { return Lookup::Unknown };
    let value = match source {
        Source::None => None,
        Fixed(text) => Some(Setting::Text((*text).to_owned())),
        Text(text) => Some(Setting::Text(text(profile))),
        WebClient => profile.home.webmail.clone().map(|url| Setting::WebClients(vec![url])),
    };
    match value {
        Some(value) => Lookup::Value(name, value),
        None => Lookup::Unavailable(name),
    }
}

/// Every name that is a setting.
pub fn settings() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_there_once_and_in_order() {
        assert!(TABLE.windows(2).all(|pair| matches!(pair, [(one, _), (next, _)] if one < next)));
        assert!(OF_DOMAIN.iter().all(|name| settings().any(|known| known == *name)));
    }
}
