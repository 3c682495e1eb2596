//! Calendar items (MS-OXWSMTGS): what they are made of, when they are, how views and lists tell them. Series are
//! `series.rs`.

use crate::support::ews::Ews;
use crate::support::ops::{Id, delete_request, field, find, find_request, folder, get, shape, sync, sync_all};
use crate::support::shared;
use crate::support::xml::Node;

crate::tests![
    tells_a_single_item_whole,
    begins_with_defaults,
    wants_the_attributes_about_sending,
    reads_times_in_their_zone,
    moves_with_its_zone,
    takes_whole_days_of_the_zone,
    refuses_times_that_cannot_be,
    keeps_attendees_and_places,
    changes_and_deletes,
    answers_by_mapi_names,
    shows_views_in_the_order_of_starts,
    refuses_views_that_cannot_be,
    is_synchronized_and_moved,
    tells_when_free_times_change,
];

pub fn event(members: &str) -> String {
    format!("<t:CalendarItem>{members}</t:CalendarItem>")
}

/// Start and end.
pub fn times(start: &str, end: &str) -> String {
    format!("<t:Start>{start}</t:Start><t:End>{end}</t:End>")
}

pub fn create_request(items: &str) -> String {
    format!(
        "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:SavedItemFolderId>{}</m:SavedItemFolderId>\
         <m:Items>{items}</m:Items></m:CreateItem>",
        folder("calendar")
    )
}

pub fn create(ews: &mut Ews, members: &str) -> Id {
    Id::of(ews.one(&create_request(&event(members))).want("m:Items/*"))
}

/// UpdateItem of a calendar item; `id` as XML.
pub fn update_request(id: &str, updates: &str) -> String {
    format!(
        "<m:UpdateItem ConflictResolution=\"AlwaysOverwrite\" SendMeetingInvitationsOrCancellations=\"SendToNone\">\
         <m:ItemChanges><t:ItemChange>{id}<t:Updates>{updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
}

pub fn set(uri: &str, property: &str) -> String {
    format!("<t:SetItemField>{}<t:CalendarItem>{property}</t:CalendarItem></t:SetItemField>", field(uri))
}

pub fn update(ews: &mut Ews, id: &str, updates: &str) -> Id {
    Id::of(ews.one(&update_request(id, updates)).want("m:Items/*"))
}

pub fn delete_as(how: &str, id: &str) -> String {
    format!(
        "<m:DeleteItem DeleteType=\"{how}\" SendMeetingCancellations=\"SendToNone\"><m:ItemIds>{id}</m:ItemIds></m:DeleteItem>"
    )
}

pub fn view(start: &str, end: &str) -> String {
    format!("<m:CalendarView StartDate=\"{start}\" EndDate=\"{end}\"/>")
}

pub const ROW: &[&str] = &["item:Subject", "calendar:Start", "calendar:End", "calendar:CalendarItemType"];

/// Subject, start and kind of what a view tells.
pub fn rows(ews: &mut Ews, start: &str, end: &str) -> Vec<(String, String, String)> {
    let root = find(ews, "calendar", &shape("IdOnly", ROW), &view(start, end));
    let text = |item: &Node, path: &str| item.text(path).unwrap_or_default().to_owned();
    let row = |item: &Node| (text(item, "t:Subject"), text(item, "t:Start"), text(item, "t:CalendarItemType"));
    root.all("t:Items/*").into_iter().map(row).collect()
}

pub fn with_zone(ews: &mut Ews, zone: &str) {
    ews.soap_headers = format!(r#"<t:TimeZoneContext><t:TimeZoneDefinition Id="{zone}"/></t:TimeZoneContext>"#);
}

pub fn all(ews: &mut Ews, id: &Id) -> Node {
    get(ews, id, &shape("AllProperties", &["calendar:UID", "calendar:StartTimeZoneId", "calendar:EnhancedLocation"]))
}

/// MS-OXWSMTGS_R151 MS-OXWSMTGS_R157 MS-OXWSMTGS_R159 MS-OXWSMTGS_R163 MS-OXWSMTGS_R721 MS-OXWSMTGS_R16503 MS-OXWSMTGS_R167 MS-
/// OXWSMTGS_R169 MS-OXWSMTGS_R171 MS-OXWSMTGS_R729 MS-OXWSMTGS_R173 MS-OXWSMTGS_R731 MS-OXWSMTGS_R175 MS-OXWSMTGS_R733 MS-
/// OXWSMTGS_R177 MS-OXWSMTGS_R735 MS-OXWSMTGS_R181 MS-OXWSMTGS_R512 MS-OXWSMTGS_R185 MS-OXWSMTGS_R209 MS-OXWSMTGS_R514 MS-
/// OXWSMTGS_R227 MS-OXWSMTGS_R742 MS-OXWSMTGS_R229 MS-OXWSMTGS_R745 MS-OXWSMTGS_R233 MS-OXWSMTGS_R235 MS-OXWSMTGS_R593
fn tells_a_single_item_whole() {
    let mut ews = shared::mailbox();
    let members = "<t:Subject>Plan</t:Subject><t:Sensitivity>Private</t:Sensitivity><t:Body BodyType=\"Text\">words</t:Body>\
        <t:Categories><t:String>Red</t:String></t:Categories><t:ReminderDueBy>2026-12-07T09:00:00Z</t:ReminderDueBy>\
        <t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>20</t:ReminderMinutesBeforeStart>\
        <t:UID>one@example.test</t:UID><t:Start>2026-12-07T09:00:00Z</t:Start><t:End>2026-12-07T10:30:00Z</t:End>\
        <t:IsAllDayEvent>false</t:IsAllDayEvent><t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus>\
        <t:Location>Room 1</t:Location><t:When>in the morning</t:When><t:ConferenceType>1</t:ConferenceType>\
        <t:AllowNewTimeProposal>false</t:AllowNewTimeProposal><t:MeetingWorkspaceUrl>http://w.test</t:MeetingWorkspaceUrl>\
        <t:NetShowUrl>http://n.test</t:NetShowUrl>";
    let id = create(&mut ews, members);
    let item = all(&mut ews, &id);
    for (name, text) in [
        ("ItemClass", "IPM.Appointment"),
        ("Subject", "Plan"),
        ("Sensitivity", "Private"),
        ("Body", "words"),
        ("ReminderDueBy", "2026-12-07T09:00:00Z"),
        ("ReminderIsSet", "true"),
        ("ReminderMinutesBeforeStart", "20"),
        ("UID", "one@example.test"),
        ("Start", "2026-12-07T09:00:00Z"),
        ("End", "2026-12-07T10:30:00Z"),
        ("IsAllDayEvent", "false"),
        ("LegacyFreeBusyStatus", "OOF"),
        ("Location", "Room 1"),
        ("IsMeeting", "false"),
        ("IsCancelled", "false"),
        ("IsRecurring", "false"),
        ("MeetingRequestWasSent", "false"),
        ("CalendarItemType", "Single"),
        ("MyResponseType", "Organizer"),
        ("Duration", "PT1H30M"),
        ("AppointmentSequenceNumber", "0"),
        ("AppointmentState", "0"),
        ("ConferenceType", "1"),
        ("AllowNewTimeProposal", "false"),
        ("MeetingWorkspaceUrl", "http://w.test"),
        ("NetShowUrl", "http://n.test"),
        ("StartTimeZoneId", "UTC"),
    ] {
        assert_eq!(item.text(&format!("t:{name}")), Some(text), "{name}: {item:#?}");
    }
    let organizer = item.want("t:Organizer/t:Mailbox");
    assert_eq!(organizer.text("t:EmailAddress"), Some(ews.account.address.as_str()));
    assert_eq!(item.text("t:EnhancedLocation/t:DisplayName"), Some("Room 1"));
    assert!(item.text("t:DateTimeStamp").is_some() && item.find("t:Recurrence").is_none());
    let clock =
        get(&mut ews, &id, &shape("IdOnly", &["calendar:StartWallClock", "calendar:When", "item:ReminderNextTime"]));
    assert_eq!(clock.text("t:StartWallClock"), Some("2026-12-07T09:00:00+00:00"));
    assert_eq!(clock.text("t:When"), Some("in the morning"));
    assert_eq!(clock.text("t:ReminderNextTime"), Some("2026-12-07T08:40:00Z"));
}

fn begins_with_defaults() {
    let mut ews = shared::mailbox();
    let id = create(&mut ews, &times("2026-12-07T09:00:30.5Z", "2026-12-07T10:00:59Z"));
    let item = all(&mut ews, &id);
    for (name, text) in [
        ("Start", "2026-12-07T09:00:00Z"),
        ("End", "2026-12-07T10:00:00Z"),
        ("LegacyFreeBusyStatus", "Busy"),
        ("ReminderIsSet", "true"),
        ("ReminderMinutesBeforeStart", "15"),
        ("IsResponseRequested", "true"),
        ("AllowNewTimeProposal", "true"),
    ] {
        assert_eq!(item.text(&format!("t:{name}")), Some(text), "{name}: {item:#?}");
    }
    assert_eq!(item.text("t:UID").map(str::len), Some(112));
    let other = create(&mut ews, &times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z"));
    assert_ne!(all(&mut ews, &other).text("t:UID"), item.text("t:UID"));
}

/// MS-OXWSMTGS_R1213
fn wants_the_attributes_about_sending() {
    let mut ews = shared::mailbox();
    let item = event(&times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z"));
    let bare = format!("<m:CreateItem><m:Items>{item}</m:Items></m:CreateItem>");
    assert_eq!(ews.error(&bare), "ErrorSendMeetingInvitationsRequired");
    let id = create(&mut ews, &times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z"));
    let change = set("item:Subject", "<t:Subject>x</t:Subject>");
    let bare = crate::support::ops::update_request(&id.xml(), "AlwaysOverwrite", &change);
    assert_eq!(ews.error(&bare), "ErrorSendMeetingInvitationsOrCancellationsRequired");
    assert_eq!(ews.error(&delete_request("HardDelete", &[&id])), "ErrorSendMeetingCancellationsRequired");
    let elsewhere = create_request(&item).replace("\"calendar\"", "\"inbox\"");
    assert_eq!(ews.error(&elsewhere), "ErrorCannotCreateCalendarItemInNonCalendarFolder");
}

/// A time that names no zone is in the header's, one that does is what it says.
fn reads_times_in_their_zone() {
    let mut ews = shared::mailbox();
    with_zone(&mut ews, "Tokyo Standard Time");
    let id = create(&mut ews, &times("2026-12-07T09:00:00", "2026-12-07T11:00:00+02:00"));
    let item = all(&mut ews, &id);
    assert_eq!(
        (item.text("t:Start"), item.text("t:End")),
        (Some("2026-12-07T00:00:00Z"), Some("2026-12-07T09:00:00Z"))
    );
    assert_eq!(item.text("t:StartTimeZoneId"), Some("Tokyo Standard Time"));
    ews.version = Some("Exchange2007_SP1");
    let id = create(&mut ews, &times("2026-12-07T09:00:00", "2026-12-07T10:00:00"));
    ews.version = Some("Exchange2013_SP1");
    assert_eq!(all(&mut ews, &id).text("t:Start"), Some("2026-12-07T09:00:00Z"), "2007 knows no such header");
    let berlin = r#"<t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="UTC"/>"#;
    let id = create(&mut ews, &format!("{}{berlin}", times("2026-07-07T09:00:00", "2026-07-07T10:00:00")));
    let item = all(&mut ews, &id);
    assert_eq!(
        (item.text("t:Start"), item.text("t:End")),
        (Some("2026-07-07T07:00:00Z"), Some("2026-07-07T10:00:00Z"))
    );
    assert_eq!(item.want("t:StartTimeZone").attribute("Id"), Some("W. Europe Standard Time"));
}

fn moves_with_its_zone() {
    let mut ews = shared::mailbox();
    let zone = |id: &str| format!(r#"<t:StartTimeZone Id="{id}"/><t:EndTimeZone Id="{id}"/>"#);
    let id = create(
        &mut ews,
        &format!("{}{}", times("2026-07-07T09:00:00", "2026-07-07T10:00:00"), zone("W. Europe Standard Time")),
    );
    let tokyo = set("calendar:StartTimeZone", r#"<t:StartTimeZone Id="Tokyo Standard Time"/>"#)
        + &set("calendar:EndTimeZone", r#"<t:EndTimeZone Id="Tokyo Standard Time"/>"#);
    let id = update(&mut ews, &id.xml(), &tokyo);
    let item = all(&mut ews, &id);
    assert_eq!(
        (item.text("t:Start"), item.text("t:End")),
        (Some("2026-07-07T00:00:00Z"), Some("2026-07-07T01:00:00Z"))
    );
    // The naive time comes before the zone that it is in, and the header's is another (capture davmail/35).
    with_zone(&mut ews, "Tokyo Standard Time");
    let both = set("calendar:Start", "<t:Start>2026-07-08T09:00:00</t:Start>")
        + &set("calendar:End", "<t:End>2026-07-08T10:00:00</t:End>")
        + &set("calendar:StartTimeZone", r#"<t:StartTimeZone Id="W. Europe Standard Time"/>"#)
        + &set("calendar:EndTimeZone", r#"<t:EndTimeZone Id="W. Europe Standard Time"/>"#);
    let id = update(&mut ews, &id.xml(), &both);
    let item = all(&mut ews, &id);
    assert_eq!(
        (item.text("t:Start"), item.text("t:End")),
        (Some("2026-07-08T07:00:00Z"), Some("2026-07-08T08:00:00Z"))
    );
}

/// MS-OXWSMTGS_R720
fn takes_whole_days_of_the_zone() {
    let mut ews = shared::mailbox();
    with_zone(&mut ews, "Tokyo Standard Time");
    let day = |start: &str, end: &str, more: &str| {
        let tail = format!("<t:IsAllDayEvent>true</t:IsAllDayEvent>{more}");
        format!("<t:Subject>day</t:Subject>{}{tail}", times(start, end))
    };
    let id = create(&mut ews, &day("2026-07-14T10:00:00", "2026-07-14T11:00:00", ""));
    let item = all(&mut ews, &id);
    let both = |item: &Node| (item.text("t:Start").unwrap().to_owned(), item.text("t:End").unwrap().to_owned());
    assert_eq!(both(&item), ("2026-07-13T15:00:00Z".to_owned(), "2026-07-14T15:00:00Z".to_owned()));
    assert_eq!(item.text("t:Duration"), Some("P1D"));
    let berlin = r#"<t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="W. Europe Standard Time"/>"#;
    let id = create(&mut ews, &day("2026-07-14T00:00:00", "2026-07-15T00:00:00", berlin));
    let item = all(&mut ews, &id);
    assert_eq!(both(&item), ("2026-07-13T22:00:00Z".to_owned(), "2026-07-14T22:00:00Z".to_owned()));
    ews.soap_headers.clear();
    let seen = |ews: &mut Ews, day: &str, next: &str| {
        let (from, to) = (format!("{day}T22:00:01Z"), format!("{next}T22:00:00Z"));
        rows(ews, &from, &to).len()
    };
    assert_eq!(seen(&mut ews, "2026-07-12", "2026-07-13"), 1, "the day of Tokyo");
    assert_eq!(seen(&mut ews, "2026-07-13", "2026-07-14"), 2);
    assert_eq!(seen(&mut ews, "2026-07-14", "2026-07-15"), 0);
}

/// MS-OXWSMTGS_R1203 MS-OXWSMTGS_R1204 MS-OXWSMTGS_R1200
fn refuses_times_that_cannot_be() {
    let mut ews = shared::mailbox();
    for (start, end, code) in [
        ("2026-12-07T10:00:00Z", "2026-12-07T09:00:00Z", "ErrorCalendarEndDateIsEarlierThanStartDate"),
        ("2026-12-07T10:00:00Z", "2026-12-07T10:00:00Z", "ErrorCalendarEndDateIsEarlierThanStartDate"),
        ("2026-12-07T10:00:00Z", "2031-12-07T10:01:00Z", "ErrorCalendarDurationIsTooLong"),
    ] {
        assert_eq!(ews.error(&create_request(&event(&times(start, end)))), code);
    }
    let id = create(&mut ews, &times("2026-12-07T09:00:00Z", "2031-12-07T09:00:00Z"));
    let back = set("calendar:End", "<t:End>2026-12-07T08:00:00Z</t:End>");
    assert_eq!(ews.error(&update_request(&id.xml(), &back)), "ErrorCalendarEndDateIsEarlierThanStartDate");
    assert_eq!(all(&mut ews, &id).text("t:End"), Some("2031-12-07T09:00:00Z"), "nothing was changed");
    let read_only = set("calendar:IsMeeting", "<t:IsMeeting>true</t:IsMeeting>");
    assert_eq!(ews.error(&update_request(&id.xml(), &read_only)), "ErrorInvalidPropertySet");
}

pub fn attendee(address: &str) -> String {
    format!("<t:Attendee><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:Attendee>")
}

/// MS-OXWSMTGS_R137 MS-OXWSMTGS_R187 MS-OXWSMTGS_R189 MS-OXWSMTGS_R191 MS-OXWSMTGS_R542 MS-OXWSMTGS_R543 MS-OXWSMTGS_R544
fn keeps_attendees_and_places() {
    let mut ews = shared::mailbox();
    let required =
        format!("<t:RequiredAttendees>{}{}</t:RequiredAttendees>", attendee("a@far.test"), attendee("b@far.test"));
    let optional = format!("<t:OptionalAttendees>{}</t:OptionalAttendees>", attendee("c@far.test"));
    let room = format!("<t:Resources>{}</t:Resources>", attendee("room@far.test"));
    let place = "<t:EnhancedLocation><t:DisplayName>Hall</t:DisplayName><t:PostalAddress><t:City>Brno</t:City>\
        <t:Latitude>49.25</t:Latitude><t:LocationSource>Device</t:LocationSource></t:PostalAddress></t:EnhancedLocation>";
    let members = format!("{}{required}{optional}{room}{place}", times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z"));
    let id = create(&mut ews, &members);
    let item = all(&mut ews, &id);
    assert_eq!((item.text("t:IsMeeting"), item.text("t:AppointmentState")), (Some("true"), Some("1")));
    assert_eq!(item.all("t:RequiredAttendees/t:Attendee").len(), 2);
    let first = item.want("t:RequiredAttendees/t:Attendee");
    assert_eq!(
        (first.text("t:Mailbox/t:EmailAddress"), first.text("t:ResponseType")),
        (Some("a@far.test"), Some("Unknown"))
    );
    assert_eq!(item.text("t:OptionalAttendees/t:Attendee/t:Mailbox/t:RoutingType"), Some("SMTP"));
    assert_eq!(item.all("t:Resources/t:Attendee").len(), 1);
    assert_eq!(
        (item.text("t:DisplayTo"), item.text("t:DisplayCc")),
        (Some("a@far.test; b@far.test"), Some("c@far.test"))
    );
    assert_eq!(
        (item.text("t:Location"), item.text("t:EnhancedLocation/t:PostalAddress/t:City")),
        (Some("Hall"), Some("Brno"))
    );
    let append = format!(
        "<t:AppendToItemField>{}<t:CalendarItem><t:RequiredAttendees>{}</t:RequiredAttendees></t:CalendarItem></t:AppendToItemField>",
        field("calendar:RequiredAttendees"),
        attendee("d@far.test")
    );
    let none = format!("<t:DeleteItemField>{}</t:DeleteItemField>", field("calendar:OptionalAttendees"));
    let elsewhere = set("calendar:Location", "<t:Location>Yard</t:Location>");
    let id = update(&mut ews, &id.xml(), &(append + &none + &elsewhere));
    let item = all(&mut ews, &id);
    assert_eq!(
        (item.all("t:RequiredAttendees/t:Attendee").len(), item.find("t:OptionalAttendees").is_none()),
        (3, true)
    );
    assert_eq!(item.text("t:EnhancedLocation/t:DisplayName"), Some("Yard"));
    let gone = |uri: &str| format!("<t:DeleteItemField>{}</t:DeleteItemField>", field(uri));
    let id = update(&mut ews, &id.xml(), &(gone("calendar:RequiredAttendees") + &gone("calendar:Resources")));
    assert_eq!(all(&mut ews, &id).text("t:IsMeeting"), Some("false"));
}

fn changes_and_deletes() {
    let mut ews = shared::mailbox();
    let id =
        create(&mut ews, &format!("<t:Subject>a</t:Subject>{}", times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z")));
    let changes = set("item:Subject", "<t:Subject>b</t:Subject>")
        + &set("calendar:Start", "<t:Start>2026-12-08T09:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-08T09:30:00Z</t:End>")
        + &set("calendar:LegacyFreeBusyStatus", "<t:LegacyFreeBusyStatus>Free</t:LegacyFreeBusyStatus>");
    let new = update(&mut ews, &id.xml(), &changes);
    assert_eq!((new.id == id.id, new.key == id.key), (true, false));
    let item = all(&mut ews, &new);
    for (name, text) in [
        ("Subject", "b"),
        ("Duration", "PT30M"),
        ("LegacyFreeBusyStatus", "Free"),
        ("ReminderDueBy", "2026-12-08T09:00:00Z"),
        ("Start", "2026-12-08T09:00:00Z"),
    ] {
        assert_eq!(item.text(&format!("t:{name}")), Some(text), "{name}");
    }
    assert!(rows(&mut ews, "2026-12-07T00:00:00Z", "2026-12-08T00:00:00Z").is_empty());
    assert_eq!(rows(&mut ews, "2026-12-08T00:00:00Z", "2026-12-09T00:00:00Z").len(), 1);
    ews.one(&delete_as("MoveToDeletedItems", &new.bare()));
    assert!(rows(&mut ews, "2026-12-08T00:00:00Z", "2026-12-09T00:00:00Z").is_empty());
    assert_eq!(crate::support::ops::subjects(&mut ews, "deleteditems"), ["b"]);
}

fn extended(set: &str, id: u32, ty: &str) -> String {
    format!(r#"<t:ExtendedFieldURI DistinguishedPropertySetId="{set}" PropertyId="{id}" PropertyType="{ty}"/>"#)
}

fn answers_by_mapi_names() {
    let mut ews = shared::mailbox();
    let property =
        |path: &str, value: &str| format!("<t:ExtendedProperty>{path}<t:Value>{value}</t:Value></t:ExtendedProperty>");
    let state = extended("Appointment", 0x8217, "Integer");
    let members = format!(
        "<t:Subject>x</t:Subject>{}<t:UID>foobar123@abc.com</t:UID>{}",
        property(&state, "1"),
        times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z")
    );
    let id = create(&mut ews, &members);
    let paths = [
        extended("Appointment", 0x820d, "SystemTime"),
        extended("Appointment", 0x8205, "Integer"),
        extended("Appointment", 0x8223, "Boolean"),
        extended("Appointment", 0x8213, "Integer"),
        extended("Meeting", 0x0023, "Binary"),
        state,
        r#"<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="urn:schemas:calendar:instancetype" PropertyType="Integer"/>"#
            .to_owned(),
    ];
    let wanted =
        format!("<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{}</t:AdditionalProperties>", paths.concat());
    let item = get(&mut ews, &id, &wanted);
    let values: Vec<&str> = item.all("t:ExtendedProperty/t:Value").iter().map(|value| value.text.as_str()).collect();
    let clean = "BAAAAIIA4AB0xbcQGoLgCAAAAAAAAAAAAAAAAAAAAAAAAAAAHgAAAHZDYWwtVWlkAQAAAGZvb2JhcjEyM0BhYmMuY29tAA==";
    assert_eq!(values, ["2026-12-07T09:00:00Z", "2", "false", "60", clean, "1", "0"]);
    // DavMail lists what is no instance of a series.
    let single = format!(
        r#"<m:Restriction><t:Or><t:IsEqualTo>{}<t:FieldURIOrConstant><t:Constant Value="true"/></t:FieldURIOrConstant></t:IsEqualTo><t:IsEqualTo>{}<t:FieldURIOrConstant><t:Constant Value="0"/></t:FieldURIOrConstant></t:IsEqualTo></t:Or></m:Restriction>"#,
        paths[2], paths[6]
    );
    let root = find(&mut ews, "calendar", &shape("IdOnly", &[]), &single);
    assert_eq!(root.all("t:Items/*").len(), 1);
}

fn shows_views_in_the_order_of_starts() {
    let mut ews = shared::mailbox();
    for (subject, start, end) in [
        ("late", "2026-12-09T09:00:00Z", "2026-12-09T10:00:00Z"),
        ("long", "2026-11-01T00:00:00Z", "2026-12-31T00:00:00Z"),
        ("early", "2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z"),
        ("after", "2026-12-10T00:00:00Z", "2026-12-10T01:00:00Z"),
    ] {
        create(&mut ews, &format!("<t:Subject>{subject}</t:Subject>{}", times(start, end)));
    }
    let subjects = |ews: &mut Ews, start: &str, end: &str| {
        rows(ews, start, end).into_iter().map(|(subject, ..)| subject).collect::<Vec<_>>()
    };
    assert_eq!(subjects(&mut ews, "2026-12-07T00:00:00Z", "2026-12-10T00:00:00Z"), ["long", "early", "late"]);
    assert_eq!(subjects(&mut ews, "2026-12-07T10:00:00Z", "2026-12-07T11:00:00Z"), ["long", "early"], "it ends there");
    assert_eq!(subjects(&mut ews, "2026-12-07T10:00:01Z", "2026-12-09T09:00:00Z"), ["long"]);
    for instant in ["2026-12-07T09:00:00Z", "2026-12-07T09:30:00Z", "2026-12-07T10:00:00Z"] {
        assert_eq!(subjects(&mut ews, instant, instant), ["long", "early"], "{instant}");
    }
    let two =
        r#"<m:CalendarView MaxEntriesReturned="2" StartDate="2026-12-01T00:00:00Z" EndDate="2026-12-31T00:00:00Z"/>"#;
    let root = find(&mut ews, "calendar", &shape("IdOnly", &["item:Subject"]), two);
    assert_eq!(
        (root.attribute("TotalItemsInView"), root.attribute("IncludesLastItemInRange")),
        (Some("4"), Some("false"))
    );
    assert!(root.attribute("IndexedPagingOffset").is_none());
    assert_eq!(root.all("t:Items/*").len(), 2);
}

fn refuses_views_that_cannot_be() {
    let mut ews = shared::mailbox();
    let row = shape("IdOnly", &[]);
    let ask = |view: &str, which: &str| find_request(which, &row, view);
    let year = |from: &str, to: &str| view(&format!("{from}T00:00:00Z"), &format!("{to}T00:00:00Z"));
    assert_eq!(ews.error(&ask(&year("2026-01-01", "2028-01-03"), "calendar")), "ErrorCalendarViewRangeTooBig");
    ews.ok(&ask(&year("2026-01-01", "2028-01-01"), "calendar"));
    assert_eq!(
        ews.error(&ask(&year("2026-01-02", "2026-01-01"), "calendar")),
        "ErrorCalendarEndDateIsEarlierThanStartDate"
    );
    assert_eq!(
        ews.error(&ask(&year("2026-01-01", "2026-01-02"), "inbox")),
        "ErrorCalendarFolderIsInvalidForCalendarView"
    );
    let sorted = format!(
        r#"{}<m:SortOrder><t:FieldOrder Order="Ascending">{}</t:FieldOrder></m:SortOrder>"#,
        year("2026-01-01", "2026-01-02"),
        field("calendar:Start")
    );
    assert_eq!(ews.error(&ask(&sorted, "calendar")), "ErrorInvalidOperation");
}

fn is_synchronized_and_moved() {
    let mut ews = shared::mailbox();
    let state = sync_all(&mut ews, "calendar");
    let id = create(&mut ews, &times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z"));
    let page = sync(&mut ews, "calendar", &state, 10);
    assert_eq!(page.kinds(), ["Create"]);
    update(&mut ews, &id.xml(), &set("calendar:Location", "<t:Location>there</t:Location>"));
    let page = sync(&mut ews, "calendar", &page.state, 10);
    assert_eq!(page.kinds(), ["Update"]);
    let folder = "<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id=\"calendar\"/></m:ParentFolderId><m:Folders>\
        <t:CalendarFolder><t:DisplayName>Other</t:DisplayName></t:CalendarFolder></m:Folders></m:CreateFolder>";
    let made = ews.one(folder);
    let other = made.want("m:Folders/t:CalendarFolder/t:FolderId").attribute("Id").unwrap().to_owned();
    let moved = crate::support::ops::transfer(&mut ews, "MoveItem", &id, &other);
    assert!(rows(&mut ews, "2026-12-07T00:00:00Z", "2026-12-08T00:00:00Z").is_empty());
    let root = find(&mut ews, &other, &shape("IdOnly", ROW), &view("2026-12-07T00:00:00Z", "2026-12-08T00:00:00Z"));
    assert_eq!(root.all("t:Items/t:CalendarItem").len(), 1);
    let copy = crate::support::ops::transfer(&mut ews, "CopyItem", &moved, "calendar");
    assert_eq!(rows(&mut ews, "2026-12-07T00:00:00Z", "2026-12-08T00:00:00Z").len(), 1);
    assert_eq!(all(&mut ews, &copy).text("t:Location"), Some("there"));
}

/// MS-OXWSNTIF_R118: FreeBusyChanged stands beside Modified, and only where a time or how busy one is then has changed.
fn tells_when_free_times_change() {
    use crate::support::ops::{drain, subscribe};
    let mut ews = shared::mailbox();
    let id = create(&mut ews, &times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z"));
    let mut subscription = subscribe(&mut ews, &["calendar"], &["ModifiedEvent", "FreeBusyChangedEvent"]);
    let mut kinds = |ews: &mut Ews| -> Vec<String> {
        let events = drain(ews, &mut subscription).into_iter();
        events.filter(|(_, event)| event.find("t:ItemId").is_some()).map(|(kind, _)| kind).collect()
    };
    update(&mut ews, &id.xml(), &set("item:Subject", "<t:Subject>x</t:Subject>"));
    assert_eq!(kinds(&mut ews), ["ModifiedEvent"]);
    update(
        &mut ews,
        &id.xml(),
        &set("calendar:LegacyFreeBusyStatus", "<t:LegacyFreeBusyStatus>Free</t:LegacyFreeBusyStatus>"),
    );
    assert_eq!(kinds(&mut ews), ["ModifiedEvent", "FreeBusyChangedEvent"]);
    update(&mut ews, &id.xml(), &set("calendar:End", "<t:End>2026-12-07T11:00:00Z</t:End>"));
    assert_eq!(kinds(&mut ews), ["ModifiedEvent", "FreeBusyChangedEvent"]);
}
