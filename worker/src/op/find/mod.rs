//! Finds: FindItem and FindFolder, and what their questions mean to the store.
//!
//! | question | file |
//! |---|---|
//! | restrictions and sort orders | `restriction.rs` |
//! | which rows, and where does the next page begin? | `page.rs` |
//! | what does a query string find? | `words.rs`; how it is read: `proto/aqs` |

use ewsd_mailbox::session::Session;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;

pub mod folders;
pub mod items;
mod page;
pub mod restriction;
mod words;

/// A search that would keep the database too long is refused. What its parts cost: `src/store/src/query/cost.rs`.
fn check_cost(session: &Session<'_>, cost: u64) -> Result<(), Failure> {
    if cost > session.settings.limits.restriction_cost {
        let text = "The conditions and the sort order are more than one search may have.";
        return Err(Failure::with_text(Code::ErrorRestrictionTooComplex, text));
    }
    Ok(())
}
