//! Restrictions and sort orders as the store understands them: each path becomes a field by the property table, each
//! constant what that field holds (MS-OXWSSRCH 2.2.4). For items and for folders.

use std::cmp::Ordering;

use ewsd_ews::word::{Aggregate, ContainmentMode, Direction, StandardGroupBy};
use ewsd_ews::{Comparison, FieldOrder, Operand, Restriction};
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::id::{ConversationId, FolderId, Guid, ItemId};
use ewsd_model::path::{Dictionary, Path, contact_key};
use ewsd_model::property::alias::{Alias, FlagPart, MESSAGE_FLAGS, Part};
use ewsd_model::property::mapi::{ExtendedName, MapiType, Scalar};
use ewsd_model::property::{Blob, Column, ExtendedPath, Prop, Source, Type, bit, can};
use ewsd_model::{Kinds, PropId};
use ewsd_store::{Cmp, ContainsMode, Field, Filter, Grouping, Order, ScalarType};

/// What can be compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Bool,
    Number,
    Text,
    Time,
    Bytes,
    /// Several texts, any of which will do. Sorted by the first.
    Texts,
    /// Ids, by the number of what they name.
    ItemId,
    FolderId,
    Conversation,
    /// PidTagMessageFlags: bits, not a number.
    MessageFlags,
}

/// What a path names.
#[derive(Clone, Debug)]
struct Target {
    field: Field,
    class: Class,
    /// The row whose words stand for the column's numbers.
    words: Option<&'static Prop>,
}

/// The condition as a filter on things of these kinds (all items, or all folders) in this mailbox: ids are its own or another's.
pub fn filter(restriction: &Restriction, kinds: Kinds, mailbox: Guid) -> Result<Filter, Failure> {
    let one = |part: &Restriction| filter(part, kinds, mailbox);
    let all = |parts: &[Restriction]| parts.iter().map(one).collect::<Result<Vec<_>, _>>();
    Ok(match restriction {
        Restriction::And(parts) => Filter::And(all(parts)?),
        Restriction::Or(parts) => Filter::Or(all(parts)?),
        Restriction::Not(inner) => Filter::Not(Box::new(one(inner)?)),
        Restriction::Exists(path) => {
            let target = queried(path, kinds)?;
            if target.class == Class::MessageFlags || matches!(target.field, Field::Bit(_)) {
                return Err(Failure::at(Code::ErrorInvalidPropertyForExists, path.clone()));
            }
            Filter::Exists(target.field)
        }
        Restriction::Excludes { path, mask } => excludes(path, *mask, kinds)?,
        Restriction::Compare { path, comparison, with } => compare(path, *comparison, with, (kinds, mailbox))?,
        Restriction::Contains { path, mode, comparison, text } => {
            let target = queried(path, kinds)?;
            if !matches!(target.class, Class::Text | Class::Texts) {
                return Err(Failure::at(Code::ErrorContainsFilterWrongType, path.clone()));
            }
            let mode = contains_mode(*mode);
            Filter::Contains { field: target.field, mode, ignore_case: comparison.ignores_case(), text: text.clone() }
        }
    })
}

/// The sort order as the store understands it.
pub fn orders(sort: &[FieldOrder], kinds: Kinds) -> Result<Vec<Order>, Failure> {
    sort.iter().map(|one| order(one, kinds)).collect()
}

/// The groups that rows are put in.
pub fn grouping(grouping: &ewsd_ews::Grouping, kinds: Kinds) -> Result<Grouping, Failure> {
    let field = |path: &Path| {
        let one = FieldOrder { path: path.clone(), direction: Direction::Ascending };
        order(&one, kinds).map(|order| order.field)
    };
    Ok(match grouping {
        ewsd_ews::Grouping::Field { direction, path, aggregate_on, aggregate } => Grouping {
            by: field(path)?,
            on: field(aggregate_on)?,
            largest: *aggregate == Aggregate::Maximum,
            ascending: *direction == Direction::Ascending,
        },
        ewsd_ews::Grouping::Standard { direction, by: StandardGroupBy::ConversationTopic } => Grouping {
            by: Field::Column(Column::ConversationTopic),
            on: Field::Column(Column::Received),
            largest: true,
            ascending: *direction == Direction::Ascending,
        },
    })
}

fn order(one: &FieldOrder, kinds: Kinds) -> Result<Order, Failure> {
    let unsupported = || Failure::at(Code::ErrorUnsupportedPathForSortGroup, one.path.clone());
    let target = match &one.path {
        // People are sorted by name.
        Path::Prop(PropId::MessageFrom) => {
            Target { field: Field::Column(Column::FromName), class: Class::Text, words: None }
        }
        path => target(path, kinds, can::SORT).ok_or_else(unsupported)?,
    };
    match target.class {
        Class::MessageFlags | Class::Conversation => Err(unsupported()),
        // A whole body is read for each row before the first can be told.
        Class::Texts if target.field == Field::Body => Err(unsupported()),
        _ => Ok(Order { field: target.field, ascending: one.direction == Direction::Ascending }),
    }
}

fn contains_mode(mode: ContainmentMode) -> ContainsMode {
    match mode {
        ContainmentMode::FullString => ContainsMode::FullString,
        ContainmentMode::Prefixed => ContainsMode::Prefixed,
        ContainmentMode::Substring => ContainsMode::Substring,
        ContainmentMode::PrefixOnWords => ContainsMode::PrefixOnWords,
        ContainmentMode::ExactPhrase => ContainsMode::ExactPhrase,
    }
}

fn compare(
    path: &Path,
    comparison: Comparison,
    with: &Operand,
    (kinds, mailbox): (Kinds, Guid),
) -> Result<Filter, Failure> {
    let left = queried(path, kinds)?;
    let cmp = match comparison {
        Comparison::Equal => Cmp::Eq,
        Comparison::NotEqual => Cmp::Ne,
        Comparison::Greater => Cmp::Gt,
        Comparison::GreaterOrEqual => Cmp::Ge,
        Comparison::Less => Cmp::Lt,
        Comparison::LessOrEqual => Cmp::Le,
    };
    match with {
        Operand::Constant(constant) if left.class == Class::MessageFlags => message_flags(path, cmp, constant),
        Operand::Constant(constant) => {
            let invalid = || Failure::at(Code::ErrorInvalidValueForProperty, path.clone());
            let (whose, constant) = adapt(&left, constant).ok_or_else(invalid)?;
            Ok(match whose.map_or(Ordering::Equal, |whose| mailbox.cmp(&whose)) {
                Ordering::Equal => Filter::Compare(left.field, cmp, constant),
                // It names nothing in this mailbox. All of a mailbox's ids stand before or behind another's.
                other => constantly(holds(cmp, other)),
            })
        }
        Operand::Path(other) => {
            let right = queried(other, kinds)?;
            if left.class != right.class || matches!(left.class, Class::Texts | Class::MessageFlags) {
                return Err(Failure::at(Code::ErrorInvalidValueForProperty, other.clone()));
            }
            Ok(Filter::CompareFields(left.field, cmp, right.field))
        }
    }
}

fn holds(cmp: Cmp, order: Ordering) -> bool {
    match cmp {
        Cmp::Eq => order.is_eq(),
        Cmp::Ne => order.is_ne(),
        Cmp::Lt => order.is_lt(),
        Cmp::Le => order.is_le(),
        Cmp::Gt => order.is_gt(),
        Cmp::Ge => order.is_ge(),
    }
}

fn constantly(is: bool) -> Filter {
    if is { Filter::True } else { Filter::Not(Box::new(Filter::True)) }
}

/// The constant as what the field holds, and of an id the mailbox that it is of.
fn adapt(target: &Target, constant: &Scalar) -> Option<(Option<Guid>, Scalar)> {
    let adapted = match (target.class, constant) {
        (Class::Number, Scalar::Text(word)) => {
            target.words?.number_of(word).map(|number| Scalar::Int(i64::from(number)))
        }
        (Class::Number, Scalar::Int(_) | Scalar::Real(_))
        | (Class::Bool, Scalar::Bool(_))
        | (Class::Text | Class::Texts, Scalar::Text(_))
        | (Class::Time, Scalar::Time(_))
        | (Class::Bytes, Scalar::Bytes(_)) => Some(constant.clone()),
        (Class::Texts, Scalar::Int(_) | Scalar::Time(_) | Scalar::Bytes(_) | Scalar::Real(_)) => Some(constant.clone()),
        (Class::ItemId, Scalar::Text(id)) => {
            return ItemId::decode(id).ok().map(|id| (Some(id.mailbox), Scalar::Int(id.item.0)));
        }
        (Class::ItemId, Scalar::Int(number)) => Some(Scalar::Int(*number)),
        (Class::FolderId, Scalar::Text(id)) => {
            return FolderId::decode(id).ok().map(|id| (Some(id.mailbox), Scalar::Int(id.folder.0)));
        }
        (Class::Conversation, Scalar::Text(id)) => {
            let id = ConversationId::decode(id).ok()?;
            return Some((Some(id.mailbox), Scalar::Bytes(id.conversation.to_vec())));
        }
        (Class::Conversation, Scalar::Bytes(octets)) => Some(Scalar::Bytes(octets.clone())),
        _ => None,
    };
    adapted.map(|constant| (None, constant))
}

fn has_bit(flag: u32, wanted: bool) -> Filter {
    Filter::Compare(Field::Bit(flag), Cmp::Eq, Scalar::Bool(wanted))
}

/// Equal or not to a whole set of flags; larger and smaller mean nothing of flags.
fn message_flags(path: &Path, cmp: Cmp, constant: &Scalar) -> Result<Filter, Failure> {
    let Scalar::Int(value) = constant else {
        return Err(Failure::at(Code::ErrorInvalidValueForProperty, path.clone()));
    };
    let equal =
        Filter::And(MESSAGE_FLAGS.iter().map(|(mask, flag)| has_bit(*flag, value & i64::from(*mask) != 0)).collect());
    match cmp {
        Cmp::Eq => Ok(equal),
        Cmp::Ne => Ok(Filter::Not(Box::new(equal))),
        _ => Err(Failure::at(Code::ErrorUnsupportedPathForQuery, path.clone())),
    }
}

/// True when no bit of the mask is set.
fn excludes(path: &Path, mask: u32, kinds: Kinds) -> Result<Filter, Failure> {
    let target = queried(path, kinds)?;
    match (target.class, target.field) {
        (Class::MessageFlags, _) => {
            let bits = MESSAGE_FLAGS.iter().filter(|(known, _)| mask as i32 & known != 0);
            Ok(Filter::And(bits.map(|(_, flag)| has_bit(*flag, false)).collect()))
        }
        (Class::Bool, Field::Bit(flag)) => Ok(if mask & 1 != 0 { has_bit(flag, false) } else { Filter::True }),
        (Class::Number, field) => Ok(Filter::Excludes(field, mask)),
        _ => Err(Failure::at(Code::ErrorInvalidValueForProperty, path.clone())),
    }
}

fn queried(path: &Path, kinds: Kinds) -> Result<Target, Failure> {
    target(path, kinds, can::QUERY).ok_or_else(|| Failure::at(Code::ErrorUnsupportedPathForQuery, path.clone()))
}

/// What the path names, if it can be searched or sorted by.
fn target(path: &Path, kinds: Kinds, ability: u8) -> Option<Target> {
    match path {
        // By their names, though the documents do not say so: clients look for files.
        Path::Prop(PropId::ItemAttachments) if ability == can::QUERY && kinds.meets(Kinds::ALL_ITEMS) => {
            simple(Field::AttachmentName, Class::Texts)
        }
        Path::Prop(id) => {
            let row = id.row();
            // Recipients can be searched, though the documents do not say so; clients do.
            let people = row.ty == Type::Recipients && ability == can::QUERY;
            (row.kinds.meets(kinds) && row.built() && (row.allows(ability) || people)).then(|| property(row)).flatten()
        }
        Path::Indexed(indexed) if indexed.dictionary == Dictionary::InternetMessageHeader => {
            Some(Target { field: Field::Header(indexed.key.clone()), class: Class::Texts, words: None })
        }
        Path::Indexed(indexed) => simple(Field::Contact(indexed.contact_key()?), Class::Text),
        Path::Extended(path) => extended(path, kinds),
    }
}

fn simple(field: Field, class: Class) -> Option<Target> {
    Some(Target { field, class, words: None })
}

fn column(column: Column, class: Class) -> Option<Target> {
    simple(Field::Column(column), class)
}

fn property(row: &'static Prop) -> Option<Target> {
    match row.source {
        Source::Bit(mask) => simple(Field::Bit(mask), Class::Bool),
        Source::Column(known) => {
            let (class, words) = match (known, row.ty) {
                (Column::Id, Type::ItemId) => (Class::ItemId, None),
                (Column::Id | Column::Parent, _) => (Class::FolderId, None),
                (Column::ConversationId, _) => (Class::Conversation, None),
                (_, Type::Enum(_)) => (Class::Number, Some(row)),
                (_, Type::Flag) => (Class::Number, None),
                (_, ty) => (class_of(ty)?, None),
            };
            Some(Target { field: Field::Column(known), class, words })
        }
        Source::Json if row.in_contact_table() => matches!(row.ty, Type::Text)
            .then(|| Field::Contact(row.element.to_owned()))
            .and_then(|field| simple(field, Class::Text)),
        Source::Json => {
            let ty = match row.ty {
                Type::Bool => ScalarType::Bool,
                Type::Int | Type::Long => ScalarType::Int,
                Type::Double => ScalarType::Real,
                Type::Text | Type::Enum(_) => ScalarType::Text,
                Type::Time => ScalarType::Time,
                Type::Bytes => ScalarType::Bytes,
                Type::Texts => ScalarType::Texts,
                Type::SingleRecipient | Type::Recipients => ScalarType::Mailboxes,
                _ => return None,
            };
            simple(Field::Json(row.element, ty), class_of_scalar(ty))
        }
        Source::Blob(Blob::Body) => simple(Field::Body, Class::Texts),
        Source::Blob(Blob::Mime) | Source::Children | Source::Computed => None,
    }
}

fn class_of(ty: Type) -> Option<Class> {
    Some(match ty {
        Type::Text => Class::Text,
        Type::Bool => Class::Bool,
        Type::Int | Type::Long | Type::Double => Class::Number,
        Type::Time => Class::Time,
        Type::Bytes => Class::Bytes,
        Type::Texts | Type::SingleRecipient | Type::Recipients => Class::Texts,
        _ => return None,
    })
}

fn class_of_scalar(ty: ScalarType) -> Class {
    match ty {
        ScalarType::Bool => Class::Bool,
        ScalarType::Int | ScalarType::Real => Class::Number,
        ScalarType::Text => Class::Text,
        ScalarType::Time => Class::Time,
        ScalarType::Bytes => Class::Bytes,
        ScalarType::Texts | ScalarType::Mailboxes => Class::Texts,
    }
}

/// A MAPI property: what it stands for, or its own value.
fn extended(path: &ExtendedPath, kinds: Kinds) -> Option<Target> {
    let Some(alias) = path.alias(kinds) else {
        let ty = scalar_type(path.ty)?;
        let class = if path.array { Class::Texts } else { class_of_scalar(ty) };
        return simple(Field::Ext { key: path.key(), ty, array: path.array }, class);
    };
    match alias {
        Alias::Prop(id) => property(id.row()),
        Alias::Column(known) => column(known, column_class(known, path.ty)?),
        Alias::Part(PropId::MessageFrom, Part::Name) => column(Column::FromName, Class::Text),
        Alias::Part(_, Part::Routing) => None,
        Alias::Part(id, _) | Alias::Names(id) => property(id.row()),
        Alias::Flag(part) => match part {
            FlagPart::Status => column(Column::FlagStatus, Class::Number),
            FlagPart::Start => column(Column::FlagStart, Class::Time),
            FlagPart::Due => column(Column::FlagDue, Class::Time),
            FlagPart::Complete => column(Column::FlagComplete, Class::Time),
        },
        Alias::Header => match &path.name {
            ExtendedName::Name(_, name) => simple(Field::Header(name.clone()), Class::Texts),
            _ => None,
        },
        Alias::MessageFlags => simple(Field::Bit(bit::READ), Class::MessageFlags),
        Alias::Entry(id, key) => simple(Field::Contact(contact_key(id.row().element, key, None)), Class::Text),
        Alias::EntryPart(id, key, Part::Address) => {
            simple(Field::Contact(contact_key(id.row().element, key, None)), Class::Text)
        }
        Alias::Postal(id, key, part) => {
            simple(Field::Contact(contact_key(id.row().element, key, Some(part))), Class::Text)
        }
        Alias::PlainBody | Alias::HtmlBody => simple(Field::Body, Class::Texts),
        Alias::NormalizedSubject => column(Column::ConversationTopic, Class::Text),
        Alias::Place => column(Column::Id, Class::ItemId),
        Alias::HasSubfolders => column(Column::ChildCount, Class::Number),
        Alias::EntryPart(..)
        | Alias::Headers
        | Alias::SubjectPrefix
        | Alias::EntryId
        | Alias::ParentEntryId
        | Alias::RecordKey
        | Alias::SearchKey
        | Alias::InstanceKey
        | Alias::NextPlace
        | Alias::LastPlace
        | Alias::LastChange
        | Alias::Access
        | Alias::Octets(_) => None,
    }
}

fn column_class(column: Column, ty: MapiType) -> Option<Class> {
    Some(match (column, ty) {
        (Column::ConversationId, _) => Class::Conversation,
        (_, MapiType::Boolean) => Class::Bool,
        (_, MapiType::SystemTime) => Class::Time,
        (_, MapiType::String) => Class::Text,
        (_, MapiType::Binary) => Class::Bytes,
        (_, ty) if ty.is_whole() => Class::Number,
        _ => return None,
    })
}

fn scalar_type(ty: MapiType) -> Option<ScalarType> {
    Some(match ty {
        MapiType::Boolean => ScalarType::Bool,
        MapiType::Integer | MapiType::Long | MapiType::Short | MapiType::Currency => ScalarType::Int,
        MapiType::Double | MapiType::Float | MapiType::ApplicationTime => ScalarType::Real,
        MapiType::String | MapiType::Clsid => ScalarType::Text,
        MapiType::SystemTime => ScalarType::Time,
        MapiType::Binary => ScalarType::Bytes,
        MapiType::Error | MapiType::Null | MapiType::Object => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use ewsd_ews::word::ContainmentComparison;
    use ewsd_model::id::FolderNo;
    use ewsd_model::property::{Mapi, SetId};

    const ITEMS: Kinds = Kinds::ALL_ITEMS;
    const MAILBOX: Guid = Guid([5; 16]);

    fn equal(path: impl Into<Path>, constant: Scalar) -> Result<Filter, Failure> {
        let with = Operand::Constant(constant);
        filter(&Restriction::Compare { path: path.into(), comparison: Comparison::Equal, with }, ITEMS, MAILBOX)
    }

    fn tag(tag: u16, ty: MapiType) -> Path {
        Path::Extended(ExtendedPath::tag(tag, ty))
    }

    fn text(text: &str) -> Scalar {
        Scalar::Text(text.to_owned())
    }

    #[test]
    fn words_become_numbers() {
        let expected = Filter::Compare(Field::Column(Column::Importance), Cmp::Eq, Scalar::Int(2));
        assert_eq!(equal(PropId::ItemImportance, text("High")).unwrap(), expected);
        assert_eq!(equal(tag(0x0017, MapiType::Integer), Scalar::Int(2)).unwrap(), expected);
    }

    #[test]
    fn both_names_of_a_property_are_one_field() {
        let by_uri = equal(PropId::ItemSubject, text("x")).unwrap();
        let by_tag = equal(tag(0x0037, MapiType::String), text("x")).unwrap();
        assert_eq!(by_uri, by_tag);
        let read = Filter::Compare(Field::Bit(bit::READ), Cmp::Eq, Scalar::Bool(true));
        assert_eq!(equal(PropId::MessageIsRead, Scalar::Bool(true)).unwrap(), read);
    }

    #[test]
    fn what_means_nothing_is_compared_by_its_key() {
        let filter = equal(tag(0x10f3, MapiType::String), text("a.EML")).unwrap();
        let field = Field::Ext { key: "0x10f3001f".into(), ty: ScalarType::Text, array: false };
        assert_eq!(filter, Filter::Compare(field, Cmp::Eq, text("a.EML")));
    }

    #[test]
    fn the_place_in_the_folder_is_the_items_number() {
        let filter = equal(tag(0x0e23, MapiType::Integer), Scalar::Int(12)).unwrap();
        assert_eq!(filter, Filter::Compare(Field::Column(Column::Id), Cmp::Eq, Scalar::Int(12)));
    }

    #[test]
    fn ids_of_another_mailbox_stand_before_or_behind() {
        let compare = |comparison, whose: u8| {
            let id = FolderId { mailbox: Guid([whose; 16]), folder: FolderNo(9) };
            let with = Operand::Constant(text(&id.encode()));
            let path = Path::Prop(PropId::ItemParentFolderId);
            filter(&Restriction::Compare { path, comparison, with }, ITEMS, MAILBOX).unwrap()
        };
        let own = Filter::Compare(Field::Column(Column::Parent), Cmp::Ge, Scalar::Int(9));
        assert_eq!(compare(Comparison::GreaterOrEqual, 5), own);
        for (comparison, before, behind) in [
            (Comparison::Equal, false, false),
            (Comparison::NotEqual, true, true),
            (Comparison::Greater, true, false),
            (Comparison::GreaterOrEqual, true, false),
            (Comparison::Less, false, true),
            (Comparison::LessOrEqual, false, true),
        ] {
            assert_eq!([4, 6].map(|whose| compare(comparison, whose)), [before, behind].map(constantly));
        }
    }

    #[test]
    fn message_flags_are_bits() {
        let path = tag(0x0e07, MapiType::Integer);
        let excluded = filter(&Restriction::Excludes { path: path.clone(), mask: 0x9 }, ITEMS, MAILBOX).unwrap();
        assert_eq!(excluded, Filter::And(vec![has_bit(bit::READ, false), has_bit(bit::DRAFT, false)]));
        let Filter::And(all) = equal(path, Scalar::Int(1)).unwrap() else { panic!("not all of them") };
        assert!(all.contains(&has_bit(bit::READ, true)) && all.contains(&has_bit(bit::DRAFT, false)));
    }

    #[test]
    fn refusals_name_the_property() {
        let code = |restriction: Restriction| filter(&restriction, ITEMS, MAILBOX).unwrap_err().code;
        let path = |id: PropId| Path::Prop(id);
        assert_eq!(code(Restriction::Exists(path(PropId::MessageIsRead))), Code::ErrorInvalidPropertyForExists);
        assert_eq!(code(Restriction::Exists(path(PropId::ItemUniqueBody))), Code::ErrorUnsupportedPathForQuery);
        let contains = Restriction::Contains {
            path: path(PropId::ItemSize),
            mode: ContainmentMode::Substring,
            comparison: ContainmentComparison::IgnoreCase,
            text: "1".into(),
        };
        assert_eq!(code(contains), Code::ErrorContainsFilterWrongType);
        let odd = equal(tag(0x0017, MapiType::Integer), text("?")).unwrap_err();
        assert_eq!(odd.code, Code::ErrorInvalidValueForProperty);
        assert!(!odd.details.is_empty());
    }

    #[test]
    fn orders() {
        let order = |path: Path| {
            let sort = [FieldOrder { path, direction: Direction::Descending }];
            super::orders(&sort, ITEMS).map(|orders| orders.into_iter().next().unwrap().field)
        };
        assert_eq!(order(Path::Prop(PropId::MessageFrom)).unwrap(), Field::Column(Column::FromName));
        assert_eq!(order(tag(0x0e23, MapiType::Integer)).unwrap(), Field::Column(Column::Id));
        let categories = Mapi::Names(SetId::PublicStrings, "Keywords", MapiType::String).path();
        assert_eq!(order(Path::Extended(categories)).unwrap(), Field::Column(Column::Categories));
        assert_eq!(order(Path::Prop(PropId::ItemCategories)).unwrap(), Field::Column(Column::Categories));
        let body = tag(0x1000, MapiType::String);
        assert_eq!(order(body).unwrap_err().code, Code::ErrorUnsupportedPathForSortGroup);
        assert_eq!(order(Path::Prop(PropId::ItemBody)).unwrap_err().code, Code::ErrorUnsupportedPathForSortGroup);
    }

    #[test]
    fn folders_have_their_own_fields() {
        let with = Operand::Constant(text("Inbox"));
        let path = Path::Prop(PropId::FolderDisplayName);
        let name = Restriction::Compare { path, comparison: Comparison::Equal, with };
        let expected = Filter::Compare(Field::Column(Column::Name), Cmp::Eq, text("Inbox"));
        assert_eq!(filter(&name, Kinds::ALL_FOLDERS, MAILBOX).unwrap(), expected);
        assert_eq!(filter(&name, ITEMS, MAILBOX).unwrap_err().code, Code::ErrorUnsupportedPathForQuery);
    }
}
