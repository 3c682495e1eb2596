//! HTTP in front of the operations: paths and methods, status codes, headers. Values in, values out: sockets are
//! `role/http.rs`.
//!
//! | question | file |
//! |---|---|
//! | which path is what? | `route.rs` |
//! | how does a SOAP request become an answer? | `exchange.rs` |
//! | what does an answer look like on the wire? | `response.rs` |
//! | what of the request's head is honoured? | `wishes.rs` |

pub mod exchange;
pub mod response;
pub mod route;
pub mod wishes;

pub use exchange::{Answer, Held};
pub use response::Response;
pub use route::Route;
pub use wishes::Wishes;
