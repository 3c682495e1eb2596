//! Properties on the wire: one typed reader and writer for each [`Type`](ewsd_model::property::Type) of the table.

pub(crate) mod read;
pub(crate) mod write;
