//! What is wrong with a request, and what it is called: a fault for the whole, a failure for every response message,
//! or a failure of one entry while the others stand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_ews::{Request, parse_envelope};
use ewsd_model::failure::Failure;

const NAMESPACES: &str = "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
    xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
    xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"";

fn document(headers: &str, body: &str) -> String {
    format!("<s:Envelope {NAMESPACES}><s:Header>{headers}</s:Header><s:Body>{body}</s:Body></s:Envelope>")
}

/// What a document comes to: `fault CODE`, `refused CODE xN`, or the entries as `ok` and codes.
fn verdict(document: &[u8]) -> String {
    fn entries<T>(entries: &[Result<T, Failure>]) -> String {
        let words = entries.iter().map(|entry| entry.as_ref().map_or_else(|f| f.code.name(), |_| "ok"));
        words.collect::<Vec<_>>().join(" ")
    }
    match parse_envelope(document) {
        Err(fault) => format!("fault {}", fault.code.name()),
        Ok(envelope) => match &envelope.request {
            Request::Refused(refused) => format!("refused {} x{}", refused.failure.code.name(), refused.messages),
            Request::CreateItem(request) => entries(&request.items),
            Request::UpdateItem(request) => entries(&request.changes),
            Request::CreateFolder(request) => entries(&request.folders),
            Request::UpdateFolder(request) => entries(&request.changes),
            Request::CreateAttachment(request) => entries(&request.attachments),
            _ => "ok".to_owned(),
        },
    }
}

fn check(cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        assert_eq!(verdict(document("", body).as_bytes()), *expected, "{body}");
    }
}

const SCHEMA: &str = "fault ErrorSchemaValidation";
const INVALID: &str = "fault ErrorInvalidRequest";

#[test]
fn documents_that_are_no_requests() {
    let good = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
        <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";
    assert_eq!(verdict(document("", good).as_bytes()), "ok");
    let envelope = |inner: &str| format!("<s:Envelope {NAMESPACES}>{inner}</s:Envelope>");
    for (text, expected) in [
        (String::new(), SCHEMA),
        ("no xml".to_owned(), SCHEMA),
        ("<s:Envelope>".to_owned(), SCHEMA),
        ("<a/>".to_owned(), SCHEMA),
        ("<Envelope/>".to_owned(), SCHEMA),
        (document("", good).replace("schemas.xmlsoap.org/soap/envelope/", "www.w3.org/2003/05/soap-envelope"), SCHEMA),
        (document("", good) + "<more/>", SCHEMA),
        (document("", good).replace("</m:FolderIds>", "</m:FolderId>"), SCHEMA),
        (document("", good).replace("</s:Body>", ""), SCHEMA),
        (format!("<!DOCTYPE a [<!ENTITY x \"y\">]>{}", document("", good)), SCHEMA),
        (document("", &good.replace("IdOnly", "&x;")), SCHEMA),
        (document("", &good.replace("IdOnly", "&#0;")), SCHEMA),
        (document("", &good.replace("IdOnly", "Id\u{1}Only")), SCHEMA),
        (document("", &good.replace("<m:FolderIds>", "<?php ?><m:FolderIds>")), SCHEMA),
        (document("", &good.replace("Id=\"inbox\"", "Id=\"inbox\" Id=\"inbox\"")), SCHEMA),
        (envelope(""), SCHEMA),
        (envelope("<s:Header/>"), SCHEMA),
        (envelope("<s:Body/>"), INVALID),
        (envelope("<s:Body/><s:Body/>"), INVALID),
        (envelope(&format!("<s:Body>{good}</s:Body><s:Header/>")), SCHEMA),
        (document("", &format!("{good}{good}")), SCHEMA),
        (document("", &format!("text{good}")), SCHEMA),
        (document("", "<m:NoSuchThing/>"), INVALID),
        (document("", "<XXX/>"), INVALID),
        (document("", "<m:GetFolderResponse/>"), INVALID),
        (document("", "<m:SendNotification/>"), INVALID),
        // The operation's element is of the messages namespace; what stands in it may be of either.
        (document("", &good.replace("m:GetFolder>", "t:GetFolder>")), SCHEMA),
        (document("", &good.replace("m:GetFolder>", "s:GetFolder>")), SCHEMA),
        (document("", &good.replace("m:GetFolder>", "GetFolder>")), SCHEMA),
        (document("", "<GetFolder xmlns=\"urn:w\"/>"), SCHEMA),
        (document("", "<t:GetUserAvailabilityRequest/>"), SCHEMA),
        (document("", "<t:NoSuchThing/>"), INVALID),
        (document("", &good.replace("t:", "m:")), "ok"),
    ] {
        assert_eq!(verdict(text.as_bytes()), expected, "{text}");
    }
    assert_eq!(verdict(b"\xff<a/>"), SCHEMA);
    assert_eq!(verdict(b"\xff\xfe<"), SCHEMA);
    let deep = format!("{}{}", "<m:a>".repeat(500), "</m:a>".repeat(500));
    assert_eq!(verdict(document(&deep, good).as_bytes()), SCHEMA);
    let wide: String = (0..100).map(|n| format!(" attribute-{n}=\"1\"")).collect();
    assert_eq!(verdict(document(&format!("<m:a{wide}/>"), good).as_bytes()), SCHEMA);
    // The envelope has three.
    let spaces = |count: usize| {
        let open: String = (0..count).map(|n| format!("<m:a xmlns:n{n}=\"u{n}\">")).collect();
        open + &"</m:a>".repeat(count)
    };
    assert_eq!(verdict(document(&spaces(61), good).as_bytes()), "ok");
    assert_eq!(verdict(document(&spaces(62), good).as_bytes()), SCHEMA);
    let besides: String = (0..60).map(|n| format!("<m:a{n} xmlns:n=\"u\" xmlns=\"v\"/>")).collect();
    assert_eq!(verdict(document(&besides, good).as_bytes()), "ok");
}

#[test]
fn headers() {
    let body = "<m:GetServerTimeZones/>";
    let impersonate = |sid: &str| {
        format!("<t:ExchangeImpersonation><t:ConnectingSID>{sid}</t:ConnectingSID></t:ExchangeImpersonation>")
    };
    for (headers, expected) in [
        ("<t:RequestServerVersion Version=\"Exchange2016\"/>".to_owned(), "ok"),
        ("<t:RequestServerVersion Version=\"V2017_07_11\"/>".to_owned(), "ok"),
        ("<t:RequestServerVersion Version=\"Exchange1999\"/>".to_owned(), "fault ErrorInvalidServerVersion"),
        ("<t:RequestServerVersion Version=\"Exchange2007_SP1\"/>".to_owned(), "fault ErrorIncorrectSchemaVersion"),
        ("<t:RequestServerVersion/>".to_owned(), SCHEMA),
        ("<t:MailboxCulture>de</t:MailboxCulture><t:MailboxCulture>de</t:MailboxCulture>".to_owned(), "fault ErrorDuplicateSOAPHeader"),
        (impersonate("<t:SmtpAddress>a@example.test</t:SmtpAddress>"), "ok"),
        (impersonate(""), "fault ErrorInvalidExchangeImpersonationHeaderData"),
        (impersonate("<t:SID> </t:SID>"), "fault ErrorInvalidExchangeImpersonationHeaderData"),
        (impersonate("<t:SID>a</t:SID><t:SID>b</t:SID>"), "fault ErrorInvalidExchangeImpersonationHeaderData"),
        (impersonate("<t:Name>a</t:Name>"), SCHEMA),
        (
            impersonate("<t:SID>a</t:SID>") + "<t:SerializedSecurityContext/>",
            "fault ErrorMoreThanOneAccessModeSpecified",
        ),
        ("<w:Action xmlns:w=\"urn:w\">x</w:Action><t:Unknown><t:A/></t:Unknown>".to_owned(), "ok"),
        ("<t:DateTimePrecision>Milliseconds</t:DateTimePrecision><t:ManagementRole/>".to_owned(), "ok"),
        ("<t:TimeZoneContext><t:TimeZoneDefinition Id=\"UTC\"><t:Periods/></t:TimeZoneDefinition></t:TimeZoneContext>".to_owned(), "ok"),
    ] {
        assert_eq!(verdict(document(&headers, body).as_bytes()), expected, "{headers}");
    }
}

fn get_item(additional: &str, ids: &str) -> String {
    format!(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{additional}\
         </t:AdditionalProperties></m:ItemShape><m:ItemIds>{ids}</m:ItemIds></m:GetItem>"
    )
}

#[test]
fn shapes_and_paths() {
    let two = "<t:ItemId Id=\"\"/><t:ItemId Id=\"x\" ChangeKey=\"y\"/>";
    let extended = |attributes: &str| get_item(&format!("<t:ExtendedFieldURI {attributes}/>"), two);
    let cases: Vec<(String, &str)> = vec![
        (get_item("<t:FieldURI FieldURI=\"item:Subject\"/>", two), "ok"),
        (get_item("", two), SCHEMA),
        (get_item("<t:FieldURI FieldURI=\"item:Nonsense\"/>", two), SCHEMA),
        (get_item("<t:FieldURI/>", two), SCHEMA),
        (get_item("<t:IndexedFieldURI FieldURI=\"item:Subject\" FieldIndex=\"a\"/>", two), SCHEMA),
        (get_item("<t:IndexedFieldURI FieldURI=\"contacts:EmailAddress\"/>", two), SCHEMA),
        (get_item("<t:Subject/>", two), SCHEMA),
        (get_item("<t:FieldURI FieldURI=\"item:Subject\"/>", ""), SCHEMA),
        (get_item("<t:FieldURI FieldURI=\"item:Subject\"/>", "<t:FolderId Id=\"a\"/>"), SCHEMA),
        (get_item("<t:FieldURI FieldURI=\"item:Subject\"/>", "<t:ItemId/>"), SCHEMA),
        (
            get_item(
                "<t:FieldURI FieldURI=\"item:Subject\"/>",
                "<t:OccurrenceItemId RecurringMasterId=\"a\" InstanceIndex=\"1\"/>",
            ),
            "ok",
        ),
        (
            get_item(
                "<t:FieldURI FieldURI=\"item:Subject\"/>",
                "<t:OccurrenceItemId RecurringMasterId=\"a\" InstanceIndex=\"x\"/>",
            ),
            SCHEMA,
        ),
        (extended("PropertyTag=\"0x0037\" PropertyType=\"String\""), "ok"),
        (extended("PropertyTag=\"4240\" PropertyType=\"Integer\""), "ok"),
        (
            extended("PropertyTag=\"0x8000\" PropertyType=\"String\""),
            "refused ErrorNoPropertyTagForCustomProperties x2",
        ),
        (extended("PropertyTag=\"0x10370\" PropertyType=\"String\""), SCHEMA),
        (extended("PropertyTag=\"x\" PropertyType=\"String\""), SCHEMA),
        (extended("PropertyTag=\"0x0037\""), SCHEMA),
        (extended("PropertyTag=\"0x0037\" PropertyType=\"Text\""), SCHEMA),
        (extended("PropertyTag=\"0x0037\" PropertyType=\"Object\""), "refused ErrorUnsupportedMapiPropertyType x2"),
        (extended("PropertyTag=\"0x0037\" PropertyType=\"Null\""), "refused ErrorUnsupportedMapiPropertyType x2"),
        (extended("PropertyType=\"String\""), "refused ErrorInvalidExtendedProperty x2"),
        (
            extended("PropertyTag=\"0x0037\" PropertyName=\"a\" PropertyType=\"String\""),
            "refused ErrorInvalidExtendedProperty x2",
        ),
        (
            extended("DistinguishedPropertySetId=\"Common\" PropertyType=\"String\""),
            "refused ErrorInvalidExtendedProperty x2",
        ),
        (extended("PropertyName=\"a\" PropertyType=\"String\""), "refused ErrorInvalidExtendedProperty x2"),
        (
            extended(
                "DistinguishedPropertySetId=\"Common\" PropertyName=\"a\" PropertyId=\"1\" PropertyType=\"String\"",
            ),
            "refused ErrorInvalidExtendedProperty x2",
        ),
        (extended("DistinguishedPropertySetId=\"Nowhere\" PropertyName=\"a\" PropertyType=\"String\""), SCHEMA),
        (extended("PropertySetId=\"123\" PropertyName=\"a\" PropertyType=\"String\""), SCHEMA),
    ];
    for (body, expected) in cases {
        assert_eq!(verdict(document("", &body).as_bytes()), expected, "{body}");
    }
}

fn find_item(view: &str, rest: &str) -> String {
    format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>{view}{rest}\
         <m:ParentFolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:ParentFolderIds></m:FindItem>"
    )
}

fn restricted(expression: &str) -> String {
    find_item("", &format!("<m:Restriction>{expression}</m:Restriction>"))
}

#[test]
fn finds() {
    let equal = |uri: &str, value: &str| {
        restricted(&format!(
            "<t:IsEqualTo><t:FieldURI FieldURI=\"{uri}\"/><t:FieldURIOrConstant><t:Constant Value=\"{value}\"/>\
             </t:FieldURIOrConstant></t:IsEqualTo>"
        ))
    };
    let exists = "<t:Exists><t:FieldURI FieldURI=\"item:Subject\"/></t:Exists>";
    let nested = |count: usize| format!("{}{exists}{}", "<t:Not>".repeat(count), "</t:Not>".repeat(count));
    let cases: Vec<(String, &str)> = vec![
        (find_item("", ""), "ok"),
        (find_item("", "").replace("Shallow", "Wide"), SCHEMA),
        (find_item("", "").replace(" Traversal=\"Shallow\"", ""), SCHEMA),
        (find_item("", "").replace("\"inbox\"", "\"inboks\""), SCHEMA),
        (find_item("<m:IndexedPageItemView MaxEntriesReturned=\"5\" Offset=\"0\" BasePoint=\"End\"/>", ""), "ok"),
        (
            find_item("<m:IndexedPageItemView Offset=\"-1\" BasePoint=\"End\"/>", ""),
            "refused ErrorInvalidIndexedPagingParameters x1",
        ),
        (
            find_item("<m:IndexedPageItemView MaxEntriesReturned=\"0\" Offset=\"0\" BasePoint=\"End\"/>", ""),
            "refused ErrorInvalidPagingMaxRows x1",
        ),
        (find_item("<m:IndexedPageItemView Offset=\"0\"/>", ""), SCHEMA),
        (find_item("<m:FractionalPageItemView Numerator=\"1\" Denominator=\"2\"/>", ""), "ok"),
        (
            find_item("<m:FractionalPageItemView Numerator=\"3\" Denominator=\"2\"/>", ""),
            "refused ErrorInvalidFractionalPagingParameters x1",
        ),
        (
            find_item("<m:FractionalPageItemView Numerator=\"0\" Denominator=\"0\"/>", ""),
            "refused ErrorInvalidFractionalPagingParameters x1",
        ),
        (find_item("<m:CalendarView StartDate=\"2026-01-01T00:00:00\" EndDate=\"tomorrow\"/>", ""), SCHEMA),
        (find_item("<m:CalendarView StartDate=\"2026-01-01T00:00:00\" EndDate=\"2026-01-02T00:00:00Z\"/>", ""), "ok"),
        (restricted(exists), "ok"),
        (restricted(""), SCHEMA),
        (restricted("<t:Nor/>"), SCHEMA),
        (restricted("<t:And/>"), SCHEMA),
        (restricted(&format!("<t:Not>{exists}{exists}</t:Not>")), SCHEMA),
        (restricted(&nested(254)), "ok"),
        (restricted(&nested(255)), "refused ErrorRestrictionTooLong x1"),
        (restricted(&format!("<t:Or>{}</t:Or>", exists.repeat(255))), "refused ErrorRestrictionTooLong x1"),
        (equal("item:Size", "12"), "ok"),
        (equal("item:Size", "big"), "refused ErrorInvalidValueForProperty x1"),
        (equal("message:IsRead", "maybe"), "refused ErrorInvalidValueForProperty x1"),
        (equal("item:DateTimeReceived", "yesterday"), "refused ErrorInvalidValueForProperty x1"),
        (equal("item:Importance", "Highest"), "refused ErrorInvalidValueForProperty x1"),
        (restricted("<t:Excludes><t:FieldURI FieldURI=\"item:Size\"/><t:Bitmask Value=\"0xg\"/></t:Excludes>"), SCHEMA),
        (restricted("<t:Excludes><t:FieldURI FieldURI=\"item:Size\"/><t:Bitmask Value=\"-1\"/></t:Excludes>"), "ok"),
        (
            restricted("<t:Exists><t:FieldURI FieldURI=\"message:IsRead\"/></t:Exists>"),
            "refused ErrorInvalidPropertyForExists x1",
        ),
        (
            restricted("<t:Exists><t:FieldURI FieldURI=\"item:UniqueBody\"/></t:Exists>"),
            "refused ErrorUnsupportedPathForQuery x1",
        ),
        (
            restricted("<t:Contains><t:FieldURI FieldURI=\"item:Size\"/><t:Constant Value=\"1\"/></t:Contains>"),
            "refused ErrorContainsFilterWrongType x1",
        ),
        (
            restricted(
                "<t:Contains><t:ExtendedFieldURI PropertyTag=\"0x0e07\" PropertyType=\"Integer\"/><t:Constant Value=\"1\"/></t:Contains>",
            ),
            "refused ErrorContainsFilterWrongType x1",
        ),
        (
            find_item(
                "",
                "<m:SortOrder><t:FieldOrder Order=\"Ascending\"><t:FieldURI FieldURI=\"item:UniqueBody\"/></t:FieldOrder></m:SortOrder>",
            ),
            "refused ErrorUnsupportedPathForSortGroup x1",
        ),
        (find_item("", "<m:SortOrder/>"), SCHEMA),
        (
            find_item(
                "",
                "<m:SortOrder><t:FieldOrder Order=\"Up\"><t:FieldURI FieldURI=\"item:Size\"/></t:FieldOrder></m:SortOrder>",
            ),
            SCHEMA,
        ),
        // Out of the schema's order, and twice.
        (
            find_item(
                "",
                &format!(
                    "<m:SortOrder><t:FieldOrder Order=\"Ascending\"><t:FieldURI FieldURI=\"item:Size\"/></t:FieldOrder></m:SortOrder><m:Restriction>{exists}</m:Restriction>"
                ),
            ),
            SCHEMA,
        ),
        (find_item("<m:IndexedPageItemView Offset=\"0\" BasePoint=\"End\"/><m:ContactsView/>", ""), SCHEMA),
    ];
    for (body, expected) in cases {
        assert_eq!(verdict(document("", &body).as_bytes()), expected, "{body}");
    }
}

fn create(items: &str) -> String {
    format!("<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items>{items}</m:Items></m:CreateItem>")
}

#[test]
fn new_items_fail_one_by_one() {
    let message = |inner: &str| format!("<t:Message>{inner}</t:Message>");
    let property = |value: &str| {
        message(&format!(
            "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/>{value}\
             </t:ExtendedProperty>"
        ))
    };
    let good = message("<t:Subject>a</t:Subject>");
    let cases: Vec<(String, &str)> = vec![
        (create(""), SCHEMA),
        (create(&good), "ok"),
        (create(&good).replace("SaveOnly", "Save"), SCHEMA),
        (create("<t:Letter/>"), SCHEMA),
        (create(&message("<t:Topic>a</t:Topic>")), SCHEMA),
        (create(&message("<t:Subject>a</t:Subject><t:Subject>a</t:Subject>")), SCHEMA),
        (create(&message("<t:Importance>Highest</t:Importance>")), SCHEMA),
        (create(&message("<t:IsRead>maybe</t:IsRead>")), SCHEMA),
        (create(&message("<t:Body>a</t:Body>")), SCHEMA),
        (create(&message("<t:Body BodyType=\"Rich\">a</t:Body>")), SCHEMA),
        (create(&message("<t:ToRecipients><t:Name>a</t:Name></t:ToRecipients>")), SCHEMA),
        (
            create(&message(
                "<t:ToRecipients><t:Mailbox><t:MailboxType>Box</t:MailboxType></t:Mailbox></t:ToRecipients>",
            )),
            SCHEMA,
        ),
        (create(&format!("{}{good}", message("<t:Size>1</t:Size>"))), "ErrorInvalidPropertySet ok"),
        (
            create(&format!("{good}{}{good}", message("<t:MimeContent>***</t:MimeContent>"))),
            "ok ErrorMimeContentInvalidBase64String ok",
        ),
        (
            create(&message(
                "<t:Flag><t:FlagStatus>Flagged</t:FlagStatus><t:StartDate>2026-01-01T00:00:00Z</t:StartDate></t:Flag>",
            )),
            "ErrorInvalidArgument",
        ),
        (create(&message("<t:Flag><t:FlagStatus>Red</t:FlagStatus></t:Flag>")), SCHEMA),
        (create(&message("<t:Flag/>")), SCHEMA),
        (create(&message("<t:StoreEntryId>AAAA</t:StoreEntryId>")), "ok"),
        (create(&message(&format!("<t:ItemClass>IPM.{}</t:ItemClass>", "a".repeat(251)))), "ok"),
        (create(&message(&format!("<t:ItemClass>IPM.{}</t:ItemClass>", "a".repeat(252)))), SCHEMA),
        (
            create(&message("<t:Attachments><t:ItemAttachment><t:Name>a</t:Name></t:ItemAttachment></t:Attachments>")),
            "ErrorMissingItemForCreateItemAttachment",
        ),
        (create(&property("<t:Value>12</t:Value>")), "ok"),
        (create(&property("<t:Value>twelve</t:Value>")), "ErrorInvalidExtendedPropertyValue"),
        (create(&property("<t:Value>99999999999</t:Value>")), "ErrorInvalidExtendedPropertyValue"),
        (create(&property("<t:Values><t:Value>1</t:Value></t:Values>")), "ErrorInvalidExtendedPropertyValue"),
        (create(&property("")), SCHEMA),
        (create(&property("<t:Values/>")), SCHEMA),
        (create(&message("<t:ExtendedProperty><t:Value>1</t:Value></t:ExtendedProperty>")), SCHEMA),
        (create("<t:SharingMessage><t:Subject>a</t:Subject></t:SharingMessage>"), "ErrorInvalidOperation"),
    ];
    for (body, expected) in cases {
        assert_eq!(verdict(document("", &body).as_bytes()), expected, "{body}");
    }
}

#[test]
fn attachments() {
    let create = |inner: &str| {
        format!(
            "<m:CreateAttachment><m:ParentItemId Id=\"a\"/><m:Attachments>{inner}</m:Attachments></m:CreateAttachment>"
        )
    };
    let file = "<t:FileAttachment><t:Name>a</t:Name><t:Content>aGk=</t:Content></t:FileAttachment>";
    let nest = |count: usize| {
        let open = "<t:ItemAttachment><t:Name>a</t:Name><t:Message><t:Attachments>".repeat(count);
        format!("{open}{file}{}", "</t:Attachments></t:Message></t:ItemAttachment>".repeat(count))
    };
    let cases: Vec<(String, &str)> = vec![
        (create(file), "ok"),
        (create(&format!("{file}{file}")), "ok ok"),
        (create("<t:FileAttachment><t:Content>*</t:Content></t:FileAttachment>"), SCHEMA),
        (create("<t:FileAttachment><t:Message/></t:FileAttachment>"), SCHEMA),
        (create("<t:ItemAttachment><t:Name>a</t:Name></t:ItemAttachment>"), "ErrorMissingItemForCreateItemAttachment"),
        (create(&format!("{file}<t:ReferenceAttachment/>")), "ok ErrorInvalidOperation"),
        (create(&nest(10)), "ok"),
        (create(&nest(11)), "ErrorAttachmentNestLevelLimitExceeded"),
        (create(&format!("{}{file}", nest(60))), "ErrorAttachmentNestLevelLimitExceeded ok"),
        ("<m:GetAttachment><m:AttachmentIds/></m:GetAttachment>".to_owned(), SCHEMA),
        (
            "<m:DeleteAttachment><m:AttachmentIds><t:ItemId Id=\"a\"/></m:AttachmentIds></m:DeleteAttachment>"
                .to_owned(),
            SCHEMA,
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(verdict(document("", &body).as_bytes()), expected, "{body}");
    }
}

#[test]
fn changes_fail_one_by_one() {
    let update = |changes: &str| {
        format!(
            "<m:UpdateItem ConflictResolution=\"AutoResolve\"><m:ItemChanges>{changes}</m:ItemChanges></m:UpdateItem>"
        )
    };
    let change =
        |updates: &str| format!("<t:ItemChange><t:ItemId Id=\"a\"/><t:Updates>{updates}</t:Updates></t:ItemChange>");
    let set = |path: &str, inner: &str| {
        change(&format!(
            "<t:SetItemField><t:FieldURI FieldURI=\"{path}\"/><t:Message>{inner}</t:Message></t:SetItemField>"
        ))
    };
    let good = set("item:Subject", "<t:Subject>b</t:Subject>");
    let email = |key: &str| {
        change(&format!(
            "<t:SetItemField><t:IndexedFieldURI FieldURI=\"contacts:EmailAddress\" FieldIndex=\"EmailAddress1\"/>\
             <t:Contact><t:EmailAddresses><t:Entry Key=\"{key}\">a@example.test</t:Entry></t:EmailAddresses></t:Contact>\
             </t:SetItemField>"
        ))
    };
    let cases: Vec<(String, &str)> = vec![
        (update(""), SCHEMA),
        (update(&good), "ok"),
        (update(&good).replace(" ConflictResolution=\"AutoResolve\"", ""), SCHEMA),
        (update(&change("")), SCHEMA),
        (update("<t:ItemChange><t:ItemId Id=\"a\"/></t:ItemChange>"), SCHEMA),
        (update(&change("<t:SetFolderField/>")), SCHEMA),
        (update(&format!("{}{good}", set("item:Subject", ""))), "ErrorIncorrectUpdatePropertyCount ok"),
        (
            update(&set("item:Subject", "<t:Subject>b</t:Subject><t:Importance>Low</t:Importance>")),
            "ErrorIncorrectUpdatePropertyCount",
        ),
        (update(&set("item:Subject", "<t:Importance>Low</t:Importance>")), "ErrorUpdatePropertyMismatch"),
        (update(&set("item:Size", "<t:Size>1</t:Size>")), "ErrorInvalidPropertySet"),
        (update(&set("item:StoreEntryId", "<t:StoreEntryId>AAAA</t:StoreEntryId>")), "ok"),
        (update(&good.replace("SetItemField", "AppendToItemField")), "ErrorInvalidPropertyAppend"),
        (update(&change("<t:DeleteItemField><t:FieldURI FieldURI=\"item:Categories\"/></t:DeleteItemField>")), "ok"),
        (
            update(&change("<t:DeleteItemField><t:FieldURI FieldURI=\"item:Size\"/></t:DeleteItemField>")),
            "ErrorInvalidPropertyDelete",
        ),
        (update(&change("<t:DeleteItemField/>")), SCHEMA),
        (update(&email("EmailAddress1")), "ok"),
        (update(&email("EmailAddress2")), "ErrorUpdatePropertyMismatch"),
    ];
    for (body, expected) in cases {
        assert_eq!(verdict(document("", &body).as_bytes()), expected, "{body}");
    }
}

#[test]
fn sync_events_and_the_rest() {
    let sync = |rest: &str| {
        format!(
            "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>\
             <t:DistinguishedFolderId Id=\"inbox\"/></m:SyncFolderId>{rest}</m:SyncFolderItems>"
        )
    };
    let most = |count: &str| sync(&format!("<m:MaxChangesReturned>{count}</m:MaxChangesReturned>"));
    let pull = |attributes: &str, folders: &str, minutes: &str| {
        format!(
            "<m:Subscribe><m:PullSubscriptionRequest{attributes}>{folders}<t:EventTypes><t:EventType>NewMailEvent\
             </t:EventType></t:EventTypes><t:Timeout>{minutes}</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>"
        )
    };
    let inbox = "<t:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></t:FolderIds>";
    let all = " SubscribeToAllFolders=\"1\"";
    let stream = |minutes: &str| {
        format!(
            "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>a</t:SubscriptionId></m:SubscriptionIds>\
             <m:ConnectionTimeout>{minutes}</m:ConnectionTimeout></m:GetStreamingEvents>"
        )
    };
    let convert = |format: &str| {
        format!(
            "<m:ConvertId DestinationFormat=\"EwsId\"><m:SourceIds><t:AlternateId Format=\"{format}\" Id=\"DUMMY\" \
             Mailbox=\"DUMMY\"/></m:SourceIds></m:ConvertId>"
        )
    };
    let cases: Vec<(String, &str)> = vec![
        (most("1"), "ok"),
        (most("512"), "ok"),
        (most("0"), SCHEMA),
        (most("513"), SCHEMA),
        (most("x"), SCHEMA),
        (sync(""), SCHEMA),
        (sync("<m:Ignore/><m:MaxChangesReturned>5</m:MaxChangesReturned><m:SyncScope>All</m:SyncScope>"), SCHEMA),
        (sync("<m:Ignore/><m:MaxChangesReturned>5</m:MaxChangesReturned>"), "ok"),
        (pull("", inbox, "10"), "ok"),
        (pull(all, "", "10"), "ok"),
        (pull("", inbox, "0"), SCHEMA),
        (pull("", inbox, "1441"), SCHEMA),
        (pull("", inbox, "10").replace("NewMailEvent", "StatusEvent"), SCHEMA),
        (pull("", "", "10"), "refused ErrorInvalidSubscriptionRequest x1"),
        (pull(all, inbox, "10"), "refused ErrorInvalidSubscriptionRequest x1"),
        ("<m:Subscribe/>".to_owned(), SCHEMA),
        ("<m:GetEvents><m:SubscriptionId>a</m:SubscriptionId></m:GetEvents>".to_owned(), SCHEMA),
        ("<m:Unsubscribe/>".to_owned(), SCHEMA),
        (stream("30"), "ok"),
        (stream("31"), SCHEMA),
        (convert("EwsId"), "ok"),
        (convert("Hex"), SCHEMA),
        ("<m:ResolveNames><m:UnresolvedEntry>a</m:UnresolvedEntry></m:ResolveNames>".to_owned(), SCHEMA),
        ("<m:SendItem><m:ItemIds><t:ItemId Id=\"a\"/></m:ItemIds></m:SendItem>".to_owned(), SCHEMA),
        ("<m:EmptyFolder DeleteType=\"HardDelete\"><m:FolderIds><t:FolderId Id=\"a\"/></m:FolderIds></m:EmptyFolder>".to_owned(), SCHEMA),
        ("<m:DeleteItem DeleteType=\"Gone\"><m:ItemIds><t:ItemId Id=\"a\"/></m:ItemIds></m:DeleteItem>".to_owned(), SCHEMA),
    ];
    for (body, expected) in &cases {
        assert_eq!(verdict(document("", body).as_bytes()), *expected, "{body}");
    }
}

#[test]
fn what_is_not_built_is_refused_once_for_each_thing_asked() {
    check(&[
        ("<m:GetInboxRules/>", "refused ErrorInvalidOperation x1"),
        (
            "<m:MarkAsJunk><m:ItemIds><t:ItemId Id=\"a\"/><t:ItemId Id=\"b\"/></m:ItemIds></m:MarkAsJunk>",
            "refused ErrorInvalidOperation x2",
        ),
        // exchangelib's form.
        (
            "<m:GetMailTips><m:SendingAs><t:EmailAddress>a@example.test</t:EmailAddress></m:SendingAs><m:Recipients/>All\
             </m:GetMailTips>",
            "refused ErrorMailTipsDisabled x1",
        ),
    ]);
}

#[test]
fn permissions_may_say_again_what_their_level_says() {
    let update = |level: &str, rights: &str| {
        format!(
            "<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:FolderId Id=\"a\"/><t:Updates><t:SetFolderField>\
             <t:FieldURI FieldURI=\"folder:PermissionSet\"/><t:Folder><t:PermissionSet><t:Permissions><t:Permission>{rights}\
             <t:UserId><t:DistinguishedUser>Default</t:DistinguishedUser></t:UserId>{level}</t:Permission></t:Permissions>\
             </t:PermissionSet></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"
        )
    };
    let none = "<t:PermissionLevel>None</t:PermissionLevel>";
    let author = "<t:PermissionLevel>Author</t:PermissionLevel>";
    let as_author = "<t:CanCreateItems>true</t:CanCreateItems><t:EditItems>Owned</t:EditItems>\
        <t:DeleteItems>Owned</t:DeleteItems><t:ReadItems>FullDetails</t:ReadItems>";
    // exchangelib's names.
    let sent_back = "<t:CanCreateItems>0</t:CanCreateItems><t:CanCreateSubfolders>0</t:CanCreateSubfolders>\
        <t:IsFolderVisible>0</t:IsFolderVisible><t:EditItems>None</t:EditItems><t:ReadItems>None</t:ReadItems>";
    let calendar_level = "<t:CalendarPermissionLevel>None</t:CalendarPermissionLevel>";
    let cases: [(String, &str); 8] = [
        (update(none, ""), "ok"),
        (update(author, as_author), "ok"),
        (update(calendar_level, sent_back), "ok"),
        (update(none, as_author), "ErrorInvalidPermissionSettings"),
        (update(author, "<t:CanCreateSubFolders>true</t:CanCreateSubFolders>"), "ErrorInvalidPermissionSettings"),
        (update("<t:PermissionLevel>Custom</t:PermissionLevel>", as_author), "ok"),
        (update(none, "<t:CanCreateItems>maybe</t:CanCreateItems>"), SCHEMA),
        (update(none, "<t:CanDoMagic>true</t:CanDoMagic>"), SCHEMA),
    ];
    for (body, expected) in &cases {
        assert_eq!(verdict(document("", body).as_bytes()), *expected, "{body}");
    }
}

#[test]
fn a_request_may_not_ask_for_too_much_at_once() {
    let ask = |count: usize| get_item("<t:FieldURI FieldURI=\"item:Subject\"/>", &"<t:ItemId Id=\"a\"/>".repeat(count));
    check(&[(&ask(10_000), "ok"), (&ask(10_001), SCHEMA)]);
    let headers: String = (0..100).map(|n| format!("<t:H{n}/>")).collect();
    assert_eq!(verdict(document(&headers, "<m:GetServerTimeZones/>").as_bytes()), SCHEMA);
}

#[test]
fn a_violation_says_where() {
    let text = document(
        "",
        "\n<m:GetFolder>\n  <m:FolderShape><t:BaseShape>Everything</t:BaseShape></m:FolderShape></m:GetFolder>",
    );
    let fault = parse_envelope(text.as_bytes()).unwrap_err();
    let violation = fault.violation.as_ref().unwrap();
    assert_eq!((violation.line, violation.position), (3, 18));
    assert!(violation.text.contains("Everything"), "{}", violation.text);
    let shown = String::from_utf8(fault.to_bytes()).unwrap();
    assert!(shown.starts_with("<?xml"), "{shown}");
    assert!(shown.contains("<t:LineNumber>3</t:LineNumber><t:LinePosition>18</t:LinePosition>"), "{shown}");
}

#[test]
fn utf16_with_a_mark_is_read() {
    let text = document("", "<m:GetServerTimeZones/>");
    let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let marked: Vec<u8> = [0xef, 0xbb, 0xbf].into_iter().chain(text.bytes()).collect();
    for document in [little, big, marked] {
        assert_eq!(verdict(&document), "ok");
    }
}
