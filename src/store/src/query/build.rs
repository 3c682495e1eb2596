//! Restrictions and sort orders as SQL. Client text is bound, never written.

use super::field::{Class, Operand, Table, operand};
use super::words;
use super::{Cmp, ContainsMode, Field, Filter, Grouping, Order, Place};
use crate::StoreError;
use crate::search::{self, Question};
use crate::sql::{Param, Sql, clean};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::property::Column;
use ewsd_model::property::mapi::Scalar;

/// Writes the condition. SQL knows a third truth value, restrictions do not: below a `Not` every leaf is made one of two; above,
/// null already means no.
pub(crate) fn condition(filter: &Filter, table: Table, sql: &mut Sql) -> Result<(), StoreError> {
    sql.shaped = true;
    Builder { table, sql }.filter(filter, false)
}

/// Writes the terms of `order by` with `key` (the row's number) last, so that pages never overlap. `reverse` turns all of them.
pub(crate) fn order(orders: &[Order], table: Table, key: &str, reverse: bool, sql: &mut Sql) -> Result<(), StoreError> {
    sql.shaped = true;
    for order in orders {
        let (text, class, nullable) = match operand(&order.field, table, sql)? {
            Operand::One { text, class, nullable } => (text, class, nullable),
            // Of several the first, as the list has them.
            Operand::Many(select) => (format!("(select m.v from ({select}) m limit 1)"), Class::Text, true),
        };
        let text = if class == Class::Text { format!("lower({text}) collate ewsd_order") } else { text };
        let ascending = order.ascending != reverse;
        sql.push(&text).push(match (ascending, nullable) {
            (true, true) => " asc nulls first, ",
            (true, false) => " asc, ",
            (false, true) => " desc nulls last, ",
            (false, false) => " desc, ",
        });
    }
    let ascending = orders.last().is_none_or(|order| order.ascending) != reverse;
    sql.push(key).push(if ascending { " asc" } else { " desc" });
    Ok(())
}

/// The terms of `order by` that put groups in order, each group's rows beside each other, and what tells the groups apart.
pub(crate) fn group(grouping: &Grouping, reverse: bool, sql: &mut Sql) -> Result<(String, String), StoreError> {
    sql.shaped = true;
    let mut one = |field: &Field| {
        Ok::<_, StoreError>(match operand(field, Table::Item, sql)? {
            Operand::One { text, class: Class::Text, .. } => (text, true),
            Operand::One { text, class: Class::Bytes, .. } => (format!("encode({text}, 'hex')"), false),
            Operand::One { text, class: Class::Bool, .. } => (format!("{text}::int"), false),
            Operand::One { text, .. } => (text, false),
            Operand::Many(select) => (format!("(select m.v from ({select}) m limit 1)"), true),
        })
    };
    let ((by, is_text), (on, is_ordered)) = (one(&grouping.by)?, one(&grouping.on)?);
    // As texts are compared everywhere: without case.
    let by = if is_text { format!("lower({by})") } else { format!("({by})::text") };
    let on = if is_ordered { format!("lower({on}) collate ewsd_order") } else { on };
    let pick = if grouping.largest { "max" } else { "min" };
    let direction = if grouping.ascending != reverse { "asc nulls first" } else { "desc nulls last" };
    let turned = if reverse { "desc nulls last" } else { "asc nulls first" };
    Ok((format!("{pick}({on}) over (partition by {by}) {direction}, {by} collate \"C\" {turned}, "), by))
}

struct Builder<'s, 'p> {
    table: Table,
    sql: &'s mut Sql<'p>,
}

impl Builder<'_, '_> {
    fn filter(&mut self, filter: &Filter, negated: bool) -> Result<(), StoreError> {
        match filter {
            Filter::True => self.write("true"),
            Filter::And(parts) => return self.joined(parts, " and ", "true", negated),
            Filter::Or(parts) => return self.joined(parts, " or ", "false", negated),
            Filter::Not(inner) => {
                self.write("not ");
                self.write("(");
                self.filter(inner, true)?;
                self.write(")");
            }
            leaf => {
                let text = self.leaf(leaf)?;
                self.write(&if negated { format!("(({text}) is true)") } else { format!("({text})") });
            }
        }
        Ok(())
    }

    fn joined(&mut self, parts: &[Filter], word: &str, none: &str, negated: bool) -> Result<(), StoreError> {
        if parts.is_empty() {
            self.write(none);
            return Ok(());
        }
        self.write("(");
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.write(word);
            }
            self.filter(part, negated)?;
        }
        self.write(")");
        Ok(())
    }

    fn leaf(&mut self, filter: &Filter) -> Result<String, StoreError> {
        match filter {
            Filter::Compare(field, cmp, scalar) => self.compare(field, *cmp, scalar),
            Filter::CompareFields(left, cmp, right) => self.compare_fields(left, *cmp, right),
            Filter::Contains { field, mode, ignore_case, text } => self.contains(field, *mode, *ignore_case, text),
            Filter::Exists(field) => Ok(match self.operand(field)? {
                Operand::One { nullable: false, .. } => "true".to_owned(),
                Operand::One { text, .. } => format!("{text} is not null"),
                Operand::Many(select) => format!("exists ({select})"),
            }),
            Filter::Excludes(field, mask) => {
                let bits = match self.operand(field)? {
                    Operand::One { text, class: Class::Number, .. } => format!("{text}::bigint"),
                    Operand::One { text, class: Class::Bool, .. } => format!("{text}::int::bigint"),
                    _ => return Err(mismatch(field)),
                };
                Ok(format!("coalesce({bits}, 0) & {mask}::bigint = 0"))
            }
            Filter::Words { place, text, whole } => Ok(self.words(*place, text, *whole)),
            Filter::True | Filter::And(_) | Filter::Or(_) | Filter::Not(_) => Ok("true".to_owned()),
        }
    }

    fn words(&mut self, place: Place, text: &str, whole: bool) -> String {
        let Some(Question { item, attachment }) = search::question(place, text, whole) else {
            return "false".to_owned();
        };
        let mut asked = |query: String| format!("{}::text::tsquery", self.sql.place(Param::Text(query.into())));
        let item = item.map(|query| format!("i.search @@ {}", asked(query)));
        let attachment = attachment.map(|query| {
            format!(
                "(i.attachments > 0 and exists (select from attachment a \
                 where a.mailbox = i.mailbox and a.item = i.item and a.search @@ {}))",
                asked(query)
            )
        });
        item.into_iter().chain(attachment).collect::<Vec<_>>().join(" or ")
    }

    fn compare(&mut self, field: &Field, cmp: Cmp, scalar: &Scalar) -> Result<String, StoreError> {
        // Whoever has an address is looked up by the index, and not by going through the folder.
        if let (Field::Contact(key), Cmp::Eq, Scalar::Text(value), Table::Item) = (field, cmp, scalar, self.table) {
            let (key, value) = (self.text(key), format!("{}::text", self.text(value)));
            return Ok(format!(
                "exists (select from contact k where k.mailbox = i.mailbox and k.item = i.item and k.key = {key}::text \
                 and k.folded = ewsd_fold({value}) and {})",
                texts("k.text", Cmp::Eq, &value)
            ));
        }
        match self.operand(field)? {
            Operand::One { text, class, .. } => {
                // The index is on a digest of the Message-ID as it is, letter by letter.
                if cmp == Cmp::Eq && *field == Field::Column(Column::MessageId) {
                    if let Scalar::Text(value) = scalar {
                        let wanted = format!("{}::text", self.text(value));
                        return Ok(format!("{} = {} and {text} = {wanted}", digest(&text), digest(&wanted)));
                    }
                }
                self.compare_one(&text, class, cmp, scalar).ok_or_else(|| mismatch(field))
            }
            // None of them is equal, rather than: one of them differs.
            Operand::Many(select) if cmp == Cmp::Ne => {
                let equal = self.compare_many(Cmp::Eq, scalar);
                Ok(format!("not exists (select from ({select}) m where {equal})"))
            }
            Operand::Many(select) => {
                let condition = self.compare_many(cmp, scalar);
                Ok(format!("exists (select from ({select}) m where {condition})"))
            }
        }
    }

    fn compare_many(&mut self, cmp: Cmp, scalar: &Scalar) -> String {
        let value = match scalar {
            Scalar::Text(text) => text.clone(),
            Scalar::Bool(value) => value.to_string(),
            Scalar::Int(number) => number.to_string(),
            Scalar::Real(number) => number.to_string(),
            Scalar::Time(time) => time.to_string(),
            Scalar::Bytes(octets) => STANDARD.encode(octets),
        };
        let place = self.text(&value);
        texts("m.v", cmp, &format!("{place}::text"))
    }

    fn compare_one(&mut self, text: &str, class: Class, cmp: Cmp, scalar: &Scalar) -> Option<String> {
        let sign = sign(cmp);
        let condition = match (class, scalar) {
            (Class::Text, Scalar::Text(value)) => {
                let place = self.text(value);
                texts(text, cmp, &format!("{place}::text"))
            }
            (Class::Number, Scalar::Int(number)) => format!("{text} {sign} {}::bigint", self.sql.place(*number)),
            (Class::Number, Scalar::Real(number)) => {
                format!("{text} {sign} {}::float8", self.sql.place(Param::Real(*number)))
            }
            (Class::Number, Scalar::Bool(value)) => {
                format!("{text} {sign} {}::bigint", self.sql.place(i64::from(*value)))
            }
            (Class::Bool, Scalar::Bool(value)) => format!("{text} {sign} {}::boolean", self.sql.place(*value)),
            (Class::Bool, Scalar::Int(number)) => format!("{text} {sign} {}::boolean", self.sql.place(*number != 0)),
            (Class::Time, Scalar::Time(time)) => {
                let place = self.sql.place(*time);
                // Clients know whole seconds only.
                match cmp {
                    Cmp::Eq | Cmp::Ne => {
                        format!("date_trunc('second', {text}) {sign} date_trunc('second', {place}::timestamptz)")
                    }
                    _ => format!("{text} {sign} {place}::timestamptz"),
                }
            }
            (Class::Bytes, Scalar::Bytes(octets)) => {
                format!("{text} {sign} {}::bytea", self.sql.place(Param::Bytes(octets.clone().into())))
            }
            (Class::Encoded, Scalar::Bytes(octets)) => {
                format!("{text} {sign} {}::text", self.sql.place(Param::Text(STANDARD.encode(octets).into())))
            }
            _ => return None,
        };
        Some(condition)
    }

    fn compare_fields(&mut self, left: &Field, cmp: Cmp, right: &Field) -> Result<String, StoreError> {
        let (Operand::One { text: a, class: x, .. }, Operand::One { text: b, class: y, .. }) =
            (self.operand(left)?, self.operand(right)?)
        else {
            return Err(mismatch(left));
        };
        if x != y {
            return Err(mismatch(right));
        }
        Ok(if x == Class::Text { texts(&a, cmp, &b) } else { format!("{a} {} {b}", sign(cmp)) })
    }

    fn contains(
        &mut self,
        field: &Field,
        mode: ContainsMode,
        ignore_case: bool,
        text: &str,
    ) -> Result<String, StoreError> {
        match self.operand(field)? {
            Operand::One { text: value, class: Class::Text, .. } => Ok(self.matches(&value, mode, ignore_case, text)),
            Operand::One { .. } => Err(mismatch(field)),
            Operand::Many(select) => {
                let condition = self.matches("m.v", mode, ignore_case, text);
                Ok(format!("exists (select from ({select}) m where {condition})"))
            }
        }
    }

    /// Texts are found by position, never by an expression of the client's shaping: PostgreSQL keeps 32 of these compiled, and
    /// would compile any further one anew for each row. Where words must begin or end is seen by what stands around them.
    fn matches(&mut self, value: &str, mode: ContainsMode, ignore_case: bool, text: &str) -> String {
        let wanted = format!("{}::text", self.text(text));
        let fold = |text: &str| if ignore_case { format!("lower({text})") } else { text.to_owned() };
        let (value, wanted) = (fold(value), fold(&wanted));
        match mode {
            ContainsMode::FullString => format!("{value} = {wanted}"),
            ContainsMode::Prefixed => format!("starts_with({value}, {wanted})"),
            ContainsMode::Substring => format!("strpos({value}, {wanted}) > 0"),
            ContainsMode::PrefixOnWords => words::condition(&value, &wanted, text, false),
            ContainsMode::ExactPhrase => words::condition(&value, &wanted, text, true),
        }
    }

    fn operand(&mut self, field: &Field) -> Result<Operand, StoreError> {
        operand(field, self.table, self.sql)
    }

    fn text(&mut self, text: &str) -> String {
        self.sql.place(Param::Text(clean(text).into_owned().into()))
    }

    fn write(&mut self, text: &str) {
        self.sql.push(text);
    }
}

/// The expression that `item_message_id` is made of (V4), of any text.
fn digest(text: &str) -> String {
    format!(r"substring(sha256(decode(replace({text}, '\', '\\'), 'escape')) for 16)")
}

/// Texts are compared without case; larger and smaller by the rules for sorting.
fn texts(left: &str, cmp: Cmp, right: &str) -> String {
    match cmp {
        Cmp::Eq | Cmp::Ne => format!("lower({left}) {} lower({right})", sign(cmp)),
        _ => format!("lower({left}) collate ewsd_order {} lower({right})", sign(cmp)),
    }
}

fn sign(cmp: Cmp) -> &'static str {
    match cmp {
        Cmp::Eq => "=",
        // What is not set is not equal to anything.
        Cmp::Ne => "is distinct from",
        Cmp::Lt => "<",
        Cmp::Le => "<=",
        Cmp::Gt => ">",
        Cmp::Ge => ">=",
    }
}

fn mismatch(field: &Field) -> StoreError {
    StoreError::Corrupt(format!("{field:?} cannot be compared with that"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ScalarType;

    /// Expressions that are ours, whatever is searched for.
    const OWN: [&str; 4] = [
        r"!~ '\w'",
        r"regexp_replace(translate(",
        r"E'\x01', ' '), '\y', E'\x01', 'g')",
        r"regexp_replace(encode(b.data, 'escape'), '(\\\\)|\\000', '\1', 'g')",
    ];

    /// PostgreSQL keeps 32 compiled expressions: with one for each text that clients look for, it would compile them for each row.
    #[test]
    fn no_expression_is_of_a_clients_shaping() {
        let fields = [
            Field::Column(Column::Subject),
            Field::Body,
            Field::Json("ToRecipients", ScalarType::Mailboxes),
            Field::Contact("Surname".into()),
        ];
        let modes = [
            ContainsMode::FullString,
            ContainsMode::Prefixed,
            ContainsMode::Substring,
            ContainsMode::PrefixOnWords,
            ContainsMode::ExactPhrase,
        ];
        let long = "word ".repeat(400);
        for text in ["word", "-", "that", "a.*b", "to be or not to be", long.as_str()] {
            for (field, mode, ignore_case) in fields
                .iter()
                .flat_map(|field| modes.iter().flat_map(move |mode| [(field, *mode, true), (field, *mode, false)]))
            {
                let filter = Filter::Contains { field: field.clone(), mode, ignore_case, text: text.to_owned() };
                let mut sql = Sql::new("");
                condition(&filter, Table::Item, &mut sql).unwrap();
                let rest = OWN.iter().fold(sql.text.clone(), |rest, own| rest.replace(own, ""));
                for sign in ["~", "regexp", "like", "similar"] {
                    assert!(!rest.contains(sign), "{sign} for {filter:?}: {}", sql.text);
                }
            }
        }
    }
}
