//! The call of a subscriber's web service, where this server is the client (MS-OXWSNTIF 3.2): SendNotification, which is written
//! here, and SendNotificationResult, which is read.

use ewsd_model::failure::{Failure, Outcome};

use crate::cursor::{Cursor, Space};
use crate::fault::Fault;
use crate::reply::{self, Notification};
use crate::soap::{self, Form};
use crate::word::SubscriptionStatus;
use crate::writer::{M, Writer};

/// The SOAPAction of the call.
pub const SOAP_ACTION: &str = "http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification";

/// The document of a call. A failure says what cannot be told of the subscription any more.
pub fn send_notification(outcome: &Outcome<Notification>, form: Form) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    soap::envelope(&mut out, form, |w| {
        w.open(M, "SendNotification");
        w.open(M, "ResponseMessages");
        match outcome {
            Outcome::Success(notification) => {
                open(w, "Success", None);
                w.raw("<m:ResponseCode>NoError</m:ResponseCode>");
                reply::write_notification(w, notification);
            }
            Outcome::Warning(failure, _) | Outcome::Error(failure) => open(w, "Error", Some(failure)),
        }
        w.close(M, MESSAGE);
        w.close(M, "ResponseMessages");
        w.close(M, "SendNotification");
    });
    out
}

const MESSAGE: &str = "SendNotificationResponseMessage";

fn open(w: &mut Writer<'_>, class: &str, failure: Option<&Failure>) {
    match failure {
        Some(failure) => reply::head(w, MESSAGE, class, failure),
        None => {
            w.tag(M, MESSAGE);
            w.plain_attribute("ResponseClass", class);
            w.end_tag();
        }
    }
}

/// What the subscriber wants.
///
/// # Errors
/// The document is none, or no SendNotificationResult.
pub fn read_result(document: &[u8]) -> Result<SubscriptionStatus, Fault> {
    let text = soap::decode(document)?;
    let mut c = Cursor::new(&text);
    while let Some(part) = c.child()? {
        if part.local_name() != "Envelope" {
            return Err(c.unexpected(&part));
        }
        while let Some(part) = c.child()? {
            match part.local_name() {
                "Body" => return read_body(&mut c),
                "Header" => c.skip()?,
                _ => return Err(c.unexpected(&part)),
            }
        }
    }
    Err(c.violation(0, "The document has no Body."))
}

fn read_body(c: &mut Cursor<'_>) -> Result<SubscriptionStatus, Fault> {
    while let Some(child) = c.child()? {
        if child.space != Space::Messages || child.name() != "SendNotificationResult" {
            return Err(c.unexpected(&child));
        }
        match c.child()? {
            Some(status) if status.name() == "SubscriptionStatus" => return c.value(&status),
            Some(other) => return Err(c.unexpected(&other)),
            None => {}
        }
    }
    Err(c.violation(0, "The document has no SubscriptionStatus."))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::reply::Event;
    use ewsd_model::code::Code;

    #[test]
    fn a_notification_is_written_as_subscribers_read_it() {
        let notification = Notification {
            subscription: "sub".into(),
            previous_watermark: Some("before".into()),
            more_events: Some(false),
            events: vec![Event::Status { watermark: Some("now".into()) }],
        };
        let text = String::from_utf8(send_notification(&Outcome::Success(notification), Form::default())).unwrap();
        let inner = "<m:SendNotification><m:ResponseMessages><m:SendNotificationResponseMessage ResponseClass=\"Success\">\
            <m:ResponseCode>NoError</m:ResponseCode><m:Notification><t:SubscriptionId>sub</t:SubscriptionId>\
            <t:PreviousWatermark>before</t:PreviousWatermark><t:MoreEvents>false</t:MoreEvents><t:StatusEvent>\
            <t:Watermark>now</t:Watermark></t:StatusEvent></m:Notification></m:SendNotificationResponseMessage>\
            </m:ResponseMessages></m:SendNotification>";
        assert!(text.contains(inner), "{text}");
        let lost = Outcome::Error(Failure::new(Code::ErrorMissedNotificationEvents));
        let text = String::from_utf8(send_notification(&lost, Form::default())).unwrap();
        assert!(text.contains("ResponseClass=\"Error\""), "{text}");
        assert!(text.contains("<m:ResponseCode>ErrorMissedNotificationEvents</m:ResponseCode>"), "{text}");
    }

    #[test]
    fn a_subscriber_says_whether_it_goes_on() {
        let document = |soap: &str, header: &str, body: &str| {
            format!(
                "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"{soap}\" \
                 xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\">{header}<s:Body>{body}</s:Body>\
                 </s:Envelope>"
            )
        };
        let result = |status: &str| {
            format!(
                "<m:SendNotificationResult><m:SubscriptionStatus>{status}</m:SubscriptionStatus></m:SendNotificationResult>"
            )
        };
        for soap in ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"] {
            for (status, read) in [("OK", SubscriptionStatus::Ok), ("Unsubscribe", SubscriptionStatus::Unsubscribe)] {
                for header in ["", "<s:Header><x>1</x></s:Header>"] {
                    let text = document(soap, header, &result(status));
                    assert_eq!(read_result(text.as_bytes()), Ok(read), "{text}");
                }
            }
        }
        let soap = "http://schemas.xmlsoap.org/soap/envelope/";
        for wrong in ["".to_owned(), result("ok"), result(""), "<m:SendNotificationResult/>".into(), "<m:x/>".into()] {
            assert!(read_result(document(soap, "", &wrong).as_bytes()).is_err(), "{wrong}");
        }
        for wrong in ["", "OK", "<html><body>OK</body></html>", "<!DOCTYPE x><x/>"] {
            assert!(read_result(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
