//! Contacts and personal distribution lists (MS-OXWSCONT, MS-OXWSDLIST): what they are made of, what follows, how they are
//! found by a name, an address, a part of a postal address.

use crate::support::ews::{Ews, code};
use crate::support::ops::{Id, find, get, save, save_request, shape, transfer, update_request};
use crate::support::xml::{Node, escape};
use crate::support::{message, shared};

crate::tests![
    keeps_every_entry,
    keeps_every_property,
    files_by_its_mapping,
    changes_single_entries,
    names_one_thing_twice,
    refuses_entries_that_are_none,
    finds_by_address_and_sorts_by_name,
    keeps_what_is_searched_with_the_item,
    shows_a_picture,
    keeps_lists_and_members,
    adds_and_takes_out_members,
    resolves_contacts,
    expands_lists,
];

fn contact(members: &str) -> String {
    format!("<t:Contact>{members}</t:Contact>")
}

fn indexed(uri: &str, key: &str) -> String {
    format!(r#"<t:IndexedFieldURI FieldURI="{uri}" FieldIndex="{}"/>"#, escape(key))
}

fn all(ews: &mut Ews, id: &Id) -> Node {
    get(ews, id, &shape("AllProperties", &[]))
}

fn texts(node: &Node, path: &str) -> Vec<(String, String)> {
    node.all(path).iter().map(|e| (e.attribute("Key").unwrap_or_default().to_owned(), e.text.clone())).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
}

const ENTRIES: &str = r#"<t:EmailAddresses>
    <t:Entry Key="EmailAddress1" Name="Jana N" RoutingType="SMTP" MailboxType="Contact">jana@far.test</t:Entry>
    <t:Entry Key="EmailAddress3">jana@other.test</t:Entry></t:EmailAddresses>
    <t:PhysicalAddresses><t:Entry Key="Home"><t:Street>Lesní 1</t:Street><t:City>Brno</t:City><t:State>JM</t:State>
    <t:CountryOrRegion>CZ</t:CountryOrRegion><t:PostalCode>602 00</t:PostalCode></t:Entry>
    <t:Entry Key="Business"><t:City>Praha</t:City></t:Entry></t:PhysicalAddresses>
    <t:PhoneNumbers><t:Entry Key="MobilePhone">+420 1</t:Entry><t:Entry Key="HomePhone">+420 2</t:Entry></t:PhoneNumbers>"#;

/// MS-OXWSCONT_R38 MS-OXWSCONT_R39 MS-OXWSCONT_R40 MS-OXWSCONT_R41 MS-OXWSCONT_R42 MS-OXWSCONT_R43 MS-OXWSCONT_R227 MS-OXWSCONT_R228
/// MS-OXWSCONT_R229 MS-OXWSCONT_R230 MS-OXWSCONT_R231 MS-OXWSCONT_R232 MS-OXWSCONT_R233 MS-OXWSCONT_R234 MS-OXWSCONT_R257
/// MS-OXWSCONT_R258 MS-OXWSCONT_R259 MS-OXWSCONT_R260 MS-OXWSCONT_R263
fn keeps_every_entry() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "contacts", &contact(ENTRIES));
    let item = all(&mut ews, &id);
    let emails = "t:EmailAddresses/t:Entry";
    assert_eq!(
        texts(&item, emails),
        pairs(&[("EmailAddress1", "jana@far.test"), ("EmailAddress3", "jana@other.test")])
    );
    let first = item.want(emails);
    let attribute = |name: &str| first.attribute(name);
    assert_eq!(
        (attribute("Name"), attribute("RoutingType"), attribute("MailboxType")),
        (Some("Jana N"), Some("SMTP"), Some("Contact"))
    );
    let addresses = item.all("t:PhysicalAddresses/t:Entry");
    assert_eq!(addresses.len(), 2);
    let parts: Vec<(&str, &str)> =
        addresses[0].children.iter().map(|part| (part.name.as_str(), part.text.as_str())).collect();
    assert_eq!(
        parts,
        [
            ("t:Street", "Lesní 1"),
            ("t:City", "Brno"),
            ("t:State", "JM"),
            ("t:CountryOrRegion", "CZ"),
            ("t:PostalCode", "602 00")
        ]
    );
    assert_eq!((addresses[1].attribute("Key"), addresses[1].text("t:City")), (Some("Business"), Some("Praha")));
    assert_eq!(item.text("t:DisplayName"), Some("jana@far.test"), "an address names who has no other name");
}

/// MS-OXWSCONT_R24 to R77: each text is given back as it was given. MS-OXWSCONT_R35 MS-OXWSCONT_R355 MS-OXWSCONT_R356
/// MS-OXWSCONT_R357 MS-OXWSCONT_R54 MS-OXWSCONT_R80 MS-OXWSCONT_R81
fn keeps_every_property() {
    let mut ews = shared::mailbox();
    let given = [
        ("GivenName", "Jana"),
        ("Initials", "J.N."),
        ("MiddleName", "Eva"),
        ("Nickname", "Janka"),
        ("CompanyName", "Acme"),
        ("AssistantName", "Bo"),
        ("Birthday", "1980-05-06T00:00:00Z"),
        ("BusinessHomePage", "http://far.test/"),
        ("Department", "Lab"),
        ("Generation", "Jr."),
        ("JobTitle", "Chief"),
        ("Manager", "Ada"),
        ("Mileage", "12"),
        ("OfficeLocation", "7b"),
        ("PostalAddressIndex", "Home"),
        ("Profession", "Physicist"),
        ("SpouseName", "Jan"),
        ("Surname", "Nov"),
        ("WeddingAnniversary", "2001-02-03T00:00:00Z"),
    ];
    let (before, after) = given.split_at(7);
    let elements = |of: &[(&str, &str)]| of.iter().map(|(n, t)| format!("<t:{n}>{t}</t:{n}>")).collect::<String>();
    let lists = "<t:Children><t:String>Eva</t:String><t:String>Ota</t:String></t:Children>\
        <t:Companies><t:String>Acme</t:String></t:Companies>";
    let (home, rest) = after.split_at(1);
    let body = format!("{}{}{lists}{}", elements(before), elements(home), elements(rest));
    let id = save(&mut ews, "contacts", &contact(&body));
    let uris: Vec<String> = given.iter().map(|(name, _)| format!("contacts:{name}")).collect();
    let mut wanted: Vec<&str> = uris.iter().map(String::as_str).collect();
    wanted.extend(["contacts:Children", "contacts:Companies", "contacts:CompleteName", "contacts:HasPicture"]);
    wanted.extend(["contacts:ContactSource", "contacts:FileAs", "contacts:DisplayName", "item:Subject"]);
    let item = get(&mut ews, &id, &shape("IdOnly", &wanted));
    for (name, text) in given {
        assert_eq!(item.text(&format!("t:{name}")), Some(text), "{name}");
    }
    let strings = |path: &str| item.all(path).iter().map(|s| s.text.clone()).collect::<Vec<_>>();
    assert_eq!(strings("t:Children/t:String"), ["Eva", "Ota"]);
    assert_eq!(strings("t:Companies/t:String"), ["Acme"]);
    assert_eq!((item.text("t:ContactSource"), item.text("t:HasPicture")), (Some("Store"), Some("false")));
    assert_eq!((item.text("t:DisplayName"), item.text("t:FileAs")), (Some("Jana Eva Nov"), Some("Nov, Jana")));
    assert_eq!(item.text("t:Subject"), Some("Jana Eva Nov"));
    let name = item.want("t:CompleteName");
    for (part, text) in [
        ("FirstName", "Jana"),
        ("MiddleName", "Eva"),
        ("LastName", "Nov"),
        ("Suffix", "Jr."),
        ("Initials", "J.N."),
        ("FullName", "Jana Eva Nov"),
        ("Nickname", "Janka"),
    ] {
        assert_eq!(name.text(&format!("t:{part}")), Some(text), "{part}");
    }
    // MS-OXWSCONT_R35001 MS-OXWSCONT_R81001: read-only.
    for refused in
        ["<t:CompleteName><t:FirstName>x</t:FirstName></t:CompleteName>", "<t:HasPicture>true</t:HasPicture>"]
    {
        assert_eq!(ews.error(&save_request("contacts", &contact(refused))), "ErrorInvalidPropertySet");
    }
}

/// MS-OXWSCONT_R23 and MS-OXWSCONT_R130 to R147: every mapping, and that it goes on when a name changes.
fn files_by_its_mapping() {
    let mut ews = shared::mailbox();
    for (mapping, expected) in [
        ("LastCommaFirst", Some("Nov, Jana Eva")),
        ("FirstSpaceLast", Some("Jana Eva Nov Jr.")),
        ("Company", Some("Acme")),
        ("LastCommaFirstCompany", Some("Nov, Jana Eva (Acme)")),
        ("CompanyLastFirst", Some("Acme (NovJana Eva)")),
        ("LastFirst", Some("NovJana Eva")),
        ("LastFirstCompany", Some("NovJana Eva (Acme)")),
        ("CompanyLastCommaFirst", Some("Acme (Nov, Jana Eva)")),
        ("LastFirstSuffix", Some("NovJana Jr.")),
        ("LastSpaceFirstCompany", Some("Nov Jana Eva (Acme)")),
        ("CompanyLastSpaceFirst", Some("Acme (Nov Jana Eva)")),
        ("LastSpaceFirst", Some("Nov Jana Eva")),
        ("DisplayName", Some("JN")),
        ("FirstName", Some("Jana")),
        ("LastFirstMiddleSuffix", Some("NovJanaEvaJr.")),
        ("LastName", Some("Nov")),
        ("Empty", None),
        ("None", Some("as it is")),
    ] {
        let body = format!(
            "<t:FileAs>as it is</t:FileAs><t:FileAsMapping>{mapping}</t:FileAsMapping><t:DisplayName>JN</t:DisplayName>\
             <t:GivenName>Jana</t:GivenName><t:MiddleName>Eva</t:MiddleName><t:CompanyName>Acme</t:CompanyName>\
             <t:Generation>Jr.</t:Generation><t:Surname>Nov</t:Surname>"
        );
        let id = save(&mut ews, "contacts", &contact(&body));
        let item = get(&mut ews, &id, &shape("IdOnly", &["contacts:FileAs", "contacts:FileAsMapping"]));
        assert_eq!(item.text("t:FileAs"), expected, "{mapping}");
        assert_eq!(item.text("t:FileAsMapping"), Some(mapping));
    }
    let body =
        "<t:FileAsMapping>LastCommaFirst</t:FileAsMapping><t:GivenName>Jana</t:GivenName><t:Surname>Nov</t:Surname>";
    let id = save(&mut ews, "contacts", &contact(body));
    let set = |uri: &str, member: &str| {
        format!(r#"<t:SetItemField><t:FieldURI FieldURI="{uri}"/>{}</t:SetItemField>"#, contact(member))
    };
    let mut change = |update: &str| {
        ews.one(&update_request(&id.bare(), "AlwaysOverwrite", update));
        let item = get(&mut ews, &id, &shape("IdOnly", &["contacts:FileAs", "contacts:FileAsMapping"]));
        [item.text("t:FileAs").unwrap().to_owned(), item.text("t:FileAsMapping").unwrap().to_owned()]
    };
    let moved = change(&set("contacts:Surname", "<t:Surname>Dvor</t:Surname>"));
    assert_eq!(moved, ["Dvor, Jana", "LastCommaFirst"]);
    assert_eq!(change(&set("contacts:FileAs", "<t:FileAs>Boss</t:FileAs>")), ["Boss", "None"]);
    assert_eq!(change(&set("contacts:Surname", "<t:Surname>Nov</t:Surname>")), ["Boss", "None"]);
}

/// Each entry, and each part of a postal address, is a field of its own.
fn changes_single_entries() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "contacts", &contact(ENTRIES));
    let set = |uri: &str, key: &str, list: &str, inner: &str| {
        format!(
            r#"<t:SetItemField>{}<t:Contact><t:{list}><t:Entry Key="{key}">{inner}</t:Entry></t:{list}></t:Contact></t:SetItemField>"#,
            indexed(uri, key)
        )
    };
    let delete = |uri: &str, key: &str| format!("<t:DeleteItemField>{}</t:DeleteItemField>", indexed(uri, key));
    let postal = "contacts:PhysicalAddress";
    let updates = [
        set("contacts:EmailAddress", "EmailAddress2", "EmailAddresses", "two@far.test"),
        delete("contacts:EmailAddress", "EmailAddress3"),
        delete("contacts:EmailAddress", "EmailAddress9"),
        set(&format!("{postal}:City"), "Home", "PhysicalAddresses", "<t:City>Ostrava</t:City>"),
        delete(&format!("{postal}:PostalCode"), "Home"),
        delete(&format!("{postal}:City"), "Business"),
        set(&format!("{postal}:Street"), "Other", "PhysicalAddresses", "<t:Street>Dolní 2</t:Street>"),
        set("contacts:ImAddress", "ImAddress1", "ImAddresses", "xmpp:jana"),
        delete("contacts:PhoneNumber", "HomePhone"),
    ];
    ews.one(&update_request(&id.bare(), "AlwaysOverwrite", &updates.concat()));
    let item = all(&mut ews, &id);
    assert_eq!(
        texts(&item, "t:EmailAddresses/t:Entry"),
        pairs(&[("EmailAddress1", "jana@far.test"), ("EmailAddress2", "two@far.test")])
    );
    assert_eq!(texts(&item, "t:PhoneNumbers/t:Entry"), pairs(&[("MobilePhone", "+420 1")]));
    assert_eq!(texts(&item, "t:ImAddresses/t:Entry"), pairs(&[("ImAddress1", "xmpp:jana")]));
    let addresses = item.all("t:PhysicalAddresses/t:Entry");
    let keys: Vec<_> = addresses.iter().filter_map(|a| a.attribute("Key")).collect();
    assert_eq!(keys, ["Home", "Other"], "an address without parts is gone");
    assert_eq!((addresses[0].text("t:City"), addresses[0].text("t:PostalCode")), (Some("Ostrava"), None));
    // Asked for one by one, they come alone.
    let one = format!(
        "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{}{}</t:AdditionalProperties>",
        indexed(&format!("{postal}:City"), "Home"),
        indexed("contacts:EmailAddress", "EmailAddress2")
    );
    let item = get(&mut ews, &id, &one);
    let home = item.want("t:PhysicalAddresses/t:Entry");
    assert_eq!((home.children.len(), home.text("t:City")), (1, Some("Ostrava")));
    assert_eq!(texts(&item, "t:EmailAddresses/t:Entry"), pairs(&[("EmailAddress2", "two@far.test")]));
}

/// A MAPI property of an address is the same as the part of the entry.
fn names_one_thing_twice() {
    let mut ews = shared::mailbox();
    let tag = |tag: &str| format!(r#"<t:ExtendedFieldURI PropertyTag="{tag}" PropertyType="String"/>"#);
    let named = |id: u32| {
        format!(r#"<t:ExtendedFieldURI DistinguishedPropertySetId="Address" PropertyId="{id}" PropertyType="String"/>"#)
    };
    let property =
        |path: &str, value: &str| format!("<t:ExtendedProperty>{path}<t:Value>{value}</t:Value></t:ExtendedProperty>");
    let body = [
        property(&named(0x8045), "Lab 1"),
        property(&tag("0x3a5b"), "602 00"),
        property(&named(0x8080), "Jana N"),
        property(&named(0x8083), "jana@far.test"),
        property(&tag("0x3a45"), "Dr"),
        "<t:GivenName>Jana</t:GivenName>".to_owned(),
    ];
    let id = save(&mut ews, "contacts", &contact(&body.concat()));
    let item = all(&mut ews, &id);
    let street = item.all("t:PhysicalAddresses/t:Entry");
    assert_eq!((street[0].attribute("Key"), street[0].text("t:Street")), (Some("Business"), Some("Lab 1")));
    assert_eq!((street[1].attribute("Key"), street[1].text("t:PostalCode")), (Some("Home"), Some("602 00")));
    let first = item.want("t:EmailAddresses/t:Entry");
    assert_eq!((first.attribute("Name"), first.text.as_str()), (Some("Jana N"), "jana@far.test"));
    assert_eq!(item.text("t:CompleteName/t:Title"), Some("Dr"));
    let paths = [named(0x8045), tag("0x3a5b"), named(0x8083), named(0x8082)].concat();
    let shape = format!("<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{paths}</t:AdditionalProperties>");
    let item = get(&mut ews, &id, &shape);
    let values: Vec<_> = item.all("t:ExtendedProperty/t:Value").iter().map(|v| v.text.clone()).collect();
    assert_eq!(values, ["Lab 1", "602 00", "jana@far.test", "SMTP"]);
}

fn refuses_entries_that_are_none() {
    let mut ews = shared::mailbox().unrecorded();
    let phone = "<t:PhoneNumbers><t:Entry Key=\"Shoe\">1</t:Entry></t:PhoneNumbers>";
    assert_eq!(ews.fault(&save_request("contacts", &contact(phone))), "ErrorSchemaValidation");
    let kind =
        "<t:EmailAddresses><t:Entry Key=\"EmailAddress1\" MailboxType=\"Robot\">a@b</t:Entry></t:EmailAddresses>";
    assert_eq!(ews.fault(&save_request("contacts", &contact(kind))), "ErrorSchemaValidation");
    let part = "<t:PhysicalAddresses><t:Entry Key=\"Home\"><t:Planet>x</t:Planet></t:Entry></t:PhysicalAddresses>";
    assert_eq!(ews.fault(&save_request("contacts", &contact(part))), "ErrorSchemaValidation");
    // Entries of contacts are no fields of messages.
    let mail = save(&mut ews, "drafts", "<t:Message><t:Subject>x</t:Subject></t:Message>");
    let update = format!(
        "<t:SetItemField>{}<t:Contact><t:PhoneNumbers><t:Entry Key=\"HomePhone\">1</t:Entry></t:PhoneNumbers></t:Contact></t:SetItemField>",
        indexed("contacts:PhoneNumber", "HomePhone")
    );
    let refused = ews.error(&update_request(&mail.bare(), "AlwaysOverwrite", &update));
    assert_eq!(refused, "ErrorInvalidPropertyRequest");
    let wrong = ews.error(&save_request("inbox", &contact("<t:GivenName>x</t:GivenName>")));
    assert_eq!(wrong, "ErrorCannotCreateContactInNonContactFolder", "MS-OXWSCONT_R301001");
}

/// The names of what FindItem finds, in its order.
fn found(ews: &mut Ews, view: &str) -> Vec<String> {
    let root = find(ews, "contacts", &shape("IdOnly", &["contacts:GivenName"]), view);
    root.all("t:Items/*").iter().map(|item| item.text("t:GivenName").unwrap_or_default().to_owned()).collect()
}

fn restriction(path: &str, value: &str) -> String {
    format!(
        r#"<m:Restriction><t:IsEqualTo>{path}<t:FieldURIOrConstant><t:Constant Value="{}"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>"#,
        escape(value)
    )
}

/// A restriction and an order may name an entry, as DavMail's lookup of addresses does.
fn finds_by_address_and_sorts_by_name() {
    let mut ews = shared::mailbox();
    for (given, surname, address, city) in
        [("Cyril", "Adam", "one@far.test", "Praha"), ("Anna", "Čech", "Two@Far.test", "Brno"), ("Bo", "Dan", "", "")]
    {
        let email = format!("<t:EmailAddresses><t:Entry Key=\"EmailAddress1\">{address}</t:Entry></t:EmailAddresses>");
        let home = format!(
            "<t:PhysicalAddresses><t:Entry Key=\"Home\"><t:City>{city}</t:City></t:Entry></t:PhysicalAddresses>"
        );
        let more = if address.is_empty() { String::new() } else { email + &home };
        let body = format!("<t:GivenName>{given}</t:GivenName>{more}<t:Surname>{surname}</t:Surname>");
        save(&mut ews, "contacts", &contact(&body));
    }
    let email = indexed("contacts:EmailAddress", "EmailAddress1");
    assert_eq!(found(&mut ews, &restriction(&email, "two@far.test")), ["Anna"], "case does not matter");
    assert!(found(&mut ews, &restriction(&email, "two@far.tes")).is_empty());
    assert!(found(&mut ews, &restriction(&email, &"x".repeat(5000))).is_empty());
    let city = indexed("contacts:PhysicalAddress:City", "Home");
    assert_eq!(found(&mut ews, &restriction(&city, "Praha")), ["Cyril"]);
    let surname = r#"<t:FieldURI FieldURI="contacts:Surname"/>"#;
    assert_eq!(found(&mut ews, &restriction(surname, "dan")), ["Bo"]);
    let contains = format!(
        r#"<m:Restriction><t:Contains ContainmentMode="Prefixed" ContainmentComparison="IgnoreCase">{email}<t:Constant Value="ONE@"/></t:Contains></m:Restriction>"#
    );
    assert_eq!(found(&mut ews, &contains), ["Cyril"]);
    let exists = format!("<m:Restriction><t:Not><t:Exists>{email}</t:Exists></t:Not></m:Restriction>");
    assert_eq!(found(&mut ews, &exists), ["Bo"]);
    let order = |path: &str, order: &str| {
        format!(r#"<m:SortOrder><t:FieldOrder Order="{order}">{path}</t:FieldOrder></m:SortOrder>"#)
    };
    assert_eq!(found(&mut ews, &order(surname, "Ascending")), ["Cyril", "Anna", "Bo"], "as people sort them");
    assert_eq!(found(&mut ews, &order(&email, "Ascending")), ["Bo", "Cyril", "Anna"], "nothing comes first");
    assert_eq!(found(&mut ews, &order(&city, "Descending")), ["Cyril", "Anna", "Bo"]);
}

/// What a contact is searched by changes, moves, is copied and goes with it.
fn keeps_what_is_searched_with_the_item() {
    let mut ews = shared::mailbox();
    let long = "dlouhý ".repeat(2000);
    let body = format!("<t:GivenName>Jana</t:GivenName><t:Nickname>{long}</t:Nickname><t:Surname>Nov</t:Surname>");
    let id = save(&mut ews, "contacts", &contact(&body));
    let surname = r#"<t:FieldURI FieldURI="contacts:Surname"/>"#;
    let nickname = r#"<t:FieldURI FieldURI="contacts:Nickname"/>"#;
    assert_eq!(found(&mut ews, &restriction(nickname, &long)), ["Jana"], "longer than an index takes");
    assert!(found(&mut ews, &restriction(nickname, &(long.clone() + "x"))).is_empty());
    let update = format!("<t:SetItemField>{surname}{}</t:SetItemField>", contact("<t:Surname>Dvor</t:Surname>"));
    ews.one(&update_request(&id.bare(), "AlwaysOverwrite", &update));
    assert!(found(&mut ews, &restriction(surname, "Nov")).is_empty());
    let copy = transfer(&mut ews, "CopyItem", &id, "contacts");
    let moved = transfer(&mut ews, "MoveItem", &id, "deleteditems");
    assert_eq!(found(&mut ews, &restriction(surname, "Dvor")).len(), 1, "the copy");
    let there = find(&mut ews, "deleteditems", &shape("IdOnly", &[]), &restriction(surname, "Dvor"));
    assert_eq!(there.all("t:Items/*").len(), 1);
    crate::support::ops::delete(&mut ews, "HardDelete", &copy);
    crate::support::ops::delete(&mut ews, "HardDelete", &moved);
    assert!(found(&mut ews, &restriction(surname, "Dvor")).is_empty());
}

fn shows_a_picture() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "contacts", &contact("<t:GivenName>Jana</t:GivenName>"));
    let attach = |name: &str, photo: bool| {
        format!(
            "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments><t:FileAttachment><t:Name>{name}</t:Name>\
             <t:IsContactPhoto>{photo}</t:IsContactPhoto><t:Content>AAEC</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>",
            id.id
        )
    };
    ews.one(&attach("notes.txt", false));
    assert_eq!(all(&mut ews, &id).text("t:HasPicture"), Some("false"));
    ews.one(&attach("ContactPicture.jpg", true));
    for alone in [shape("IdOnly", &["contacts:HasPicture"]), shape("AllProperties", &[])] {
        assert_eq!(get(&mut ews, &id, &alone).text("t:HasPicture"), Some("true"), "{alone}");
    }
    let by_mapi =
        "<t:ExtendedFieldURI DistinguishedPropertySetId=\"Address\" PropertyId=\"32789\" PropertyType=\"Boolean\"/>";
    let by_mapi =
        format!("<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{by_mapi}</t:AdditionalProperties>");
    assert_eq!(get(&mut ews, &id, &by_mapi).text("t:ExtendedProperty/t:Value"), Some("true"), "by its MAPI name");
    let item = get(&mut ews, &id, &shape("IdOnly", &["contacts:HasPicture", "item:Attachments"]));
    assert_eq!(item.text("t:HasPicture"), Some("true"));
    let photos: Vec<_> = item
        .all("t:Attachments/t:FileAttachment")
        .iter()
        .map(|one| one.text("t:IsContactPhoto").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(photos, ["false", "true"]);
}

fn list(name: &str, members: &[&str]) -> String {
    let members: String = members
        .iter()
        .map(|address| {
            format!(
                "<t:Member><t:Mailbox><t:Name>{address}</t:Name><t:EmailAddress>{address}</t:EmailAddress>\
                 <t:RoutingType>SMTP</t:RoutingType><t:MailboxType>OneOff</t:MailboxType></t:Mailbox></t:Member>"
            )
        })
        .collect();
    format!(
        "<t:DistributionList><t:DisplayName>{name}</t:DisplayName><t:Members>{members}</t:Members></t:DistributionList>"
    )
}

/// Key and address of each member.
fn members(ews: &mut Ews, id: &Id) -> Vec<(String, String)> {
    let item = get(ews, id, &shape("IdOnly", &["distributionlist:Members"]));
    item.all("t:Members/t:Member")
        .iter()
        .map(|member| {
            let address = member.text("t:Mailbox/t:EmailAddress").unwrap_or_default().to_owned();
            (member.attribute("Key").unwrap_or_default().to_owned(), address)
        })
        .collect()
}

fn keeps_lists_and_members() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "contacts", &list("Team", &["a@far.test", "b@far.test", "a@far.test"]));
    let item = get(&mut ews, &id, &shape("AllProperties", &["distributionlist:Members"]));
    assert_eq!(item.name, "t:DistributionList");
    assert_eq!((item.text("t:DisplayName"), item.text("t:FileAs")), (Some("Team"), Some("Team")));
    assert_eq!((item.text("t:Subject"), item.text("t:ContactSource")), (Some("Team"), Some("Store")));
    let shown = get(&mut ews, &id, &shape("Default", &[]));
    assert_eq!(shown.text("t:Subject"), Some("Team"), "what Evolution calls it");
    let found = item.all("t:Members/t:Member");
    assert_eq!(found.len(), 2, "each once");
    let first = found[0];
    assert_eq!(first.text("t:Status"), Some("Normal"));
    assert_eq!(first.text("t:Mailbox/t:MailboxType"), Some("OneOff"));
    let keys = members(&mut ews, &id);
    assert_ne!(keys[0].0, keys[1].0);
    assert!(keys.iter().all(|(key, _)| !key.is_empty()));
    // FindItem tells no members, and finds the list by its name.
    let by_name = restriction(r#"<t:FieldURI FieldURI="contacts:DisplayName"/>"#, "team");
    let root = find(&mut ews, "contacts", &shape("AllProperties", &[]), &by_name);
    let listed = root.want("t:Items/t:DistributionList");
    assert!(listed.get("t:Members").is_none());
    let nobody = "<t:DistributionList><t:DisplayName>x</t:DisplayName><t:Members><t:Member><t:Mailbox><t:Name>who</t:Name>\
        </t:Mailbox></t:Member></t:Members></t:DistributionList>";
    assert_eq!(ews.error(&save_request("contacts", nobody)), "ErrorInvalidMailbox");
    let elsewhere = ews.error(&save_request("inbox", &list("x", &["a@far.test"])));
    assert_eq!(elsewhere, "ErrorCannotCreateContactInNonContactFolder");
}

fn adds_and_takes_out_members() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "contacts", &list("Team", &["a@far.test", "b@far.test"]));
    let before = members(&mut ews, &id);
    let field = r#"<t:FieldURI FieldURI="distributionlist:Members"/>"#;
    let inner = |addresses: &[&str]| list("", addresses).replace("<t:DisplayName></t:DisplayName>", "");
    let add = format!("<t:AppendToItemField>{field}{}</t:AppendToItemField>", inner(&["c@far.test"]));
    let gone =
        format!("<t:DeleteItemField>{}</t:DeleteItemField>", indexed("distributionlist:Members:Member", &before[0].0));
    ews.one(&update_request(&id.bare(), "AlwaysOverwrite", &(add + &gone)));
    let after = members(&mut ews, &id);
    let addresses: Vec<_> = after.iter().map(|(_, address)| address.as_str()).collect();
    assert_eq!(addresses, ["b@far.test", "c@far.test"]);
    assert_eq!(after[0], before[1], "whoever stays keeps the key");
    let set = format!("<t:SetItemField>{field}{}</t:SetItemField>", inner(&["d@far.test"]));
    ews.one(&update_request(&id.bare(), "AlwaysOverwrite", &set));
    let addresses: Vec<_> = members(&mut ews, &id).into_iter().map(|(_, address)| address).collect();
    assert_eq!(addresses, ["d@far.test"]);
    ews.one(&update_request(&id.bare(), "AlwaysOverwrite", &format!("<t:DeleteItemField>{field}</t:DeleteItemField>")));
    assert!(members(&mut ews, &id).is_empty());
}

fn resolve(ews: &mut Ews, scope: &str, name: &str) -> Node {
    let request = format!(
        "<m:ResolveNames ReturnFullContactData=\"false\" SearchScope=\"{scope}\"><m:UnresolvedEntry>{}</m:UnresolvedEntry></m:ResolveNames>",
        escape(name)
    );
    ews.call(&request).messages.remove(0)
}

fn addresses(message: &Node) -> Vec<String> {
    let found = message.all("m:ResolutionSet/t:Resolution/t:Mailbox/t:EmailAddress");
    found.into_iter().map(|address| address.text.clone()).collect()
}

/// Contacts by every beginning of a name, without case and accents; by an address that one alone.
fn resolves_contacts() {
    let mut ews = shared::mailbox();
    let word = message::unique("Zb").replace(|c: char| !c.is_alphanumeric(), "");
    let (one, two) = (format!("one.{word}@far.test"), format!("two.{word}@far.test"));
    let body = format!(
        "<t:GivenName>Jiří</t:GivenName><t:EmailAddresses><t:Entry Key=\"EmailAddress1\">{one}</t:Entry>\
         <t:Entry Key=\"EmailAddress2\">{two}</t:Entry></t:EmailAddresses><t:Surname>Dvořák{word}</t:Surname>"
    );
    let id = save(&mut ews, "contacts", &contact(&body));
    for name in [format!("dvorak{word}"), "JIRI".to_owned(), format!("Jiří Dvořák{word}"), format!("Dvořák{word}, J")]
    {
        let found = resolve(&mut ews, "Contacts", &name);
        assert_eq!(
            (code(&found), found.attribute("ResponseClass")),
            ("ErrorNameResolutionMultipleResults", Some("Warning")),
            "{name}"
        );
        assert_eq!(addresses(&found), [one.clone(), two.clone()], "{name}");
    }
    for name in [two.clone(), format!("smtp:{two}"), format!("TWO.{word}")] {
        let found = resolve(&mut ews, "Contacts", &name);
        assert_eq!((code(&found), addresses(&found)), ("NoError", vec![two.clone()]), "{name}");
        let mailbox = found.want("m:ResolutionSet/t:Resolution/t:Mailbox");
        assert_eq!((mailbox.text("t:MailboxType"), mailbox.text("t:RoutingType")), (Some("Contact"), Some("SMTP")));
        assert_eq!(mailbox.want("t:ItemId").attribute("Id"), Some(id.id.as_str()));
    }
    assert_eq!(code(&resolve(&mut ews, "ActiveDirectory", &two)), "ErrorNameResolutionNoResults");
    assert_eq!(code(&resolve(&mut ews, "Contacts", "alice@example.test")), "ErrorNameResolutionNoResults");
    assert_eq!(code(&resolve(&mut ews, "Contacts", "smtp:two")), "ErrorNameResolutionNoResults");
    save(
        &mut ews,
        "contacts",
        &contact(
            "<t:GivenName>alice</t:GivenName><t:EmailAddresses><t:Entry Key=\"EmailAddress1\">x@far.test</t:Entry></t:EmailAddresses>",
        ),
    );
    let both = ["alice@example.test".to_owned(), "x@far.test".to_owned()];
    assert_eq!(addresses(&resolve(&mut ews, "ActiveDirectoryContacts", "alice")), both);
    let turned: Vec<_> = both.iter().rev().cloned().collect();
    assert_eq!(addresses(&resolve(&mut ews, "ContactsActiveDirectory", "alice")), turned);
    save(&mut ews, "contacts", &list(&format!("List {word}"), &["a@far.test"]));
    let found = resolve(&mut ews, "Contacts", &format!("list {word}"));
    let mailbox = found.want("m:ResolutionSet/t:Resolution/t:Mailbox");
    assert_eq!(mailbox.text("t:MailboxType"), Some("PrivateDL"));
    // Another's contacts are not the caller's.
    assert_eq!(code(&resolve(&mut shared::mailbox(), "Contacts", &two)), "ErrorNameResolutionNoResults");
}

fn expand(id: &Id) -> String {
    format!("<m:ExpandDL><m:Mailbox>{}</m:Mailbox></m:ExpandDL>", id.bare())
}

/// One level of a personal list: people of the list alone, contacts with their address, other lists by their ids.
fn expands_lists() {
    let mut ews = shared::mailbox();
    let jana = save(
        &mut ews,
        "contacts",
        &contact(
            "<t:GivenName>Jana</t:GivenName><t:EmailAddresses><t:Entry Key=\"EmailAddress1\">jana@far.test</t:Entry></t:EmailAddresses>",
        ),
    );
    let inner = save(&mut ews, "contacts", &list("Inner", &["deep@far.test"]));
    let link = |id: &Id, kind: &str| {
        format!("<t:Member><t:Mailbox><t:MailboxType>{kind}</t:MailboxType>{}</t:Mailbox></t:Member>", id.bare())
    };
    let linked = list("Outer", &["a@far.test"])
        .replace("</t:Members>", &format!("{}{}</t:Members>", link(&jana, "Contact"), link(&inner, "PrivateDL")));
    let outer = save(&mut ews, "contacts", &linked);
    let message = ews.one(&expand(&outer));
    let expansion = message.want("m:DLExpansion");
    assert_eq!(expansion.attribute("TotalItemsInView"), Some("3"));
    assert_eq!(expansion.attribute("IncludesLastItemInRange"), Some("true"));
    let found: Vec<_> = expansion
        .all("t:Mailbox")
        .iter()
        .map(|one| {
            let text = |path: &str| one.text(path).unwrap_or_default().to_owned();
            [text("t:Name"), text("t:EmailAddress"), text("t:MailboxType")]
        })
        .collect();
    assert_eq!(
        found,
        [["a@far.test", "a@far.test", "OneOff"], ["Jana", "jana@far.test", "Contact"], ["Inner", "", "PrivateDL"]]
    );
    let nested = expansion.all("t:Mailbox")[2].want("t:ItemId").attribute("Id").unwrap().to_owned();
    assert_eq!(nested, inner.id);
    let empty =
        save(&mut ews, "contacts", "<t:DistributionList><t:DisplayName>Empty</t:DisplayName></t:DistributionList>");
    let message = ews.one(&expand(&empty));
    assert_eq!(message.want("m:DLExpansion").attribute("TotalItemsInView"), Some("0"));
    assert_eq!(ews.error(&expand(&jana)), "ErrorInvalidItemForOperationExpandDL");
    let mut other = shared::mailbox();
    assert_eq!(other.error(&expand(&outer)), "ErrorAccessDenied");
}
