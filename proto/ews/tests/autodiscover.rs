//! Whatever comes to Autodiscover's address is a request or is refused, and nothing that is told breaks a document.
#![allow(clippy::unwrap_used)]

use ewsd_ews::autodiscover::{Home, Profile, Redirect, pox, soap};
use proptest::prelude::*;

const POX: &str = "<?xml version=\"1.0\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\">\
    <Request><EMailAddress>anna@example.org</EMailAddress><AcceptableResponseSchema>\
    http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>";
const SOAP: &str = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:a=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\">\
    <s:Body><a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User><a:Mailbox>anna@example.org</a:Mailbox></a:User></a:Users>\
    <a:RequestedSettings><a:Setting>UserDN</a:Setting></a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage></s:Body></s:Envelope>";

fn profile(text: &str) -> Profile {
    Profile {
        display_name: text.to_owned(),
        address: text.to_owned(),
        dn: text.to_owned(),
        deployment: text.to_owned(),
        home: Home { base: text.to_owned(), webmail: Some(text.to_owned()), activesync: None, package: "basic" },
    }
}

proptest! {
    #[test]
    fn spoiled_requests_do_no_harm(at in 0usize..600, octet in any::<u8>(), cut in 0usize..700) {
        for document in [POX, SOAP] {
            let mut octets = document.as_bytes().to_vec();
            let length = octets.len();
            *octets.get_mut(at % length).unwrap() = octet;
            octets.truncate(cut.max(1));
            let _ = pox::parse(&octets);
            let _ = soap::parse(&octets);
        }
    }

    #[test]
    fn any_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(pox::parse(&octets).is_err());
        prop_assert!(soap::parse(&octets).is_err());
    }

    /// What people call themselves stays text.
    #[test]
    fn answers_are_documents_whatever_is_in_them(text in any::<String>()) {
        let told = pox::Answer::Profile(Box::new(profile(&text)));
        let redirected = pox::Answer::Redirect(Redirect::Url(text.clone()));
        let request = soap::parse(SOAP.as_bytes()).unwrap();
        let documents = [
            pox::write(&told, pox::Schema::Outlook, true),
            pox::write(&redirected, pox::Schema::Mobile, false),
            soap::write_users(&request, &[soap::UserResult::Profile(Box::new(profile(&text)))]),
            soap::write_refusal(soap::Op::UserSettings, soap::Code::InvalidRequest, &text),
            soap::write_fault(&text),
        ];
        for document in documents {
            let document = String::from_utf8(document).unwrap();
            let mut reader = quick_xml::Reader::from_str(&document);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => prop_assert!(false, "{error}: {document}"),
                }
            }
        }
    }
}
