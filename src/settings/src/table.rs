//! The table of settings. Add a key by adding a row, and name it where it is read: workers and `ewsctl` read [`Settings`];
//! what the master reads is a field of `master/src/config.rs` that `src/bin/ewsd.rs` fills. The file, the manual and `ewsctl config`
//! come out of the table; `etc/ewsd.toml` is written anew with `ewsctl config show --defaults`.
//!
//! A row: `name: type = default, reload, reader, check, "meaning";`. The macro yields one struct per section, [`Settings`] with
//! all of them, [`SECTIONS`] for whoever lists them, and the one loop that visits every field with its row.

use crate::value::{Check, Reader, Reload, Row, Section, Value};

/// What is done with every field of a [`Settings`], in the order of the table.
pub(crate) trait Visitor {
    fn field<V: Value>(&mut self, row: &'static Row, value: &mut V);
}

macro_rules! settings {
    ($($section:ident: $Section:ident $about:literal {
        $($name:ident: $type:ty = $default:expr, $reload:ident, $reader:ident, $check:expr, $doc:literal;)*
    })*) => {
        /// Every setting, typed. The fields are the sections of `ewsd.toml`.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Settings {
            $(#[doc = $about] pub $section: $Section,)*
        }

        $(
            #[doc = $about]
            #[derive(Debug, Clone, PartialEq)]
            pub struct $Section {
                $(#[doc = $doc] pub $name: $type,)*
            }

            impl Default for $Section {
                fn default() -> Self {
                    Self { $($name: $default.into(),)* }
                }
            }
        )*

        /// Every section with its rows, in the order in which they are written out.
        pub static SECTIONS: &[Section] = &[$(Section {
            name: stringify!($section),
            doc: $about,
            rows: &[$(Row {
                key: concat!(stringify!($section), ".", stringify!($name)),
                kind: <$type as Value>::KIND,
                reload: Reload::$reload,
                reader: Reader::$reader,
                check: $check,
                doc: $doc,
            },)*],
        },)*];

        impl Settings {
            /// Calls `visitor` once for each row of [`SECTIONS`], in their order.
            pub(crate) fn visit(&mut self, visitor: &mut impl Visitor) {
                let mut rows = SECTIONS.iter().flat_map(|section| section.rows);
                $($(
                    if let Some(row) = rows.next() {
                        visitor.field(row, &mut self.$section.$name);
                    }
                )*)*
            }
        }
    };
}

/// The languages in which folders have names (`ewsd-model`, `folder_name.rs`; a test of the programs compares the two).
pub const LANGUAGES: &[&str] = &[
    "en", "de", "fr", "es", "it", "nl", "pt", "ja", "pl", "da", "sv", "nb", "fi", "cs", "sk", "hu", "ru", "uk", "bg",
    "tr", "el", "ro", "hr", "sl", "lv", "et", "he", "ar", "th", "vi", "id", "ca", "ko", "zh", "zh-TW", "pt-PT",
];

const NONE: [String; 0] = [];
const SECONDS: Check = Check::Between(1, 86_400);

settings! {
    server: Server "Where the server listens and where it keeps its state." {
        state_dir: String = "/var/lib/ewsd", Restart, Both, Check::AbsolutePath,
            "Directory for the control socket and, without database.url, the private PostgreSQL cluster.";
        name: String = "", Live, Worker, Check::Domain,
            "Host name in the LMTP greeting, in Received lines and in Message-IDs; empty: the machine's name.";
        public_url: String = "", Live, Worker, Check::BaseUrlOrNone,
            "Where clients reach this server through the proxy in front, as https://HOST: what Autodiscover tells them. Empty: the host by which the client asks, with the scheme that the proxy names (X-Forwarded-Proto).";
        http: Vec<String> = ["127.0.0.1:8080".to_owned()], Restart, Master, Check::Listener,
            "Where EWS is served, in plain HTTP: put a TLS proxy in front. ADDRESS:PORT or unix:/PATH; port 0 takes a free one. Options follow: reuseport (several servers of this machine, with one database, share the port), proxy (each connection begins with the header of the PROXY protocol, from server.trusted_proxies only, and is one client's alone; auth.headers is believed there only with schemes=headers, and X-Forwarded-Proto is not, so set server.public_url), mode=0660 and group=NAME of a Unix socket, schemes=basic+ntlm for a listener where not all login schemes are spoken that are on (basic, digest, ntlm, negotiate, bearer, headers).";
        lmtp: Vec<String> = ["unix:/run/ewsd/lmtp mode=0660".to_owned()], Restart, Master, Check::PlainListener,
            "Where mail comes in by LMTP. unix:/PATH, with mode and group as for http, or ADDRESS:PORT, which every user of this machine may put mail into; an empty list takes no mail.";
        admin: String = "127.0.0.1:8081", Restart, Master, Check::ListenerOrNone,
            "Where /metrics, /healthz and /readyz are served, without authentication; empty: nowhere.";
        min_free_bytes: u64 = 0u64, Live, Worker, Check::Between(0, 1 << 50),
            "With less room than that beside the private PostgreSQL no mail is taken (452) and nothing written (ErrorInsufficientResources), while reading and deleting go on; 0: one and a half of limits.message_bytes and 64 MB.";
        trusted_proxies: Vec<String> = ["127.0.0.1".to_owned(), "::1".to_owned()], Live, Both, Check::Network,
            "Proxies, as addresses or networks, whose X-Forwarded-For, X-Forwarded-Proto and PROXY headers are believed, and whose connections never keep an identity. Who connects to a Unix socket is one of them.";
    }
    process: Process "The worker processes." {
        worker: String = "", Live, Master, Check::AbsolutePathOrNone,
            "The worker program; empty: ewsd-worker beside ewsd, else in ../libexec.";
        user: String = "", Restart, Master, Check::Any,
            "The user that workers and the private PostgreSQL run as when ewsd is started by root; empty: ewsd, else postgres.";
        workers: u64 = 0u64, Live, Master, Check::Between(0, 1024),
            "How many request workers stand ready; 0: one per processor, at least two.";
        logins: u64 = 0u64, Live, Master, Check::Between(0, 1024),
            "How many processes ask others whether a password is right (auth.basic_against), and so how many request workers may wait for that at a time; 0: half as many as process.workers.";
        login_user: String = "", Restart, Master, Check::Any,
            "The user that those processes run as with auth.basic_against = \"pam\" when ewsd is started by root: root for modules that want it, as pam_unix does for others' passwords. Empty: as the others.";
        retire_after: u64 = 10_000u64, Live, Worker, Check::Between(1, u64::MAX >> 1),
            "A worker is replaced by a fresh one after so many requests.";
        retire_bytes: u64 = 134_217_728u64, Live, Worker, Check::Between(0, 1 << 44),
            "A worker that is found to keep more memory than that between requests is replaced by a fresh one; 0: never.";
        drain_seconds: u64 = 30u64, Live, Master, Check::Between(0, 3600),
            "How long a stopping server finishes requests that it has begun.";
    }
    limits: Limits "What one client, and all of them together, may take." {
        connections: u64 = 0u64, Live, Master, Check::Between(0, 1_000_000),
            "Client connections in all; further ones get 503. The descriptor limit of the process must allow them. 0: as many as that limit allows, 20,000 at most.";
        connections_per_address: u64 = 0u64, Live, Master, Check::Between(0, 1_000_000),
            "Client connections from one address; 0: no such limit, as behind a proxy.";
        connections_per_network: u64 = 0u64, Live, Master, Check::Between(0, 1_000_000),
            "Client connections from one network (/24, of IPv6 /64), but for local ones and those of trusted proxies; 0: half of limits.connections.";
        held_per_account: u64 = 5_000u64, Live, Master, Check::Between(1, 1_000_000),
            "Calls of one account that wait for mail at a time (GetEvents), streams apart; further ones get 503. One costs a descriptor and no worker; Exchange allows 10 or so.";
        exempt_networks: Vec<String> = NONE, Live, Master, Check::Network,
            "Addresses or networks from which there may be any number of connections, such as those of an office behind one address. Accounts are exempted by `ewsctl account set ADDRESS exempt=yes`.";
        workers_per_account: u64 = 0u64, Live, Master, Check::Between(0, 1_024),
            "Request workers that are busy for one account at a time, or for one network of clients that have not said who they are; its further requests wait. 0: three quarters of process.workers.";
        buffered_bytes: u64 = 268_435_456u64, Live, Master, Check::Between(1_048_576, 1 << 44),
            "Request bytes held in memory for all clients together; beyond that 503. Large bodies may take four times as much, in files in memory, and so may answers that are not read: beyond that the oldest connection is closed of who leaves most unread.";
        head_seconds: u64 = 10u64, Live, Master, SECONDS,
            "Time for a request line with all its header lines.";
        body_min_rate: u64 = 500u64, Live, Master, Check::Between(1, 1 << 30),
            "A request body must arrive, and an answer be taken, with at least so many bytes per second.";
        idle_seconds: u64 = 120u64, Live, Master, SECONDS,
            "A connection without a request is closed after this time; keep it above that of the proxy in front.";
        request_seconds: u64 = 300u64, Live, Both, SECONDS,
            "A worker that takes longer over one request is killed; a database that takes a little less over it is given up: server busy.";
        queue_seconds: u64 = 30u64, Live, Master, SECONDS,
            "A request that no worker took after this time gets 503.";
        pipelined_bytes: u64 = 65_536u64, Live, Master, Check::Between(0, 1 << 24),
            "Bytes of following requests that are kept while one is being served.";
        body_bytes: u64 = 157_286_400u64, Live, Both, Check::Between(65_536, 1 << 32),
            "The largest request body; an attachment grows by a third in XML. Beyond that 413.";
        unauthenticated_bytes: u64 = 1_048_576u64, Live, Worker, Check::Between(0, 1 << 30),
            "So much of a body is read and thrown away to answer 401 on a connection that stays open; beyond that it is closed, unless a login goes on over it (NTLM): then limits.body_bytes counts.";
        message_bytes: u64 = 52_428_800u64, Live, Worker, Check::Between(65_536, 1 << 32),
            "The largest message, by LMTP (which names it in its SIZE) as from clients, and the largest attachment.";
        recipients: u64 = 1_000u64, Live, Worker, Check::Between(100, 100_000),
            "Recipients of one message, taken by LMTP or sent by a client.";
        items_per_request: u64 = 1_000u64, Live, Worker, Check::Between(1, 100_000),
            "Items or folders named in one request.";
        recipients_per_hour: u64 = 10_000u64, Live, Worker, Check::Between(0, 1 << 40),
            "Recipients of all that one account sends in an hour; beyond that ErrorServerBusy until the hour is over. 0: no limit.";
        changes_per_hour: u64 = 200_000u64, Live, Worker, Check::Between(0, 1 << 40),
            "Changes of one mailbox in an hour, mail that comes in among them; beyond that ErrorServerBusy, and 451 to mail, until the hour is over. 0: no limit.";
        folders: u64 = 10_000u64, Live, Worker, Check::Between(0, 1 << 40),
            "Folders of one mailbox; beyond that ErrorQuotaExceeded. 0: no limit.";
        folder_depth: u64 = 100u64, Live, Worker, Check::Between(0, 1 << 40),
            "Folders in each other; deeper ones are ErrorInvalidParentFolder. 0: no limit.";
        changes_per_object: u64 = 1_000u64, Live, Worker, Check::Between(100, 100_000),
            "Changes of one item or folder in one request, and extended properties of a new one; beyond that ErrorInvalidArgument.";
        find_rows: u64 = 1_000u64, Live, Worker, Check::Between(1, 100_000),
            "Rows in one answer of FindItem and FindFolder; clients page through the rest.";
        restriction_cost: u64 = 1_000u64, Live, Worker, Check::Between(10, 1_000_000),
            "What the conditions and the sort order of one search may cost: 1 for a comparison of a property, up to 4 where texts, words or lists are searched, 32 for a body, 16 for a field to sort by, 1 for each word of a query string. Beyond that ErrorRestrictionTooComplex.";
        answer_bytes: u64 = 67_108_864u64, Live, Worker, Check::Between(1_048_576, 1 << 34),
            "The largest answer; what would not fit into it is ErrorMessageSizeExceeded, or left for the next page. Its first item is always given whole.";
        sync_changes: u64 = 512u64, Live, Worker, Check::Between(1, 10_000),
            "Changes in one answer of SyncFolderItems.";
        calendar_bytes: u64 = 4_194_304u64, Live, Worker, Check::Between(65_536, 1 << 30),
            "The largest iCalendar text that is read, in mail and of clients. Mail with more is delivered as mail like any other, a client is answered ErrorMimeContentInvalid; so it is with what has more events, properties or parameters than programs write.";
        calendar_exceptions: u64 = 500u64, Live, Worker, Check::Between(1, 100_000),
            "Occurrences of one series that differ, in iCalendar; beyond that as above.";
        attachment_depth: u64 = 10u64, Live, Worker, Check::Between(1, 100),
            "Messages attached to messages attached to messages.";
        worker_bytes: u64 = 2_147_483_648u64, Live, Worker, Check::Between(134_217_728, 1 << 44),
            "Address space of a request worker, and of a converter (RLIMIT_AS): what would take more ends that process alone. Keep it above 8 times message_bytes.";
        convert_seconds: u64 = 10u64, Live, Worker, Check::Between(1, 3600),
            "Time of the processor for reading one mail, body or file. A converter that takes more is killed; mail that two of them took more over is kept unread. Whoever waits four times as long for an answer is told that the server is busy.";
        subscriptions_per_account: u64 = 5_000u64, Live, Worker, Check::Between(1, 1_000_000),
            "Subscriptions that one account holds at a time; beyond that ErrorExceededSubscriptionCount.";
        clock_seconds: u64 = 3_600u64, Live, Worker, Check::Between(0, 604_800),
            "A clock that has jumped by an hour or more, or that nobody looked at for so long because no server ran, must go evenly for this time before anything is thrown away by its age: journal, contents that nothing names, expired subscriptions, outgoing mail that nobody takes. 0: at once.";
        streams_per_account: u64 = 10u64, Live, Worker, Check::Between(1, 1_000_000),
            "Streams (GetStreamingEvents) that one account has open at a time on one server; beyond that ErrorExceededConnectionCount.";
    }
    database: Database "PostgreSQL 15 or newer." {
        url: String = "", Restart, Worker, Check::Any,
            "postgresql://USER:PASSWORD@HOST/NAME or key=value pairs; empty: ewsd runs a private PostgreSQL under server.state_dir.";
        herald_url: String = "", Restart, Worker, Check::Any,
            "Where the herald, which tells the nodes of one database of each other's changes, finds PostgreSQL itself, if database.url names a pooler; empty: as database.url says.";
        bin_dir: String = "", Restart, Worker, Check::AbsolutePathOrNone,
            "Where initdb and postgres of the private PostgreSQL lie; empty: the newest below /usr/lib/postgresql, /usr/pgsql-*, or in PATH.";
        retry_seconds: u64 = 10u64, Live, Worker, Check::Between(1, 600),
            "BackOffMilliseconds told to clients while PostgreSQL cannot be reached.";
    }
    http: Http "Answers over HTTP." {
        gzip_bytes: u64 = 1_024u64, Live, Worker, Check::Between(0, 1 << 30),
            "Answers from this size on are compressed for clients that accept it; 0: never.";
    }
    auth: Auth "Who are you." {
        basic: bool = true, Live, Worker, Check::Any,
            "Offer Basic authentication.";
        basic_against: String = "accounts", Live, Both, Check::OneOf(&["accounts", "ldap", "pam"]),
            "Who knows the passwords that come by Basic. accounts: the accounts here. ldap: a directory, which is asked by a bind. pam: PAM, with the modules of a service. But an account that has a password here is known by that alone, and what others alone know is nobody's. To hand an account over: `ewsctl account password LOGIN --remove`.";
        ldap_urls: Vec<String> = NONE, Live, Worker, Check::DirectoryUrl,
            "The servers of the directory, the first that answers is asked: ldap://HOST:PORT (TLS by StartTLS), ldaps://HOST:PORT, ldapi://%2FPATH of a socket; without a port 389 and 636.";
        ldap_tls: String = "required", Live, Worker, Check::OneOf(&["required", "none"]),
            "required: ldap:// goes on only after StartTLS with a valid certificate. none: passwords go over ldap:// for everybody on the way to read.";
        ldap_ca: String = "", Live, Worker, Check::AbsolutePathOrNone,
            "A file of CA certificates (PEM) that the directory's servers may be certified by, beside those of the system; empty: none.";
        ldap_bind_dn: String = "", Live, Worker, Check::Template,
            "The name that an account binds with, as uid=%n,ou=people,dc=example,dc=org or %u for what Active Directory calls a user principal name. %u is the account's login, %n what stands before its @, %d what stands behind it; with %n alone anna@example.org and anna@example.com are the same. Empty: the name is searched for.";
        ldap_base: String = "", Live, Worker, Check::Any,
            "The entry at and below which accounts are searched, as ou=people,dc=example,dc=org.";
        ldap_filter: String = "(mail=%u)", Live, Worker, Check::Template,
            "The filter that fits an account's entry and no other, with %u, %n and %d as in auth.ldap_bind_dn: (mail=%u), (&(objectClass=person)(uid=%n)).";
        ldap_search_dn: String = "", Live, Worker, Check::Any,
            "The name to bind with before a search; empty: whoever asks may search.";
        ldap_search_password_file: String = "", Live, Worker, Check::AbsolutePathOrNone,
            "The file whose first line is the password for auth.ldap_search_dn; the workers' user must be able to read it, and nobody else.";
        pam_service: String = "ewsd", Live, Worker, Check::Names,
            "The service whose file below /etc/pam.d says which modules are asked (auth and account).";
        pam_dir: String = "", Live, Worker, Check::AbsolutePathOrNone,
            "The folder that the service's file is in, in place of /etc/pam.d; empty: that one.";
        pam_user: String = "%u", Live, Worker, Check::Template,
            "What an account is called there, with %u, %n and %d as in auth.ldap_bind_dn. With %n alone anna@example.org and anna@example.com are the same.";
        login_seconds: u64 = 5u64, Live, Worker, Check::Between(1, 60),
            "How long it may take to ask others about a password, in all. Whoever logs in then hears that the server is busy, and not that the password was wrong.";
        ntlm: bool = false, Live, Worker, Check::Any,
            "Offer NTLM (version 2 only) to clients that connect directly: never over a connection of server.trusted_proxies. Accounts need a password that was set while this is on, or with `ewsctl account password --ntlm`.";
        digest: bool = false, Live, Worker, Check::Any,
            "Offer Digest (SHA-256 and MD5), which clients take before better schemes. Accounts need a password that was set while this is on, under the realm that is set now, and log in with their login as it is written.";
        negotiate: bool = false, Live, Worker, Check::Any,
            "Offer Negotiate (SPNEGO) as well, with NTLM inside it. Clients that have no way to use it may not come to a better one.";
        keytab: String = "", Restart, Both, Check::AbsolutePathOrNone,
            "A keytab with the keys of HTTP/<host>@<REALM>, readable for the workers' user: Negotiate is offered then, with Kerberos, and every request is proved by itself. Empty: no Kerberos.";
        key_file: String = "", Live, Worker, Check::AbsolutePathOrNone,
            "The file with the key under which the database keeps what NTLM needs of passwords: made by ewsctl when it is first needed, to be readable for the workers' user alone, and to be backed up apart from the database. Empty: secrets.key in server.state_dir.";
        jwks_file: String = "", Live, Worker, Check::AbsolutePathOrNone,
            "Public keys (a JWKS, RFC 7517) of the identity provider whose tokens are taken (RS256, ES256): Bearer is offered then. A changed file is read again within seconds. Empty: no tokens.";
        jwks_url: String = "", Live, Worker, Check::SafeUrlOrNone,
            "Where the identity provider publishes such keys (jwks_uri in its metadata): Bearer is offered then, too. They are fetched by the courier, kept in the database, and fetched again in time, or when a token is signed with a key that is not known. While the provider cannot be reached, the keys that were fetched last are good. https:// only, or http:// of this machine; redirects are not followed.";
        jwks_ca: String = "", Live, Worker, Check::AbsolutePathOrNone,
            "A file with further certificates (PEM) that auth.jwks_url may be certified by, beside those of the system; empty: none.";
        jwks_seconds: u64 = 3_600u64, Live, Worker, Check::Between(1, 86_400),
            "How long fetched keys are good where their provider does not say so (Cache-Control: max-age, up to a day).";
        jwks_again_seconds: u64 = 60u64, Live, Worker, Check::Between(1, 3_600),
            "The least time between two fetches of auth.jwks_url, whatever tokens name for keys and the provider says; also how soon a fetch that failed is tried again.";
        jwks_call_seconds: u64 = 30u64, Live, Worker, Check::Between(1, 300),
            "How long a fetch of auth.jwks_url may take in all.";
        token_issuer: String = "", Live, Worker, Check::Any,
            "What a token's iss must be; empty: no token is taken.";
        token_audience: Vec<String> = NONE, Live, Worker, Check::Any,
            "What a token's aud must name one of; an empty list: no token is taken. Tokens that only tell a client who somebody is (ID tokens) are refused.";
        token_scope: String = "", Live, Worker, Check::Any,
            "What a token's scp or scope must hold; empty: any will do.";
        token_claims: Vec<String> = ["upn".to_owned()], Live, Worker, Check::Names,
            "The claims that name the account, by login or address. The first that a token has decides: if that is nobody's, the token is refused, whatever else it says. Name only what the provider lets nobody choose for himself: upn is that of Entra ID and AD FS; preferred_username of Keycloak, Authentik and others is, where people cannot choose or change their names there. email counts only with email_verified.";
        token_url: String = "", Live, Worker, Check::UrlOrNone,
            "Where clients get a token, as the offer says (authorization_uri); empty: it does not.";
        token_skew_seconds: u64 = 60u64, Live, Worker, Check::Between(0, 3_600),
            "By how much the provider's clock may differ.";
        headers: Vec<String> = NONE, Live, Worker, Check::Any,
            "Header fields in which server.trusted_proxies say whom they have asked: X-Remote-User with a login, an address or a principal; the whole subject of a client's certificate as RFC 2253 and 4514 write it (not with slashes, nor a part of it that people choose), of which emailAddress, else UID, else CN names the account. The proxy must take the field out of what clients send; whoever else reaches its listener can be anybody, so give it a Unix socket with a group.";
        realms: Vec<String> = NONE, Live, Worker, Check::Any,
            "Kerberos realms and Windows domains whose people are ours: anna@EXAMPLE.ORG and, from a proxy or in a token, EXAMPLE\\anna are the login anna where EXAMPLE.ORG and EXAMPLE are among them. An address of an account is always its own.";
        realm: String = "ewsd", Live, Worker, Check::Any,
            "The realm named to clients.";
        cache_seconds: u64 = 300u64, Live, Worker, Check::Between(0, 86_400),
            "How long a password once found right is taken again without computing its hash, whoever proved by NTLM, Digest, Kerberos, a token or a proxy who it is does so again without the database being asked, and a connection stays whose NTLM proved it; 0: never.";
        failures_per_minute: u64 = 30u64, Live, Worker, Check::Between(0, 1_000_000),
            "Failed logins per minute after which whatever comes from that address (of IPv6, from its 64 bits) is refused for the rest of the minute, but logins of accounts that came in from there before (auth.login_days) as long as those did not fail so often themselves; and after which whatever is for an account from that address is refused. 0: no limit, and no delays.";
        failure_delay_seconds: u64 = 8u64, Live, Worker, Check::Between(0, 30),
            "The answers to failed logins come later with each failure of an account or an address, up to so many seconds; nothing waits for that but the one who guesses.";
        login_days: u64 = 90u64, Live, Worker, Check::Between(0, 3650),
            "So many days it is kept from which addresses (of IPv6, from which 64 bits) and by which schemes an account came in, for ewsctl login show, and so that guesses from there do not keep it out (auth.failures_per_minute); 0: nothing is noted.";
    }
    autodiscover: Autodiscover "How clients find the server from a mail address alone." {
        domain_urls: Vec<String> = NONE, Live, Worker, Check::DomainBaseUrl,
            "Other names than server.public_url for the people of some domains, as DOMAIN=https://HOST.";
        redirect: Vec<String> = NONE, Live, Worker, Check::DomainTarget,
            "Domains whose people are somewhere else: DOMAIN=https://HOST/autodiscover/autodiscover.xml sends clients to that URL, DOMAIN=OTHER.DOMAIN has them ask again with the address in the other domain.";
        webmail_url: String = "", Live, Worker, Check::UrlOrNone,
            "A web mail of your own for the same mailboxes, told to clients as the web client; empty: none.";
        activesync_url: String = "", Live, Worker, Check::UrlOrNone,
            "An ActiveSync server for the same mailboxes, told to mobile devices; empty: they are told that there is none.";
    }
    notifications: Notifications "The journal and the calls that wait for it." {
        pull_wait: u64 = 30u64, Live, Worker, Check::Between(0, 3600),
            "Seconds that GetEvents waits for an event when the client asks for no time of its own (Prefer: wait=N); 0: it answers at once. Keep it below the proxy's timeout.";
        pull_wait_most: u64 = 300u64, Live, Worker, Check::Between(0, 3600),
            "The longest wait in seconds that a client can ask for.";
        sweep_seconds: u64 = 5u64, Live, Master, Check::Between(1, 3600),
            "How often the mailboxes with waiting clients are looked at for changes that nobody told of.";
        journal_days: u64 = 30u64, Live, Worker, Check::Between(1, 3650),
            "How long changes are remembered; older sync states and watermarks start anew.";
        events: u64 = 50u64, Live, Worker, Check::Between(1, 1_000),
            "Events in one answer of GetEvents, and, 50 at most, in one document of a stream.";
        heartbeat: u64 = 30u64, Live, Worker, Check::Between(1, 3600),
            "Seconds of silence on a stream (GetStreamingEvents) before its client is told that it is open. Clients wait 90 at most, proxies often 60.";
        stream_most: u64 = 1_800u64, Live, Worker, Check::Between(1, 1_800),
            "The longest time in seconds that a stream stays open; clients ask for 1 to 30 minutes.";
        push_networks: Vec<String> = ["127.0.0.0/8".to_owned(), "::1".to_owned()], Live, Worker, Check::Network,
            "Where subscribers to push notifications may be called, as addresses or networks: clients name whom this server calls. Names are looked up for each call, and of their addresses only those are called that lie in here.";
        push_parallel: u64 = 8u64, Live, Worker, Check::Between(1, 1_000),
            "Subscribers called at the same time.";
        push_seconds: u64 = 30u64, Live, Worker, Check::Between(1, 300),
            "How long a call of a subscriber may take in all.";
        push_retry_seconds: u64 = 30u64, Live, Worker, Check::Between(1, 3_600),
            "The first retry of a call that failed comes so long after it, each further one twice as long after it, until one would come later than the client's StatusFrequency: then the subscription ends.";
        push_ca: String = "", Live, Worker, Check::AbsolutePathOrNone,
            "A file of CA certificates (PEM) that are trusted for calls by https beside those of the system.";
        stream_timeout: u64 = 1_800u64, Live, Worker, Check::Between(60, 86_400),
            "How long a streaming subscription is kept in seconds while no stream reads it.";
    }
    mail: Mail "Mail and mailboxes." {
        domains: Vec<String> = NONE, Live, Worker, Check::Domain,
            "Domains that are delivered here and nowhere else; empty: those of the accounts' addresses.";
        quota_bytes: u64 = 0u64, Live, Worker, Check::Between(0, 1 << 50),
            "Size of a mailbox beyond which nothing more is written into it (ErrorQuotaExceeded) and mail is put off (452), where the account has no figure of its own; 0: none. What was deleted and not yet collected counts beyond once more that size.";
        quota_warning_percent: u64 = 90u64, Live, Worker, Check::Between(0, 100),
            "From this part of the quota on the owner of a mailbox is warned by a mail, once a week until there is room again; 0: never.";
        default_language: String = "en", Live, Control, Check::OneOf(LANGUAGES),
            "Language of the folder names of new mailboxes, where the account names none.";
    }
    calendar: Calendar "Calendars, and who is free when." {
        time_zone: String = "UTC", Live, Worker, Check::Any,
            "The time zone of accounts that have none of their own, as Windows or the tz database call it: W. Europe Standard Time, Europe/Berlin.";
        availability_days: u64 = 62u64, Live, Worker, Check::Between(1, 366),
            "The longest time that GetUserAvailability looks at; beyond that ErrorTimeIntervalTooBig. Servers of 2007 took 42 days.";
        availability_events: u64 = 1_000u64, Live, Worker, Check::Between(1, 100_000),
            "Events of one mailbox that one answer of GetUserAvailability tells; beyond that ErrorResultSetTooBig.";
    }
    courier: Courier "Mail that leaves." {
        smarthost: String = "", Live, Worker, Check::HostPortOrNone,
            "The mail server that takes mail for people elsewhere, as HOST:PORT: 127.0.0.1:25 for the MTA of this machine. Empty: such mail comes back to its sender at once, with a report that says why.";
        tls: String = "opportunistic", Live, Worker, Check::OneOf(&["none", "opportunistic", "required", "implicit"]),
            "TLS to the smarthost. none: never; opportunistic: STARTTLS where it is offered, with any certificate; required: STARTTLS with a valid certificate; implicit: TLS from the first octet (port 465) with a valid certificate. With a login, opportunistic means required.";
        tls_ca: String = "", Live, Worker, Check::AbsolutePathOrNone,
            "A file of CA certificates (PEM) that are trusted for the smarthost beside those of the system.";
        login: String = "", Live, Worker, Check::Any,
            "The name to log in to the smarthost with; empty: no login.";
        password_file: String = "", Live, Worker, Check::AbsolutePathOrNone,
            "The file whose first line is the password for courier.login; the workers' user must be able to read it, and nobody else.";
        hello: String = "", Live, Worker, Check::Domain,
            "The name given in EHLO; empty: server.name, else the machine's name.";
        parallel: u64 = 4u64, Live, Worker, Check::Between(1, 64),
            "Messages sent at the same time, each over a connection of its own.";
        retry_seconds: u64 = 60u64, Live, Worker, Check::Between(0, 86_400),
            "The pause after the first attempt that failed for the time being; it doubles with each further one.";
        retry_most_seconds: u64 = 3_600u64, Live, Worker, Check::Between(1, 604_800),
            "The longest pause between two attempts.";
        give_up_hours: u64 = 120u64, Live, Worker, Check::Between(0, 8_760),
            "A message that could not be sent for so long comes back to its sender; 0: after the first attempt.";
        timeout_seconds: u64 = 300u64, Live, Worker, Check::Between(1, 3_600),
            "How long the smarthost may take for one answer; for the one to a message's end at least ten minutes.";
        message_bytes: u64 = 0u64, Live, Worker, Check::Between(0, 1 << 32),
            "The largest message that is sent, larger ones come back; 0: what the smarthost announces is the limit.";
    }
    log: Log "What is logged, and where to." {
        level: String = "info", Live, Both, Check::OneOf(&["error", "warn", "info", "debug", "trace"]),
            "The least important kind of message that is logged.";
        target: String = "auto", Live, Both, Check::OneOf(&["auto", "stderr", "journal"]),
            "Form of the lines on standard error: with the time, or with systemd's priorities; auto: whichever fits where standard error goes.";
        access: String = "text", Live, Worker, Check::OneOf(&["off", "text", "json", "journal"]),
            "One line for each request, whatever log.level says: id, address, login, operation, code, status, milliseconds, octets in and out, user agent. text and json: on standard error; journal: as journald's own fields (EWSD_LOGIN and so on).";
    }
}
