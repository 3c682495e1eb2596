//! Large bodies, and chunked ones whose clients wait for `100 Continue`: a worker has seen the head (`Admit`) and says whether
//! the body is taken or thrown away.

use ewsd_http::BodyKind;
use ewsd_http::chunk::Step;
use ewsd_ipc::AfterReply;

use crate::master::Master;
use crate::refuse;
use crate::state::{Admission, After, ConnId, Discard, Framing, State};
use crate::thin::Thin;

impl Master {
    /// The worker wants the body, of at most `limit` bytes.
    pub fn admit_collect(&mut self, id: ConnId, admission: Admission, limit: u64) {
        let limit = limit.min(self.config.limits.body_bytes);
        let Admission { head_len, kind, expect_continue, decoder, decoded, .. } = admission;
        let framing = match kind {
            BodyKind::Length(length) if length > limit => {
                return self.refuse(id, refuse::TOO_LARGE);
            }
            BodyKind::Length(left) => Framing::Length { head_len, left },
            BodyKind::Chunked => Framing::Chunked { head_len, decoder },
            BodyKind::None => Framing::Length { head_len, left: 0 },
        };
        if expect_continue && decoded.is_empty() && !self.has_begun(id, head_len) {
            self.send_continue(id);
        }
        let first = self.split_pending(id, head_len);
        self.start_collect(id, limit, framing, &decoded, &first);
    }

    /// The worker has answered already: the body goes nowhere.
    pub fn admit_discard(&mut self, id: ConnId, admission: Admission, limit: u64, then: AfterReply, reply: Vec<u8>) {
        let Admission { head_len, kind, expect_continue, decoder, decoded, .. } = admission;
        let (left, decoder) = match kind {
            BodyKind::Length(length) => (length, None),
            BodyKind::Chunked => (limit.saturating_sub(decoded.len() as u64), Some(decoder)),
            BodyKind::None => (0, None),
        };
        let first = self.split_pending(id, head_len);
        if let Some(conn) = self.table.get_mut(id) {
            conn.pending = Thin::default();
        }
        if expect_continue || (decoder.is_none() && left > limit) {
            // A client that waited to be asked for its body may send it all the same, or leave it; one that is over the limit
            // is not read to its end. What follows cannot be told from the next request, so this was the last one.
            return self.write(id, reply, After::Close);
        }
        let since = self.clock.now();
        let deadline = self.body_deadline(since, 0, false);
        let discard = Discard { left, decoder, since, received: 0, then, reply };
        self.set_state(id, State::Discard(Box::new(discard)));
        if let Some(conn) = self.table.get_mut(id) {
            self.timers.set(conn, deadline);
        }
        if self.throw_away(id, &first) {
            self.discard(id);
        }
    }

    /// Takes what lies behind the head out of `pending`.
    fn split_pending(&mut self, id: ConnId, head_len: usize) -> Vec<u8> {
        self.table.get_mut(id).map(|conn| conn.pending.split_off(head_len)).unwrap_or_default()
    }

    /// Reads on and throws away.
    pub fn discard(&mut self, id: ConnId) {
        self.read_on(id, Master::throw_away);
    }

    /// Looks for the body's end in `input`; false when the reply was written.
    fn throw_away(&mut self, id: ConnId, input: &[u8]) -> bool {
        let Some(State::Discard(discard)) = self.table.get_mut(id).map(|conn| &mut conn.state) else {
            return false;
        };
        discard.received += input.len() as u64;
        let (rest, after) = match pass_over(discard, input) {
            Ok(None) => return true,
            Ok(Some(used)) => (input.get(used..).unwrap_or_default(), After::from(discard.then)),
            Err(()) => (&[][..], After::Close),
        };
        let reply = std::mem::take(&mut discard.reply);
        if let Some(conn) = self.table.get_mut(id) {
            conn.pending.extend_from_slice(rest);
        }
        self.write(id, reply, after);
        false
    }
}

/// Where the body ends in `input`, if it does; an error when it cannot be followed to its end.
fn pass_over(discard: &mut Discard, input: &[u8]) -> Result<Option<usize>, ()> {
    let Some(decoder) = &mut discard.decoder else {
        let take = input.len().min(usize::try_from(discard.left).unwrap_or(usize::MAX));
        discard.left -= take as u64;
        return Ok((discard.left == 0).then_some(take));
    };
    let mut at = 0;
    loop {
        let (used, step) = decoder.feed(input.get(at..).unwrap_or_default()).map_err(|_| ())?;
        at += used;
        match step {
            Step::More => return Ok(None),
            Step::Done => return Ok(Some(at)),
            Step::Data(data) => discard.left = discard.left.checked_sub(data.len() as u64).ok_or(())?,
        }
    }
}
