//! Members of an edit's document that are written as they are, without the checks of what clients give.

use ewsd_model::PropId;
use serde_json::Value as Json;

use super::edit::Edit;

impl Edit<'_> {
    /// Writes what follows from other values, which is no change by itself.
    pub(crate) fn put_member(&mut self, id: PropId, value: impl Into<Json>) {
        self.props.insert(id.row().element.to_owned(), value.into());
    }

    /// Writes what was given.
    pub(crate) fn give_member(&mut self, id: PropId, value: impl Into<Json>) {
        self.put_member(id, value);
        self.touched.insert(id);
        self.changed.insert(id);
    }
}
