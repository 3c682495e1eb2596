//! A SOAP client: one connection of one account. Requests are text, answers trees; both are kept for validation.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::demo::{Account, Demo};
use super::http::{Http, Reply};
use super::record;
use super::xml::Node;

pub const PATH: &str = "/EWS/Exchange.asmx";
pub const CONTENT_TYPE: &str = "Content-Type: text/xml; charset=utf-8";
pub const DEFAULT_VERSION: &str = "Exchange2013_SP1";

/// A connection that sends its account's credentials with every request.
pub struct Ews {
    pub http: Http,
    pub account: Account,
    /// RequestServerVersion; `None` sends none.
    pub version: Option<&'static str>,
    /// Further SOAP headers, as XML.
    pub soap_headers: String,
    /// Whether exchanges are kept for validation. Off for what is wrong on purpose and for mass traffic.
    pub recorded: bool,
    tag: String,
}

impl Ews {
    pub fn connect(server: &Demo, account: &Account) -> Ews {
        Ews {
            http: Http::connect(server.http()),
            account: account.clone(),
            version: Some(DEFAULT_VERSION),
            soap_headers: String::new(),
            recorded: true,
            tag: record::tag(),
        }
    }

    /// A second connection of the same account.
    pub fn again(&self) -> Ews {
        self.again_at(self.http.address)
    }

    /// The same by another door, such as a proxy's.
    pub fn again_at(&self, address: SocketAddr) -> Ews {
        Ews {
            http: Http::connect(address),
            account: self.account.clone(),
            version: self.version,
            soap_headers: self.soap_headers.clone(),
            recorded: self.recorded,
            tag: self.tag.clone(),
        }
    }

    /// The same connection with its exchanges not kept.
    pub fn unrecorded(mut self) -> Ews {
        self.recorded = false;
        self
    }

    pub fn authorization(&self) -> String {
        basic(&self.account.login, &self.account.password)
    }

    pub fn envelope(&self, operation: &str) -> String {
        envelope(self.version, &self.soap_headers, operation)
    }

    /// Sends an operation without reading the answer.
    pub fn send(&mut self, operation: &str, headers: &[&str]) {
        let envelope = self.envelope(operation);
        let authorization = self.authorization();
        let mut lines = vec![CONTENT_TYPE, authorization.as_str()];
        lines.extend_from_slice(headers);
        self.keep_request(&envelope);
        let request = super::http::request("POST", PATH, &lines, envelope.as_bytes());
        self.http.send(&request);
    }

    /// Reads the answer to an earlier [`Ews::send`].
    pub fn receive(&mut self) -> Answer {
        let reply = self.http.reply();
        self.keep_reply(&reply);
        Answer::from(reply)
    }

    /// Calls an operation with extra header lines.
    pub fn call_with(&mut self, operation: &str, headers: &[&str]) -> Answer {
        self.send(operation, headers);
        self.receive()
    }

    /// Calls an operation, given as the child of the Body, which must not fault.
    pub fn call(&mut self, operation: &str) -> Answer {
        let answer = self.call_with(operation, &[]);
        assert_eq!(answer.status, 200, "{operation:.600}\n{:#?}", answer.envelope);
        answer
    }

    /// Calls an operation that must succeed for every object; its response messages.
    pub fn ok(&mut self, operation: &str) -> Vec<Node> {
        let answer = self.call(operation);
        for message in &answer.messages {
            assert_eq!(code(message), "NoError", "{operation:.600}\n{message:#?}");
            assert_eq!(message.attribute("ResponseClass"), Some("Success"), "{message:#?}");
        }
        answer.messages
    }

    /// Calls an operation on one object, which must succeed; its response message.
    pub fn one(&mut self, operation: &str) -> Node {
        let mut messages = self.ok(operation);
        assert_eq!(messages.len(), 1, "{operation:.600}");
        messages.remove(0)
    }

    /// Calls an operation on one object, which must fail without a fault; its response code.
    pub fn error(&mut self, operation: &str) -> String {
        let answer = self.call(operation);
        assert_eq!(answer.messages.len(), 1, "{operation:.600}\n{:#?}", answer.envelope);
        let message = &answer.messages[0];
        assert_eq!(message.attribute("ResponseClass"), Some("Error"), "{operation:.600}\n{message:#?}");
        assert!(message.text("m:MessageText").is_some_and(|t| !t.is_empty()), "{message:#?}");
        assert_eq!(message.text("m:DescriptiveLinkKey"), Some("0"), "{message:#?}");
        code(message).to_owned()
    }

    /// Calls an operation that must fault; the code of the fault.
    pub fn fault(&mut self, operation: &str) -> String {
        let answer = self.call_with(operation, &[]);
        assert_eq!(answer.status, 500, "{operation:.600}\n{:#?}", answer.envelope);
        answer.fault_code()
    }

    fn keep_request(&self, envelope: &str) {
        if self.recorded {
            record::request(&self.tag, envelope.as_bytes());
        }
    }

    fn keep_reply(&self, reply: &Reply) {
        if self.recorded && !reply.body.is_empty() && reply.header("content-encoding").is_none() {
            record::reply(&self.tag, &reply.body);
        }
    }
}

/// An answer, read.
pub struct Answer {
    pub status: u16,
    pub reply: Reply,
    pub envelope: Node,
    pub messages: Vec<Node>,
}

impl Answer {
    fn from(reply: Reply) -> Answer {
        assert!(
            matches!(reply.status, 200 | 500),
            "status {} is no answer to an operation: {}",
            reply.status,
            reply.text()
        );
        let envelope = Node::parse(&reply.text());
        let messages = envelope.find("m:ResponseMessages").map(|m| m.children.clone()).unwrap_or_default();
        Answer { status: reply.status, reply, envelope, messages }
    }

    /// The response codes in order.
    pub fn codes(&self) -> Vec<&str> {
        self.messages.iter().map(code).collect()
    }

    /// The code of a fault, which its two places must agree upon.
    pub fn fault_code(&self) -> String {
        let fault = self.envelope.want("s:Body/s:Fault");
        let detailed = &fault.want("detail/e:ResponseCode").text;
        let short = fault.want("faultcode").text.rsplit(':').next().unwrap_or_default();
        assert_eq!(short, detailed, "{fault:#?}");
        detailed.clone()
    }
}

/// A response message's code.
pub fn code(message: &Node) -> &str {
    message.text("m:ResponseCode").unwrap_or_else(|| panic!("no ResponseCode in {message:#?}"))
}

/// The Authorization line of Basic.
pub fn basic(login: &str, password: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(format!("{login}:{password}")))
}

/// A request document.
pub fn envelope(version: Option<&str>, headers: &str, operation: &str) -> String {
    let version = version.map(|v| format!(r#"<t:RequestServerVersion Version="{v}"/>"#)).unwrap_or_default();
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="utf-8"?>"#,
            r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" "#,
            r#"xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" "#,
            r#"xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">"#,
            "<s:Header>{version}{headers}</s:Header><s:Body>{operation}</s:Body></s:Envelope>"
        ),
        version = version,
        headers = headers,
        operation = operation
    )
}
