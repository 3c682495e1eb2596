//! What takes most: messages, requests and answers, a row each.

/// What stands before the units, a unit, what stands after them.
pub struct Shape(pub &'static str, pub &'static str, pub &'static [u8], pub &'static str);

impl Shape {
    /// Of so many octets.
    pub fn filled(&self, octets: usize) -> Vec<u8> {
        let Shape(_, before, unit, after) = self;
        let room = octets.saturating_sub(before.len() + after.len());
        let mut all = Vec::with_capacity(octets);
        all.extend_from_slice(before.as_bytes());
        all.extend(unit.iter().cycle().take(room / unit.len().max(1) * unit.len()));
        all.extend_from_slice(after.as_bytes());
        all
    }
}

const PARTS: &str = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
const HTML: &str = "Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n";

/// Messages.
pub const MESSAGES: &[Shape] = &[
    Shape(
        "a file",
        "Subject: x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n",
        "",
    ),
    Shape("text", "Subject: x\r\n\r\n", b"the quick brown fox jumps over the lazy dog\r\n", ""),
    Shape("text of other words", "Subject: x\r\n\r\n", include_bytes!("cases.rs"), ""),
    Shape("text in a line", "Subject: x\r\n\r\n", b"word ", ""),
    Shape(
        "text that grows",
        "Subject: x\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n",
        b"\xfc\xe9\xe4\xf1\xe5\xf8 ",
        "",
    ),
    Shape(
        "quoted-printable",
        "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        b"=C3=A4=C3=B6 =\r\n",
        "",
    ),
    Shape("HTML", HTML, b"<p>Where shall we <b>meet</b>, and <a href=\"http://x.test/\">when</a>?</p>\r\n", ""),
    Shape("HTML, nested", HTML, b"<div><p><b>", ""),
    Shape("HTML, quotes", HTML, b"<a '='>", ""),
    Shape("HTML, styles", HTML, b"<p style='color:red;font:a'>x</p>", ""),
    Shape("HTML, entities", HTML, b"&lt;", ""),
    Shape("HTML, one tag", "Subject: x\r\nContent-Type: text/html\r\n\r\n<a ", b"b=c ", ">"),
    Shape("addresses", "Subject: x\r\nTo: ", b"a@b, ", "\r\n\r\nx"),
    Shape("fields", "Subject: x\r\n", b"To: a@b\r\n", "\r\nx"),
    Shape("empty fields", "Subject: x\r\n", b"A:\r\n", "\r\nx"),
    Shape("encoded words", "Subject: ", b"=?utf-8?q?=C3=A4?=\r\n ", "\r\n\r\nx"),
    Shape("parts", PARTS, b"--b\r\n\r\nx\r\n", "--b--\r\n"),
    Shape("files", PARTS, b"--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n", "--b--\r\n"),
    Shape("messages", PARTS, b"--b\r\nContent-Type: message/rfc822\r\n\r\nTo: a@b\r\n\r\nx\r\n", "--b--\r\n"),
    Shape("nested messages", "Subject: x\r\n", b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n", "\r\nx"),
    Shape(
        "events",
        "Subject: x\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n",
        b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260105T120000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\n",
        "END:VCALENDAR\r\n",
    ),
];

const IDS: &str = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>";

/// Operations; `@IDS` stands for the shape of items, `@ID` for an item's element.
pub const REQUESTS: &[Shape] = &[
    Shape("ids", "<m:GetItem>@IDS<m:ItemIds>", b"<t:ItemId Id=\"AAMk\"/>", "</m:ItemIds></m:GetItem>"),
    Shape("the same id", "<m:GetItem>@IDS<m:ItemIds>", b"@ID", "</m:ItemIds></m:GetItem>"),
    Shape(
        "folders",
        "<m:GetFolder><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape><m:FolderIds>",
        b"<t:DistinguishedFolderId Id=\"inbox\"/>",
        "</m:FolderIds></m:GetFolder>",
    ),
    Shape(
        "folders to search",
        "<m:FindItem Traversal=\"Shallow\">@IDS<m:ParentFolderIds>",
        b"<t:DistinguishedFolderId Id=\"inbox\"/>",
        "</m:ParentFolderIds></m:FindItem>",
    ),
    Shape(
        "paths",
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>",
        b"<t:FieldURI FieldURI=\"item:Subject\"/>",
        "</t:AdditionalProperties></m:ItemShape><m:ItemIds>@ID</m:ItemIds></m:GetItem>",
    ),
    Shape(
        "conditions",
        "<m:FindItem Traversal=\"Shallow\">@IDS<m:Restriction><t:Or>",
        b"<t:Exists><t:FieldURI FieldURI=\"item:Subject\"/></t:Exists>",
        "</t:Or></m:Restriction><m:ParentFolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:ParentFolderIds></m:FindItem>",
    ),
    Shape(
        "nested conditions",
        "<m:FindItem Traversal=\"Shallow\">@IDS<m:Restriction>",
        b"<t:Not>",
        "</m:Restriction></m:FindItem>",
    ),
    Shape(
        "words of a query",
        "<m:FindItem Traversal=\"Shallow\">@IDS<m:ParentFolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:ParentFolderIds>\
         <m:QueryString>",
        b"word ",
        "</m:QueryString></m:FindItem>",
    ),
    Shape(
        "brackets of a query",
        "<m:FindItem Traversal=\"Shallow\">@IDS<m:ParentFolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:ParentFolderIds>\
         <m:QueryString>",
        b"(",
        "</m:QueryString></m:FindItem>",
    ),
    Shape(
        "messages",
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items>",
        b"<t:Message><t:Subject>s</t:Subject></t:Message>",
        "</m:Items></m:CreateItem>",
    ),
    Shape(
        "recipients",
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:Message><t:ToRecipients>",
        b"<t:Mailbox><t:EmailAddress>a@b.test</t:EmailAddress></t:Mailbox>",
        "</t:ToRecipients></t:Message></m:Items></m:CreateItem>",
    ),
    Shape(
        "categories",
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:Message><t:Categories>",
        b"<t:String>a</t:String>",
        "</t:Categories></t:Message></m:Items></m:CreateItem>",
    ),
    Shape(
        "files",
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:Message><t:Attachments>",
        b"<t:FileAttachment><t:Name>a</t:Name><t:Content>AAAA</t:Content></t:FileAttachment>",
        "</t:Attachments></t:Message></m:Items></m:CreateItem>",
    ),
    Shape(
        "extended properties",
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:Message>",
        b"<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x6001\" PropertyType=\"String\"/><t:Value>x</t:Value></t:ExtendedProperty>",
        "</t:Message></m:Items></m:CreateItem>",
    ),
    Shape(
        "an HTML body",
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:Message><t:Body BodyType=\"HTML\">",
        b"&lt;b&gt;x",
        "</t:Body></t:Message></m:Items></m:CreateItem>",
    ),
    Shape(
        "changes",
        "<m:UpdateItem MessageDisposition=\"SaveOnly\" ConflictResolution=\"AlwaysOverwrite\"><m:ItemChanges><t:ItemChange>@ID<t:Updates>",
        b"<t:AppendToItemField><t:FieldURI FieldURI=\"item:Body\"/><t:Message><t:Body BodyType=\"Text\">more </t:Body></t:Message>\
          </t:AppendToItemField>",
        "</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
    ),
    Shape(
        "names",
        "<m:ResolveNames ReturnFullContactData=\"true\"><m:UnresolvedEntry>",
        b"a",
        "</m:UnresolvedEntry></m:ResolveNames>",
    ),
    Shape(
        "ids to convert",
        "<m:ConvertId DestinationFormat=\"EwsId\"><m:SourceIds>",
        b"<t:AlternateId Format=\"EwsId\" Id=\"AAMk\" Mailbox=\"a@b.test\"/>",
        "</m:SourceIds></m:ConvertId>",
    ),
    Shape("an element", "<m:GetFolder>", b"<t:a>", "</m:GetFolder>"),
    Shape("attributes", "<m:GetFolder ", b"a='' ", "/>"),
    Shape("characters", "<m:GetFolder a=\"", b"&amp;", "\"/>"),
];

impl Shape {
    /// Of a request: so many octets, for this item.
    pub fn operation(&self, octets: usize, item: &str) -> String {
        let Shape(_, before, unit, after) = self;
        let with = |text: &str| text.replace("@IDS", IDS).replace("@ID", item);
        let (before, unit, after) = (with(before), with(&String::from_utf8_lossy(unit)), with(after));
        let count = octets.saturating_sub(before.len() + after.len()) / unit.len().max(1);
        [before, unit.repeat(count), after].concat()
    }
}
