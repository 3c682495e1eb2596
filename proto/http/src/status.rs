//! Statuses: reason phrases (RFC 9110 section 15) and the error type of this crate.

use std::fmt;

/// A request that is answered with `status` and nothing else. After one of these the connection is closed: what follows on
/// it cannot be told apart any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpError {
    /// The status to answer.
    pub status: u16,
    /// What is wrong, for the body of the answer and the log; it never quotes the request.
    pub text: &'static str,
}

impl HttpError {
    /// 400 Bad Request.
    pub const fn bad(text: &'static str) -> Self {
        HttpError { status: 400, text }
    }

    /// The reason phrase of its status.
    pub fn reason(&self) -> &'static str {
        reason(self.status)
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.reason(), self.text)
    }
}

impl std::error::Error for HttpError {}

/// The reason phrase of a status; empty for one that this server never sends.
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        456 => "Account Locked",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "",
    }
}
