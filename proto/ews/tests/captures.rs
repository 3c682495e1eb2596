//! What real clients send, and the reference's samples, are read. The reference kit lies beside the repository or
//! where `EWSD_REFERENCE` says; without it there is nothing to read here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};

use ewsd_ews::{Request, parse_envelope};
use ewsd_model::failure::{Detail, Failure};
use ewsd_model::operation::Op;

fn reference() -> Option<PathBuf> {
    let folder = std::env::var_os("EWSD_REFERENCE")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference"));
    folder.is_dir().then_some(folder)
}

fn xml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { xml_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ext| ext == "xml"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_capture_is_read() {
    let Some(reference) = reference() else { return println!("no reference kit: nothing read") };
    let mut wrong = Vec::new();
    for path in xml_files(&reference.join("captures")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let expected = name.split_once('-').unwrap().1;
        if expected.starts_with("Autodiscover") {
            continue;
        }
        match parse_envelope(&std::fs::read(&path).unwrap()) {
            Ok(envelope) => {
                let op = envelope.request.op();
                assert_eq!(op.row().request, expected, "{}", path.display());
                if let Request::Refused(refused) = &envelope.request {
                    // What is not built is refused; nothing that is built may be.
                    if op.row().built {
                        wrong.push(format!("{}: {:?}", path.display(), refused.failure));
                    }
                }
                wrong.extend(entry_failures(&envelope.request).into_iter().map(|f| format!("{}: {f}", path.display())));
            }
            Err(fault) => wrong.push(format!("{}: {fault:?}", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn entry_failures(request: &Request) -> Vec<String> {
    fn of<T>(entries: &[Result<T, Failure>]) -> Vec<String> {
        let failures = entries.iter().filter_map(|entry| entry.as_ref().err());
        failures.filter(|failure| !about_unbuilt(failure)).map(|failure| format!("{failure:?}")).collect()
    }
    match request {
        Request::CreateItem(request) => of(&request.items),
        Request::UpdateItem(request) => of(&request.changes),
        Request::CreateFolder(request) => of(&request.folders),
        Request::UpdateFolder(request) => of(&request.changes),
        Request::CreateAttachment(request) => of(&request.attachments),
        _ => Vec::new(),
    }
}

/// Properties that the table knows but nothing serves yet are refused, and that is right.
fn about_unbuilt(failure: &Failure) -> bool {
    matches!(failure.details.as_slice(), [Detail::Path(ewsd_model::path::Path::Prop(id))] if !id.row().built())
}

#[test]
fn the_samples_are_read_and_the_bad_ones_refused() {
    let Some(reference) = reference() else { return println!("no reference kit: nothing read") };
    for path in xml_files(&reference.join("samples")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let parsed = parse_envelope(&std::fs::read(&path).unwrap());
        if name == "req-SendNotificationResult-push-answer" {
            // The answer to a push, which the courier reads.
        } else if name.starts_with("req-") {
            let envelope = parsed.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            assert!(name.contains(envelope.request.op().name()), "{name}: {:?}", envelope.request.op());
        } else if let "bad-enum-and-header" | "bad-unknown-operation" = name.as_str() {
            assert!(parsed.is_err(), "{name}");
        }
    }
}

#[test]
fn a_push_answer_is_no_operation() {
    let body = "<m:SendNotificationResult><m:SubscriptionStatus>OK</m:SubscriptionStatus></m:SendNotificationResult>";
    let document = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><s:Body>{body}</s:Body></s:Envelope>"
    );
    assert_eq!(parse_envelope(document.as_bytes()).unwrap_err().code.name(), "ErrorInvalidRequest");
    assert!(Op::from_request("SendNotificationResult").is_none());
}
