//! How clients find the server: the three forms of Autodiscover, asked as each client asks (MS-OXDSCLI, MS-OXWSADISC).

use std::process::Command;

use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::{CONTENT_TYPE, basic};
use crate::support::http::{Http, Reply};
use crate::support::xml::Node;
use crate::support::{programs, record, shared};

crate::tests![
    finds_a_mailbox_in_any_spelling_of_the_path,
    answers_each_client_with_what_it_reads,
    asks_for_credentials_first,
    takes_a_question_that_comes_in_chunks,
    tells_by_number_what_is_wrong,
    finds_a_mailbox_by_its_dn,
    answers_the_soap_form,
    refuses_what_the_soap_form_cannot_do,
    answers_the_json_form_without_credentials,
    names_other_places,
    exchangelib_reads_its_settings,
    clients_find_their_way_from_the_address_alone,
];

const XML: &str = "/autodiscover/autodiscover.xml";
const SVC: &str = "/autodiscover/autodiscover.svc";
const OUTLOOK: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
const MOBILE: &str = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006";

fn asks(kind: &str) -> String {
    format!("http://schemas.microsoft.com/exchange/autodiscover/{kind}/requestschema/2006")
}

fn request(address: &str, schema: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"{}\"><Request><EMailAddress>{address}</EMailAddress>\
         <AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request></Autodiscover>",
        asks("outlook")
    )
}

struct Client {
    http: Http,
    account: Account,
}

impl Client {
    fn new(server: &Demo, account: &Account) -> Client {
        Client { http: Http::connect(server.http()), account: account.clone() }
    }

    fn shared() -> Client {
        Client::new(shared::server(), &shared::account())
    }

    fn post(&mut self, path: &str, headers: &[&str], body: &str) -> Reply {
        let authorization = basic(&self.account.login, &self.account.password);
        let lines = [&[CONTENT_TYPE, authorization.as_str()], headers].concat();
        let reply = self.http.post(path, &lines, body.as_bytes());
        // The reference describes neither devices nor what servers ask each other.
        let known =
            !["mobilesync/responseschema", "Federation", "Relationship"].iter().any(|word| reply.text().contains(word));
        if reply.status == 200 && known {
            record::reply(&record::tag(), &reply.body);
        }
        reply
    }

    /// Whatever comes of it, the status of the POX form is 200.
    fn pox(&mut self, body: &str) -> Node {
        let reply = self.post(XML, &[], body);
        assert_eq!(reply.status, 200, "{body}");
        assert_eq!(reply.header("content-type"), Some("text/xml; charset=utf-8"));
        Node::parse(&reply.text())
    }

    fn settings(&mut self, address: &str) -> Node {
        self.pox(&request(address, OUTLOOK))
    }

    fn soap(&mut self, operation: &str, inner: &str) -> Node {
        let reply = self.post(SVC, &[], &envelope(operation, inner));
        assert_eq!(reply.status, 200, "{operation} {inner}");
        Node::parse(&reply.text())
    }

    fn users(&mut self, addresses: &[&str], settings: &[&str]) -> Node {
        let users: String =
            addresses.iter().map(|address| format!("<a:User><a:Mailbox>{address}</a:Mailbox></a:User>")).collect();
        self.soap("GetUserSettings", &format!("<a:Users>{users}</a:Users>{}", wanted(settings)))
    }
}

fn wanted(settings: &[&str]) -> String {
    let settings: String = settings.iter().map(|name| format!("<a:Setting>{name}</a:Setting>")).collect();
    format!("<a:RequestedSettings>{settings}</a:RequestedSettings>")
}

fn envelope(operation: &str, inner: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:a=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\" \
         xmlns:wsa=\"http://www.w3.org/2005/08/addressing\"><s:Header><a:RequestedServerVersion>Exchange2013</a:RequestedServerVersion>\
         <wsa:Action>http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/{operation}</wsa:Action></s:Header><s:Body>\
         <a:{operation}RequestMessage><a:Request>{inner}</a:Request></a:{operation}RequestMessage></s:Body></s:Envelope>"
    )
}

/// The error code of a POX answer.
fn error(answer: &Node) -> String {
    answer.want("r:Response/r:Error/r:ErrorCode").text.clone()
}

fn protocol<'n>(answer: &'n Node, kind: &str) -> &'n Node {
    let found: Vec<&Node> = answer
        .all("o:Response/o:Account/o:Protocol")
        .into_iter()
        .filter(|protocol| protocol.text("o:Type") == Some(kind))
        .collect();
    assert_eq!(found.len(), 1, "of each type one, or Microsoft's own client fails: {kind} in {answer:#?}");
    found[0]
}

fn finds_a_mailbox_in_any_spelling_of_the_path() {
    let mut client = Client::shared();
    let address = client.account.address.clone();
    for path in [XML, "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AUTODISCOVER.XML"] {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Autodiscover xmlns=\"{}\">\r\n\t<Request>\r\n\t\t<EMailAddress>\r\n  \
             {address} </EMailAddress>\r\n\t\t<AcceptableResponseSchema>\n {OUTLOOK}\n</AcceptableResponseSchema>\r\n\t</Request>\r\n\
             </Autodiscover>\r\n",
            asks("outlook")
        );
        let reply = client.post(path, &[], &body);
        assert_eq!(reply.status, 200, "{path}");
        let answer = Node::parse(&reply.text());
        for kind in ["EXCH", "EXPR"] {
            // Nothing is set, so it is the host by which the client asks.
            let url = protocol(&answer, kind).text("o:EwsUrl");
            assert_eq!(url, Some("http://test/EWS/Exchange.asmx"), "{path} {kind}");
        }
    }
}

/// Evolution reads ASUrl (and OABUrl) of EXPR, else of EXCH; Thunderbird EwsUrl of EXCH, and WEB; Outlook for Mac EwsUrl, OOFUrl.
fn answers_each_client_with_what_it_reads() {
    let server = Demo::start(
        Options::default()
            .set("server.public_url", "https://mail.example.org")
            .set("autodiscover.webmail_url", "https://mail.example.org/webmail/"),
    );
    let mut client = Client::new(&server, &server.accounts[0]);
    let other = server.accounts[1].clone();
    // Whoever has logged in asks about anybody, in any case.
    let answer = client.settings(&other.address.to_uppercase());
    let user = answer.want("o:Response/o:User");
    assert_eq!(user.text("o:AutoDiscoverSMTPAddress"), Some(other.address.as_str()));
    assert_eq!(user.want("o:DeploymentId").text.len(), 36);
    assert_eq!(answer.want("o:Response/o:Account").text("o:Action"), Some("settings"));
    for kind in ["EXCH", "EXPR"] {
        for name in ["ASUrl", "EwsUrl", "EmwsUrl", "OOFUrl"] {
            let url = protocol(&answer, kind).text(&format!("o:{name}"));
            assert_eq!(url, Some("https://mail.example.org/EWS/Exchange.asmx"), "{kind} {name}");
        }
        assert_eq!(protocol(&answer, kind).text("o:Server"), Some("mail.example.org"));
        assert_eq!(protocol(&answer, kind).text("o:SSL"), Some("On"));
    }
    assert_eq!(protocol(&answer, "EXCH").text("o:ServerVersion"), Some("73C189CB"));
    let web = protocol(&answer, "WEB");
    assert_eq!(web.text("o:External/o:OWAUrl"), Some("https://mail.example.org/webmail/"));
    assert_eq!(web.text("o:Internal/o:Protocol/o:ASUrl"), Some("https://mail.example.org/EWS/Exchange.asmx"));
    // No MAPI over HTTP is promised, and EXHTTP to who knows it only.
    let able = ["X-MapiHttpCapability: 1", "X-ClientCanHandle: Negotiate, ExHttpInfo"];
    let reply = client.post(XML, &able, &request(&other.address, OUTLOOK));
    assert!(!reply.text().contains("mapiHttp"));
    assert_eq!(protocol(&Node::parse(&reply.text()), "EXHTTP").text("o:SSL"), Some("On"));
    // Devices have a schema of their own, which nothing here answers.
    let asked = request(&other.address, MOBILE).replace("/outlook/requestschema", "/mobilesync/requestschema");
    assert_eq!(error(&client.pox(&asked)), "601");
}

/// Microsoft's clients learn from the headers of any status which forms there are.
fn asks_for_credentials_first() {
    let account = shared::account();
    let mut http = Http::connect(shared::server().http());
    let wrong = basic(&account.login, "wrong");
    for (method, path) in
        [("POST", XML), ("GET", XML), ("POST", SVC), ("GET", SVC), ("POST", "/AUTODISCOVER/autodiscover.XML")]
    {
        for lines in [vec![CONTENT_TYPE], vec![CONTENT_TYPE, wrong.as_str()]] {
            let reply = match method {
                "GET" => http.get(path, &lines),
                _ => http.post(path, &lines, request(&account.address, OUTLOOK).as_bytes()),
            };
            assert_eq!(reply.status, 401, "{method} {path}");
            assert!(reply.header("www-authenticate").is_some(), "{method} {path}");
            assert_eq!(reply.header("x-soap-enabled"), Some("True"), "{method} {path}");
            assert_eq!(reply.header("x-wssecurity-enabled"), Some("False"), "{method} {path}");
            assert!(!reply.closes(), "the client tries again on the same connection");
        }
    }
    let authorization = basic(&account.login, &account.password);
    let reply = http.get(XML, &[&authorization]);
    assert_eq!((reply.status, error(&Node::parse(&reply.text()))), (200, "600".to_owned()));
    assert_eq!(http.get(SVC, &[&authorization]).status, 405);
    assert_eq!(http.get("/autodiscover", &[&authorization]).status, 404);
}

/// .NET's clients wait to be asked for the body, and some do not know its length before.
fn takes_a_question_that_comes_in_chunks() {
    let account = shared::account();
    let mut http = Http::connect(shared::server().http());
    let authorization = basic(&account.login, &account.password);
    let head = ["Host: test", CONTENT_TYPE, &authorization, "Transfer-Encoding: chunked", "Expect: 100-continue"];
    http.send(format!("POST {XML} HTTP/1.1\r\n{}\r\n\r\n", head.join("\r\n")).as_bytes());
    assert_eq!(http.read_reply().unwrap().status, 100);
    let body = request(&account.address, OUTLOOK);
    http.send(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes());
    let reply = http.reply();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.text().contains("<EwsUrl>"), "{}", reply.text());
}

fn tells_by_number_what_is_wrong() {
    let mut client = Client::shared();
    let address = client.account.address.clone();
    for (body, code) in [
        (request("nobody@example.test", OUTLOOK), "500"),
        (request("no address at all", OUTLOOK), "500"),
        (request(&format!("{}@example.test", "x".repeat(5000)), OUTLOOK), "500"),
        (request(&address, "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/1999"), "601"),
        (request(&address, ""), "601"),
        (request("", OUTLOOK), "600"),
        ("<Autodiscover/>".to_owned(), "600"),
        ("no XML".to_owned(), "600"),
        (request(&address, OUTLOOK).replace("<Request>", "<!DOCTYPE x><Request>"), "600"),
        (request(&address, OUTLOOK).replace("requestschema/2006", "requestschema/2099"), "601"),
    ] {
        let answer = client.pox(&body);
        assert_eq!(error(&answer), code, "{body:.400}");
        let said = answer.want("r:Response/r:Error");
        assert!(said.attribute("Time").is_some_and(|time| time.len() == 16), "{said:#?}");
        assert!(!said.want("r:Message").text.is_empty());
    }
    // A disabled account is nobody's.
    let gone = shared::account();
    shared::server().ewsctl(&["account", "disable", &gone.address]);
    assert_eq!(error(&client.settings(&gone.address)), "500");
}

fn finds_a_mailbox_by_its_dn() {
    let mut client = Client::shared();
    let address = client.account.address.clone();
    let dn = client.settings(&address).want("o:Response/o:User/o:LegacyDN").text.clone();
    let by_dn =
        |dn: &str| request("", OUTLOOK).replace("<EMailAddress></EMailAddress>", &format!("<LegacyDN>{dn}</LegacyDN>"));
    let answer = client.pox(&by_dn(&dn));
    assert_eq!(answer.want("o:Response/o:User").text("o:AutoDiscoverSMTPAddress"), Some(address.as_str()));
    assert_eq!(error(&client.pox(&by_dn("/o=far/cn=away"))), "500");
}

fn value<'n>(user: &'n Node, name: &str) -> Option<&'n str> {
    let settings = user.all("a:UserSettings/a:UserSetting");
    settings.into_iter().find(|setting| setting.text("a:Name") == Some(name))?.text("a:Value")
}

fn answers_the_soap_form() {
    let mut client = Client::shared();
    let address = client.account.address.clone();
    let asked = [
        "ExternalEwsUrl",
        "InternalEwsUrl",
        "UserDisplayName",
        "EwsSupportedSchemas",
        "CasVersion",
        "ExternalOABUrl",
        "Bogus",
    ];
    let answer = client.users(&[&address, "nobody@example.test"], &asked);
    let version = answer.want("s:Header/a:ServerVersionInfo");
    assert_eq!(version.text("a:MajorVersion"), Some("15"), "ews-javascript-api fails without it");
    let response = answer.want("s:Body/a:GetUserSettingsResponseMessage/a:Response");
    assert_eq!(response.text("a:ErrorCode"), Some("NoError"));
    let users = response.all("a:UserResponses/a:UserResponse");
    assert_eq!(users.len(), 2);
    assert!(value(users[0], "ExternalEwsUrl").is_some_and(|url| url.ends_with("/EWS/Exchange.asmx")));
    assert!(value(users[0], "EwsSupportedSchemas").is_some_and(|names| names.contains("Exchange2013_SP1")));
    assert_eq!(value(users[0], "CasVersion"), Some("15.01.2507.006"));
    let errors: Vec<(Option<&str>, Option<&str>)> = users[0]
        .all("a:UserSettingErrors/a:UserSettingError")
        .into_iter()
        .map(|error| (error.text("a:SettingName"), error.text("a:ErrorCode")))
        .collect();
    let expected = [(Some("ExternalOABUrl"), Some("SettingIsNotAvailable")), (Some("Bogus"), Some("InvalidSetting"))];
    assert_eq!(errors, expected);
    // The words are compared by exchangelib.
    assert_eq!(users[1].text("a:ErrorCode"), Some("InvalidUser"));
    assert_eq!(users[1].text("a:ErrorMessage"), Some("Invalid user 'nobody@example.test'"));
    let domains = "<a:Domains><a:Domain>example.test</a:Domain><a:Domain>far.test</a:Domain></a:Domains>";
    let answer = client.soap("GetDomainSettings", &format!("{domains}{}", wanted(&["ExternalEwsUrl", "UserDN"])));
    let told = answer.find_all("a:DomainResponse");
    let codes: Vec<_> = told.iter().map(|domain| domain.text("a:ErrorCode").unwrap()).collect();
    assert_eq!(codes, ["NoError", "InvalidDomain"]);
    assert!(told[0].want("a:DomainSettings/a:DomainSetting/a:Value").text.ends_with("/EWS/Exchange.asmx"));
    assert_eq!(told[0].text("a:DomainSettingErrors/a:DomainSettingError/a:SettingName"), Some("UserDN"));
}

fn refuses_what_the_soap_form_cannot_do() {
    let mut client = Client::shared();
    let address = client.account.address.clone();
    let whole = |answer: &Node| answer.find("a:Response").unwrap().text("a:ErrorCode").unwrap().to_owned();
    assert_eq!(whole(&client.soap("GetFederationInformation", "<a:Domain>example.test</a:Domain>")), "NotFederated");
    assert_eq!(whole(&client.soap("GetOrganizationRelationshipSettings", "")), "InvalidRequest");
    assert_eq!(whole(&client.users(&[], &["UserDN"])), "InvalidRequest");
    assert_eq!(whole(&client.users(&[&address], &[])), "InvalidRequest");
    assert_eq!(whole(&client.users(&vec![address.as_str(); 101], &["UserDN"])), "InvalidRequest");
    for body in ["", "<a/>", &envelope("GetNothing", "")] {
        let reply = client.post(SVC, &[], body);
        assert_eq!(reply.status, 500, "{body}");
        assert!(Node::parse(&reply.text()).find("s:Fault").is_some(), "{body}");
    }
}

fn answers_the_json_form_without_credentials() {
    let server = Demo::start(
        Options::default()
            .set("server.public_url", "https://mail.example.org")
            .set("autodiscover.domain_urls", "other.test=https://mail.other.test")
            .set("mail.domains", "[\"example.org\", \"other.test\"]"),
    );
    let mut http = Http::connect(server.http());
    let mut ask = |target: &str| {
        let reply = http.get(target, &[]);
        assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"), "{target}");
        let said: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        (reply.status, said)
    };
    let path = "/autodiscover/autodiscover.json";
    let ews = |host: &str| serde_json::json!({"Protocol": "Ews", "Url": format!("https://{host}/EWS/Exchange.asmx")});
    assert_eq!(
        ask(&format!("{path}?Email=anna@example.org&Protocol=EWS&RedirectCount=1")),
        (200, ews("mail.example.org"))
    );
    // Nobody learns who is here.
    let whoever = "/AutoDiscover/Autodiscover.json/v1.0/nobody%40example.org?protocol=ews";
    assert_eq!(ask(whoever), (200, ews("mail.example.org")));
    assert_eq!(ask(&format!("{path}?Email=x@other.test&Protocol=Ews")), (200, ews("mail.other.test")));
    let (status, said) = ask(&format!("{path}?Email=x@example.org&Protocol=AutodiscoverV1"));
    assert_eq!((status, said["Url"].as_str()), (200, Some("https://mail.example.org/autodiscover/autodiscover.xml")));
    for (query, status, code) in [
        ("Email=x@far.test&Protocol=Ews", 404, "UserNotFound"),
        ("Email=x@example.org&Protocol=ActiveSync", 400, "ProtocolNotSupported"),
        ("Email=x@example.org&Protocol=MapiHttp", 400, "ProtocolNotSupported"),
        ("Email=x@example.org", 400, "MissingProtocol"),
        ("Email=x&Protocol=Ews", 400, "MandatoryParameterMissing"),
        ("", 400, "MandatoryParameterMissing"),
    ] {
        let (found, said) = ask(&format!("{path}?{query}"));
        assert_eq!((found, said["ErrorCode"].as_str()), (status, Some(code)), "{query}");
        assert!(said["ErrorMessage"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

fn names_other_places() {
    let server = Demo::start(
        Options::default()
            .set(
                "autodiscover.redirect",
                "[\"moved.test=example.test\", \"far.test=https://far.test/autodiscover/autodiscover.xml\"]",
            )
            .set("autodiscover.activesync_url", "https://mail.example.org/Microsoft-Server-ActiveSync"),
    );
    let mut client = Client::new(&server, &server.accounts[0]);
    let answer = client.settings("anna@moved.test");
    let account = answer.want("o:Response/o:Account");
    assert_eq!(
        (account.text("o:Action"), account.text("o:RedirectAddr")),
        (Some("redirectAddr"), Some("anna@example.test"))
    );
    let answer = client.settings("anna@far.test");
    let account = answer.want("o:Response/o:Account");
    let url = "https://far.test/autodiscover/autodiscover.xml";
    assert_eq!((account.text("o:Action"), account.text("o:RedirectUrl")), (Some("redirectUrl"), Some(url)));
    let answer = client.users(&["anna@moved.test", "anna@far.test"], &["ExternalEwsUrl"]);
    let told: Vec<_> = answer
        .find_all("a:UserResponse")
        .into_iter()
        .map(|user| (user.text("a:ErrorCode").unwrap().to_owned(), user.text("a:RedirectTarget").unwrap().to_owned()))
        .collect();
    let expected = [("RedirectAddress", "anna@example.test"), ("RedirectUrl", url)];
    assert_eq!(told, expected.map(|(code, target)| (code.to_owned(), target.to_owned())));
    let reply = client.http.get("/autodiscover/autodiscover.json?Email=anna@far.test&Protocol=Ews", &[]);
    let to = "https://far.test/autodiscover/autodiscover.json?Email=anna@far.test&Protocol=Ews&RedirectCount=1";
    assert_eq!((reply.status, reply.header("location")), (302, Some(to)));
    // A device is told of the ActiveSync that somebody else serves.
    let address = client.account.address.clone();
    let asked = request(&address, MOBILE).replace("/outlook/requestschema", "/mobilesync/requestschema");
    let reply = client.post(XML, &[], &asked);
    assert!(
        reply.text().contains("<Url>https://mail.example.org/Microsoft-Server-ActiveSync</Url>"),
        "{}",
        reply.text()
    );
}

fn exchangelib_reads_its_settings() {
    let Some(python) = programs::python().unwrap_or_else(|e| panic!("{e}")) else {
        return println!("skipped: real clients are switched off");
    };
    let account = shared::account();
    let context = serde_json::json!({
        "url": format!("http://{}{SVC}", shared::server().http()),
        "address": account.address, "login": account.login, "password": account.password,
    });
    let script = programs::scripts().join("exchangelib_autodiscover.py");
    programs::drive(Command::new(python).arg(script).arg(context.to_string()));
}

/// exchangelib, ews-javascript-api and Evolution, unmodified, with the address and the password and nothing else, and others whose
/// requests are replayed; in a network of their own.
fn clients_find_their_way_from_the_address_alone() {
    let python = programs::python().unwrap_or_else(|e| panic!("{e}"));
    let able = nix::unistd::geteuid().is_root()
        && ["/usr/bin/unshare", "/usr/sbin/nginx"].iter().all(|program| std::path::Path::new(program).is_file())
        && Command::new("unshare").args(["-n", "-m", "true"]).status().is_ok_and(|status| status.success());
    let Some(python) = python.filter(|_| able) else {
        return println!("skipped: needs real clients, root, namespaces and nginx");
    };
    let folder = std::env::temp_dir().join(format!("ewsd-finding-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // Nothing of the namespace is reached from here but by a file.
    let socket = folder.join("http.sock");
    let server = Demo::start(
        Options::default()
            .set("server.http", format!("[\"127.0.0.1:0\", \"unix:{}\"]", socket.display()))
            .set("server.public_url", "https://mail.example.test")
            .set("autodiscover.redirect", "[\"moved.test=example.test\"]"),
    );
    let account = &server.accounts[0];
    // Who asks is logged in under the address that is elsewhere.
    let moved = account.address.replace("@example.test", "@moved.test");
    server.ewsctl(&["address", "add", &account.address, &moved]);
    let conf = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/nginx/ewsd.conf")).unwrap();
    let context = serde_json::json!({
        "folder": folder, "conf": conf, "address": account.address, "password": account.password, "moved": moved,
        "evolution": programs::evolution(),
        "upstream": format!("upstream ewsd {{ server unix:{}; keepalive 8; }}", socket.display()),
        "node": programs::node().unwrap_or_else(|e| panic!("{e}")).map(|node| node.join("node_modules")),
    });
    let mut command = Command::new("unshare");
    command
        .args(["-n", "-m"])
        .arg(python)
        .arg(programs::scripts().join("autodiscover_net.py"))
        .arg(context.to_string());
    programs::drive(&mut command);
    std::fs::remove_dir_all(&folder).unwrap();
}
