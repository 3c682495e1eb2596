//! What a server's processes on this machine take: memory (PSS), processor time, descriptors; and what the kernel keeps for sockets.
//!
//! Processes are those below the master. PostgreSQL's are told apart by their name; where none is below the master, because its database is
//! another's, all of this machine count.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use nix::time::ClockId;
use nix::unistd::{Pid, SysconfVar, sysconf};

use crate::error::{During, Error, Result};
use crate::memory;

/// A line of /proc/PID/stat, as far as it counts here.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    pid: u32,
    name: String,
    parent: u32,
    /// Processor time of children that have ended, in ticks.
    ended: u64,
}

/// The processes of a server.
#[derive(Debug, Clone, Default)]
pub struct Processes {
    /// Master, workers, all roles.
    pub ewsd: Vec<u32>,
    pub postgres: Vec<u32>,
    /// Ticks of those that have ended, by those who were their parents.
    ended: [u64; 2],
}

/// What was taken at some moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample {
    /// Octets of memory.
    pub ewsd_pss: u64,
    pub postgres_pss: u64,
    /// Octets that the kernel keeps for all sockets of this machine, and for what belongs to them: its slabs, and the buffers of TCP.
    pub kernel: u64,
    /// Processor time since their start.
    pub ewsd_cpu: Duration,
    pub postgres_cpu: Duration,
    /// Open ones of all ewsd processes.
    pub descriptors: usize,
}

impl Processes {
    /// Those below a master, and itself.
    ///
    /// # Errors
    /// There is no such process.
    pub fn of(master: u32) -> Result<Processes> {
        let all = stats()?;
        if !all.iter().any(|stat| stat.pid == master) {
            return Err(Error::new(format!("there is no process {master}: is the master on this machine?")));
        }
        Ok(sort(&all, master))
    }

    /// What they take now. A process that ends meanwhile is left out.
    ///
    /// # Errors
    /// What is not to be read by this user.
    pub fn sample(master: u32) -> Result<Sample> {
        let processes = Processes::of(master)?;
        memory::pss(master)?;
        let [ewsd_cpu, postgres_cpu] = processes.spent()?;
        let pss = |pids: &[u32]| pids.iter().filter_map(|pid| memory::pss(*pid).ok()).sum();
        let open = |pid: &u32| fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        Ok(Sample {
            ewsd_pss: pss(&processes.ewsd),
            postgres_pss: pss(&processes.postgres),
            kernel: kernel(),
            ewsd_cpu,
            postgres_cpu,
            descriptors: processes.ewsd.iter().map(open).sum(),
        })
    }

    /// Processor time of ewsd's and of PostgreSQL's since their start, user's and system's, with that of those that have ended.
    pub fn spent(&self) -> Result<[Duration; 2]> {
        let ticks = sysconf(SysconfVar::CLK_TCK).during("ticks")?.and_then(|n| u32::try_from(n).ok()).unwrap_or(100);
        let of = |pids: &[u32], ended: u64| {
            let living: Duration = pids.iter().filter_map(|pid| clock(*pid)).sum();
            living + Duration::from_secs(ended) / ticks
        };
        Ok([of(&self.ewsd, self.ended[0]), of(&self.postgres, self.ended[1])])
    }
}

/// The process and whatever came of it.
pub fn family(first: u32) -> Vec<u32> {
    let (mut all, mut at) = (vec![first], 0);
    while let Some(pid) = all.get(at) {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        at += 1;
    }
    all
}

/// What a process is: `master`, a role, `postgres`.
pub fn kind(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).replace('\0', " ");
    match line.split_once("--role ") {
        Some((_, role)) => role.split(' ').next().unwrap_or_default().to_owned(),
        None if line.contains("postgres") => "postgres".to_owned(),
        None => "master".to_owned(),
    }
}

/// Processor time of a process, to the nanosecond; what /proc/PID/stat says in ticks. None: it has ended.
pub fn clock(pid: u32) -> Option<Duration> {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(i32::try_from(pid).ok()?)).ok()?;
    clock.now().ok().map(Duration::from)
}

fn stats() -> Result<Vec<Stat>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()) {
            // It may have ended by now.
            let text = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            all.extend(read(&text));
        }
    }
    Ok(all)
}

/// `PID (NAME) STATE PARENT …`, where a name may have anything in it; proc(5).
fn read(text: &str) -> Option<Stat> {
    let (pid, rest) = text.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok());
    Some(Stat {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        parent: u32::try_from(number(1)?).ok()?,
        ended: number(13)? + number(14)?,
    })
}

fn sort(all: &[Stat], master: u32) -> Processes {
    let mut below: HashMap<u32, Vec<&Stat>> = HashMap::new();
    for stat in all {
        below.entry(stat.parent).or_default().push(stat);
    }
    let mut found = Processes::default();
    let mut next: Vec<&Stat> = all.iter().filter(|stat| stat.pid == master).collect();
    while let Some(stat) = next.pop() {
        found.add(stat);
        next.extend(below.get(&stat.pid).into_iter().flatten());
    }
    if found.postgres.is_empty() {
        all.iter().filter(|stat| is_postgres(stat)).for_each(|stat| found.add(stat));
    }
    found
}

fn is_postgres(stat: &Stat) -> bool {
    matches!(stat.name.as_str(), "postgres" | "postmaster")
}

impl Processes {
    fn add(&mut self, stat: &Stat) {
        let [own, others] = &mut self.ended;
        let (pids, ended) = if is_postgres(stat) { (&mut self.postgres, others) } else { (&mut self.ewsd, own) };
        pids.push(stat.pid);
        *ended += stat.ended;
    }
}

/// Octets of the kernel's slabs and of TCP's buffers.
pub fn kernel() -> u64 {
    let number = |file: &str, line: &str, name: &str| -> u64 {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|found| found.strip_prefix(line)).unwrap_or_default().to_owned();
        let mut words = line.split_whitespace().skip_while(|word| !name.is_empty() && *word != name);
        let value = if name.is_empty() { words.next() } else { words.nth(1) };
        value.and_then(|value| value.parse().ok()).unwrap_or_default()
    };
    let page = 4096;
    number("/proc/meminfo", "Slab:", "") * 1024 + number("/proc/net/sockstat", "TCP:", "mem") * page
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Stat, kernel, read, sort};

    #[test]
    fn a_line_of_stat_is_read_whatever_the_name() {
        let text = "42 (a) b (c)) S 7 42 42 0 -1 4194560 1 2 0 0 10 20 3 4 20 0 1 0 100 0 0";
        assert_eq!(read(text).unwrap(), Stat { pid: 42, name: "a) b (c)".to_owned(), parent: 7, ended: 7 });
        assert!(read("42 (a) S 7").is_none() && read("").is_none());
    }

    #[test]
    fn postgres_is_told_apart() {
        let stat = |pid, name: &str, parent, ended| Stat { pid, name: name.to_owned(), parent, ended };
        let own = [
            stat(10, "ewsd", 1, 1),
            stat(11, "ewsd-worker", 10, 2),
            stat(12, "ewsd-worker", 10, 4),
            stat(13, "postgres", 12, 8),
            stat(14, "postgres", 13, 16),
            stat(20, "postgres", 1, 32),
        ];
        let found = sort(&own, 10);
        assert_eq!((found.ewsd.len(), found.postgres.len(), found.ended), (3, 2, [7, 24]));
        let elsewhere = sort(&own[..3], 10);
        assert!(elsewhere.postgres.is_empty());
        let another = [stat(10, "ewsd", 1, 0), stat(20, "postgres", 1, 32)];
        assert_eq!(sort(&another, 10).postgres, [20]);
        assert!(kernel() > 0);
    }
}
