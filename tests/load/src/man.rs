//! ewsload(1), for the package: what clap knows, with the options of each command, and those that name a server once.

use std::io::Write as _;

use clap::{Args as _, Command};
use clap_mangen::Man;

use crate::error::Result;
use crate::target::{SERVER, Server};

const EXAMPLES: &str = r#".SH EXAMPLES
Ten thousand clients that wait at a server of ewsload's own, watched for five minutes:
.PP
.nf
    ewsload idle \-n 10000 \-\-workers 4 \-\-seconds 300 \-\-json idle.json
.fi
.PP
A hundred thousand on six masters that share a port:
.PP
.nf
    ewsload nodes \-\-nodes 6 \-n 100000 \-\-workers 2
.fi
.PP
An upgrade to a program that does not understand what the running one would hand over, which nobody may notice:
.PP
.nf
    ewsload mixed \-\-upgrade\-after 20 \-\-refused misunderstands
.fi
.PP
The server that runs on this machine behind its proxy, with the accounts of a file:
.PP
.nf
    ewsload storm \-n 1000 \-\-url https://localhost/EWS/Exchange.asmx \-\-ca proxy.pem \-\-users people.txt
.fi
.PP
Whether a new version is as good as the one before:
.PP
.nf
    ewsload compare before.json after.json \-\-worse 10 \-\-worse pull_lmtp_p99_ms=25 \-\-limit pull_pss_octets=1000
.fi
.SH FILES
.TP
A file of \-\-users
has a line for each account: address, login and password, with tabs or else commas in between. Mail is brought to the address; it may be
empty where none is. Keep the file to yourself (chmod 600).
.SH NOTES
Load is put on addresses of this machine alone unless \-\-allow\-remote says that the other one's administrator knows. Memory is PSS
(proc(5), smaps_rollup), for which ewsload runs as root or as the server's user. What the kernel keeps is its slabs and the buffers of TCP,
for both ends of each connection where both are on this machine. Rates are kept whether answers come or not, and times count from when a
request was due. Many clients need descriptors (ulimit \-n), at the server as well (LimitNOFILE), and ports: an address of this machine's has as many as
/proc/sys/net/ipv4/ip_local_port_range says for each address it connects to. ewsload nodes shares its clients out over processes
(\-\-processes), each with a limit and an address (127.0.1.1 and so on) of its own, and says before it starts anything what does not suffice.
.SH SEE ALSO
ewsd(8), ewsctl(1), ewsd.toml(5)
"#;

/// Prints the page.
pub fn print(command: Command) -> Result {
    let mut out = std::io::stdout().lock();
    out.write_all(&page(command)?)?;
    Ok(())
}

fn page(command: Command) -> Result<Vec<u8>> {
    // No date: two builds of the same source give the same octets.
    let head = concat!(".TH ewsload 1 \"\" \"ewsd ", env!("CARGO_PKG_VERSION"), "\" \"ewsd\"\n");
    let mut out = head.as_bytes().to_vec();
    let man = Man::new(command.clone()).title("ewsload");
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        section(one, &mut out)?;
    }
    let server = Server::augment_args(Command::new("ewsload"));
    out.extend_from_slice(b".SH WHICH SERVER\n");
    options(&server.disable_help_flag(true).mut_args(|arg| arg.help_heading(None)), &mut out)?;
    out.extend_from_slice(EXAMPLES.as_bytes());
    Ok(out)
}

/// A command, without the options that all of them have.
fn section(command: &Command, out: &mut Vec<u8>) -> Result {
    let name = command.get_name().to_uppercase();
    writeln!(out, ".SH EWSLOAD {name}")?;
    if let Some(about) = command.get_about() {
        writeln!(out, "{about}.")?;
    }
    let own = |arg: clap::Arg| {
        let shared = arg.get_help_heading() == Some(SERVER);
        arg.help_heading(None).hide(shared)
    };
    options(&command.clone().disable_help_flag(true).mut_args(own), out)
}

fn options(command: &Command, out: &mut Vec<u8>) -> Result {
    if !command.get_arguments().any(|arg| !arg.is_hide_set()) {
        return Ok(());
    }
    let mut rendered = Vec::new();
    Man::new(command.clone()).render_options_section(&mut rendered)?;
    let text = String::from_utf8_lossy(&rendered);
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with(".SH")).collect();
    writeln!(out, "{}", text.join("\n"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::CommandFactory as _;

    #[test]
    fn the_page_has_every_command_with_its_options_and_the_server_once() {
        let page = String::from_utf8(super::page(crate::Cli::command()).unwrap()).unwrap();
        for command in crate::Cli::command().get_subcommands().filter(|one| !one.is_hide_set()) {
            assert!(page.contains(&format!(".SH EWSLOAD {}\n", command.get_name().to_uppercase())), "{page}");
        }
        assert_eq!(page.matches(r"\fB\-\-allow\-remote\fR").count(), 1, "{page}");
        assert!(page.contains(r"\fB\-\-renew\fR") && !page.contains("GUESSERS"), "{page}");
    }
}
