//! How `ewsctl` ends: the one table of exit statuses, of all commands. Numbers from 64 on are those of sysexits.h, which mail
//! servers understand. It stands behind every `--help` and in every manual page.

use super::Failure;

macro_rules! exits {
    ($( $number:literal $name:ident $meaning:literal )*) => {
        /// Why a command did not work out.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Exit { $( #[doc = $meaning] $name = $number, )* }

        /// Number and meaning, for people.
        pub const EXITS: &[(u8, &str)] = &[ (0, "it is done"), $( ($number, $meaning), )* ];
    };
}

exits! {
    1 Failed "it did not work out for another reason; of `database status`: something is to be migrated"
    64 Usage "the command line is wrong"
    65 Data "what was given does not fit: an address, a password, a message"
    66 NoInput "there is no such thing: a message in the queue, a key, something to read"
    67 NoUser "there is no such account or address"
    69 Unavailable "no server runs there"
    70 Software "a fault of ewsd or of the database's contents"
    73 Exists "it is there already, or cannot be made"
    74 Io "input or output failed"
    75 Temporary "not now, try again: the database is away, a mailbox is full, a message is being sent"
    77 Denied "this user may not"
    78 Config "the configuration file is wrong"
}

impl Exit {
    /// The end of a command, with a line that says what to do.
    pub fn because(self, text: impl Into<String>) -> Failure {
        Failure { code: self, text: text.into() }
    }

    /// The number.
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// The table for the end of a help text.
pub fn table() -> String {
    let lines = EXITS.iter().map(|(number, meaning)| format!("\n  {number:>2}  {meaning}"));
    format!("Exit status:{}", lines.collect::<String>())
}

/// The same for a manual page.
pub fn roff() -> String {
    let lines = EXITS.iter().map(|(number, meaning)| format!(".TP\n\\fB{number}\\fR\n{meaning}\n"));
    format!(".SH EXIT STATUS\n{}", lines.collect::<String>())
}

/// Puts the table behind the long help of a command and of all commands below it.
pub fn document(command: clap::Command) -> clap::Command {
    let before = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    let command = command.after_long_help(before + &table());
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, document))
}

#[cfg(test)]
mod tests {
    use super::{EXITS, Exit};

    #[test]
    fn numbers_grow_and_mean_what_sysexits_says() {
        assert!(EXITS.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!((Exit::NoUser.number(), Exit::Temporary.number(), Exit::Config.number()), (67, 75, 78));
    }
}
