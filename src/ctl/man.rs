//! `ewsctl man`: all manual pages, written out of the command definitions and the settings table.

use std::path::PathBuf;

use clap::{Arg, ArgAction, CommandFactory as _};
use clap_mangen::Man;

use super::exit::{self, Exit};
use super::{Cli, Result};
use crate::worker_args::WorkerArgs;

/// Write the manual pages: ewsd(8), ewsd-worker(8), ewsctl(1) with its commands, ewsd.toml(5).
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ewsctl man --out target/man && man target/man/ewsd.toml.5")]
pub struct Args {
    /// The directory to write them to; made when missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Roff that follows the options of ewsd(8).
const EWSD_TAIL: &str = r".SH SIGNALS
.TP
\fBSIGTERM\fR, \fBSIGINT\fR
Stop: no new connections; what has begun is finished within process.drain_seconds; clients that wait get their answer;
then the workers and the private PostgreSQL end. A second one stops at once.
.TP
\fBSIGHUP\fR
Reload: read the configuration anew and start a new generation of workers. No connection is dropped. Settings that only
a restart applies keep their values and are named in the log. A configuration that is not right is refused, and nothing changes.
.TP
\fBSIGUSR2\fR
Upgrade: go on as the program that is installed now, as
.BR ewsctl-upgrade (1)
does.
.SH EXIT STATUS
.TP
\fB0\fR
It was told to stop.
.TP
\fB1\fR
Something failed; another start may go well.
.TP
\fB2\fR
The command line is wrong.
.TP
\fB78\fR
It cannot go well before a setting is changed, which the last line names: the configuration is wrong, or the database is not one
to be had with it (a refused login, TLS, a version that is too old, tables of a newer ewsd). A database that is away is waited for,
and one that was there once is tried again whatever it says.
.SH SOCKET ACTIVATION
Sockets that
.BR systemd.socket (5)
has opened are taken as the listeners of the same address (server.http, server.lmtp, server.admin): clients wait through a
restart, and ports below 1024 can be had. Mode and group of a file are those of the .socket unit then. A socket that is no
listener of the configuration is named in the log, and closed.
.SH FILES
.TP
\fI/etc/ewsd/ewsd.toml\fR
The configuration, see
.BR ewsd.toml (5).
.TP
\fI/var/lib/ewsd\fR (server.state_dir)
run/control.sock, where
.BR ewsctl (1)
talks to the server; run/addresses.json, the addresses it listens on; pg, the private PostgreSQL cluster, when no
database.url is set; pg-run, its socket; trace, where workers write what
.BR ewsctl-trace (1)
shows.
.SH SEE ALSO
.BR ewsctl (1),
.BR ewsd.toml (5),
.BR ewsd-worker (8),
.BR systemd.socket (5)
";

const WORKER_TAIL: &str = ".SH SEE ALSO\n.BR ewsd (8),\n.BR ewsctl (1)\n";
const CTL_TAIL: &str = ".SH SEE ALSO\n.BR ewsd (8),\n.BR ewsd.toml (5)\n";

pub fn run(args: &Args) -> Result {
    let failed = |error: std::io::Error| Exit::Exists.because(format!("{}: {error}", args.out.display()));
    std::fs::create_dir_all(&args.out).map_err(failed)?;
    let pages = pages().map_err(failed)?;
    for (name, text) in pages {
        std::fs::write(args.out.join(name), text).map_err(failed)?;
    }
    Ok(())
}

/// Every page: its file's name and its roff.
fn pages() -> std::io::Result<Vec<(String, String)>> {
    let mut pages = vec![
        page(Man::new(ewsd()).section("8"), EWSD_TAIL)?,
        page(Man::new(WorkerArgs::command()).section("8"), WORKER_TAIL)?,
        settings_page(),
    ];
    let mut ctl = Cli::command().disable_help_subcommand(true);
    ctl.build();
    commands(&ctl, &mut pages)?;
    Ok(pages)
}

/// A page for a command of ewsctl and for each command below it.
fn commands(command: &clap::Command, pages: &mut Vec<(String, String)>) -> std::io::Result<()> {
    pages.push(page(Man::new(command.clone()).section("1"), &(exit::roff() + CTL_TAIL))?);
    for inner in command.get_subcommands() {
        commands(inner, pages)?;
    }
    Ok(())
}

fn page(man: Man, tail: &str) -> std::io::Result<(String, String)> {
    let mut roff = Vec::new();
    man.render(&mut roff)?;
    let name = man.get_filename();
    let text = examples(&title(&String::from_utf8_lossy(&roff), &name)) + tail;
    Ok((name, text))
}

/// When the pages were last read through. Not the day of the build: two builds of the same source give the same octets.
const DATE: &str = "2026-11-29";

fn heading(name: &str, section: &str) -> String {
    format!(".TH {name} {section} \"{DATE}\" \"ewsd {}\" \"ewsd\"", env!("CARGO_PKG_VERSION"))
}

/// With a heading of our own, for clap_mangen knows no manual's name, and without blanks at the ends of lines and breaks that
/// break nothing.
fn title(roff: &str, file: &str) -> String {
    let (name, section) = file.rsplit_once('.').unwrap_or((file, "1"));
    let line = heading(name, section);
    let lines = roff.lines().map(|old| if old.starts_with(".TH ") { line.as_str() } else { old.trim_end() });
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    text.replace("\n.br\n\n.br\n", "\n\n")
}

/// The text after the options, which clap_mangen calls EXTRA and fills like prose, as lines that stay as they are.
fn examples(roff: &str) -> String {
    let Some((before, rest)) = roff.split_once(".SH EXTRA\n") else { return roff.to_owned() };
    let (body, after) = match rest.find("\n.SH ") {
        Some(end) => rest.split_at(end + 1),
        None => (rest, ""),
    };
    let body = body.strip_prefix("Examples:\n").or_else(|| body.strip_prefix("Example:\n")).unwrap_or(body);
    format!("{before}.SH EXAMPLES\n.nf\n{}\n.fi\n{after}", body.trim_end())
}

/// The master's options. Its program parses them by hand, because it links next to nothing; a test compares the two.
fn ewsd() -> clap::Command {
    clap::Command::new("ewsd")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Exchange Web Services server: the master process")
        .long_about(
            "ewsd listens, starts the workers and hands them the requests; whatever waits, it holds itself. It runs in the \
             foreground and logs to standard error. Started by root, its workers and the private PostgreSQL run as \
             process.user.",
        )
        .arg(
            Arg::new("config")
                .short('c')
                .long("config")
                .value_name("FILE")
                .default_value(ewsd_settings::DEFAULT_FILE)
                .help("The configuration file"),
        )
        .arg(
            Arg::new("with-parent")
                .long("with-parent")
                .value_name("PID")
                .help("Stop as by SIGTERM when the process that starts ewsd, and whose PID this is, ends"),
        )
        .disable_version_flag(true)
        .arg(Arg::new("version").short('V').long("version").action(ArgAction::Version).help("Print version"))
}

fn settings_page() -> (String, String) {
    let head = format!(
        "{}\n.SH NAME\newsd.toml \\- settings of ewsd\n.SH SYNOPSIS\n\\fI{}\\fR\n\
         .SH DESCRIPTION\nA TOML file with the sections and keys below. A key that is missing has its default; an unknown key is \
         an error.\nThe shipped file holds every key, commented out, at its default. `ewsctl config check` tells whether a file \
         is right,\n`ewsctl config show` what it amounts to, `ewsctl reload` applies it.\n.SH SETTINGS\n",
        heading("ewsd.toml", "5"),
        ewsd_settings::DEFAULT_FILE,
    );
    let tail = ".SH SEE ALSO\n.BR ewsd (8),\n.BR ewsctl (1)\n";
    ("ewsd.toml.5".to_owned(), head + &ewsd_settings::manual_roff() + tail)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ewsd_settings::SECTIONS;

    fn text(name: &str) -> String {
        super::pages().unwrap().into_iter().find(|(page, _)| page == name).unwrap().1
    }

    #[test]
    fn every_program_and_command_has_a_page() {
        for name in ["ewsd.8", "ewsd-worker.8", "ewsctl.1", "ewsctl-account-add.1", "ewsctl-demo.1", "ewsd.toml.5"] {
            assert!(text(name).starts_with(".TH") || text(name).contains("\n.TH"), "{name}");
        }
    }

    #[test]
    fn every_page_of_ewsctl_has_the_exit_statuses() {
        for name in ["ewsctl.1", "ewsctl-account-add.1", "ewsctl-deliver.1"] {
            let page = text(name);
            assert!(
                page.contains(".SH EXIT STATUS\n") && page.contains("\\fB67\\fR\nthere is no such account"),
                "{name}"
            );
        }
    }

    #[test]
    fn the_master_takes_what_its_page_says() {
        let program = include_str!("../bin/ewsd.rs");
        for option in super::ewsd().get_arguments() {
            let long = format!("--{}", option.get_long().unwrap());
            assert!(program.matches(&long).count() >= 2, "{long} in usage and parser of src/bin/ewsd.rs");
        }
    }

    #[test]
    fn the_settings_page_names_every_key() {
        let page = text("ewsd.toml.5");
        for row in SECTIONS.iter().flat_map(|section| section.rows) {
            let name = row.key.split_once('.').unwrap().1;
            assert!(page.contains(&format!("\\fB{name}\\fR")), "{}", row.key);
        }
    }
}
