//! What a stranger's stream may cost, and what is said of it when it is damaged or too much.
//!
//! One budget serves a stream with all that is nested in it. What is over is left out and told; nothing is refused for it.

/// Ceilings for one stream and everything inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Attributes, of all levels together.
    pub attributes: usize,
    /// Values of properties, each value of a multi-valued one counted.
    pub properties: usize,
    /// Octets of one text as it stands in the stream.
    pub text: usize,
    /// Octets made: decoded texts, decompressed RTF, what RTF becomes.
    pub output: usize,
    /// Messages inside messages.
    pub nesting: usize,
    pub attachments: usize,
    pub recipients: usize,
    /// Groups inside groups, and fonts, of an RTF text.
    pub groups: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            attributes: 16_384,
            properties: 65_536,
            text: 32 << 20,
            output: 128 << 20,
            nesting: 8,
            attachments: 2_000,
            recipients: 20_000,
            groups: 1_000,
        }
    }
}

/// What was wrong. What could be read was read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The stream ends inside an attribute; what there was of its data was taken.
    Truncated,
    /// Octets behind the last attribute that are no attribute.
    Trailing,
    /// The checksum of this attribute (its id) is not that of its data.
    Checksum(u16),
    /// The data of this attribute (its id) are not built as they should be.
    Attribute(u16),
    /// A list of properties breaks off; those before are there.
    Properties,
    /// An embedded message that is no TNEF stream; its octets were kept.
    Nested,
    /// Compressed RTF whose checksum, sizes or references are wrong, or that breaks off.
    Compression,
    /// RTF whose groups do not close, or that goes on behind its end.
    Rtf,
    /// More than the budget allows.
    Over(Limit),
}

/// The ceiling that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Attributes,
    Properties,
    Text,
    Output,
    Nesting,
    Attachments,
    Recipients,
    Groups,
}

/// Kinds of damage remembered for one message; the first ones say enough.
const REMEMBERED: usize = 32;

/// What is left of a budget, the work done so far, and the damage seen.
#[derive(Clone, Debug)]
pub struct Meter {
    left: Budget,
    steps: u64,
    damage: Vec<Damage>,
}

impl Meter {
    pub fn new(budget: &Budget) -> Meter {
        Meter { left: budget.clone(), steps: 0, damage: Vec::new() }
    }

    /// Octets and elements looked at so far: a measure of work that no machine's speed enters.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    pub(crate) fn step(&mut self, count: usize) {
        self.steps = self.steps.saturating_add(count as u64);
    }

    pub(crate) fn tell(&mut self, damage: Damage) {
        if self.damage.len() < REMEMBERED && !self.damage.contains(&damage) {
            self.damage.push(damage);
        }
    }

    /// Takes one of a kind that is counted; false, and told, if there is none left.
    pub(crate) fn take(&mut self, limit: Limit) -> bool {
        let left = match limit {
            Limit::Attributes => &mut self.left.attributes,
            Limit::Properties => &mut self.left.properties,
            Limit::Attachments => &mut self.left.attachments,
            Limit::Recipients => &mut self.left.recipients,
            Limit::Nesting => &mut self.left.nesting,
            Limit::Text => &mut self.left.text,
            Limit::Output => &mut self.left.output,
            Limit::Groups => &mut self.left.groups,
        };
        match left.checked_sub(1) {
            Some(less) => {
                *left = less;
                true
            }
            None => {
                self.tell(Damage::Over(limit));
                false
            }
        }
    }

    /// Cuts a text's octets to what one text may have.
    pub(crate) fn cut<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        match octets.get(..self.left.text) {
            Some(cut) if cut.len() < octets.len() => {
                self.tell(Damage::Over(Limit::Text));
                cut
            }
            _ => octets,
        }
    }

    /// Octets that may still be made.
    pub(crate) fn room(&self) -> usize {
        self.left.output
    }

    pub(crate) fn groups(&self) -> usize {
        self.left.groups
    }

    pub(crate) fn made(&mut self, octets: usize) {
        self.left.output = self.left.output.saturating_sub(octets);
    }

    /// A text that was made, if there is room for it; else what fits of it.
    pub(crate) fn keep(&mut self, mut text: String) -> String {
        self.step(text.len());
        if text.len() > self.left.output {
            self.tell(Damage::Over(Limit::Output));
            let end = (0..=self.left.output).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            text.truncate(end);
        }
        self.made(text.len());
        text
    }

    /// Runs something nested: its damage is its own. None if it is nested too deeply.
    pub(crate) fn nested<T>(&mut self, work: impl FnOnce(&mut Meter) -> T) -> Option<T> {
        let Some(less) = self.left.nesting.checked_sub(1) else {
            self.tell(Damage::Over(Limit::Nesting));
            return None;
        };
        self.left.nesting = less;
        let outer = std::mem::take(&mut self.damage);
        let result = work(self);
        self.damage = outer;
        self.left.nesting = less + 1;
        Some(result)
    }

    /// The damage seen since it was last asked for.
    pub fn damage(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damage)
    }
}
