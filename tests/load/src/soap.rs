//! The requests, made as bytes once and sent often.

/// A whole HTTP request for an operation to a server of this program's own; without `authorization` it does not say whose.
pub fn request(authorization: &str, extra: &str, operation: &str) -> Vec<u8> {
    let authorization = match authorization {
        "" => String::new(),
        value => format!("Authorization: {value}\r\n"),
    };
    request_with(&format!("POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: load\r\n{authorization}"), extra, operation)
}

/// A whole HTTP request for an operation that begins with these lines.
pub fn request_with(head: &str, extra: &str, operation: &str) -> Vec<u8> {
    let body = format!(
        concat!(
            r#"<?xml version="1.0" encoding="utf-8"?>"#,
            r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" "#,
            r#"xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" "#,
            r#"xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Header>"#,
            r#"<t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header><s:Body>{}</s:Body></s:Envelope>"#
        ),
        operation
    );
    let head = format!("{head}Content-Type: text/xml; charset=utf-8\r\n{extra}Content-Length: {}\r\n\r\n", body.len());
    [head, body].concat().into_bytes()
}

pub fn get_folder() -> String {
    "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds>\
     <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>"
        .to_owned()
}

pub fn create_folder(name: &str) -> String {
    format!(
        "<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id=\"msgfolderroot\"/></m:ParentFolderId><m:Folders><t:Folder>\
         <t:DisplayName>{name}</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>"
    )
}

/// The id of the newest message of the inbox.
pub fn newest() -> String {
    "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>\
     <m:IndexedPageItemView MaxEntriesReturned=\"1\" Offset=\"0\" BasePoint=\"Beginning\"/><m:ParentFolderIds>\
     <t:DistinguishedFolderId Id=\"inbox\"/></m:ParentFolderIds></m:FindItem>"
        .to_owned()
}

/// A message with its octets, body and attachments.
pub fn whole_item(id: &str) -> String {
    format!(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>\
         <t:AdditionalProperties><t:FieldURI FieldURI=\"item:Body\"/><t:FieldURI FieldURI=\"item:Attachments\"/>\
         </t:AdditionalProperties></m:ItemShape><m:ItemIds><t:ItemId Id=\"{id}\"/></m:ItemIds></m:GetItem>"
    )
}

pub fn get_attachment(id: &str) -> String {
    format!(
        "<m:GetAttachment><m:AttachmentShape/><m:AttachmentIds><t:AttachmentId Id=\"{id}\"/></m:AttachmentIds></m:GetAttachment>"
    )
}

/// So many messages, each with a text of so many bytes.
pub fn create_items(folder: &str, count: usize, bytes: usize) -> String {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(bytes / 45 + 1);
    let text = text.get(..bytes).unwrap_or(&text);
    let item = format!(
        "<t:Message><t:Subject>Message of the load generator</t:Subject><t:Body BodyType=\"Text\">{text}</t:Body><t:ToRecipients>\
         <t:Mailbox><t:Name>Somebody</t:Name><t:EmailAddress>somebody@example.test</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message>"
    );
    format!(
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId><t:FolderId Id=\"{folder}\"/></m:SavedItemFolderId>\
         <m:Items>{}</m:Items></m:CreateItem>",
        item.repeat(count)
    )
}

pub fn get_item(id: &str) -> String {
    format!(
        "<m:GetItem><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape><m:ItemIds><t:ItemId Id=\"{id}\"/></m:ItemIds></m:GetItem>"
    )
}

/// A page of 50 in the Default shape, newest first.
pub fn find_item(folder: &str) -> String {
    format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>\
         <m:IndexedPageItemView MaxEntriesReturned=\"50\" Offset=\"0\" BasePoint=\"Beginning\"/><m:SortOrder>\
         <t:FieldOrder Order=\"Descending\"><t:FieldURI FieldURI=\"item:DateTimeReceived\"/></t:FieldOrder></m:SortOrder>\
         <m:ParentFolderIds><t:FolderId Id=\"{folder}\"/></m:ParentFolderIds></m:FindItem>"
    )
}

/// A first sync of 512 ids.
pub fn sync_items(folder: &str) -> String {
    format!(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId><t:FolderId Id=\"{folder}\"/>\
         </m:SyncFolderId><m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>"
    )
}

/// A short message in the inbox.
pub fn create_in_inbox(subject: &str) -> String {
    format!(
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"inbox\"/></m:SavedItemFolderId>\
         <m:Items><t:Message><t:Subject>{subject}</t:Subject><t:Body BodyType=\"Text\">words</t:Body></t:Message></m:Items></m:CreateItem>"
    )
}

/// What has changed since.
pub fn sync_since(folder: &str, state: &str) -> String {
    format!(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId><t:FolderId Id=\"{folder}\"/>\
         </m:SyncFolderId><m:SyncState>{state}</m:SyncState><m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>"
    )
}

/// What clients that wait want to know of the inbox.
const WANTED: &str = "<t:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></t:FolderIds><t:EventTypes>\
                      <t:EventType>NewMailEvent</t:EventType><t:EventType>CreatedEvent</t:EventType></t:EventTypes>";

/// A pull subscription to what is new in the inbox, for a day.
pub fn subscribe() -> String {
    format!(
        "<m:Subscribe><m:PullSubscriptionRequest>{WANTED}<t:Timeout>1440</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>"
    )
}

/// The same for a stream.
pub fn subscribe_streaming() -> String {
    format!("<m:Subscribe><m:StreamingSubscriptionRequest>{WANTED}</m:StreamingSubscriptionRequest></m:Subscribe>")
}

/// Opens a stream for so many minutes, 30 at most.
pub fn stream(subscription: &str, minutes: u32) -> String {
    format!(
        "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>{subscription}</t:SubscriptionId></m:SubscriptionIds>\
         <m:ConnectionTimeout>{minutes}</m:ConnectionTimeout></m:GetStreamingEvents>"
    )
}

pub fn get_events(subscription: &str, watermark: &str) -> String {
    format!(
        "<m:GetEvents><m:SubscriptionId>{subscription}</m:SubscriptionId><m:Watermark>{watermark}</m:Watermark></m:GetEvents>"
    )
}

/// The value of the first attribute of this name after the first `after`.
pub fn attribute(text: &str, after: &str, name: &str) -> Option<String> {
    let rest = text.split_once(after)?.1;
    let rest = rest.split_once(&format!(" {name}=\""))?.1;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The text of the last element of this name, whatever its prefix.
pub fn last_element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let end = text.rfind(&format!("{name}>"))?;
    let text = text.get(..end)?;
    let start = text.rfind(&format!("{name}>"))? + name.len() + 1;
    text.get(start..)?.split('<').next()
}

/// The text of the first element of this name, which may have attributes.
pub fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let open = format!("<{name}");
    let rest = text.match_indices(&open).find_map(|(at, _)| {
        let rest = text.get(at + open.len()..)?;
        rest.starts_with([' ', '>']).then_some(rest)
    })?;
    rest.split_once('>')?.1.split('<').next()
}

#[cfg(test)]
mod tests {
    use super::{attribute, element, last_element};

    #[test]
    fn values_are_found_in_answers() {
        let text =
            "<m:x><t:ItemId Id=\"a\" ChangeKey=\"b\"/><t:Watermark>w1</t:Watermark><t:Watermark>w2</t:Watermark></m:x>";
        assert_eq!(attribute(text, "ItemId", "ChangeKey").as_deref(), Some("b"));
        assert_eq!(last_element(text, "Watermark"), Some("w2"));
        assert_eq!(last_element(text, "Nothing"), None);
        assert_eq!(element("<t:Bodies/><t:Body BodyType=\"Text\">x</t:Body>", "t:Body"), Some("x"));
    }
}
