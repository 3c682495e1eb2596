//! How the documents of a stream stand in the body of its answer: each a chunk, or one behind the other for clients of HTTP/1.0.

use ewsd_http::chunk;
use ewsd_ipc::AfterReply;

use crate::front::Preferences;

/// By what the client understands.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    chunked: bool,
}

impl Frame {
    pub(super) fn of(preferences: &Preferences) -> Frame {
        Frame { chunked: preferences.version_minor > 0 }
    }

    /// Documents, each a chunk of its own.
    pub(super) fn documents(self, documents: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::with_capacity(documents.iter().map(|document| document.len() + 16).sum());
        for document in documents {
            if self.chunked { chunk::put_chunk(document, &mut out) } else { out.extend_from_slice(document) }
        }
        out
    }

    /// Behind the last document.
    pub(super) fn end(self) -> &'static [u8] {
        if self.chunked { chunk::LAST_CHUNK } else { b"" }
    }

    pub(super) fn then(self, preferences: &Preferences) -> AfterReply {
        if self.chunked && preferences.keep_alive { AfterReply::Keep } else { AfterReply::Close }
    }
}
