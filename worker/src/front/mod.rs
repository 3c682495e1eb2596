//! HTTP in front of the operations: paths and methods, status codes, headers. Values in, values out: sockets are
//! `role/http.rs`.
//!
//! | question | file |
//! |---|---|
//! | which path is what, who may have it, what answers? | `route.rs` |
//! | how does a SOAP request become an answer? | `ews.rs` |
//! | how do clients find the server? | `autodiscover/` |
//! | what does an answer look like on the wire? | `response.rs` |
//! | where does a large answer go as it is written? | `pieces.rs` |
//! | what of the request's head is honoured? | `preferences.rs` |

pub mod autodiscover;
pub mod ews;
pub mod pieces;
pub mod preferences;
pub mod response;
pub mod route;

pub use ews::{Answer, HeldCall};
pub use preferences::Preferences;
pub use response::Response;
