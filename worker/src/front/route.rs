//! Which path is what, as a table: a new path is a row and its handler. Clients write paths in every mixture of cases.

use std::rc::Rc;

use ewsd_http::Head;
use ewsd_settings::Settings;
use ewsd_store::{Account, Store};

use super::autodiscover::{self, Accepted};
use super::ews::{self, Answer, Counts};
use super::{Preferences, Response};
use crate::auth::Peer;

/// What a handler has to go by.
pub struct Request<'a> {
    /// Empty where the row does not take one.
    pub body: &'a [u8],
    pub head: &'a Head<'a>,
    pub peer: Peer,
    /// The number of the connection, as the master counts.
    pub conn: u64,
    /// The domains of our people.
    pub accepted: &'a mut Accepted,
    pub preferences: &'a Preferences,
    pub store: &'a mut Store,
    pub settings: &'a Settings,
    pub counts: &'a mut Counts,
}

/// Who may have it, and what answers.
#[derive(Clone, Copy)]
pub enum Handler {
    /// Accounts only.
    Account(fn(Rc<Account>, Request<'_>) -> Answer),
    /// Anybody: no credentials are read.
    Anybody(fn(Request<'_>) -> Answer),
}

/// How a client wants to be told that the server cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorFormat {
    /// A SOAP fault with status 500.
    Soap,
    /// A status and a line of text.
    Text,
}

/// One row. Several rows may share a path, each with other methods.
pub struct Route {
    /// In small letters, without a slash at its end; `/*` there: anything below as well.
    pub path: &'static str,
    pub methods: &'static [&'static str],
    /// Bodies too large for a message, and chunked ones whose client waits to be asked, are collected for it; others' are
    /// thrown away.
    pub takes_body: bool,
    pub errors: ErrorFormat,
    /// Header fields that every answer has, those to clients that must log in first among them.
    pub headers: &'static [(&'static str, &'static str)],
    pub handler: Handler,
}

// Services.wsdl, messages.xsd and types.xsd are not built: clients fall back when they are not there.
const ROUTES: &[Route] = &[
    // SOAP requests go there.
    Route {
        path: "/ews/exchange.asmx",
        methods: &["POST"],
        takes_body: true,
        errors: ErrorFormat::Soap,
        headers: &[],
        handler: Handler::Account(ews::answer),
    },
    // A page for people, and the first call of DavMail.
    Route {
        path: "/ews/exchange.asmx",
        methods: &["GET", "HEAD"],
        takes_body: false,
        errors: ErrorFormat::Text,
        headers: &[],
        handler: Handler::Account(|_, _| Answer::Now(ews::page())),
    },
    // The three forms of Autodiscover.
    Route {
        path: "/autodiscover/autodiscover.xml",
        methods: &["POST"],
        takes_body: true,
        errors: ErrorFormat::Text,
        headers: autodiscover::HEADERS,
        handler: Handler::Account(autodiscover::pox),
    },
    Route {
        path: "/autodiscover/autodiscover.xml",
        methods: &["GET", "HEAD"],
        takes_body: false,
        errors: ErrorFormat::Text,
        headers: autodiscover::HEADERS,
        handler: Handler::Account(autodiscover::pox_by_get),
    },
    Route {
        path: "/autodiscover/autodiscover.svc",
        methods: &["POST"],
        takes_body: true,
        errors: ErrorFormat::Text,
        headers: autodiscover::HEADERS,
        handler: Handler::Account(autodiscover::soap),
    },
    Route {
        path: "/autodiscover/autodiscover.svc",
        methods: &["GET", "HEAD"],
        takes_body: false,
        errors: ErrorFormat::Text,
        headers: autodiscover::HEADERS,
        handler: Handler::Account(autodiscover::soap_by_get),
    },
    Route {
        path: "/autodiscover/autodiscover.json/*",
        methods: &["GET", "HEAD"],
        takes_body: false,
        errors: ErrorFormat::Text,
        headers: &[],
        handler: Handler::Anybody(autodiscover::json),
    },
];

/// What a method and a path lead to.
pub enum RouteMatch {
    Here(&'static Route),
    /// The path is known with other methods.
    WrongMethod {
        /// As the `Allow` field lists them (RFC 9110 15.5.6).
        allow: String,
    },
    Nothing,
}

impl RouteMatch {
    /// The table's own answer where it has no handler.
    pub fn handler(self) -> Result<&'static Route, Response> {
        match self {
            RouteMatch::Here(route) => Ok(route),
            RouteMatch::WrongMethod { allow } => {
                Err(Response::text(405, "This address does not take that method.").with("Allow", allow))
            }
            RouteMatch::Nothing => Err(Response::text(404, "There is nothing here.")),
        }
    }
}

pub fn find(method: &str, path: &str) -> RouteMatch {
    find_in(ROUTES, method, path)
}

fn find_in(routes: &'static [Route], method: &str, path: &str) -> RouteMatch {
    let path = path.trim_end_matches('/');
    let here = || routes.iter().filter(|route| route.leads_from(path));
    if let Some(route) = here().find(|route| route.methods.contains(&method)) {
        return RouteMatch::Here(route);
    }
    let mut allow: Vec<&str> = here().flat_map(|route| route.methods).copied().collect();
    allow.sort_unstable();
    allow.dedup();
    if allow.is_empty() { RouteMatch::Nothing } else { RouteMatch::WrongMethod { allow: allow.join(", ") } }
}

impl Route {
    /// An answer with the fields that all answers of this row have.
    pub fn dress(&self, response: Response) -> Response {
        self.headers.iter().fold(response, |response, (name, value)| response.with(name, *value))
    }

    fn leads_from(&self, path: &str) -> bool {
        let Some(folder) = self.path.strip_suffix("/*") else { return path.eq_ignore_ascii_case(self.path) };
        let Some((start, rest)) = path.split_at_checked(folder.len()) else { return false };
        start.eq_ignore_ascii_case(folder) && (rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a request finds: the methods of its row, what is allowed, or nothing.
    fn found(routes: &'static [Route], method: &str, path: &str) -> String {
        match find_in(routes, method, path) {
            RouteMatch::Here(route) => format!("{} {}", route.methods.join("+"), route.path),
            RouteMatch::WrongMethod { allow } => format!("allow {allow}"),
            RouteMatch::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn paths_are_found_in_any_case() {
        for (method, path, expected) in [
            ("POST", "/EWS/Exchange.asmx", "POST /ews/exchange.asmx"),
            ("POST", "/ews/exchange.asmx", "POST /ews/exchange.asmx"),
            ("POST", "/ews/EXCHANGE.ASMX/", "POST /ews/exchange.asmx"),
            ("GET", "/EWS/Exchange.asmx", "GET+HEAD /ews/exchange.asmx"),
            ("HEAD", "/EWS/Exchange.asmx", "GET+HEAD /ews/exchange.asmx"),
            ("DELETE", "/EWS/Exchange.asmx", "allow GET, HEAD, POST"),
            ("post", "/EWS/Exchange.asmx", "allow GET, HEAD, POST"),
            ("POST", "/AutoDiscover/AUTODISCOVER.xml", "POST /autodiscover/autodiscover.xml"),
            ("GET", "/autodiscover/autodiscover.json/v1.0/a@b.test", "GET+HEAD /autodiscover/autodiscover.json/*"),
            ("POST", "/", "nothing"),
            ("GET", "/EWS/Services.wsdl", "nothing"),
            ("POST", "/ews/exchange.asmx/../x", "nothing"),
        ] {
            assert_eq!(found(ROUTES, method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_row_may_stand_for_all_below() {
        static BOOK: &[Route] = &[Route {
            path: "/oab/*",
            methods: &["GET"],
            takes_body: false,
            errors: ErrorFormat::Text,
            headers: &[],
            handler: Handler::Anybody(|_| Answer::Now(ews::page())),
        }];
        for (path, expected) in [
            ("/OAB/a/b.lzx", "GET /oab/*"),
            ("/oab", "GET /oab/*"),
            ("/oabx", "nothing"),
            ("/o", "nothing"),
            ("/oä", "nothing"),
        ] {
            assert_eq!(found(BOOK, "GET", path), expected, "{path}");
        }
    }

    #[test]
    fn whoever_is_sent_something_takes_it() {
        for route in ROUTES {
            assert_eq!(route.takes_body, route.methods.contains(&"POST"), "{}", route.path);
        }
    }

    #[test]
    fn rows_are_written_as_they_are_compared() {
        for route in ROUTES {
            assert!(route.path.starts_with('/') && !route.path.ends_with('/'), "{}", route.path);
            assert_eq!(route.path, route.path.to_ascii_lowercase());
            assert!(!route.methods.is_empty());
        }
    }
}
