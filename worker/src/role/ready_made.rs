//! The answer that a held call has at its deadline: made when it is held, told by the master without a worker.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_ipc::{PIECES_MAX, Piece};
use ewsd_model::id::Guid;

use crate::front::{Preferences, Response};
use crate::op::Hold;

/// Fewer octets are not looked for in a context as the text that they are: any few might be there.
const OCTETS_LEAST: usize = 16;

/// The whole answer for the deadline, cut where it differs from client to client: the master keeps the rest once for all, and
/// what stands in the call's context is not sent twice. The context keeps its layout while the call is held.
pub(super) fn ready_made(
    response: Response,
    preferences: &Preferences,
    id: &str,
    hold: &Hold,
    context: &[u8],
) -> Vec<Piece> {
    let plain = Preferences { gzip: false, ..preferences.clone() };
    let (mut bytes, body) = response.into_bytes(&plain, id, 0);
    bytes.extend_from_slice(&body);
    let own = [id].into_iter().chain(preferences.echo.as_deref()).chain(hold.own.iter().map(String::as_str));
    let own: Vec<&[u8]> = own.map(str::as_bytes).filter(|own| !own.is_empty()).collect();
    let mut pieces = Vec::new();
    let mut rest = &bytes[..];
    if let Some((before, after)) = around_date(&bytes) {
        pieces = vec![Piece::Shared(before.to_vec()), Piece::Date];
        rest = after;
    }
    cut(rest, &own, context, &mut pieces);
    pieces
}

/// What stands before and behind the value of the `Date` header.
fn around_date(reply: &[u8]) -> Option<(&[u8], &[u8])> {
    const NAME: &[u8] = b"\r\nDate: ";
    let value = find(reply, NAME)? + NAME.len();
    let (before, rest) = reply.split_at(value);
    Some((before, rest.get(find(rest, b"\r\n")?..)?))
}

fn cut(bytes: &[u8], own: &[&[u8]], context: &[u8], pieces: &mut Vec<Piece>) {
    let mut rest = bytes;
    while !rest.is_empty() && pieces.len() + 3 < PIECES_MAX {
        let first = own.iter().filter_map(|own| Some((find(rest, own)?, own.len()))).min();
        let Some((at, length)) = first else { break };
        let (shared, tail) = rest.split_at(at);
        let (mine, tail) = tail.split_at(length);
        if !shared.is_empty() {
            pieces.push(Piece::Shared(shared.to_vec()));
        }
        pieces.push(stretch(mine, context).unwrap_or_else(|| Piece::Own(mine.to_vec())));
        rest = tail;
    }
    if !rest.is_empty() {
        let mixed = own.iter().any(|own| find(rest, own).is_some());
        pieces.push(if mixed { Piece::Own(rest.to_vec()) } else { Piece::Shared(rest.to_vec()) });
    }
}

/// Where `mine` stands in the context, as it is or as the octets that it is the text of.
fn stretch(mine: &[u8], context: &[u8]) -> Option<Piece> {
    let place = |octets: &[u8]| {
        let at = u16::try_from(find(context, octets)?).ok()?;
        Some((at, u16::try_from(octets.len()).ok()?))
    };
    if let Some((at, length)) = place(mine) {
        return Some(Piece::Context { at, length });
    }
    if let Some(guid) = std::str::from_utf8(mine).ok().and_then(Guid::parse) {
        // Not as anybody else writes it.
        let same = guid.to_string().as_bytes() == mine;
        return place(&guid.0).filter(|_| same).map(|(at, _)| Piece::Uuid { at });
    }
    let octets = STANDARD.decode(mine).ok().filter(|octets| octets.len() >= OCTETS_LEAST)?;
    place(&octets).map(|(at, length)| Piece::Base64 { at, length })
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    let first = part.first()?;
    // Hardly any place begins alike, and a comparison is a call.
    bytes.windows(part.len()).position(|window| window.first() == Some(first) && window == part)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn answers_are_cut_where_they_differ() {
        let mut pieces = Vec::new();
        cut(b"head one body two tail", &[b"two", b"one"], b"(two)", &mut pieces);
        let expected = [
            Piece::Shared(b"head ".to_vec()),
            Piece::Own(b"one".to_vec()),
            Piece::Shared(b" body ".to_vec()),
            Piece::Context { at: 1, length: 3 },
            Piece::Shared(b" tail".to_vec()),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn what_the_context_has_as_octets_is_told_from_there() {
        let (id, mark) = (Guid(std::array::from_fn(|n| n as u8 | 0x80)), [0xfb; 27]);
        let context = [&[9, 9][..], &id.0, &mark].concat();
        let (id, mark) = (id.to_string(), STANDARD.encode(mark));
        // Another's, in other letters, and one too short to be looked for.
        let others = [STANDARD.encode([7; 27]), id.to_uppercase(), STANDARD.encode([9, 9])];
        let text = [&*id, &mark, &others[0], &others[1], &others[2]].join(" ").into_bytes();
        let own: Vec<&[u8]> = [&id, &mark, &others[0], &others[1], &others[2]].map(|own| own.as_bytes()).to_vec();
        let mut pieces = Vec::new();
        cut(&text, &own, &context, &mut pieces);
        let kept: Vec<&Piece> = pieces.iter().filter(|piece| !matches!(piece, Piece::Shared(_))).collect();
        let [others @ .., last] = others.map(|text| Piece::Own(text.into_bytes()));
        let from = [Piece::Uuid { at: 2 }, Piece::Base64 { at: 18, length: 27 }];
        assert_eq!(kept, from.iter().chain(&others).chain([&last]).collect::<Vec<_>>());
    }

    #[test]
    fn the_date_is_left_to_the_master() {
        let reply = b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX: y\r\n\r\n";
        let (before, after) = around_date(reply).unwrap();
        assert!(before.ends_with(b"Date: ") && after.starts_with(b"\r\nX: y"));
        assert_eq!(around_date(b"HTTP/1.1 200 OK\r\n\r\n"), None);
    }

    #[test]
    fn an_answer_with_many_differences_stays_whole() {
        let bytes = b"x=1,".repeat(40);
        let mut pieces = Vec::new();
        cut(&bytes, &[b"1"], b"", &mut pieces);
        assert!(pieces.len() <= PIECES_MAX);
        let whole: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| match piece {
                Piece::Own(b) | Piece::Shared(b) => b.clone(),
                Piece::Date | Piece::Context { .. } | Piece::Base64 { .. } | Piece::Uuid { .. } => Vec::new(),
            })
            .collect();
        assert_eq!(whole, bytes);
    }
}
