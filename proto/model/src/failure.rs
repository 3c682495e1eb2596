//! What went wrong with one object of a request, as clients are told, and the outcome of each.
//!
//! Codes and their texts are `code.rs`. What ends a whole request is the protocol's to say.

use std::borrow::Cow;

use crate::code::Code;
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

    /// What was done, with a warning or without.
    pub fn value(&self) -> Option<&T> {
        match self {
            Outcome::Success(value) | Outcome::Warning(_, Some(value)) => Some(value),
            Outcome::Warning(_, None) | Outcome::Error(_) => None,
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
