//! Reads /proc: who is whose child, which sockets a process holds, who still uses a folder.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Every process's id.
fn all() -> Vec<u32> {
    fs::read_dir("/proc").expect("/proc").filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The command line, its words separated by blanks; empty for a zombie or one that has gone.
pub fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned()
}

pub fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|l| l.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// The processes that it started and that run.
pub fn children(pid: u32) -> Vec<u32> {
    all().into_iter().filter(|child| parent(*child) == Some(pid) && alive(*child)).collect()
}

/// Whether the process runs (a zombie does not).
pub fn alive(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|l| l.starts_with("State:") && !l.contains('Z') && !l.contains('X'))
}

/// The user that the process runs as.
pub fn user(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|l| l.strip_prefix("Uid:"))?.split_whitespace().next()?.parse().ok()
}

/// What the process and those that it started take of the memory, in octets: what several share is parted among them (PSS).
pub fn memory(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("its memory");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).expect("its share");
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().expect("a number");
    kilobytes * 1024 + children(pid).into_iter().map(memory).sum::<u64>()
}

/// The master's children that run in a role, by process id.
pub fn workers(master: u32, role: &str) -> Vec<u32> {
    let mut found: Vec<u32> = all()
        .into_iter()
        .filter(|pid| parent(*pid) == Some(master) && alive(*pid))
        .filter(|pid| command_line(*pid).contains(&format!("--role {role}")))
        .collect();
    found.sort_unstable();
    found
}

/// The processes whose command line names the folder or that work inside it: id and command line.
pub fn using(folder: &Path) -> Vec<(u32, String)> {
    let name = folder.to_string_lossy().into_owned();
    all()
        .into_iter()
        .filter(|pid| *pid != std::process::id() && alive(*pid))
        .filter(|pid| {
            command_line(*pid).contains(&name)
                || fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
        })
        .map(|pid| (pid, command_line(pid)))
        .collect()
}

/// The inodes of the sockets in a process's descriptor table.
pub fn sockets(pid: u32) -> HashSet<u64> {
    let Ok(table) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return HashSet::new();
    };
    table
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

/// The inode of the server's end of a loopback connection; `None` when the kernel has none (anymore).
pub fn server_end(server: u16, client: u16) -> Option<u64> {
    let table = fs::read_to_string("/proc/net/tcp").expect("/proc/net/tcp");
    let (local, remote) = (format!(":{server:04X}"), format!(":{client:04X}"));
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let matches = fields.get(1)?.ends_with(&local) && fields.get(2)?.ends_with(&remote);
        let inode = fields.get(9)?.parse().ok()?;
        (matches && inode != 0).then_some(inode)
    })
}
