//! Reads `ewsd.toml` and `--set KEY=VALUE` into [`Settings`].
//!
//! It never guesses: an unknown key, a wrong type or a value out of range is an error that names the place and what would fit.

use std::fmt;
use std::path::Path;

use strsim::levenshtein;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::table::{SECTIONS, Settings, Visitor};
use crate::value::{Row, Value};

/// What is wrong with the settings, and what to do about it. One line, ready for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl Settings {
    /// The settings of a file, with the defaults for every key that it does not name.
    ///
    /// # Errors
    /// The file cannot be read, is no TOML, holds a key or value that the table does not know, or lacks one that others ask for.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let settings = Self::parse(&text_of(path)?, &path.display().to_string())?;
        match settings.lacks() {
            Some(what) => Err(Error(format!("{}: {what}", path.display()))),
            None => Ok(settings),
        }
    }

    /// What must be set because something else is.
    #[must_use]
    pub fn lacks(&self) -> Option<&'static str> {
        let auth = &self.auth;
        match auth.basic_against.as_str() {
            "ldap" if auth.ldap_urls.is_empty() => Some("auth.basic_against = \"ldap\" needs auth.ldap_urls"),
            "ldap" if auth.ldap_bind_dn.is_empty() && auth.ldap_base.is_empty() => {
                Some("auth.basic_against = \"ldap\" needs auth.ldap_bind_dn, or auth.ldap_base for a search")
            }
            "ldap" if !auth.ldap_search_dn.is_empty() && auth.ldap_search_password_file.is_empty() => {
                Some("auth.ldap_search_dn needs auth.ldap_search_password_file")
            }
            _ => None,
        }
    }

    /// As [`Settings::load`]; but of a file that is broken, the one setting `key` by itself, the defaults for the rest, and what
    /// is wrong. For whoever must reach a server that runs while its file is being edited.
    ///
    /// # Errors
    /// The file cannot be read; or it is broken, and whether and how it sets `key` cannot be told for certain.
    pub fn salvage(path: &Path, key: &str) -> Result<(Self, Option<Error>), Error> {
        let text = text_of(path)?;
        let error = match Self::parse(&text, &path.display().to_string()) {
            Ok(settings) => return Ok((settings, None)),
            Err(error) => error,
        };
        let (section, name) = key.split_once('.').unwrap_or(("", key));
        let mut found: Option<Self> = None;
        for line in text.lines().filter(|line| line.split('#').next().is_some_and(|code| code.contains(name))) {
            let alone = Self::parse(&format!("[{section}]\n{line}"), "").or_else(|_| Self::parse(line, ""));
            match alone {
                Ok(settings) if found.as_ref().is_none_or(|found| *found == settings) => found = Some(settings),
                _ => return Err(error),
            }
        }
        Ok((found.unwrap_or_default(), Some(error)))
    }

    /// The settings of a text; `origin` names it in messages.
    ///
    /// # Errors
    /// As [`Settings::load`], but for reading.
    pub fn parse(text: &str, origin: &str) -> Result<Self, Error> {
        let place = |at: usize| format!("{origin}, line {}", line_of(text, at));
        let document = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            // What stands there says more than the message alone: which key is twice in the file.
            let line = text.lines().nth(line_of(text, at) - 1).unwrap_or_default().trim();
            Error(format!("{}: {}: {line}", place(at), error.message()))
        })?;
        refuse_unknown(document.get_ref(), &place)?;
        let mut reader = FromFile { document: document.get_ref(), place: &place, error: None };
        let mut settings = Self::default();
        settings.visit(&mut reader);
        match reader.error {
            Some(error) => Err(error),
            None => Ok(settings),
        }
    }

    /// Applies one `KEY=VALUE`. Strings need no quotes, lists may be `a,b` or `["a", "b"]`.
    ///
    /// # Errors
    /// There is no `=`, no such key, or the value does not fit.
    pub fn set(&mut self, assignment: &str) -> Result<(), Error> {
        let Some((key, text)) = assignment.split_once('=') else {
            return Err(Error(format!("{assignment}: not of the form KEY=VALUE")));
        };
        self.assign(key, text).map_err(|Error(why)| Error(format!("--set: {why}")))
    }

    /// Gives `key` the value that `text` is; see [`Settings::set`].
    ///
    /// # Errors
    /// As [`Settings::set`].
    pub fn assign(&mut self, key: &str, text: &str) -> Result<(), Error> {
        let key = key.trim();
        let mut setter = FromText { key, text: text.trim(), found: false, error: None };
        self.visit(&mut setter);
        match setter.error {
            Some(error) => Err(error),
            None if !setter.found => Err(Error(unknown(key))),
            None => Ok(()),
        }
    }
}

fn text_of(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path)
        .map_err(|error| Error(format!("{}: {error}; name the configuration with -c FILE", path.display())))
}

/// One line per key: 1 for the first.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1
}

fn refuse_unknown(document: &DeTable<'_>, place: &impl Fn(usize) -> String) -> Result<(), Error> {
    for (name, content) in document {
        let Some(section) = SECTIONS.iter().find(|section| section.name == name.get_ref()) else {
            return Err(Error(format!("{}: {}", place(name.span().start), unknown(name.get_ref()))));
        };
        let Some(table) = content.get_ref().as_table() else {
            return Err(Error(format!(
                "{}: {} is a section: write [{}] and its keys below it",
                place(name.span().start),
                section.name,
                section.name
            )));
        };
        for (name, _) in table {
            let key = format!("{}.{}", section.name, name.get_ref());
            if !section.rows.iter().any(|row| row.key == key) {
                return Err(Error(format!("{}: {}", place(name.span().start), unknown(&key))));
            }
        }
    }
    Ok(())
}

fn unknown(key: &str) -> String {
    let nearest = SECTIONS
        .iter()
        .flat_map(|section| section.rows)
        .map(|row| {
            let whole = levenshtein(key, row.key);
            let last = row
                .key
                .split_once('.')
                .map_or(whole, |(_, name)| levenshtein(key.rsplit('.').next().unwrap_or(key), name) + 1);
            (whole.min(last), row.key)
        })
        .min();
    match nearest {
        Some((steps, nearest)) if steps <= 1 + key.len() / 3 => {
            format!("there is no setting {key}; is {nearest} meant?")
        }
        _ => format!("there is no setting {key}; `ewsctl config show --defaults` lists all of them"),
    }
}

fn misfit(row: &Row, problem: Option<String>) -> String {
    match problem {
        Some(problem) => format!("{} {problem}", row.key),
        None => format!("{} must be {}", row.key, row.kind.name()),
    }
}

struct FromFile<'a, P> {
    document: &'a DeTable<'a>,
    place: &'a P,
    error: Option<Error>,
}

impl<P: Fn(usize) -> String> FromFile<'_, P> {
    fn find(&self, key: &str) -> Option<&Spanned<DeValue<'_>>> {
        let (section, name) = key.split_once('.')?;
        self.document.get(section)?.get_ref().as_table()?.get(name)
    }
}

impl<P: Fn(usize) -> String> Visitor for FromFile<'_, P> {
    fn field<V: Value>(&mut self, row: &'static Row, value: &mut V) {
        if self.error.is_some() {
            return;
        }
        let Some(written) = self.find(row.key) else { return };
        let at = written.span().start;
        let misfit = |problem| Some(Error(format!("{}: {}", (self.place)(at), misfit(row, problem))));
        match V::read(written.get_ref()) {
            Some(read) => match read.problem(row.check) {
                None => *value = read,
                problem => self.error = misfit(problem),
            },
            None => self.error = misfit(None),
        }
    }
}

struct FromText<'a> {
    key: &'a str,
    text: &'a str,
    found: bool,
    error: Option<Error>,
}

impl Visitor for FromText<'_> {
    fn field<V: Value>(&mut self, row: &'static Row, value: &mut V) {
        if row.key != self.key {
            return;
        }
        self.found = true;
        match V::read_bare(self.text) {
            Some(read) => match read.problem(row.check) {
                None => *value = read,
                problem => self.error = Some(Error(misfit(row, problem))),
            },
            None => self.error = Some(Error(misfit(row, None))),
        }
    }
}
