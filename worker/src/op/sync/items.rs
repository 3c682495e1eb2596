//! SyncFolderItems (MS-OXWSSYNC 3.1.4.2). What is reported is the store's journal; how an item is shown is the shape's. A page
//! ends where the answer's budget does: what follows is the next one's.

use std::collections::{HashMap, HashSet};

use ewsd_ews::reply::{Change, SyncPage};
use ewsd_ews::request::SyncFolderItems;
use ewsd_ews::view::ItemView;
use ewsd_ews::word::SyncScope;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::{Granted, Right};
use ewsd_mailbox::property::{Bodies, ShownItem};
use ewsd_model::FolderKind;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{ChangeKey, FolderNo, ItemId, ItemNo};
use ewsd_model::property::bit;
use ewsd_model::target::BaseItemId;
use ewsd_model::value::WireId;
use ewsd_store::{ItemChange, ItemRow, ItemState, StoreError, SyncKind};

use super::state::{decode_items, encode_items};
use crate::op::Cx;
use crate::op::budget::{self, Budget};
use crate::op::shape::Shape;

pub fn run(cx: &mut Cx<'_>, request: SyncFolderItems) -> Result<Vec<Outcome<SyncPage<ItemView>>>> {
    Ok(vec![outcome(sync_items(cx, &request))?])
}

fn sync_items(cx: &mut Cx<'_>, request: &SyncFolderItems) -> Result<SyncPage<ItemView>> {
    if request.shape.include_mime {
        let text = "IncludeMimeContent cannot be asked for here: messages as MIME come from GetItem.";
        return Err(Failure::with_text(Code::ErrorInvalidPropertyForOperation, text).into());
    }
    let folder = cx.gate.folder(&request.folder, Right::Read).map_err(|error| match error {
        Error::Failure(failure) if failure.code == Code::ErrorFolderNotFound => Code::ErrorSyncFolderNotFound.into(),
        other => other,
    })?;
    if folder.is(FolderKind::SearchFolder) {
        return Err(Code::ErrorInvalidOperation.into());
    }
    let (granted, number) = (folder.granted, folder.row.folder);
    let text = request.sync_state.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let state = match text.map(|text| decode_items(granted.guid(), text)) {
        None => ItemState::new(number),
        Some(Some(state)) if state.folder() == number => state,
        Some(_) => return Err(Code::ErrorInvalidSyncStateData.into()),
    };
    let associated = request.scope == Some(SyncScope::NormalAndAssociated);
    let most = usize::try_from(request.max_changes).unwrap_or(1);
    let most = most.min(usize::try_from(cx.settings.limits.sync_changes).unwrap_or(usize::MAX));
    let ignored = ignored(&granted, &request.ignore);
    let mut shape = Shape::of_lists(&request.shape, cx.version);
    let place = Place { granted: &granted, folder: number };
    let mut most = most;
    loop {
        let mut mailbox = cx.gate.open(&granted);
        let page = mailbox.sync_items(&state, associated, most).map_err(|error| match error {
            StoreError::Trimmed | StoreError::Lost => Error::from(Code::ErrorInvalidSyncStateData),
            other => other.into(),
        })?;
        let told = place.tell_all(cx, &page.changes, &ignored, &mut shape)?;
        match told {
            Ok(changes) => {
                let state = encode_items(granted.guid(), &page.state);
                return Ok(SyncPage { state, includes_last: page.last, changes });
            }
            // Asked for anew with fewer, so that the state says where this page ends; always with less than before.
            Err(fit) => most = fit.min(most.saturating_sub(1)).max(1),
        }
    }
}

/// Ids that are none, or of another mailbox, are ignored as well: nothing is reported of them.
fn ignored(granted: &Granted, ids: &[BaseItemId]) -> HashSet<ItemNo> {
    let item = |id: &BaseItemId| match id {
        BaseItemId::Item(id) => ItemId::decode(&id.id).ok().filter(|id| id.mailbox == granted.guid()).map(|id| id.item),
        _ => None,
    };
    ids.iter().filter_map(item).collect()
}

/// The items to be shown, all in one query; none where the answer holds ids alone.
fn rows(
    cx: &mut Cx<'_>,
    granted: &Granted,
    shape: &Shape,
    changes: &[&ItemChange],
) -> Result<HashMap<ItemNo, ItemRow>> {
    let shown: Vec<ItemNo> = changes
        .iter()
        .filter(|change| matches!(change.what, SyncKind::Create | SyncKind::Update))
        .map(|change| change.item)
        .collect();
    if shape.is_id_only() || shown.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = cx.gate.open(granted).items(&shown, &shape.needs.plan)?;
    Ok(rows.into_iter().map(|row| (row.item, row)).collect())
}

fn size(change: &Change<ItemView>) -> u64 {
    match change {
        Change::Create(view) | Change::Update(view) => budget::of_item(view),
        Change::Delete(_) | Change::ReadFlag(..) => 256,
    }
}

/// Where the changes happened.
struct Place<'a> {
    granted: &'a Granted,
    folder: FolderNo,
}

/// Items of which documents or contents are read at a time.
const AT_ONCE: usize = 64;

impl Place<'_> {
    /// All changes of a page but the ignored; or how many of the page's there is room for.
    fn tell_all(
        &self,
        cx: &mut Cx<'_>,
        changes: &[ItemChange],
        ignored: &HashSet<ItemNo>,
        shape: &mut Shape,
    ) -> Result<Result<Vec<Change<ItemView>>, usize>> {
        let mut budget = Budget::new(cx.settings);
        let mut told = Vec::with_capacity(changes.len());
        let plan = &shape.needs.plan;
        let at_once = if plan.json || plan.ext || plan.body { AT_ONCE } else { changes.len().max(1) };
        let mut place = 0;
        for some in changes.chunks(at_once) {
            let wanted: Vec<&ItemChange> = some.iter().filter(|change| !ignored.contains(&change.item)).collect();
            let rows = rows(cx, self.granted, shape, &wanted)?;
            for change in some {
                let change = if ignored.contains(&change.item) { None } else { self.tell(change, shape, &rows)? };
                if change.as_ref().is_some_and(|change| budget.take(size(change)).is_err()) {
                    return Ok(Err(place));
                }
                told.extend(change);
                place += 1;
            }
        }
        Ok(Ok(told))
    }

    /// None for an item that went between the two queries: the next answer tells of it.
    fn tell(
        &self,
        change: &ItemChange,
        shape: &mut Shape,
        rows: &HashMap<ItemNo, ItemRow>,
    ) -> Result<Option<Change<ItemView>>> {
        let id = self.granted.item_id(self.folder, change.item).encode();
        let keyed = |id| WireId { id, change_key: Some(ChangeKey::new(change.kind, change.change).encode()) };
        match change.what {
            SyncKind::Delete => return Ok(Some(Change::Delete(WireId { id, change_key: None }))),
            SyncKind::ReadFlag => return Ok(Some(Change::ReadFlag(keyed(id), change.flags & bit::READ != 0))),
            SyncKind::Create | SyncKind::Update => {}
        }
        let view = if shape.is_id_only() {
            ItemView::of_id(change.kind, keyed(id))
        } else {
            let Some(row) = rows.get(&change.item) else { return Ok(None) };
            let bodies = Bodies::default();
            shape.view(&ShownItem {
                row,
                owner: self.granted,
                attachments: &[],
                mime: None,
                bodies: &bodies,
                listed: true,
                told: &[],
                trouble: None,
            })?
        };
        Ok(Some(if change.what == SyncKind::Create { Change::Create(view) } else { Change::Update(view) }))
    }
}
