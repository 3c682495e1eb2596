//! What stands between the words of a text, an octet for each word: whether "quarterly rep" stands in a text where a word that
//! ends so is before one that begins so is for what is between them to say.

use super::{Increment, LENGTH, composed, next_run, of_run};

/// What words stand before most often. The place in the list is kept with the words: it only grows. None has a letter of what
/// composing makes an ASCII character of (`;`, the grave accent), nor what is a part of a word for PostgreSQL (`_`): where one of
/// these stands between two words of a composed text, it does in the text.
const BETWEEN: [&str; 40] = [
    " ",
    "\r\n",
    ", ",
    ". ",
    ".\r\n",
    "-",
    "'",
    ".",
    "\r\n\r\n",
    "\n",
    ",\r\n",
    ": ",
    "@",
    "/",
    ".\r\n\r\n",
    ",\r\n\r\n",
    " - ",
    ":",
    " (",
    ") ",
    "? ",
    "! ",
    "://",
    " \r\n",
    "\r\n> ",
    "  ",
    "\t",
    "\n\n",
    ".\n",
    ",\n",
    " & ",
    "=",
    "&",
    ",",
    " <",
    "> ",
    " \"",
    "\" ",
    ":\r\n",
    ".  ",
];

/// Something else. What is behind the word may be a part of it for PostgreSQL.
const OTHER: u8 = 1;
/// Something else, or nothing more. It is no part of the word.
const ENDS: u8 = 2;
/// The first of the list.
const FIRST: u8 = 3;
/// What is before the word is no part of it.
const BEGINS: u8 = 1 << 7;

/// What is known of what stands around a word: nothing, if it is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Around(u8);

impl Around {
    /// As it was kept.
    pub fn of(octet: u8) -> Around {
        Around(octet)
    }

    pub fn octet(self) -> u8 {
        self.0
    }

    fn new(before: &str, behind: &str) -> Around {
        let is_ending = |octet: Option<&u8>| octet.is_none_or(|octet| octet.is_ascii() && *octet != b'_');
        let known = BETWEEN.iter().zip(FIRST..).find_map(|(one, code)| (*one == behind).then_some(code));
        let code = known.unwrap_or(if is_ending(behind.as_bytes().first()) { ENDS } else { OTHER });
        Around(code | if is_ending(before.as_bytes().last()) { BEGINS } else { 0 })
    }

    /// A word begins there for everybody.
    pub fn begins(self) -> bool {
        self.0 & BEGINS != 0
    }

    /// A word ends there for everybody.
    pub fn ends(self) -> bool {
        self.0 & !BEGINS >= ENDS
    }

    /// Whether that stands behind the word; None if it may.
    pub fn is_before(self, wanted: Wanted) -> Option<bool> {
        match (wanted.0, self.0 & !BEGINS) {
            (_, 0) => None,
            (Some(wanted), code) => Some(wanted == code),
            (None, FIRST..) => Some(false),
            (None, _) => None,
        }
    }
}

/// What is looked for between two words, in ASCII: none of the list, if it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted(Option<u8>);

impl Wanted {
    pub fn new(text: &str) -> Wanted {
        Wanted(BETWEEN.iter().zip(FIRST..).find_map(|(one, code)| (*one == text).then_some(code)))
    }
}

/// The words of a text, with what stands around each.
#[derive(Default)]
pub(crate) struct Between {
    letters: String,
    /// Of each word its end in `letters`.
    words: Vec<(usize, Around)>,
}

impl Between {
    pub fn new(text: &str) -> Between {
        let text = composed(text);
        let (mut runs, mut rest): (Vec<(usize, usize)>, &str) = (Vec::new(), &text);
        while let Some(run) = next_run(&mut rest) {
            let end = text.len() - rest.len();
            runs.push((end - run.len(), end));
        }
        let (mut between, mut word, mut before) = (Between::default(), String::new(), 0);
        for (at, (start, end)) in runs.iter().enumerate() {
            let behind = runs.get(at + 1).map_or(text.len(), |(next, _)| *next);
            let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
            let around = Around::new(part(before, *start), part(*end, behind));
            between.add(part(*start, *end), around, &mut word);
            before = *end;
        }
        between
    }

    /// Adds the words of a run of letters and digits. Of those that are cut nothing is known, nor between several of one run.
    fn add(&mut self, run: &str, around: Around, word: &mut String) {
        let first = self.words.len();
        of_run(run, word, &mut |word, increment| {
            if increment == Increment::One {
                self.letters.push_str(word);
                self.words.push((self.letters.len(), Around::default()));
            }
            true
        });
        if let ([(_, only)], true) = (self.words.get_mut(first..).unwrap_or_default(), run.len() < LENGTH) {
            *only = around;
        }
    }

    /// How many words.
    pub fn count(&self) -> usize {
        self.words.len()
    }

    /// What stands around the word of that number, if it is this one.
    pub fn around(&self, number: usize, word: &str) -> Around {
        let end = |number: usize| self.words.get(number).map(|(end, _)| *end);
        let start = number.checked_sub(1).map_or(Some(0), end);
        let own = start.zip(end(number)).and_then(|(start, end)| self.letters.get(start..end));
        let known = self.words.get(number).filter(|_| own == Some(word));
        known.map_or(Around::default(), |(_, around)| *around)
    }
}
