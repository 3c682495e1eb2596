//! `ewsctl doctor autodiscover`: ways from an address to the server that are right, and others that are broken on purpose, each
//! found, and each with its cure.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::doctor::Findings;
use crate::support::demo::{Account, Demo, Options};
use crate::support::dns::{self, Record};
use crate::support::smtp::Certificate;
use crate::support::web::{self, Authority, Rule};

crate::tests![goes_every_way_to_a_server, finds_what_is_missing_on_every_way, finds_what_a_proxy_does_not_pass_on,];

const HOST: &str = "mail.example.test";
const SUB: &str = "autodiscover.example.test";
const SRV: &str = "_autodiscover._tcp.example.test";
const XML: &str = "/autodiscover/autodiscover.xml";

/// A server that says it is at `https://mail.example.test`, and what proxies need.
struct World {
    server: Demo,
    folder: PathBuf,
    authority: Authority,
}

impl World {
    fn new() -> World {
        let server = Demo::start(Options::default().set("server.public_url", format!("https://{HOST}")));
        let folder = server.folder.join("web");
        fs::create_dir_all(&folder).unwrap();
        let authority = Authority::make(&folder);
        World { server, folder, authority }
    }

    fn account(&self) -> &Account {
        &self.server.accounts[0]
    }

    /// A front for one name; where that name leads.
    fn front(&self, name: &str, certificate: &Certificate, rule: Rule) -> String {
        let port = web::serve(Some(certificate), Some(self.server.http()), rule);
        format!("{name}:443=127.0.0.1:{port}")
    }

    /// Names by DNS, and places by `--resolve`.
    fn examine(&self, dns: SocketAddr, places: &[&str], arguments: &[&str], input: &str) -> Findings {
        let (dns, ca) = (dns.to_string(), self.authority.file());
        let mut all = vec!["doctor", "autodiscover", &self.account().address, "--json", "--dns", &dns];
        if !arguments.contains(&"--ca") {
            all.extend(["--ca", &ca]);
        }
        all.extend(places.iter().flat_map(|place| ["--resolve", place]));
        all.extend(arguments);
        let output = self.server.ewsctl_with(&all, input.as_bytes());
        let rows = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        Findings { rows, status: output.status.code() }
    }
}

fn nothing(_: &str) -> Option<String> {
    None
}

/// To the same path by TLS.
fn to_tls(path: &str) -> Option<String> {
    Some(format!("302 Found\r\nLocation: https://{SUB}{path}\r\nContent-Length: 0\r\n\r\n"))
}

fn goes_every_way_to_a_server() {
    let world = World::new();
    let dns = dns::serve(
        vec![(SRV, Record::Service(20, 443, "old.example.test")), (SRV, Record::Service(10, 443, HOST))],
        false,
    );
    let own = world.front(SUB, &world.authority.certificate(SUB, 30), nothing);
    let host = world.front(HOST, &world.authority.certificate(HOST, 10), nothing);
    let plain = format!("{SUB}:80=127.0.0.1:{}", web::serve(None, None, to_tls));
    let places = [own.as_str(), &host, &plain];
    let login = world.account().login.clone();
    let arguments = ["--user", &login, "--password-stdin"];
    let found = world.examine(dns, &places, &arguments, &format!("{}\n", world.account().password));
    assert_eq!(found.status, Some(0), "{:#?}", found.rows);
    found.holds("right", "domain", "there is no such name; clients go on", "");
    found.holds("right", "subdomain", "401, asks for Basic", "");
    found.holds("right", "redirect", &format!("http://{SUB}{XML} -> https://{SUB}{XML}: 401"), "");
    found.holds("warning", "SRV", &format!("{SRV} -> https://{HOST}{XML}: 401"), "certbot renew");
    for (examination, place) in [("spelling", SUB), ("SOAP", SUB), ("JSON", SUB), ("spelling", HOST), ("JSON", HOST)] {
        found.holds("right", examination, place, "");
    }
    let ews = format!("https://{HOST}/EWS/Exchange.asmx");
    found.holds("right", "login", &format!("{login} is told {ews}"), "");
    found.holds("right", "EWS", &format!("{ews}: 401, asks for Basic"), "");
    assert_eq!(found.rows.iter().filter(|row| row["examination"] == "EWS").count(), 1, "{:#?}", found.rows);
    let refused = world.examine(dns, &places, &arguments, "another\n");
    refused.wrong("login", "is refused", "ewsctl login show");
    let text = world.server.ewsctl(&[
        "doctor",
        "autodiscover",
        &login,
        "--dns",
        &dns.to_string(),
        "--ca",
        &world.authority.file(),
        "--resolve",
        &own,
        "--resolve",
        &host,
    ]);
    assert!(text.contains("right    subdomain    https://autodiscover"), "{text}");
}

fn finds_what_is_missing_on_every_way() {
    let world = World::new();
    let empty = dns::serve(vec![], false);
    let found = world.examine(empty, &[], &[], "");
    found.wrong("ways", "none of the four ways", &format!("{SUB} as another name (CNAME) of {HOST}"));
    found.holds("warning", "subdomain", "no such name", &format!("add to DNS: {SUB}. CNAME {HOST}."));
    found.holds("warning", "SRV", "no such record", &format!("add to DNS: {SRV}. SRV 0 0 443 {HOST}."));

    // Names that lead to machines where nobody listens, the service told by a stream.
    let records = vec![
        ("nobody.example.test", Record::Address(Ipv4Addr::LOCALHOST)),
        (SRV, Record::Service(0, 9, "nobody.example.test")),
    ];
    let found = world.examine(dns::serve(records, true), &[], &[], "");
    found.wrong("SRV", "https://nobody.example.test:9", "let the proxy take port 9");

    let good = world.authority.certificate(SUB, 30);
    let other = world.authority.certificate(HOST, 30);
    let at = |certificate: &Certificate, rule: Rule, arguments: &[&str]| {
        world.examine(empty, &[&world.front(SUB, certificate, rule)], arguments, "")
    };
    at(&other, nothing, &[]).wrong(
        "subdomain",
        "only valid for DnsName(\"mail.example.test\")",
        "certificate for this name",
    );
    let stranger = Certificate::make(&world.folder).certificate.display().to_string();
    at(&good, nothing, &["--ca", &stranger]).wrong("subdomain", "does not trust", "a public one");
    at(&good, |_| Some("200 OK\r\nContent-Length: 2\r\n\r\nhi".into()), &[]).wrong(
        "subdomain",
        "200 without asking who is there",
        "/autodiscover/",
    );
    at(&good, to_tls, &[]).wrong("subdomain", "round in circles", "answer itself");
    at(&good, |_| Some("302 Found\r\nLocation: https://www.example.test/\r\nContent-Length: 0\r\n\r\n".into()), &[])
        .holds(
            "warning",
            "subdomain",
            "-> https://www.example.test/, which clients do not follow",
            &format!("redirect to https://{HOST}{XML}"),
        );
    at(&good, |_| Some("401 Unauthorized\r\nContent-Length: 0\r\n\r\n".into()), &[]).wrong(
        "subdomain",
        "401 without WWW-Authenticate",
        "pass that field on",
    );
    at(&good, |_| Some("502 Bad Gateway\r\nContent-Length: 0\r\n\r\n".into()), &[]).wrong(
        "subdomain",
        "does not reach the server",
        "server.http",
    );
    at(&good, |_| Some("404 Not Found\r\nContent-Length: 0\r\n\r\n".into()), &[]).holds(
        "warning",
        "subdomain",
        "404",
        "location ~*",
    );

    // Port 80 asks for passwords, or says something else than where to go.
    let plain = |server: Option<SocketAddr>| {
        let port = web::serve(None, server, nothing);
        world.examine(empty, &[&format!("{SUB}:80=127.0.0.1:{port}")], &[], "")
    };
    plain(Some(world.server.http())).wrong("redirect", "asks for a password without TLS", "answer 302");
    plain(None).holds("warning", "redirect", "404, no redirect", &format!("302 there, to https://{SUB}{XML}"));
}

fn finds_what_a_proxy_does_not_pass_on() {
    let world = World::new();
    let dns = dns::serve(vec![], false);
    let certificate = world.authority.certificate(SUB, 30);
    let host = world.front(HOST, &world.authority.certificate(HOST, 30), |path| {
        path.starts_with("/EWS/").then(|| "404 Not Found\r\nContent-Length: 0\r\n\r\n".into())
    });
    let at = |rule: Rule| world.examine(dns, &[&world.front(SUB, &certificate, rule), &host], &[], "");
    fn unless(fits: bool) -> Option<String> {
        (!fits).then(|| "404 Not Found\r\nContent-Length: 0\r\n\r\n".into())
    }
    fn tells(path: &str, url: &str) -> Option<String> {
        let body = format!("{{\"Protocol\":\"Ews\",\"Url\":\"{url}\"}}");
        path.contains(".json").then(|| format!("200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }
    let spelled = at(|path| unless(path.starts_with("/autodiscover/")));
    spelled.wrong("spelling", "/Autodiscover/Autodiscover.xml: 404", "in any case of letters");
    spelled.holds("right", "SOAP", SUB, "");
    spelled.wrong("EWS", &format!("https://{HOST}/EWS/Exchange.asmx: 404"), "everything below /EWS/");
    let alone = at(|path| unless(path.to_lowercase() == XML));
    alone.wrong("SOAP", "autodiscover.svc: 404", "everything below /autodiscover/");
    alone.holds("warning", "JSON", "404, so recent clients are told nothing", "everything below /autodiscover/");
    at(|path| tells(path, "http://mail.example.test/EWS/Exchange.asmx")).wrong(
        "EWS",
        "without TLS",
        "server.public_url",
    );
    at(|path| tells(path, "https://nowhere.example.test/EWS/Exchange.asmx")).wrong(
        "EWS",
        "no such name",
        "server.public_url",
    );
}
