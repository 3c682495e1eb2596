//! A client of GetStreamingEvents: one document after the other, as they come.

use super::ews::{CONTENT_TYPE, Ews, PATH, code};
use super::http::Http;
use super::xml::Node;
use super::{http, ops, record};

/// A streaming subscription to folders, or to all of the mailbox when none is named; its id.
pub fn subscribe(ews: &mut Ews, folders: &[&str], events: &[&str]) -> String {
    let message = ews.one(&subscribe_request(folders, events));
    assert!(message.get("m:Watermark").is_none(), "a stream keeps its place itself");
    message.want("m:SubscriptionId").text.clone()
}

pub fn subscribe_request(folders: &[&str], events: &[&str]) -> String {
    let pull = ops::subscribe_request(folders, events, 10);
    pull.replace("PullSubscriptionRequest", "StreamingSubscriptionRequest").replace("<t:Timeout>10</t:Timeout>", "")
}

pub fn request(ids: &[&str], minutes: u32) -> String {
    let ids: String = ids.iter().map(|id| format!("<t:SubscriptionId>{id}</t:SubscriptionId>")).collect();
    format!(
        "<m:GetStreamingEvents><m:SubscriptionIds>{ids}</m:SubscriptionIds><m:ConnectionTimeout>{minutes}\
         </m:ConnectionTimeout></m:GetStreamingEvents>"
    )
}

/// An open stream.
pub struct Stream {
    pub http: Http,
    tag: String,
    recorded: bool,
}

/// What a document says.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// ConnectionStatus.
    Status(String),
    /// The subscription, and each event: its name without prefix, and its element.
    Events(String, Vec<(String, Node)>),
    /// The code, and the subscriptions that it is said of.
    Error(String, Vec<String>),
}

impl Document {
    /// The events, which it must have.
    pub fn events(self) -> Vec<(String, Node)> {
        match self {
            Document::Events(_, events) => events,
            other => panic!("events are expected: {other:?}"),
        }
    }

    pub fn is_beat(&self) -> bool {
        *self == Document::Status("OK".to_owned())
    }

    pub fn is_closed(&self) -> bool {
        *self == Document::Status("Closed".to_owned())
    }

    fn of(text: &str) -> Document {
        assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?><Envelope "), "as clients cut it: {text}");
        assert!(text.ends_with("</Envelope>"), "whole: {text}");
        let envelope = Node::parse(text);
        let messages = &envelope.find("m:ResponseMessages").expect("messages").children;
        assert_eq!(messages.len(), 1, "{text}");
        let message = &messages[0];
        if code(message) != "NoError" {
            assert_eq!(message.attribute("ResponseClass"), Some("Error"));
            let ids = message.all("m:ErrorSubscriptionIds/m:SubscriptionId").iter().map(|id| id.text.clone()).collect();
            return Document::Error(code(message).to_owned(), ids);
        }
        assert_eq!(message.attribute("ResponseClass"), Some("Success"));
        if let Some(status) = message.text("m:ConnectionStatus") {
            assert!(message.get("m:Notifications").is_none(), "one client reads either of them");
            return Document::Status(status.to_owned());
        }
        let notifications = message.all("m:Notifications/m:Notification");
        assert_eq!(notifications.len(), 1, "one client reads only the first: {text}");
        let events: Vec<(String, Node)> = notifications[0]
            .children
            .iter()
            .filter(|child| child.name.ends_with("Event"))
            .map(|child| (child.name.trim_start_matches("t:").to_owned(), child.clone()))
            .collect();
        assert!(events.len() <= 50 && !events.is_empty(), "{text}");
        assert!(!text.contains("Watermark") && !text.contains("MoreEvents"), "{text}");
        Document::Events(notifications[0].want("t:SubscriptionId").text.clone(), events)
    }
}

impl Stream {
    /// Asks, on a connection of its own, and reads the head and the first document, which says that the stream is open.
    pub fn open(ews: &Ews, ids: &[&str], minutes: u32) -> Stream {
        let mut stream = Stream::ask(ews, ids, minutes);
        assert!(stream.next().is_beat(), "the first document says OK and nothing else");
        stream
    }

    /// The same without the first document.
    pub fn ask(ews: &Ews, ids: &[&str], minutes: u32) -> Stream {
        let (stream, head) = Stream::send(ews, ids, minutes);
        assert_eq!(head.status, 200);
        assert_eq!(head.header("transfer-encoding"), Some("chunked"));
        assert_eq!(head.header("content-type"), Some("text/xml; charset=utf-8"));
        assert_eq!(head.header("content-encoding"), None);
        stream
    }

    /// [`Stream::open`], or the code of the fault that is answered instead.
    pub fn try_open(ews: &Ews, ids: &[&str], minutes: u32) -> Result<Stream, String> {
        let (mut stream, head) = Stream::send(ews, ids, minutes);
        if head.status == 500 {
            let length = head.header("content-length").expect("a length").parse().expect("a number");
            let body = stream.http.take(length).expect("a fault");
            let fault = Node::parse(&String::from_utf8(body).expect("UTF-8"));
            return Err(fault.want("s:Body/s:Fault/detail/e:ResponseCode").text.clone());
        }
        assert_eq!(head.status, 200);
        assert!(stream.next().is_beat(), "the first document says OK and nothing else");
        Ok(stream)
    }

    fn send(ews: &Ews, ids: &[&str], minutes: u32) -> (Stream, http::Reply) {
        let other = ews.again();
        let envelope = other.envelope(&request(ids, minutes));
        let tag = record::tag();
        if other.recorded {
            record::request(&tag, envelope.as_bytes());
        }
        let authorization = other.authorization();
        let mut stream = Stream { recorded: other.recorded, http: other.http, tag };
        let lines = [CONTENT_TYPE, authorization.as_str(), "Accept-Encoding: gzip"];
        stream.http.send(&http::request("POST", PATH, &lines, envelope.as_bytes()));
        let head = stream.http.read_head().expect("a head");
        (stream, head)
    }

    /// The next document; each is a chunk of its own. `None`: the stream is over.
    pub fn try_next(&mut self) -> Option<Document> {
        let chunk = self.http.chunk().expect("a chunk")?;
        if self.recorded {
            record::reply(&self.tag, &chunk);
        }
        Some(Document::of(&String::from_utf8(chunk).expect("UTF-8")))
    }

    pub fn next(&mut self) -> Document {
        self.try_next().expect("a document")
    }

    /// The next document that is no heartbeat.
    pub fn news(&mut self) -> Document {
        loop {
            let document = self.next();
            if !document.is_beat() {
                return document;
            }
        }
    }

    /// The kinds of the next events, as [`ops::Events::kinds`] has them.
    pub fn kinds(&mut self) -> Vec<String> {
        ops::Events { previous: String::new(), more: false, events: self.news().events() }.kinds()
    }

    /// Reads events until so many came.
    pub fn events(&mut self, count: usize) -> Vec<(String, Node)> {
        let mut all = Vec::new();
        while all.len() < count {
            all.extend(self.news().events());
        }
        all
    }

    /// Reads the word that it is closed, and the end.
    pub fn ends(&mut self) {
        assert!(self.news().is_closed());
        assert_eq!(self.try_next(), None);
    }
}
