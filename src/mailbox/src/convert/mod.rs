//! From one form to another: MIME to properties and back (`mime/`), HTML to text and back (`html/`),
//! iCalendar to events and back (`ical/`).
//!
//! Nothing here knows a mailbox, a caller or a database. What reads strangers' octets is reached by the rows of `table.rs`
//! alone, and only by whoever has a [`Confined`]: the converter, which has no database, network or files. Everybody else asks
//! it, by [`ask`].
//!
//! | question | file |
//! |---|---|
//! | which conversions are there, who does them? | `table.rs` |
//! | what does an answer look like? | `answer.rs`, `octets.rs`, `form.rs` |
//! | how does a process convert? | [`by`], [`Convert`] |

mod answer;
mod form;
pub mod html;
pub mod ical;
pub mod mime;
mod octets;
pub mod table;

use std::fmt;
use std::sync::OnceLock;

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;

pub use answer::AnswerWriter;
pub use octets::{Octets, Shared};
pub use table::{Ask, Conversion, TABLE};

use crate::log::note;

/// Which reading of strangers' octets this is: a number that is raised when mail over which converters gave up may be read now. It
/// is kept with such mail, and the janitor of a later one tries again.
pub const READING: i64 = 1;

/// Who does what strangers' octets ask for: a process that could harm nobody if they took it over.
pub trait Convert: Send + Sync {
    /// The answer to what is asked by the row `which` about `octets`.
    ///
    /// # Errors
    /// [`Failed`] says whether the octets are at fault.
    fn convert(&self, which: Conversion, asked: &[u8], octets: &[u8]) -> Result<Shared, Failed>;

    /// Nothing is to be converted for a while: what is kept for the next question may go.
    fn rest(&self) {}
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// A converter died or stalled over them, and so did a fresh one with nothing else to do.
    Died,
    /// The answer was none, or the question.
    Refused,
    /// There was no converter to be had in time: it will work later.
    Busy,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failed::Died => "two converters gave up over it",
            Failed::Refused => "the converter's answer was none",
            Failed::Busy => "no converter was free in time",
        })
    }
}

impl std::error::Error for Failed {}

/// Milliseconds after which whoever hears of no converter may ask again.
pub const RETRY_MS: u32 = 2_000;

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Failure {
        match failed {
            Failed::Busy => Failure::busy(u64::from(RETRY_MS)),
            Failed::Died | Failed::Refused => Failure::new(Code::ErrorContentConversionFailed),
        }
    }
}

/// Says that this process may read strangers' octets: it has no database, no network and no files, or is a test. Whoever makes one
/// stands in a list of `tests/suite/house/invariants.rs`.
#[derive(Debug)]
pub struct Confined(());

impl Confined {
    /// Taken by the converter when it has shut itself in, and by tests.
    pub fn claim() -> Confined {
        Confined(())
    }
}

/// Does what is asked, here and now.
///
/// # Errors
/// [`ewsd_wire::Refused`] when it is no question of the row's.
pub fn answer<'o>(
    _: &Confined,
    which: Conversion,
    asked: &[u8],
    octets: &'o [u8],
) -> Result<AnswerWriter<'o>, ewsd_wire::Refused> {
    table::run(which, asked, octets)
}

/// Converts in the same process: the converter's own way, and that of tests.
#[derive(Debug)]
pub struct InProcess(pub Confined);

impl Convert for InProcess {
    fn convert(&self, which: Conversion, asked: &[u8], octets: &[u8]) -> Result<Shared, Failed> {
        let told = answer(&self.0, which, asked, octets).map_err(|_| Failed::Refused)?;
        Ok(Shared::from(told.whole()))
    }
}

static BY: OnceLock<Box<dyn Convert>> = OnceLock::new();

/// How this process converts, from now on. Said once, at its start; what is said later is ignored.
pub fn by(convert: impl Convert + 'static) {
    let _ = BY.set(Box::new(convert));
}

/// Nothing is to be converted for a while.
pub fn rest() {
    if let Some(convert) = BY.get() {
        convert.rest();
    }
}

/// Asks whoever converts for this process.
///
/// # Errors
/// [`Failed`]; what it is for is the caller's matter.
pub fn ask<A: Ask>(question: &A, octets: &[u8]) -> Result<A::Answer, Failed> {
    let asked = ewsd_wire::to_bytes(question);
    let answer = converter()?.convert(A::CONVERSION, &asked, octets)?;
    A::hear(&answer).map_err(|refused| {
        note!(Error, "the converter's answer to {}: {refused}", A::CONVERSION.name());
        Failed::Refused
    })
}

#[cfg(not(test))]
fn converter() -> Result<&'static dyn Convert, Failed> {
    let found = BY.get().map(Box::as_ref);
    if found.is_none() {
        note!(Error, "this process was not told how to convert");
    }
    found.ok_or(Failed::Busy)
}

#[cfg(test)]
#[allow(clippy::unnecessary_wraps)]
fn converter() -> Result<&'static dyn Convert, Failed> {
    Ok(BY.get_or_init(|| Box::new(InProcess(Confined::claim()))).as_ref())
}
