//! The table of worker roles: what the master must know of each to start, watch, reload and end it, and the worker to become it.
//!
//! A new role is a row here and its file, `worker/src/role/<name>.rs`, with a line in `worker/src/role/mod.rs` (the compiler
//! asks for it); the master goes by the rows alone. ARCHITECTURE.md has a line for each, which a test compares.

/// What a role is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Takes jobs from the socket that its generation shares. Its deadlines are the jobs'; a reload starts a new generation of it.
    Jobs,
    /// Makes the database ready, which is what its `Ready` says. It starts first, ends last and outlives reloads; if it exits with
    /// success after that, the database needs nobody.
    Database,
    /// Works by itself, or when a word comes to it ([`crate::Word`]). A reload ends it and starts it anew.
    Own,
}

/// How many processes of a role there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processes {
    One,
    /// As many as `process.workers` says.
    Workers,
    /// As many as `process.logins` says, and none where nobody else is asked for passwords.
    Logins,
}

/// What a role may do to the machine; calls and files are the matter of `worker/src/sandbox.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sandbox {
    /// If the master is root, it runs as `process.user` and never as root.
    pub other_user: bool,
    /// But as `process.login_user`, if that is set: root, where modules of PAM want it.
    pub own_user: bool,
    /// `limits.worker_bytes` bounds its address space. It then has no thread but one when that is set.
    pub bounded_memory: bool,
    /// System calls (seccomp).
    pub calls: Calls,
    /// Files that it may open by name (landlock).
    pub files: Files,
}

/// Which system calls a role needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Starts programs.
    Programs,
    /// Connects to the database, and to hosts elsewhere; runs nothing.
    Network,
    /// Connects to those who are asked for passwords; runs nothing but what modules of PAM do.
    Login,
    /// Connects to the database alone; runs nothing.
    Database,
    /// Computes, and speaks on the sockets that it was given.
    Nothing,
}

/// Which files a role needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// Whatever its user may: who runs PostgreSQL may have it keep tables, logs and copies anywhere.
    Any,
    /// Reads what libraries do (resolver, certificates, time zones), the state directory, and what the settings name for mail
    /// that leaves.
    Resolver,
    /// The same, with what the settings name for logins, and writes what an administrator wants to see of requests.
    Database,
    /// Reads what libraries do, and what the settings name for those who are asked for passwords. Whatever its user may
    /// where that is PAM, whose modules are an administrator's choice.
    Login,
    /// None at all.
    None,
}

/// What the processes of a role answer to those of others, over a socket that all who ask share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// What strangers' octets say.
    Convert,
    /// Whether somebody else takes a password for right.
    Login,
}

/// All services.
pub const SERVICES: &[Service] = &[Service::Convert, Service::Login];

impl Service {
    /// The descriptor at which a process asks, or is asked ([`crate::fd`]).
    pub const fn descriptor(self) -> i32 {
        match self {
            Service::Convert => crate::fd::CONVERT,
            Service::Login => crate::fd::LOGIN,
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleRow {
    pub role: Role,
    /// As in `--role`, in status, metrics and the log.
    pub name: &'static str,
    /// What it does, for people.
    pub what: &'static str,
    pub processes: Processes,
    pub duty: Duty,
    /// Started only when the database role was ready.
    pub needs_database: bool,
    /// Changes mailboxes and tells the master after the commit: when one dies in between, the journals are swept.
    pub commits: bool,
    /// Is told [`crate::Word::Look`] when there may be mail to send.
    pub looks_for_mail: bool,
    /// Is told [`crate::Word::Changed`] and tells what other nodes say ([`crate::Reply::Nodes`]).
    pub tells_nodes: bool,
    /// What it answers to others. It is handed nothing that it has no use for: of the settings those of its service alone, a shared
    /// memory that is its service's own, and of the service's socket the end at which questions come.
    pub answers: Option<Service>,
    /// What it may ask others.
    pub asks: &'static [Service],
    pub sandbox: Sandbox,
}

macro_rules! roles {
    ($( $(#[$meta:meta])* $name:ident $text:literal $what:literal { $($field:ident : $value:expr),* $(,)? } )*) => {
        /// What a worker process does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role { $( $(#[$meta])* $name, )* }

        /// All roles; [`Role::row`] finds a role's own.
        pub const ROLES: &[RoleRow] = &[ $( RoleRow { role: Role::$name, name: $text, what: $what, $($field: $value),* }, )* ];

        impl Role {
            /// Its line of the table.
            pub const fn row(self) -> &'static RoleRow {
                match self { $( Role::$name => &RoleRow {
                    role: Role::$name, name: $text, what: $what, $($field: $value),*
                }, )* }
            }
        }
    };
}

roles! {
    /// The private PostgreSQL, migrations.
    Database "database" "the private PostgreSQL, if none is configured; migrations" {
        processes: Processes::One,
        duty: Duty::Database,
        needs_database: false,
        commits: false,
        looks_for_mail: false,
        tells_nodes: false,
        answers: None,
        asks: &[Service::Convert],
        sandbox: Sandbox {
            other_user: true,
            own_user: false,
            bounded_memory: false,
            calls: Calls::Programs,
            files: Files::Any,
        },
    }
    /// HTTP and LMTP.
    Request "request" "one complete request at a time, HTTP and LMTP" {
        processes: Processes::Workers,
        duty: Duty::Jobs,
        needs_database: true,
        commits: true,
        looks_for_mail: false,
        tells_nodes: false,
        answers: None,
        asks: &[Service::Convert, Service::Login],
        sandbox: Sandbox {
            other_user: true,
            own_user: false,
            bounded_memory: true,
            calls: Calls::Database,
            files: Files::Database,
        },
    }
    /// Expiry and trimming.
    Janitor "janitor" "expiry and trimming" {
        processes: Processes::One,
        duty: Duty::Own,
        needs_database: true,
        commits: false,
        looks_for_mail: false,
        tells_nodes: false,
        answers: None,
        asks: &[Service::Convert],
        sandbox: Sandbox {
            other_user: true,
            own_user: false,
            bounded_memory: false,
            calls: Calls::Database,
            files: Files::Database,
        },
    }
    /// Outgoing mail; a report to a sender is a change of a mailbox.
    Courier "courier" "outgoing mail to the smarthost, reports to senders, calls of subscribers, keys of the identity provider" {
        processes: Processes::One,
        duty: Duty::Own,
        needs_database: true,
        commits: true,
        looks_for_mail: true,
        tells_nodes: false,
        answers: None,
        asks: &[Service::Convert],
        sandbox: Sandbox {
            other_user: true,
            own_user: false,
            bounded_memory: false,
            calls: Calls::Network,
            files: Files::Resolver,
        },
    }
    /// Between the nodes of one database.
    Herald "herald" "tells other nodes what changed here, and hears from them" {
        processes: Processes::One,
        duty: Duty::Own,
        needs_database: true,
        commits: false,
        looks_for_mail: false,
        tells_nodes: true,
        answers: None,
        asks: &[Service::Convert],
        sandbox: Sandbox {
            other_user: true,
            own_user: false,
            bounded_memory: false,
            calls: Calls::Database,
            files: Files::Database,
        },
    }
    /// MIME, HTML, TNEF, for all who ask.
    Converter "converter" "reads strangers' octets for the others: no database, network or files" {
        processes: Processes::Workers,
        duty: Duty::Own,
        needs_database: false,
        commits: false,
        looks_for_mail: false,
        tells_nodes: false,
        answers: Some(Service::Convert),
        asks: &[],
        sandbox: Sandbox {
            other_user: true,
            own_user: false,
            bounded_memory: true,
            calls: Calls::Nothing,
            files: Files::None,
        },
    }
    /// A directory, or PAM.
    Login "login" "asks others whether a password is right, for the request workers: no database" {
        processes: Processes::Logins,
        duty: Duty::Own,
        needs_database: false,
        commits: false,
        looks_for_mail: false,
        tells_nodes: false,
        answers: Some(Service::Login),
        asks: &[],
        sandbox: Sandbox {
            other_user: true,
            own_user: true,
            bounded_memory: true,
            calls: Calls::Login,
            files: Files::Login,
        },
    }
}

impl Role {
    /// As in `--role`, in status, metrics and the log.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        ROLES.iter().find(|row| row.name == name).map(|row| row.role)
    }

    /// Whether it takes jobs.
    pub fn has_jobs(self) -> bool {
        self.row().duty == Duty::Jobs
    }

    /// Whether it must say [`crate::Reply::Step`] in time, else it is killed: whoever has no jobs has no other deadline.
    pub fn says_step(self) -> bool {
        !self.has_jobs()
    }

    /// Whether the others wait for it.
    pub fn brings_database(self) -> bool {
        self.row().duty == Duty::Database
    }

    /// Whether a reload ends it and starts it anew.
    pub fn starts_anew(self) -> bool {
        self.row().duty == Duty::Own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_known_by_their_names() {
        for row in ROLES {
            assert_eq!(Role::from_name(row.name), Some(row.role));
            assert_eq!(row, row.role.row());
        }
        assert_eq!(Role::from_name("nobody"), None);
    }

    #[test]
    fn the_master_counts_on_this() {
        assert_eq!(ROLES.iter().filter(|row| row.role.brings_database()).count(), 1, "one brings the database");
        let answers = |row: &RoleRow| row.answers.is_some();
        let waits = |row: &RoleRow| row.needs_database != (row.role.brings_database() || answers(row));
        assert!(ROLES.iter().all(waits), "the database cannot wait for itself, and who answers others knows none");
        assert_eq!(ROLES.iter().filter(|row| row.role.has_jobs()).count(), 1, "one kind of jobs, one socket");
        assert!(ROLES.iter().all(|row| row.sandbox.other_user), "nobody runs as root");
        assert!(
            ROLES.iter().all(|row| row.sandbox.own_user == (row.answers == Some(Service::Login))),
            "unless it is told so"
        );
        // What bounds memory is set while there is one thread, and neither a worker with jobs nor who answers others has another.
        assert!(ROLES.iter().all(|row| !row.sandbox.bounded_memory || row.role.has_jobs() || answers(row)));
        let converts = |row: &RoleRow| row.answers == Some(Service::Convert);
        assert!(ROLES.iter().all(|row| !converts(row) || row.sandbox.files == Files::None));
    }

    #[test]
    fn every_service_has_a_role_and_a_descriptor() {
        for service in SERVICES {
            let answers = ROLES.iter().filter(|row| row.answers == Some(*service));
            assert_eq!(answers.count(), 1, "{service:?}");
            assert!((crate::fd::CONVERT..crate::fd::END).contains(&service.descriptor()), "{service:?}");
            assert_eq!(SERVICES.iter().filter(|other| other.descriptor() == service.descriptor()).count(), 1);
        }
        // Who is shut in asks nobody: what it may not do itself it could have done.
        assert!(ROLES.iter().all(|row| row.answers.is_none() || row.asks.is_empty()));
    }
}
