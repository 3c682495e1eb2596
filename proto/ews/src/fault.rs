//! What went wrong, as clients are told: [`Fault`] for a whole request, [`Failure`] for one response message.
//!
//! Writing them is `reply/mod.rs` (response messages) and `soap.rs` (faults). Codes and texts are the model's table.

use std::borrow::Cow;

use ewsd_model::PropId;
use ewsd_model::code::Code;

use crate::path::Path;

/// A member of `MessageXml`, for machines.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// The property at fault.
    Path(Path),
    /// `t:Value` with its name.
    Value(&'static str, String),
}

/// One response message of class Error (or Warning): the rest of the request is not touched by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub code: Code,
    /// English, for people.
    pub text: Cow<'static, str>,
    pub details: Vec<Detail>,
}

impl Failure {
    pub fn new(code: Code) -> Failure {
        Failure { code, text: Cow::Borrowed(code.text()), details: Vec::new() }
    }

    pub fn with_text(code: Code, text: impl Into<Cow<'static, str>>) -> Failure {
        Failure { code, text: text.into(), details: Vec::new() }
    }

    /// A failure that names the property at fault.
    pub fn at(code: Code, path: impl Into<Path>) -> Failure {
        Failure { code, text: Cow::Borrowed(code.text()), details: vec![Detail::Path(path.into())] }
    }

    pub fn value(mut self, name: &'static str, value: impl Into<String>) -> Failure {
        self.details.push(Detail::Value(name, value.into()));
        self
    }

    /// ErrorServerBusy with the wait that clients look for.
    pub fn busy(milliseconds: u64) -> Failure {
        Failure::new(Code::ErrorServerBusy).value("BackOffMilliseconds", milliseconds.to_string())
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Failure {
        Failure::new(code)
    }
}

impl From<PropId> for Path {
    fn from(id: PropId) -> Path {
        Path::Prop(id)
    }
}

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

/// One response message.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<T> {
    Success(T),
    /// Done, but (ErrorNameResolutionMultipleResults); or not tried (ErrorBatchProcessingStopped: `None`).
    Warning(Failure, Option<T>),
    Error(Failure),
}

impl<T> Outcome<T> {
    pub fn map<U>(self, then: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Outcome::Success(value) => Outcome::Success(then(value)),
            Outcome::Warning(failure, value) => Outcome::Warning(failure, value.map(then)),
            Outcome::Error(failure) => Outcome::Error(failure),
        }
    }

    /// The failure, whatever its class.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Outcome::Success(_) => None,
            Outcome::Warning(failure, _) | Outcome::Error(failure) => Some(failure),
        }
    }
}

impl<T> From<Result<T, Failure>> for Outcome<T> {
    fn from(result: Result<T, Failure>) -> Outcome<T> {
        result.map_or_else(Outcome::Error, Outcome::Success)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}
