//! What ends a whole request, as clients are told. What ends one response message is the model's `Failure`.
//!
//! Writing them is `soap.rs` (faults) and `reply/mod.rs` (response messages). Codes and texts are the model's table.

use std::borrow::Cow;

use ewsd_model::code::Code;
use ewsd_model::failure::{Detail, Failure};

/// Where in the request's text the schema was violated, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// From 1.
    pub line: u32,
    /// Characters from 1.
    pub position: u32,
    pub text: String,
}

/// A SOAP fault: the whole request is refused, with HTTP status 500.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub code: Code,
    /// English, for people.
    pub text: Cow<'static, str>,
    pub details: Vec<Detail>,
    /// Only with ErrorSchemaValidation.
    pub violation: Option<Box<Violation>>,
}

impl Fault {
    pub fn new(code: Code) -> Fault {
        Fault { code, text: Cow::Borrowed(code.text()), details: Vec::new(), violation: None }
    }

    pub fn with_text(code: Code, text: impl Into<Cow<'static, str>>) -> Fault {
        Fault { code, text: text.into(), details: Vec::new(), violation: None }
    }

    /// ErrorServerBusy with the wait that clients look for.
    pub fn busy(milliseconds: u64) -> Fault {
        let detail = Detail::Value("BackOffMilliseconds", milliseconds.to_string());
        Fault { details: vec![detail], ..Fault::new(Code::ErrorServerBusy) }
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Fault {
        Fault::new(code)
    }
}

/// Some failures end the request (the server is busy, the database is away): the same words as a fault.
impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        Fault { code: failure.code, text: failure.text, details: failure.details, violation: None }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}
