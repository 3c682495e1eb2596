//! The operations table against itself and, where it is present, against the reference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::reference;

#[test]
fn rows_agree_with_their_numbers() {
    for (at, row) in OPERATIONS.iter().enumerate() {
        assert_eq!(row.op as usize, at);
        assert_eq!(Op::from_number(row.op.number()), Some(row.op));
        assert_eq!(Op::from_request(row.request), Some(row.op));
        assert_eq!(row.message.is_empty(), row.shape != Shape::Messages, "{}", row.name);
    }
    assert_eq!(Op::from_request("XXX"), None);
    assert_eq!(Op::GetUserOofSettings.row().request, "GetUserOofSettingsRequest");
    assert_eq!(Op::GetPersona.row().response, "GetPersonaResponseMessage");
    assert_eq!(Op::GetStreamingEvents.row().action, "GetEvents");
}

/// Codes that make clients try other schema versions, wait and come back, or loop.
#[test]
fn refusals_are_polite() {
    use Code::*;
    let rude = [
        NoError,
        ErrorInvalidRequest,
        ErrorInvalidServerVersion,
        ErrorIncorrectSchemaVersion,
        ErrorInvalidSchemaVersionForMailboxVersion,
        ErrorServerBusy,
        ErrorInternalServerError,
        ErrorInternalServerTransientError,
        ErrorSchemaValidation,
        ErrorMailboxStoreUnavailable,
    ];
    assert!(OPERATIONS.iter().all(|row| !rude.contains(&row.refusal)));
    for op in [Op::GetUserConfiguration, Op::GetUserPhoto] {
        assert_eq!(op.row().refusal, ErrorItemNotFound);
    }
}

#[test]
fn markdown_lists_each_once() {
    let text = markdown();
    for row in OPERATIONS {
        assert_eq!(text.matches(&format!("| {} |", row.name)).count(), 1, "{}", row.name);
    }
    assert!(text.contains("| GetFolder | 2007 | built |"));
    let built = OPERATIONS.iter().filter(|row| row.built).count();
    assert!(text.starts_with(&format!("{built} of {} operations", OPERATIONS.len())));
}

#[test]
fn same_as_reference() {
    let Some(table) = reference::table("operations.tsv") else { return };
    let mut known = 0;
    for line in table.lines().filter(|line| line.get("in_wsdl").contains("on")) {
        let row = Op::from_request(line.get("request_element")).unwrap().row();
        assert_eq!(row.name, line.get("operation"));
        assert_eq!(row.response, line.get("response_element"), "{}", row.name);
        assert!(line.get("SOAPAction").ends_with(&format!("messages/{}", row.action)), "{}", row.name);
        if let Some(since) = Version::parse(line.get("min_version")) {
            assert_eq!(row.since, since, "{}", row.name);
        }
        known += 1;
    }
    const OF_SCHEMA: [Op; 2] = [Op::GetReminders, Op::PerformReminderAction];
    assert_eq!(known + OF_SCHEMA.len(), OPERATIONS.len());
}
