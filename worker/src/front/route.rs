//! Which path is what. Clients write the paths in every mixture of cases.

/// What a path stands for, and with which methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// SOAP requests go there.
    Exchange,
    /// The same, asked for with GET: a page for people, and the first call of DavMail.
    ExchangePage,
    /// Known, with another method only.
    WrongMethod {
        allow: &'static str,
    },
    NotFound,
}

impl Route {
    pub fn find(method: &str, path: &str) -> Route {
        let path = path.trim_end_matches('/');
        if path.eq_ignore_ascii_case("/ews/exchange.asmx") {
            return match method {
                "POST" => Route::Exchange,
                "GET" | "HEAD" => Route::ExchangePage,
                _ => Route::WrongMethod { allow: "GET, HEAD, POST" },
            };
        }
        // Services.wsdl, messages.xsd, types.xsd and /autodiscover are not built: clients fall back when they are not there.
        Route::NotFound
    }

    /// Whether only accounts may have it.
    pub fn needs_account(self) -> bool {
        matches!(self, Route::Exchange | Route::ExchangePage)
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn paths_are_found_in_any_case() {
        for (method, path, route) in [
            ("POST", "/EWS/Exchange.asmx", Route::Exchange),
            ("POST", "/ews/exchange.asmx", Route::Exchange),
            ("POST", "/ews/EXCHANGE.ASMX/", Route::Exchange),
            ("GET", "/EWS/Exchange.asmx", Route::ExchangePage),
            ("DELETE", "/EWS/Exchange.asmx", Route::WrongMethod { allow: "GET, HEAD, POST" }),
            ("POST", "/", Route::NotFound),
            ("GET", "/EWS/Services.wsdl", Route::NotFound),
            ("POST", "/ews/exchange.asmx/../x", Route::NotFound),
        ] {
            assert_eq!(Route::find(method, path), route, "{method} {path}");
        }
    }
}
