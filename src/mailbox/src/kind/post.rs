//! Posts: messages of a folder, which have an author and a conversation, are never sent, and so are never drafts.

use ewsd_model::object::ResponseKind;
use ewsd_store::ItemRow;

use super::{KindBehaviour, message, read_by_its_maker};
use crate::item::edit::Edit;
use crate::session::Session;

pub struct Post;

impl KindBehaviour for Post {
    fn begin(&self, session: &Session<'_>, edit: &mut Edit<'_>, parsed: bool) {
        message::identify(session, edit, parsed);
        read_by_its_maker(edit);
    }

    fn offers(&self, row: &ItemRow) -> Vec<ResponseKind> {
        message::offers(row)
    }
}
