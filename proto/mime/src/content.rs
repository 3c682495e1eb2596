//! The fields that say what a part is: Content-Type (RFC 2045 5), Content-Disposition (RFC 2183). Their values are read by
//! tokens: comments do not count, and what breaks the syntax is as if it were not there.

use crate::Limits;
use crate::cut::Cut;
use crate::lex::{self, Lexer};
use crate::parameter::{self, Parameters};

/// `type/subtype` in lower case, and what was said beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    pub main: String,
    pub sub: String,
    pub parameters: Parameters,
    /// There was a field, but no type could be read in it: RFC 2045 5.2 has the default assumed.
    pub invalid: bool,
}

impl ContentType {
    /// What a part is that does not say.
    pub fn plain() -> ContentType {
        ContentType { main: "text".into(), sub: "plain".into(), parameters: Parameters::default(), invalid: false }
    }

    /// Never fails; what has no type is text/plain with its parameters.
    pub fn read(value: &[u8], limits: &Limits) -> ContentType {
        let mut lexer = Lexer::new(value);
        let mut start = lexer.skip(0);
        if lexer.byte(start) == Some(b'"') {
            start += 1;
        }
        let slash = lex::token(value, start);
        let main = value.cut(start..slash);
        let after = lexer.skip(slash);
        let sub_start = lexer.skip(after + 1);
        let sub_end = lex::token(value, sub_start);
        let sub = value.cut(sub_start..sub_end);
        let lower = |word: &[u8]| String::from_utf8_lossy(word).to_ascii_lowercase();
        if lexer.byte(after) == Some(b'/') && !main.is_empty() && !sub.is_empty() {
            let parameters = parameter::read(value.cut(sub_end..), limits.parameters);
            return ContentType { main: lower(main), sub: lower(sub), parameters, invalid: false };
        }
        let parameters = parameter::read(value, limits.parameters);
        // A bare `multipart` that has a boundary holds parts, which nobody could read otherwise.
        if main.eq_ignore_ascii_case(b"multipart") && parameters.get("boundary").is_some() {
            return ContentType { main: lower(main), sub: "mixed".into(), parameters, invalid: true };
        }
        ContentType { parameters, invalid: true, ..ContentType::plain() }
    }

    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }

    pub fn is_multipart(&self) -> bool {
        self.main == "multipart"
    }

    /// A whole message (RFC 2046 5.2.1, RFC 6532 3.7).
    pub fn is_message(&self) -> bool {
        self.main == "message" && matches!(self.sub.as_str(), "rfc822" | "global" | "news")
    }

    /// `type/subtype`.
    pub fn essence(&self) -> String {
        format!("{}/{}", self.main, self.sub)
    }
}

/// How a part is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposition {
    /// `inline`, `attachment` or another word, in lower case; empty where parameters stand alone.
    pub kind: String,
    pub parameters: Parameters,
}

impl Disposition {
    pub fn read(value: &[u8], limits: &Limits) -> Disposition {
        let mut lexer = Lexer::new(value);
        let start = lexer.skip(0);
        let end = lex::token(value, start);
        let word = value.cut(start..end);
        // `filename=x` alone, or a file name in the place of a kind.
        let is_kind = {
            let next = lexer.skip(end);
            lexer.byte(next) != Some(b'=')
        };
        let rest = if is_kind { value.cut(end..) } else { value };
        let kind = if is_kind { String::from_utf8_lossy(word).to_ascii_lowercase() } else { String::new() };
        Disposition { kind, parameters: parameter::read(rest, limits.parameters) }
    }

    /// Kinds that nobody knows are attachments (RFC 2183 2.8).
    pub fn is_attachment(&self) -> bool {
        !matches!(self.kind.as_str(), "" | "inline")
    }
}
