//! Numbers of the MAPI properties that are looked at here (MS-OXPROPS 2).

pub const IMPORTANCE: u16 = 0x0017;
pub const MESSAGE_CLASS: u16 = 0x001a;
pub const PARENT_KEY: u16 = 0x0025;
pub const PRIORITY: u16 = 0x0026;
pub const SENSITIVITY: u16 = 0x0036;
pub const SUBJECT: u16 = 0x0037;
pub const CLIENT_SUBMIT_TIME: u16 = 0x0039;
pub const SUBJECT_PREFIX: u16 = 0x003d;
pub const ORIGINAL_MESSAGE_CLASS: u16 = 0x004b;
pub const START_DATE: u16 = 0x0060;
pub const END_DATE: u16 = 0x0061;
pub const OWNER_APPOINTMENT_ID: u16 = 0x0062;
pub const RESPONSE_REQUESTED: u16 = 0x0063;
pub const CONVERSATION_KEY: u16 = 0x000b;
pub const RECIPIENT_TYPE: u16 = 0x0c15;
pub const MESSAGE_DELIVERY_TIME: u16 = 0x0e06;
pub const MESSAGE_FLAGS: u16 = 0x0e07;
pub const NORMALIZED_SUBJECT: u16 = 0x0e1d;
pub const ENTRY_ID: u16 = 0x0fff;
pub const BODY: u16 = 0x1000;
pub const RTF_COMPRESSED: u16 = 0x1009;
pub const HTML: u16 = 0x1013;
pub const INTERNET_MESSAGE_ID: u16 = 0x1035;
pub const INTERNET_REFERENCES: u16 = 0x1039;
pub const IN_REPLY_TO: u16 = 0x1042;
pub const DISPLAY_NAME: u16 = 0x3001;
pub const ADDRESS_TYPE: u16 = 0x3002;
pub const EMAIL_ADDRESS: u16 = 0x3003;
pub const CREATION_TIME: u16 = 0x3007;
pub const LAST_MODIFICATION_TIME: u16 = 0x3008;
pub const SEARCH_KEY: u16 = 0x300b;
pub const ATTACH_DATA: u16 = 0x3701;
pub const ATTACH_FILENAME: u16 = 0x3704;
pub const ATTACH_METHOD: u16 = 0x3705;
pub const ATTACH_LONG_FILENAME: u16 = 0x3707;
pub const ATTACH_RENDERING: u16 = 0x3709;
pub const RENDERING_POSITION: u16 = 0x370b;
pub const ATTACH_TRANSPORT_NAME: u16 = 0x370c;
pub const ATTACH_MIME_TAG: u16 = 0x370e;
pub const ATTACH_CONTENT_ID: u16 = 0x3712;
pub const ATTACH_CONTENT_LOCATION: u16 = 0x3713;
pub const ATTACH_FLAGS: u16 = 0x3714;
pub const SMTP_ADDRESS: u16 = 0x39fe;
pub const TRANSMITTABLE_DISPLAY_NAME: u16 = 0x3a20;
pub const INTERNET_CODEPAGE: u16 = 0x3fde;
pub const MESSAGE_CODEPAGE: u16 = 0x3ffd;
pub const RECIPIENT_DISPLAY_NAME: u16 = 0x5ff6;
pub const ATTACHMENT_HIDDEN: u16 = 0x7ffe;

/// The properties that tell one person of a message.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub name: u16,
    pub address_type: u16,
    pub address: u16,
    pub smtp: u16,
    pub entry_id: u16,
}

pub const SENDER: Person =
    Person { name: 0x0c1a, address_type: 0x0c1e, address: 0x0c1f, smtp: 0x5d01, entry_id: 0x0c19 };
pub const SENT_REPRESENTING: Person =
    Person { name: 0x0042, address_type: 0x0064, address: 0x0065, smtp: 0x5d02, entry_id: 0x0041 };
pub const RECEIVED_REPRESENTING: Person =
    Person { name: 0x0044, address_type: 0x0077, address: 0x0078, smtp: 0x5d08, entry_id: 0x0043 };
/// A row of the table of recipients.
pub const RECIPIENT: Person = Person {
    name: DISPLAY_NAME,
    address_type: ADDRESS_TYPE,
    address: EMAIL_ADDRESS,
    smtp: SMTP_ADDRESS,
    entry_id: ENTRY_ID,
};
