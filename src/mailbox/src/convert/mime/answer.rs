//! A message that was read, as a converter answers it.

use ewsd_model::ItemKind;
use ewsd_store::{Area, Columns, Map};
use ewsd_wire::form::{Maybe, Plain};
use ewsd_wire::{Refused, Wire, wire};

use super::{Attachment, Parsed};
use crate::convert::answer::{AnswerReader, AnswerWriter, WireAnswer};
use crate::convert::form::{Cells, Document, Many, Pair, Row, Text};
use crate::convert::octets::Octets;

wire! {
    struct Head {
        kind: ItemKind as Row,
        flags: u32,
        columns: Columns as Cells,
        props: Map as Document,
        search: Vec<(Area, String)> as Many<Pair<Row, Text>>,
        has_plain: bool,
        files: Vec<File> as Many<Plain>,
    }

    struct File {
        name: String as Text,
        content_type: Option<String> as Maybe<Text>,
        content_id: Option<String> as Maybe<Text>,
        content_location: Option<String> as Maybe<Text>,
        inline: bool,
    }
}

impl<'p> WireAnswer for Parsed<'p> {
    type Received = Parsed<'static>;

    fn tell<'o>(self, out: &mut AnswerWriter<'o>)
    where
        Self: 'o,
    {
        let Parsed { kind, flags, columns, props, body, plain, attachments, search } = self;
        let mut files = Vec::with_capacity(attachments.len());
        let mut contents = Vec::with_capacity(attachments.len());
        for one in attachments {
            let Attachment { name, content_type, content_id, content_location, inline, content, words } = one;
            files.push(File { name, content_type, content_id, content_location, inline });
            contents.push((content, words));
        }
        Head { kind, flags, columns, props, search, has_plain: plain.is_some(), files }.put(out.head());
        out.put(body.into_bytes());
        out.put(plain.unwrap_or_default().into_bytes());
        for (content, words) in contents {
            out.put(content);
            out.put(words.into_bytes());
        }
    }

    fn hear(answer: &mut AnswerReader<'_>) -> Result<Parsed<'static>, Refused> {
        let Head { kind, flags, columns, props, search, has_plain, files } = Head::get(answer.head())?;
        let body = answer.text()?;
        let plain = Some(answer.text()?).filter(|_| has_plain);
        let attachments = files.into_iter().map(|file| {
            let File { name, content_type, content_id, content_location, inline } = file;
            let content = Octets::Shared(answer.octets()?);
            let words = answer.text()?;
            Ok(Attachment { name, content_type, content_id, content_location, inline, content, words })
        });
        let attachments = attachments.collect::<Result<_, Refused>>()?;
        Ok(Parsed { kind, flags, columns, props, body, plain, attachments, search })
    }
}
