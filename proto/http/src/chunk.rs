//! Chunked transfer coding (RFC 9112 7.1): an incremental, strict decoder, and the writer's two lines.

use crate::status::HttpError;

/// Longest line of a chunk's size with its extensions, and most bytes of all trailer fields together.
const LINE_MAX: u16 = 1024;
const TRAILER_MAX: u16 = 8 * 1024;

/// What [`ChunkDecoder::feed`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'i> {
    /// Some bytes of the body.
    Data(&'i [u8]),
    /// The input is used up; more must come.
    More,
    /// The body is complete; what is left of the input belongs to the next request.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the digits of a chunk's size; how many came.
    Size(u8),
    /// In the extensions behind the size.
    Extension,
    /// A CR ended the size line.
    SizeLf,
    /// In the data; bytes left.
    Data,
    /// The data is over, CR comes.
    DataCr,
    /// LF after the data.
    DataLf,
    /// At the start of a trailer line.
    Trailer,
    /// Inside a trailer line.
    TrailerLine,
    /// A CR ended a trailer line.
    TrailerLf,
    /// A CR at the start of a trailer line: the end comes.
    EndLf,
    /// All read.
    Done,
}

/// Takes a chunked body apart as it arrives. Trailer fields are read over, not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkDecoder {
    state: State,
    left: u64,
    line: u16,
}

impl Default for ChunkDecoder {
    fn default() -> Self {
        ChunkDecoder { state: State::Size(0), left: 0, line: 0 }
    }
}

impl ChunkDecoder {
    /// Reads from the start of `input` and returns how many bytes it used. Call it again with the rest after `Data`.
    ///
    /// # Errors
    /// 400: no such framing; the connection cannot be used any more.
    pub fn feed<'i>(&mut self, input: &'i [u8]) -> Result<(usize, Step<'i>), HttpError> {
        let mut used = 0;
        loop {
            match self.state {
                State::Done => return Ok((used, Step::Done)),
                State::Data => {
                    let rest = input.get(used..).unwrap_or_default();
                    let take = rest.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                    let data = rest.get(..take).unwrap_or_default();
                    self.left -= take as u64;
                    if self.left == 0 {
                        self.state = State::DataCr;
                    }
                    return Ok(if take == 0 { (used, Step::More) } else { (used + take, Step::Data(data)) });
                }
                _ => {
                    let Some(byte) = input.get(used) else {
                        return Ok((used, Step::More));
                    };
                    used += 1;
                    self.state = self.step(*byte)?;
                }
            }
        }
    }

    /// Whether the last chunk and its trailer were read.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// As numbers: the place, digits of a size that came, octets left, the line's length.
    pub fn to_parts(self) -> (u8, u8, u64, u16) {
        let (place, digits) = match self.state {
            State::Size(digits) => (0, digits),
            State::Extension => (1, 0),
            State::SizeLf => (2, 0),
            State::Data => (3, 0),
            State::DataCr => (4, 0),
            State::DataLf => (5, 0),
            State::Trailer => (6, 0),
            State::TrailerLine => (7, 0),
            State::TrailerLf => (8, 0),
            State::EndLf => (9, 0),
            State::Done => (10, 0),
        };
        (place, digits, self.left, self.line)
    }

    /// Out of [`Self::to_parts`]; none: there is no such place.
    pub fn from_parts((place, digits, left, line): (u8, u8, u64, u16)) -> Option<ChunkDecoder> {
        let state = match place {
            0 => State::Size(digits),
            1 => State::Extension,
            2 => State::SizeLf,
            3 => State::Data,
            4 => State::DataCr,
            5 => State::DataLf,
            6 => State::Trailer,
            7 => State::TrailerLine,
            8 => State::TrailerLf,
            9 => State::EndLf,
            10 => State::Done,
            _ => return None,
        };
        Some(ChunkDecoder { state, left, line })
    }

    fn step(&mut self, byte: u8) -> Result<State, HttpError> {
        Ok(match (self.state, byte) {
            (State::Size(digits), _) if byte.is_ascii_hexdigit() => self.digit(digits, byte)?,
            (State::Size(1..), b'\r') | (State::Extension, b'\r') => State::SizeLf,
            (State::Size(1..), b';') => self.count(LINE_MAX, State::Extension)?,
            (State::Extension, _) if plain(byte) => self.count(LINE_MAX, State::Extension)?,
            (State::SizeLf, b'\n') => {
                self.line = 0;
                if self.left == 0 { State::Trailer } else { State::Data }
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => {
                self.line = 0;
                State::Size(0)
            }
            (State::Trailer, b'\r') => State::EndLf,
            (State::Trailer, _) if plain(byte) && !matches!(byte, b' ' | b'\t') => {
                self.count(TRAILER_MAX, State::TrailerLine)?
            }
            (State::TrailerLine, b'\r') => State::TrailerLf,
            (State::TrailerLine, _) if plain(byte) => self.count(TRAILER_MAX, State::TrailerLine)?,
            (State::TrailerLf, b'\n') => State::Trailer,
            (State::EndLf, b'\n') => State::Done,
            _ => return Err(HttpError::bad("malformed chunk")),
        })
    }

    fn digit(&mut self, digits: u8, byte: u8) -> Result<State, HttpError> {
        let value = char::from(byte).to_digit(16).unwrap_or(0);
        if digits == 0 {
            self.left = 0;
        }
        // 15 digits cannot overflow, and nobody sends a chunk of 2^60 bytes.
        if digits >= 15 {
            return Err(HttpError::bad("the chunk size is too long"));
        }
        self.left = self.left * 16 + u64::from(value);
        Ok(State::Size(digits + 1))
    }

    fn count(&mut self, max: u16, next: State) -> Result<State, HttpError> {
        self.line += 1;
        if self.line > max { Err(HttpError::bad("chunk extensions or trailers are too long")) } else { Ok(next) }
    }
}

/// A byte that may stand inside a line.
fn plain(byte: u8) -> bool {
    byte == b'\t' || (byte >= 0x20 && byte != 0x7f)
}

/// Appends `data` as one chunk; an empty one is left out, because it would end the body.
pub fn put_chunk(data: &[u8], out: &mut Vec<u8>) {
    if data.is_empty() {
        return;
    }
    out.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// The end of a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
