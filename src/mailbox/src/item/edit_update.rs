//! An edit as the store takes it.

use ewsd_store::{Area, ItemUpdate};

use super::edit::Edit;

impl Edit<'_> {
    /// The update of an item that is there. `search`: the texts that find it from now on, where they are others.
    pub fn to_update<'e>(&'e self, search: Option<&'e [(Area, String)]>) -> ItemUpdate<'e> {
        ItemUpdate {
            set_flags: self.set_flags,
            clear_flags: self.clear_flags,
            set: self.set.clone(),
            unset: self.unset,
            props: self.props.clone(),
            ext: self.ext.clone(),
            body: self.body.as_ref().map(|body| body.as_ref().map(|body| body.text.as_bytes())),
            plain: self.plain.as_deref(),
            mime: self.mime.as_ref().map(|octets| Some(octets.as_slice())),
            search,
            kind: None,
            contact: self.contact_rows.as_deref(),
            event: self.event.clone(),
        }
    }
}
