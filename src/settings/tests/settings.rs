//! The table against its texts, and the reader against what people write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_settings::{SECTIONS, Settings, manual_roff, sample};

fn parse_error(text: &str) -> String {
    Settings::parse(text, "ewsd.toml").expect_err(text).to_string()
}

#[test]
fn the_sample_file_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../etc/ewsd.toml");
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == sample(), "etc/ewsd.toml differs from the table: ewsctl config show --defaults >etc/ewsd.toml");
    assert_eq!(Settings::parse(&written, "etc/ewsd.toml").unwrap(), Settings::default());
}

#[test]
fn the_sample_file_with_every_comment_taken_away_is_the_default() {
    let is_key = |line: &&str| line.starts_with('[') || (line.starts_with('#') && !line.starts_with("# "));
    let bare: Vec<&str> = sample().leak().lines().filter(is_key).map(|line| line.trim_start_matches('#')).collect();
    assert_eq!(bare.len(), SECTIONS.len() + SECTIONS.iter().map(|section| section.rows.len()).sum::<usize>());
    assert_eq!(Settings::parse(&bare.join("\n"), "sample").unwrap(), Settings::default());
}

#[test]
fn the_minimal_file_loads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../etc/ewsd-minimal.toml");
    Settings::load(path.as_ref()).unwrap();
}

#[test]
fn what_is_shown_loads_to_the_same() {
    let mut settings = Settings::default();
    for assignment in [
        "server.http=127.0.0.1:0, [::1]:0",
        "server.state_dir=/srv/mail \"x\"",
        "limits.connections=1_000",
        "auth.basic=false",
        "mail.domains=[\"example.test\", \"bücher.example\"]",
    ] {
        settings.set(assignment).unwrap();
    }
    assert_eq!(settings.server.http, ["127.0.0.1:0", "[::1]:0"]);
    assert_eq!(Settings::parse(&settings.show(false), "shown").unwrap(), settings);
    let changed = settings.show(true);
    assert_eq!(Settings::parse(&changed, "shown").unwrap(), settings);
    assert_eq!(changed.lines().filter(|line| line.contains('=')).count(), 5, "{changed}");
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest() {
    let error = parse_error("[limits]\nidle_seconds = 5\nidle_second = 5\n");
    assert_eq!(error, "ewsd.toml, line 3: there is no setting limits.idle_second; is limits.idle_seconds meant?");
    let error = parse_error("[limit]\nx = 1\n");
    assert!(error.starts_with("ewsd.toml, line 1: there is no setting limit;"), "{error}");
    let error = parse_error("[server]\npull_wait = 3\n");
    assert!(error.ends_with("is notifications.pull_wait meant?"), "{error}");
    let error = Settings::default().set("limits.find_row=3").unwrap_err().to_string();
    assert_eq!(error, "--set: there is no setting limits.find_row; is limits.find_rows meant?");
}

#[test]
fn a_wrong_value_says_what_would_fit() {
    for (text, expected) in [
        ("[auth]\nbasic = 1\n", "ewsd.toml, line 2: auth.basic must be true or false"),
        (
            "[server]\nhttp = \"127.0.0.1:80\"\n",
            "ewsd.toml, line 2: server.http must be a list of strings: [\"one\", \"two\"]",
        ),
        (
            "\n[server]\nhttp = [\"localhost\"]\n",
            "ewsd.toml, line 3: server.http \"localhost\" must be ADDRESS:PORT (127.0.0.1:8080, [::1]:8080) or unix:/PATH",
        ),
        ("[auth]\ntoken_claims = []\n", "ewsd.toml, line 2: auth.token_claims must name one at least"),
        ("[auth]\ntoken_claims = [\"upn\", \"\"]\n", "ewsd.toml, line 2: auth.token_claims \"\" must not be empty"),
        ("[limits]\nidle_seconds = 0\n", "ewsd.toml, line 2: limits.idle_seconds must lie between 1 and 86_400"),
        ("[limits]\nidle_seconds = -1\n", "ewsd.toml, line 2: limits.idle_seconds must be a whole number"),
        ("[log]\nlevel = \"loud\"\n", "ewsd.toml, line 2: log.level must be one of: error, warn, info, debug, trace"),
        ("[server]\nstate_dir = \"x\"\n", "ewsd.toml, line 2: server.state_dir must be a path that starts with /"),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]\n",
            "ewsd.toml, line 2: server.trusted_proxies \"10.0.0.0/33\" must be an IP address or a network such as 192.0.2.0/24",
        ),
        ("server = 1\n", "ewsd.toml, line 1: server is a section: write [server] and its keys below it"),
    ] {
        assert_eq!(parse_error(text), expected);
    }
    assert!(parse_error("[server\n").starts_with("ewsd.toml, line 1: "));
    assert!(Settings::load("/nonexistent/ewsd.toml".as_ref()).unwrap_err().to_string().contains("-c FILE"));
    assert!(Settings::default().set("server.http").unwrap_err().to_string().contains("KEY=VALUE"));
}

/// Whoever only needs to know where the server is gets along with a broken file, but is never told a wrong place.
#[test]
fn of_a_broken_file_one_setting_is_read_by_itself() {
    const KEY: &str = "server.state_dir";
    let file = std::env::temp_dir().join(format!("ewsd-salvage-{}.toml", std::process::id()));
    let salvage = |text: &str| {
        std::fs::write(&file, text).unwrap();
        Settings::salvage(&file, KEY).map(|(settings, error)| (settings.server.state_dir, error.is_some()))
    };
    let named = "[server]\nstate_dir = \"/srv/ewsd\" # here\n";
    let default = Settings::default().server.state_dir;
    assert_eq!(salvage(named), Ok(("/srv/ewsd".to_owned(), false)));
    for wrong in [
        "[limits]\nidle_seconds = 0\n",
        "[limits]\nidle_secs = 7\n",
        "[limit]\n",
        "[limits\nidle_seconds = 7\n",
        "[limits]\nidle_seconds =\n",
        "[limits]\nidle_seconds\n",
        "[database]\nurl = \"postgresql://\n",
        "<<<<<<< ours\n",
        "[log]\nlevel = \"info\"\nlevel = \"warn\"\n",
        "}\n",
    ] {
        for text in [
            format!("{named}{wrong}"),
            format!("{wrong}{named}"),
            format!("{wrong}server.state_dir = '/srv/ewsd'\n"),
            format!("server = {{ state_dir = \"/srv/ewsd\" }}\n{wrong}"),
            format!("{named}{wrong}{named}"),
        ] {
            assert_eq!(salvage(&text), Ok(("/srv/ewsd".to_owned(), true)), "{text}");
        }
        assert_eq!(salvage(&format!("#state_dir = \"/x\"\n{wrong}")), Ok((default.clone(), true)), "{wrong}");
        for doubtful in [
            "state_dir = /srv/ewsd\n",
            "state_dir = 5\n",
            "state_dir = \"/other\"\n",
            "state_dir = \"\"\"\n/srv\"\"\"\n",
        ] {
            let error = salvage(&format!("{named}{wrong}{doubtful}")).unwrap_err().to_string();
            assert!(error.contains(", line "), "{wrong}{doubtful}: {error}");
        }
    }
    std::fs::remove_file(&file).unwrap();
    let missing = Settings::salvage(&file, KEY).unwrap_err().to_string();
    assert!(missing.contains("-c FILE"), "{missing}");
}

#[test]
fn a_reload_keeps_what_only_a_restart_applies() {
    let old = Settings::default();
    let mut new = old.clone();
    new.set("server.http=127.0.0.1:9999").unwrap();
    new.set("database.url=host=/run/postgresql dbname=ewsd").unwrap();
    new.set("limits.idle_seconds=7").unwrap();
    assert_eq!(old.not_reloadable(&new), ["server.http", "database.url"]);
    let merged = old.reloaded(&new);
    assert_eq!(merged.server.http, old.server.http);
    assert_eq!(merged.limits.idle_seconds, 7);
    assert!(old.not_reloadable(&merged).is_empty());
}

#[test]
fn every_row_is_documented_once() {
    let mut keys: Vec<&str> = SECTIONS.iter().flat_map(|section| section.rows).map(|row| row.key).collect();
    for row in SECTIONS.iter().flat_map(|section| section.rows) {
        assert!(row.doc.ends_with('.') && row.doc.len() > 15, "{}", row.key);
        assert!(manual_roff().contains(row.doc.split(['-', '\\']).next().unwrap()), "{}", row.key);
    }
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn what_is_switched_on_has_what_it_needs() {
    let lacks = |lines: &str| Settings::parse(&format!("[auth]\n{lines}"), "x").unwrap().lacks();
    assert_eq!(lacks(""), None);
    let on = "basic_against = \"ldap\"\n";
    assert!(lacks(on).is_some_and(|what| what.contains("auth.ldap_urls")));
    let urls = format!("{on}ldap_urls = [\"ldap://a\"]\n");
    assert!(lacks(&urls).is_some_and(|what| what.contains("auth.ldap_base")));
    assert_eq!(lacks(&format!("{urls}ldap_bind_dn = \"%u\"\n")), None);
    let search = format!("{urls}ldap_base = \"dc=x\"\n");
    assert_eq!(lacks(&search), None);
    let asks = format!("{search}ldap_search_dn = \"cn=x\"\n");
    assert!(lacks(&asks).is_some_and(|what| what.contains("password_file")));
    assert_eq!(lacks(&format!("{asks}ldap_search_password_file = \"/x\"\n")), None);
}
