//! The numbers of `item:IconIndex` in PidTagIconIndex (MS-OXCMSG 2.2.1.10, MS-OXOCAL, MS-OXOTASK).

const ICONS: &[(i32, &str)] = &[
    (-1, "Default"),
    (0x001, "PostItem"),
    (0x100, "MailRead"),
    (0x101, "MailUnread"),
    (0x105, "MailReplied"),
    (0x106, "MailForwarded"),
    (0x110, "MailEncrypted"),
    (0x111, "MailSmimeSigned"),
    (0x113, "MailEncryptedReplied"),
    (0x114, "MailSmimeSignedReplied"),
    (0x115, "MailEncryptedForwarded"),
    (0x116, "MailSmimeSignedForwarded"),
    (0x118, "MailEncryptedRead"),
    (0x119, "MailSmimeSignedRead"),
    (0x132, "MailIrm"),
    (0x133, "MailIrmForwarded"),
    (0x134, "MailIrmReplied"),
    (0x200, "OutlookDefaultForContacts"),
    (0x400, "AppointmentItem"),
    (0x401, "AppointmentRecur"),
    (0x402, "AppointmentMeet"),
    (0x403, "AppointmentMeetRecur"),
    (0x404, "AppointmentMeetNY"),
    (0x405, "AppointmentMeetYes"),
    (0x406, "AppointmentMeetNo"),
    (0x407, "AppointmentMeetMaybe"),
    (0x408, "AppointmentMeetCancel"),
    (0x409, "AppointmentMeetInfo"),
    (0x500, "TaskItem"),
    (0x501, "TaskRecur"),
    (0x502, "TaskOwned"),
    (0x503, "TaskDelegated"),
];

pub(super) fn number(word: &str) -> Option<i32> {
    ICONS.iter().find(|icon| icon.1 == word).map(|icon| icon.0)
}

pub(super) fn word(number: i32) -> Option<&'static str> {
    ICONS.iter().find(|icon| icon.0 == number).map(|icon| icon.1)
}
