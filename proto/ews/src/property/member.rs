//! Members of a personal list (MS-OXWSDLIST, MembersListType).

use ewsd_model::property::Prop;
use ewsd_model::value::{Mailbox, Member};

use super::{mailbox, text};
use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::writer::{T, Writer};

/// MemberStatusType.
const STATUS: &[&str] = &["Unrecognized", "Normal", "Demoted"];

/// The key is the server's to make: clients echo it, and one that is read has none.
impl Read for Member {
    fn read(c: &mut Cursor<'_>, _: &Element<'_>) -> Result<Member, Fault> {
        let mut member = Member::default();
        while let Some(child) = c.child()? {
            match child.name() {
                "Mailbox" => member.mailbox = Mailbox::read(c, &child)?,
                "Status" => member.status = Some(text::one_of(c, &child, STATUS)?.to_owned()),
                _ => return Err(c.unexpected(&child)),
            }
        }
        Ok(member)
    }
}

pub(super) fn read(c: &mut Cursor<'_>, _: &Element<'_>, _: &Prop) -> Result<Option<Vec<Member>>, Fault> {
    let mut members = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "Member" {
            return Err(c.unexpected(&child));
        }
        members.push(Member::read(c, &child)?);
    }
    Ok(Some(members))
}

pub(super) fn write(w: &mut Writer<'_>, name: &str, members: &[Member]) {
    super::list(w, name, members, |w, member| {
        w.tag(T, "Member");
        w.attribute("Key", &member.key);
        w.end_tag();
        mailbox::write(w, &member.mailbox);
        w.some_text(T, "Status", member.status.as_deref());
        w.close(T, "Member");
    });
}
