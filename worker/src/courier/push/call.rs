//! One call of a subscriber: a POST. Redirects are not followed: they would lead to addresses that nobody has judged.

use std::time::Duration;

use ewsd_ews::push::{SOAP_ACTION, read_result};
use ewsd_ews::word::SubscriptionStatus;
use ewsd_mailbox::clock;
use ewsd_settings::Settings;
use ewsd_store::Push;

use super::address::CallbackUrl;
use crate::courier::web::{self, Bounds};

/// Octets of an answer, head and all. What is asked for takes some hundreds.
const ANSWER: usize = 64 * 1024;

/// Tells a subscriber and reads what it wants.
///
/// # Errors
/// Why it was not told, or did not say.
pub(super) fn call(settings: &Settings, push: &Push, document: &[u8]) -> Result<SubscriptionStatus, String> {
    let url = CallbackUrl::parse(&push.url).ok_or("its URL is none")?;
    let until = clock::monotonic() + Duration::from_secs(settings.notifications.push_seconds);
    let address = url.look_up(settings)?;
    let bounds = Bounds { until, setting: "notifications.push_seconds", octets: ANSWER };
    let ca = ("notifications.push_ca", settings.notifications.push_ca.as_str());
    let answer = web::ask(address, url.tls.then_some((&url.host, ca)), &request(&url, push, document), bounds);
    let answer = answer.map_err(|error| format!("{address}: {error}"))?;
    if answer.status != 200 {
        return Err(format!("{address}: it answered with status {}", answer.status));
    }
    read_result(&answer.body).map_err(|fault| format!("{address}: its answer: {}", fault.text))
}

fn request(url: &CallbackUrl, push: &Push, document: &[u8]) -> Vec<u8> {
    let mut head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ewsd/{}\r\nContent-Type: {}\r\nContent-Length: {}\r\nSOAPAction: \"{SOAP_ACTION}\"\r\n\
         Connection: close\r\n",
        url.target,
        url.authority,
        env!("CARGO_PKG_VERSION"),
        ewsd_ews::CONTENT_TYPE,
        document.len(),
    );
    if let Some(data) = &push.caller_data {
        head.push_str("CallerData: ");
        head.push_str(&field_value(data));
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    [head.as_bytes(), document].concat()
}

/// Text as a field may have it: what is no visible ASCII character is percent-encoded.
fn field_value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' => out.push_str("%25"),
            b' '..=b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_client_gave_cannot_become_another_field() {
        assert_eq!(field_value("a b=c; d"), "a b=c; d");
        assert_eq!(field_value("x\r\nHost: y\u{e9} 100%"), "x%0D%0AHost: y%C3%A9 100%25");
    }
}
