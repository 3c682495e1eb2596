//! The statements of one connection that are kept prepared. Fixed ones are a few dozen and stay. Those whose text a client shapes
//! come in any number, and each costs the server many times its text: of them only the last ones stay, by size.

use crate::sql::Sql;
use postgres::Statement;
use std::collections::{HashMap, VecDeque};

/// All shaped texts kept together, in octets; a longer one is run once and forgotten.
const SHAPED: usize = 48 * 1024;
/// How many of them: finding one walks the list.
const SHAPED_COUNT: usize = 32;
/// What the server gave a statement it may keep for the next one. After so many octets of forgotten ones the connection is
/// replaced, which costs milliseconds.
const WORN: usize = 1024 * 1024;

/// Should more than that be called fixed, they are not.
const FIXED: usize = 300;

#[derive(Default)]
pub(crate) struct Prepared {
    fixed: HashMap<String, Statement>,
    /// The one used last is at the end.
    shaped: VecDeque<(String, Statement)>,
    octets: usize,
    forgotten: usize,
    /// Every text, in the order in which they were first run.
    #[cfg(test)]
    pub seen: Vec<String>,
}

impl Prepared {
    pub fn find(&mut self, sql: &Sql) -> Option<Statement> {
        if !sql.shaped {
            return self.fixed.get(&sql.text).cloned();
        }
        let at = self.shaped.iter().rposition(|(text, _)| *text == sql.text)?;
        let found = self.shaped.remove(at)?;
        let statement = found.1.clone();
        self.shaped.push_back(found);
        Some(statement)
    }

    pub fn keep(&mut self, sql: &Sql, statement: &Statement) {
        #[cfg(test)]
        self.seen.push(sql.text.clone());
        if !sql.shaped {
            self.fixed.insert(sql.text.clone(), statement.clone());
            return;
        }
        if sql.text.len() > SHAPED / 2 {
            self.forgotten += sql.text.len();
            return;
        }
        self.octets += sql.text.len();
        self.shaped.push_back((sql.text.clone(), statement.clone()));
        while self.octets > SHAPED || self.shaped.len() > SHAPED_COUNT {
            // Dropped, it is closed at the server with the next statement.
            let Some((text, _)) = self.shaped.pop_front() else { return };
            self.octets = self.octets.saturating_sub(text.len());
            self.forgotten += text.len();
        }
    }

    /// Whether the connection should be replaced.
    pub fn has_worn(&self) -> bool {
        self.forgotten > WORN || self.fixed.len() > FIXED
    }

    pub fn clear(&mut self) {
        *self = Prepared::default();
    }
}
