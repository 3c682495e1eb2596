//! The property table: one row for each FieldURI, in schema order (the order in which elements are written).
