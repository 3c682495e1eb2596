//! The message class that follows from the structure (MS-OXCMAIL, MS-OXOSMIME).
#![allow(clippy::unwrap_used)]

use ewsd_mime::{Message, class};

fn of(text: &str) -> String {
    let octets = text.replace('\n', "\r\n").into_bytes();
    class(&Message::read(&octets)).into_owned()
}

#[test]
fn signed_and_enveloped_mail() {
    let signed = |protocol: &str| {
        format!(
            "Content-Type: multipart/signed; protocol=\"{protocol}\"; boundary=b\n\n--b\n\nx\n--b\nContent-Type: {protocol}\n\ny\n--b--\n"
        )
    };
    assert_eq!(of(&signed("application/x-pkcs7-signature")), "IPM.Note.SMIME.MultipartSigned");
    assert_eq!(of(&signed("application/pkcs7-signature")), "IPM.Note.SMIME.MultipartSigned");
    assert_eq!(of(&signed("application/pgp-signature")), "IPM.Note.SMIME.MultipartSigned");
    for kind in [
        "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
        "application/x-pkcs7-mime",
        "APPLICATION/PKCS7-MIME; smime-type=signed-data",
        "application/octet-stream; name=smime.P7M",
        "application/octet-stream\nContent-Disposition: attachment; filename=\"smime.p7m\"",
    ] {
        assert_eq!(of(&format!("Content-Type: {kind}\n\nx")), "IPM.Note.SMIME", "{kind}");
    }
    for kind in [
        "application/octet-stream; name=a.bin",
        "application/pkcs7-signature",
        "multipart/encrypted; boundary=b",
        "text/plain",
    ] {
        assert_eq!(of(&format!("Content-Type: {kind}\n\nx")), "IPM.Note", "{kind}");
    }
    let below =
        format!("Content-Type: multipart/mixed; boundary=c\n\n--c\n{}\n--c--\n", signed("application/pkcs7-signature"));
    assert_eq!(of(&below), "IPM.Note", "the whole message is not what is signed");
}

fn report(kind: &str, notice: &str, fields: &str) -> String {
    of(&format!(
        "Content-Type: multipart/report; report-type={kind}; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: message/{notice}\n\n{fields}\n--b--\n"
    ))
}

#[test]
fn reports() {
    let dsn = |fields: &str| report("delivery-status", "delivery-status", fields);
    let two = "Reporting-MTA: dns; x\n\nAction: delivered\n\nFinal-Recipient: rfc822; a@b\nAction: Failed (x)\n";
    assert_eq!(dsn(two), "REPORT.IPM.Note.NDR");
    assert_eq!(dsn("Reporting-MTA: dns; x\n\nAction: delayed\n"), "REPORT.IPM.Note.Delayed.DR");
    assert_eq!(dsn("\nAction: relayed\n"), "REPORT.IPM.Note.Relayed.DR");
    assert_eq!(dsn("\nAction: expanded\n"), "REPORT.IPM.Note.Expanded.DR");
    assert_eq!(dsn("\nAction : delivered\n"), "REPORT.IPM.Note.DR");
    assert_eq!(dsn("nothing\n"), "IPM.Note");
    assert_eq!(report("\"delivery-status\" (x)", "global-delivery-status", "Action: failed\n"), "REPORT.IPM.Note.NDR");
    assert_eq!(report("feedback-report", "feedback-report", "Action: failed\n"), "IPM.Note");
    let mdn = |fields: &str| report("disposition-notification", "disposition-notification", fields);
    assert_eq!(mdn("Disposition: manual-action/MDN-sent-manually; displayed\n"), "REPORT.IPM.Note.IPNRN");
    assert_eq!(mdn("Disposition: automatic-action/MDN-sent; deleted/error\n"), "REPORT.IPM.Note.IPNNRN");
    assert_eq!(mdn("Disposition: automatic-action/MDN-sent; failed\n"), "REPORT.IPM.Note.IPNNRN");
}

#[test]
fn encoded_reports() {
    let encoded = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\ntext\n--b\n\
                   Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nQWN0aW9uOiBmYWlsZWQK\n--b--\n";
    assert_eq!(of(encoded), "REPORT.IPM.Note.NDR");
}

#[test]
fn content_classes() {
    let with = |class: &str, kind: &str| of(&format!("Content-Class: {class}\nContent-Type: {kind}\n\nx"));
    assert_eq!(with("voice", "audio/wav"), "IPM.Note.Microsoft.Voicemail.UM");
    assert_eq!(with("Voice-CA", "audio/wav"), "IPM.Note.Microsoft.Voicemail.UM.CA");
    assert_eq!(with("voice", "text/plain"), "IPM.Note");
    assert_eq!(with("fax", "image/tiff"), "IPM.Note.Microsoft.Fax");
    assert_eq!(with("missedcall", "text/plain"), "IPM.Note.Microsoft.Missed.Voice");
    assert_eq!(with("urn:content-class:custom.Order.New", "text/plain"), "IPM.Note.Custom.Order.New");
    assert_eq!(with("urn:content-class:custom.", "text/plain"), "IPM.Note");
    assert_eq!(with("InfoPathForm.{0A1B}.Expenses", "text/plain"), "IPM.InfoPathForm.{0A1B}");
    assert_eq!(with("InfoPathForm.", "text/plain"), "IPM.Note");
    assert_eq!(with("rpmsg.message", "text/plain"), "IPM.Note", "rights-managed mail is told by the field itself");
    assert_eq!(with("fax-ca", "image/tiff"), "IPM.Note.Microsoft.Fax.CA");
    assert_eq!(with("voice-uc", "audio/wav"), "IPM.Note.Microsoft.Conversation.Voice");
    assert_eq!(with("urn:content-classes:message", "text/plain"), "IPM.Note");
    assert_eq!(
        of("Content-Class: voice\nContent-Type: multipart/signed; boundary=b\n\nx"),
        "IPM.Note.SMIME.MultipartSigned"
    );
}
