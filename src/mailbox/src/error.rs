//! What can go wrong with a mailbox, and what clients are told of it. All conversions stand here.
//!
//! The client gets a code; the log gets the cause ([`crate::log`] adds the request's id).
//! - [`Error::Fault`] ends the whole request.
//! - [`Error::Failure`] ends one object of it, whose [`outcome`] it is.

use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{ChangeKeyError, IdError};
use ewsd_store::{Missing, StoreError};

use crate::convert::Failed;
use crate::log::note;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request, or one object of it, is not answered with success.
#[derive(Debug)]
pub enum Error {
    Fault(Failure),
    Failure(Failure),
}

impl Error {
    /// A fault with the server's own cause, which goes to the log only.
    pub fn internal(cause: impl std::fmt::Display) -> Error {
        note!(Error, "{cause}");
        Error::Fault(Failure::new(Code::ErrorInternalServerError))
    }

    /// The code a client is told.
    pub fn code(&self) -> Code {
        match self {
            Error::Fault(failure) | Error::Failure(failure) => failure.code,
        }
    }

    /// For places where one object's failure must end the request.
    pub fn into_failure(self) -> Failure {
        match self {
            Error::Fault(failure) | Error::Failure(failure) => failure,
        }
    }
}

/// One object's result as its response message: failures stay with the object, faults end the request.
pub fn outcome<T>(result: Result<T>) -> Result<Outcome<T>> {
    match result {
        Ok(value) => Ok(Outcome::Success(value)),
        Err(Error::Failure(failure)) => Ok(Outcome::Error(failure)),
        Err(fault @ Error::Fault(_)) => Err(fault),
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        Error::Failure(failure)
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Error {
        Error::Failure(Failure::new(code))
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Error {
        match failed {
            Failed::Busy => Error::Fault(failed.into()),
            Failed::Died | Failed::Refused => Error::Failure(failed.into()),
        }
    }
}

impl From<IdError> for Error {
    fn from(error: IdError) -> Error {
        Error::Failure(Failure::new(error.code()))
    }
}

impl From<ChangeKeyError> for Error {
    fn from(error: ChangeKeyError) -> Error {
        Error::Failure(Failure::new(error.code()))
    }
}

impl From<StoreError> for Error {
    /// What is missing, taken, full or cannot be held is the object's failure; a database that is away, or a fault of ours,
    /// ends the request.
    fn from(error: StoreError) -> Error {
        let code = match &error {
            StoreError::Busy { retry_ms } => return Error::Fault(Failure::busy(u64::from(*retry_ms))),
            StoreError::Corrupt(_) | StoreError::Hopeless(_) | StoreError::Db(_) => return Error::internal(error),
            StoreError::NotFound(what) => missing(*what),
            StoreError::Exists(_) => Code::ErrorFolderExists,
            StoreError::Conflict { .. } => Code::ErrorIrresolvableConflict,
            StoreError::Cycle => Code::ErrorMoveCopyFailed,
            StoreError::Quota | StoreError::Folders { deep: false } => Code::ErrorQuotaExceeded,
            StoreError::Folders { deep: true } => Code::ErrorInvalidParentFolder,
            StoreError::Unfit { large, .. } => {
                note!(Warn, "{error}");
                if *large { Code::ErrorDataSizeLimitExceeded } else { Code::ErrorItemSavePropertyError }
            }
            StoreError::Subscriptions => Code::ErrorExceededSubscriptionCount,
            StoreError::Trimmed | StoreError::Lost => Code::ErrorInvalidSyncStateData,
        };
        code.into()
    }
}

fn missing(what: Missing) -> Code {
    match what {
        Missing::Folder => Code::ErrorFolderNotFound,
        Missing::Item | Missing::Blob | Missing::Outgoing => Code::ErrorItemNotFound,
        Missing::Attachment => Code::ErrorInvalidAttachmentId,
        Missing::Subscription => Code::ErrorSubscriptionNotFound,
        Missing::Mailbox | Missing::Account | Missing::Address | Missing::Group => Code::ErrorNonExistentMailbox,
    }
}
