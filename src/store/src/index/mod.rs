//! The word index: which items of a mailbox have a word, in the table `word`. It is filled behind the writers, by the janitor:
//! entering the words of a message while it is written cost as much as all the rest.
//!
//! | question | file |
//! |---|---|
//! | which terms do an item's words become? | `term.rs` |
//! | how are words entered? | `enter.rs` |
//! | what is no longer right, and when is all of it entered anew? | `renew.rs` |
//! | what does a search ask for, and what does it make of the answer? | `ask.rs` |
//! | how much of it may one search read? | `budget.rs` |
//! | how are many numbers of items kept and joined? | `set.rs` |
//! | where in their items do frequent words stand, and what stands around them there? | `places.rs` |
//! | which words have a part of a word in them? | `vocabulary.rs` |
//! | what does a pattern say of the words of a text? | `pattern.rs` |
//! | what does a `Contains` ask for? | `contains.rs` |
//!
//! A row has the items of one term among 65,536 numbers, two octets each. An item's number is the one at which it entered its
//! folder and grows with time, so `indexed.upto` tells which items are in: later ones are looked at one by one. So are those
//! whose words changed since they were entered (`reword`); those that are gone count no more (the term [`term::DEAD`]).
//!
//! It knows the words that are kept of an item. Bodies that may have others (long ones) have the term [`term::CUT`], and whoever
//! asks for words of a body's text looks at all of these.
//!
//! Where the index says all that a condition asks for (words, phrases by their places, and what stands between their words), what
//! it found is the answer: such items are read for nothing but their order. Of any other condition it says where to look, and each item is asked again.

use crate::journal::Write;

mod ask;
mod budget;
mod contains;
mod enter;
mod pattern;
mod places;
mod renew;
mod set;
mod term;
mod vocabulary;
mod window;

pub(crate) use ask::Candidates;
pub use enter::Entered;
pub(crate) use set::Bits;

/// Items that are looked at one by one beside the index: new ones, and those whose words changed. With more of them the whole
/// folder is gone through, until the janitor has entered them.
const ASIDE: usize = 5_000;

/// Adds `reworded`: the words of the items of these steps are no longer those that were entered.
pub(crate) fn reword_step(write: &mut Write, from: &str) {
    let item = if from.contains("source") { "source.item" } else { "changed.item" };
    write.step(
        "reworded",
        &format!("insert into reword (mailbox, item) select $1, {item} from {from} on conflict do nothing"),
    );
}
