//! How the private cluster is set up: names and `postgresql.conf`. Starting it is the worker's database role.

/// The database of the private cluster.
pub const DATABASE: &str = "ewsd";

/// Makes it, in single-user mode, right after `initdb`.
pub const CREATE_DATABASE: &str = "create database ewsd;\n";

/// The file beside `postgresql.conf` that holds [`conf`]; written anew at each start.
pub const CONF: &str = "ewsd.conf";

/// The administrator's own settings, after ours.
pub const LOCAL_CONF: &str = "local.conf";

/// Lines for the end of `postgresql.conf`: ours, then whatever the administrator puts into `local.conf`.
pub const INCLUDE: &str = "\ninclude 'ewsd.conf'\ninclude_if_exists 'local.conf'\n";

/// The superuser that `initdb` makes; local connections are trusted, the socket's directory is closed to others.
pub const USER: &str = "ewsd";

/// Arguments for `initdb` besides `-D`. C.UTF-8 needs no locale installed; sorting for people is ICU's (see V1).
pub const INITDB: &[&str] = &[
    "--username=ewsd",
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--no-instructions",
];

/// Settings that differ from PostgreSQL's defaults, for `postgresql.conf` or `-c`, with the reason.
pub const SETTINGS: &[(&str, &str, &str)] = &[
    ("listen_addresses", "", "sockets only; never on the network"),
    ("unix_socket_permissions", "0700", "the directory is closed as well"),
    ("max_connections", "200", "one per worker, and the programs of administrators"),
    ("shared_buffers", "128MB", "indexes and hot rows; the system caches contents"),
    ("effective_cache_size", "1GB", "most reads are served from memory"),
    ("work_mem", "8MB", "sorts of one folder's rows"),
    ("maintenance_work_mem", "64MB", "vacuum and index builds"),
    ("wal_compression", "on", "page images are most of the log after a checkpoint"),
    ("default_toast_compression", "lz4", "message texts: several times faster than pglz"),
    ("synchronous_commit", "on", "250 means kept"),
    ("max_wal_size", "2GB", "checkpoints by time"),
    ("min_wal_size", "128MB", "log segments are used again"),
    ("checkpoint_timeout", "15min", "fewer page images"),
    ("bgwriter_delay", "1s", "for two minutes after any work it wakes so often"),
    ("bgwriter_lru_maxpages", "500", "as many pages a second as with the delay that is usual"),
    ("random_page_cost", "1.1", "there are no seeks"),
    ("jit", "off", "every statement is short"),
    ("autovacuum_naptime", "60s", "each round is a process of 15 ms; counters are pruned where they lie"),
    ("autovacuum_vacuum_cost_limit", "2000", "vacuum keeps up with deliveries"),
    ("log_min_duration_statement", "1000", "in milliseconds; a slow statement is a fault"),
    ("log_parameter_max_length", "0", "a statement's values are people's mail"),
    ("log_parameter_max_length_on_error", "0", "the same"),
    ("log_error_verbosity", "terse", "details quote rows"),
    ("log_checkpoints", "off", "not of interest to the administrator of a mail server"),
    ("log_line_prefix", "'postgres[%p] %a '", "the master's log adds the time"),
    ("password_encryption", "scram-sha-256", "should somebody add a user"),
];

/// Settings that a server may not know or have; it is asked with `postgres -C NAME` or falls back without them.
pub const OPTIONAL: &[&str] = &["default_toast_compression"];

/// The lines of a `postgresql.conf`, without the settings named in `leave_out`.
pub fn conf(leave_out: &[&str]) -> String {
    let mut text = String::new();
    for (name, value, reason) in SETTINGS.iter().filter(|(name, _, _)| !leave_out.contains(name)) {
        let quoted = if value.starts_with('\'') { (*value).to_owned() } else { format!("'{value}'") };
        text.push_str(&format!("{name} = {quoted}  # {reason}\n"));
    }
    text
}
