"""Drives a server with what exchangelib can do beyond everyday mail, unmodified: one line for each check, exit status 1
when one fails.

usage: exchangelib_deep.py CONTEXT, as for exchangelib_client.py. See ../suite/clients.rs, which starts it.
"""
import sys
from decimal import Decimal

from exchangelib import (
    Contact, DistributionList, EWSDate, EWSDateTime, ExtendedProperty, FileAttachment, Folder, FolderCollection, HTMLBody, ItemAttachment, Mailbox,
    Message, PostItem, Q, Task, UTC,
)
from exchangelib.errors import (
    DoesNotExist, ErrorCannotDeleteObject, ErrorFolderNotFound, ErrorInvalidAttachmentId, ErrorInvalidIdMalformed,
    ErrorItemNotFound, ErrorObjectTypeChanged, MultipleObjectsReturned, ResponseMessageError, TransportError,
)
from exchangelib.folders import Contacts, Messages, Tasks
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.items import (
    MOVE_TO_DELETED_ITEMS, SEND_AND_SAVE_COPY, SEND_ONLY, SOFT_DELETE,
)
from exchangelib.properties import (
    CopiedEvent, CreatedEvent, DeletedEvent, DLMailbox, ItemId, Member, ModifiedEvent, MovedEvent, StatusEvent,
)
from exchangelib.queryset import QuerySet
from exchangelib.services import GetAttachment

from exchangelib_common import CONTEXT, State, account, check, main, message, raises, same, word


def made_folder(parent=None, cls=Messages, prefix="Deep "):
    return cls(parent=parent or State.folder, name=word(prefix)).save()


def arrived(subject, who=None):
    """Delivery to local recipients is part of sending: no wait."""
    return list((who or State.peer).inbox.filter(subject=subject))


def subjects(items):
    return sorted(i.subject for i in items)


@check
def opens_both_mailboxes():
    State.me, State.peer = account("me"), account("peer")
    State.folder = made_folder(State.me.inbox)


@check
def walks_from_every_side():
    me = State.me
    tois = me.root.tois
    same((tois / me.inbox.name).id, me.inbox.id, "by path")
    same((me.inbox / "..").id, tois.id, "parent")
    same((me.root // "Top of Information Store").id, tois.id, "cached path")
    absolute = me.inbox.absolute
    assert absolute.endswith("/%s" % me.inbox.name), absolute
    below = made_folder()
    me.root.clear_cache()
    same([f.id for f in me.inbox.walk() if f.id == below.id], [below.id], "found by walking the inbox")
    same([f.id for f in me.root.glob("*/%s/*/%s" % (me.inbox.name, below.name))], [below.id], "found by pattern")
    same([f.id for f in State.folder.children], [below.id], "children")
    assert me.inbox.tree().count(below.name) == 1
    below.delete()


@check
def renames_a_folder_that_was_read():
    """The client sends back every property that it read, rights among them."""
    folder = made_folder()
    folder.refresh()
    assert folder.permission_set is not None
    folder.name = word("renamed ")
    folder.save()
    folder.refresh()
    assert folder.name.startswith("renamed "), folder.name
    folder.folder_class = "IPF.Contact"
    raises(ErrorObjectTypeChanged, lambda: folder.save(update_fields=["folder_class"]))
    folder.delete()


@check
def moves_empties_and_wipes_folders():
    one, two = made_folder(), made_folder()
    inner = made_folder(one)
    Message(account=State.me, folder=inner, subject="inner").save()
    known = inner.id
    inner.move(to_folder=two)
    same(inner.id, known, "a moved folder keeps its id")
    same([f.id for f in two.children], [known], "it is there")
    same(list(one.children), [], "and nowhere else")
    same(inner.all().count(), 1, "with what was in it")
    Message(account=State.me, folder=two, subject="outer").save()
    two.empty()
    same((two.all().count(), len(list(two.children))), (0, 1), "emptied of items")
    two.empty(delete_sub_folders=True)
    same(len(list(two.children)), 0, "emptied of folders")
    deep = made_folder(made_folder(two))
    Message(account=State.me, folder=deep, subject="deep").save()
    two.wipe()
    same((two.all().count(), len(list(two.children))), (0, 0), "wiped")
    two.refresh()
    same((two.total_count, two.child_folder_count), (0, 0), "counts")
    gone, key = one.id, one.changekey
    one.delete()
    two.delete(delete_type=SOFT_DELETE)
    one.id, one.changekey = gone, key
    raises((ErrorFolderNotFound, ErrorItemNotFound), one.save)


@check
def keeps_extended_properties_of_folders():
    class Own(ExtendedProperty):
        property_set_id = "c11ff724-aa03-4555-9952-8fa248a11c3e"
        property_name = "EwsdFolder"
        property_type = "String"

    class Size(ExtendedProperty):
        property_tag = 0x0E08
        property_type = "Long"

    Folder.register("own", Own)
    Folder.register("size", Size)
    try:
        folder = Messages(parent=State.folder, name=word(), own="first").save()
        folder.refresh()
        same(folder.own, "first", "property")
        folder.own = "second"
        folder.save(update_fields=["own"])
        Message(account=State.me, folder=folder, subject="some octets").save()
        folder.refresh()
        same(folder.own, "second", "changed property")
        assert folder.size > 0, folder.size
        folder.delete()
    finally:
        Folder.deregister("own")
        Folder.deregister("size")


@check
def creates_in_bulk_with_each_disposition():
    peer = [CONTEXT["peer"]["address"]]
    mark = word()

    def letters(kind, count):
        return [Message(subject="%s %s %d" % (mark, kind, n), body="b", to_recipients=peer) for n in range(count)]

    saved = State.me.bulk_create(folder=State.folder, items=letters("saved", 5), chunk_size=2)
    same(len({i.id for i in saved}), 5, "saved in three requests")
    sent = State.me.bulk_create(folder=None, items=letters("sent", 3), message_disposition=SEND_ONLY)
    same(list(sent), [True] * 3, "sent without a copy")
    kept = State.me.bulk_create(
        folder=State.folder, items=letters("kept", 3), message_disposition=SEND_AND_SAVE_COPY
    )
    same(list(kept), [True] * 3, "sent with a copy")
    same(State.folder.filter(subject__startswith=mark + " kept").count(), 3, "copies where told")
    same(State.peer.inbox.filter(subject__startswith=mark).count(), 6, "arrived")
    assert not any(i.is_draft for i in State.folder.filter(subject__startswith=mark + " kept").only("is_draft"))
    results = list(State.me.bulk_send(ids=[(i.id, i.changekey) for i in saved[:2]], save_copy=False))
    same(results, [True, True], "sent from the folder")
    same(State.folder.filter(subject__startswith=mark + " saved").count(), 3, "the sent ones are gone")
    same(State.peer.inbox.filter(subject__startswith=mark + " saved").count(), 2, "they arrived")
    target = made_folder()
    copied = list(State.me.bulk_copy(ids=[(i.id, i.changekey) for i in saved[2:]], to_folder=target))
    same(len(copied), 3, "copies")
    moved = list(State.me.bulk_move(ids=[(i.id, i.changekey) for i in saved[2:]], to_folder=target))
    same((len(moved), target.all().count()), (3, 6), "copies and moved")
    raised = list(State.me.bulk_move(ids=[(saved[2].id, saved[2].changekey)], to_folder=target))
    assert isinstance(raised[0], ErrorItemNotFound), raised
    changes = [(i, ("subject", "is_read")) for i in target.all().only("subject", "is_read")]
    for item, _ in changes:
        item.subject, item.is_read = "changed " + item.subject, True
    same(len(list(State.me.bulk_update(changes, chunk_size=4))), 6, "changed in two requests")
    target.refresh()
    same((target.unread_count, target.total_count), (0, 6), "counts")
    deleted = list(State.me.bulk_delete(
        ids=list(target.all().only("id", "changekey")), delete_type=MOVE_TO_DELETED_ITEMS
    ))
    same(deleted, [True] * 6, "deleted")
    same(State.me.trash.filter(subject__startswith="changed " + mark).count(), 6, "in the trash")
    State.me.trash.filter(subject__startswith="changed " + mark).delete()
    State.folder.filter(subject__startswith=mark).delete()
    State.peer.inbox.filter(subject__startswith=mark).delete()
    target.delete()


@check
def finds_with_every_lookup():
    folder = made_folder()
    at = EWSDateTime(2026, 3, 1, 12, 0, tzinfo=UTC)
    fields = [
        dict(subject="Alpha one", body="first body", categories=["Red", "Blue"], importance="High", is_read=True),
        dict(subject="alpha TWO", body="second body", categories=["Blue"], importance="Low"),
        dict(subject="Beta", body="third", sensitivity="Private", to_recipients=["someone@elsewhere.test"]),
        dict(subject="Gamma 100%_x", body="fourth", reminder_is_set=True, reminder_due_by=at),
        dict(subject="Änderung", body="fifth", cc_recipients=[Mailbox(name="Cee", email_address="c@elsewhere.test")]),
    ]
    items = State.me.bulk_create(folder=folder, items=[Message(**f) for f in fields])
    with_file = Message(account=State.me, folder=folder, subject="Delta", body="sixth")
    with_file.attach(FileAttachment(name="a.txt", content=b"a"))
    with_file.save()
    total = 6

    def count(*args, **kwargs):
        return folder.filter(*args, **kwargs).count()

    same(folder.all().count(), total, "all")
    for wanted, kwargs in (
        (1, dict(subject="Beta")), (1, dict(subject__exact="Beta")), (1, dict(subject__iexact="bETA")),
        (1, dict(subject__contains="TWO")), (0, dict(subject__contains="two")), (1, dict(subject__icontains="two")),
        (1, dict(subject__startswith="Alpha")), (2, dict(subject__istartswith="alpha")),
        (1, dict(subject__contains="100%_x")), (0, dict(subject__contains="100x_x")),
        (2, dict(subject__in=["Beta", "Delta", "none"])), (5, dict(subject__not="Beta")),
        (2, dict(subject__range=("B", "E"))), (1, dict(subject__icontains="änder")),
        (2, dict(categories__contains=["Blue"])), (1, dict(categories__contains=["Red", "Blue"])),
        (2, dict(categories__exists=True)), (4, dict(categories__exists=False)),
        (1, dict(importance="High")), (2, dict(importance__in=["High", "Low"])), (1, dict(sensitivity="Private")),
        (1, dict(is_read=True)), (5, dict(is_read=False)), (1, dict(has_attachments=True)),
        (total, dict(is_draft=True)), (total, dict(size__gt=0)), (0, dict(size__gt=10_000_000)),
        (total, dict(datetime_created__gte=EWSDateTime(2020, 1, 1, tzinfo=UTC))),
        (0, dict(datetime_received__lt=EWSDateTime(2020, 1, 1, tzinfo=UTC))),
        (total, dict(item_class="IPM.Note")), (1, dict(body__contains="third")),
        (1, dict(reminder_is_set=True)),
    ):
        same(count(**kwargs), wanted, "filter %r" % kwargs)
    same(count(Q(subject="Beta") | Q(subject="Delta")), 2, "or")
    same(count(Q(importance="High") & Q(is_read=True)), 1, "and")
    same(count(~Q(subject__istartswith="alpha")), 4, "not")
    same(count(~(Q(importance="High") | Q(categories__contains=["Blue"]))), 4, "not or")
    same(folder.exclude(subject="Beta").count(), 5, "exclude")
    same(folder.filter(subject__istartswith="alpha").filter(is_read=True).count(), 1, "filters in a row")
    same(folder.filter(importance="High").exclude(subject="Alpha one").count(), 0, "filter and exclude")
    same(folder.none().count(), 0, "none")
    same(folder.filter(importance="High").exists(), True, "exists")
    same(folder.filter("subject:Beta").count(), 1, "query string")
    raises(DoesNotExist, lambda: folder.get(subject="nothing"))
    raises(MultipleObjectsReturned, lambda: folder.get(subject__istartswith="alpha"))
    same(folder.get(id=items[2].id).subject, "Beta", "by id")
    same(folder.get(subject="Beta").body, "third", "the body comes with the item")
    same([m.email_address for m in folder.get(subject="Beta").to_recipients], ["someone@elsewhere.test"], "recipients")
    due = folder.get(subject="Gamma 100%_x")
    same((due.reminder_is_set, due.reminder_due_by), (True, at), "reminder")
    folder.delete()


@check
def shows_orders_and_pages_as_asked():
    folder = made_folder()
    State.me.bulk_create(folder=folder, items=[
        Message(subject="s%02d" % n, importance=("Low", "Normal", "High")[n % 3], body="b" * n) for n in range(17)
    ])
    query = folder.all()
    same(list(query.order_by("-importance", "subject").values_list("subject", flat=True))[:3], ["s02", "s05", "s08"],
         "two orders")
    same(list(query.order_by("subject").reverse().values_list("subject", flat=True))[0], "s16", "reversed")
    same(list(query.order_by("subject").values("subject", "importance")[2:4]),
         [{"subject": "s02", "importance": "High"}, {"subject": "s03", "importance": "Low"}], "values of a slice")
    same(query.order_by("subject")[16].subject, "s16", "the last by its place")
    same([i.subject for i in query.order_by("-subject")[:2]], ["s16", "s15"], "the first two")
    only = query.only("subject").order_by("subject")[5]
    same((only.subject, only.body, only.size), ("s05", None, None), "nothing but what was asked for")
    paged = query.order_by("subject")
    paged.page_size = 4
    paged.chunk_size = 3
    same([(i.subject, len(i.body or "")) for i in paged], [("s%02d" % n, n) for n in range(17)], "pages and chunks")
    names = list(query.order_by("subject").values_list("subject", "is_read"))
    same(names[0], ("s00", False), "a row of values")
    people = FolderCollection(account=State.me, folders=[folder, State.folder])
    same(QuerySet(people).filter(subject="s03").count(), 1, "over two folders")
    folder.filter(subject__gt="s09").delete()
    same(folder.all().count(), 10, "deleted by query")
    other = made_folder()
    folder.filter(subject__lt="s03").move(to_folder=other)
    folder.filter(subject="s05").copy(to_folder=other)
    same(subjects(other.all()), ["s00", "s01", "s02", "s05"], "moved and copied by query")
    same(folder.all().count(), 7, "what is left")
    for one in (folder, other):
        one.delete()


@check
def attaches_items_within_items():
    inner = message(body=HTMLBody("<p>innermost</p>"), to_recipients=["far@elsewhere.test"])
    inner.attach(FileAttachment(name="deep.bin", content=b"\x00\x01deep"))
    middle = message(body="in the middle")
    middle.attach(ItemAttachment(name="inner message", item=inner))
    outer = message(body="outermost")
    outer.attach(ItemAttachment(name="middle message", item=middle))
    outer.attach(FileAttachment(name="beside.txt", content=b"beside"))
    outer.save()
    stored = State.folder.get(id=outer.id)
    same(sorted(a.name for a in stored.attachments), ["beside.txt", "middle message"], "names")
    shown = [a for a in stored.attachments if isinstance(a, ItemAttachment)][0].item
    same((shown.subject, shown.body), (middle.subject, "in the middle"), "attached item")
    deeper = shown.attachments[0].item
    same(deeper.subject, inner.subject, "item within the item")
    assert "innermost" in deeper.body and isinstance(deeper.body, HTMLBody), deeper.body
    deepest = deeper.attachments[0]
    same((deepest.name, deepest.content), ("deep.bin", b"\x00\x01deep"), "file within the item within the item")
    with deepest.fp as stream:
        same(stream.read(), b"\x00\x01deep", "the same, streamed")
    raises(ErrorCannotDeleteObject, lambda: State.me.protocol and _delete(deepest.attachment_id))
    outer.detach([a for a in outer.attachments if isinstance(a, ItemAttachment)])
    stored = State.folder.get(id=outer.id)
    same([a.name for a in stored.attachments], ["beside.txt"], "what is left")
    raises(ErrorInvalidAttachmentId, lambda: GetAttachment(account=State.me).get(
        items=[deepest.attachment_id], include_mime_content=False, body_type=None, filter_html_content=None,
        additional_fields=None,
    ))
    lost = FileAttachment(parent_item=stored, attachment_id=type(deepest.attachment_id)(id="AAMk="), name="lost")

    def read():
        with lost.fp as stream:
            stream.read()

    raises(ErrorInvalidIdMalformed, read)


def _delete(attachment_id):
    from exchangelib.services import DeleteAttachment
    return DeleteAttachment(account=State.me).get(items=[attachment_id])


@check
def shows_pictures_within_the_body():
    picture = FileAttachment(name="p.png", content=b"\x89PNG", is_inline=True, content_id="p@elsewhere.test")
    item = message(folder=State.me.sent, to_recipients=[CONTEXT["peer"]["address"]],
                   body=HTMLBody('<html><body><img src="cid:p@elsewhere.test"></body></html>'))
    item.attach(picture)
    item.send_and_save()
    got = arrived(item.subject)[0]
    same([(a.name, a.is_inline, a.content_id, a.content) for a in got.attachments],
         [("p.png", True, "p@elsewhere.test", b"\x89PNG")], "picture")
    same(got.has_attachments, False, "pictures are no attachments")
    assert 'src="cid:p@elsewhere.test"' in got.body, got.body


@check
def answers_and_passes_on():
    me, peer = State.me, State.peer
    first = Message(account=peer, folder=peer.sent, subject=word("talk "), body="the question",
                    to_recipients=[CONTEXT["me"]["address"]], cc_recipients=["third@elsewhere.test"])
    first.attach(FileAttachment(name="plan.txt", content=b"plan"))
    first.send_and_save()
    got = arrived(first.subject, me)[0]
    got.reply(subject="Re: " + first.subject, body="the answer")
    answer = arrived("Re: " + first.subject)[0]
    assert "the answer" in answer.body and "the question" in answer.body, answer.body
    same(answer.in_reply_to, got.message_id, "In-Reply-To")
    assert got.message_id in (answer.references or ""), answer.references
    same(answer.conversation_id.id != "", True, "conversation")
    same([a.name for a in answer.attachments], [], "answers carry no attachments")
    got.reply_all(subject="All: " + first.subject, body="to everybody")
    everybody = arrived("All: " + first.subject)[0]
    assert CONTEXT["me"]["address"] not in [m.email_address for m in everybody.cc_recipients or []]
    got.forward(subject="Fwd: " + first.subject, body="look", to_recipients=[CONTEXT["peer"]["address"]])
    passed = arrived("Fwd: " + first.subject)[0]
    same([(a.name, a.content) for a in passed.attachments], [("plan.txt", b"plan")], "attachments go along")
    draft = got.create_reply(subject="Draft: " + first.subject, body="not yet").save(me.drafts)
    stored = me.drafts.get(id=draft.id, changekey=draft.changekey)
    same((stored.is_draft, [m.email_address for m in stored.to_recipients]), (True, [CONTEXT["peer"]["address"]]), "draft")
    stored.body = "now"
    stored.save(update_fields=["body"])
    stored.send()
    assert "now" in arrived("Draft: " + first.subject)[0].body
    same(me.drafts.filter(subject="Draft: " + first.subject).count(), 0, "the draft is gone")


@check
def keeps_marks_of_the_sender_to_the_sender():
    item = message(folder=State.me.sent, to_recipients=[CONTEXT["peer"]["address"]], categories=["Private affair"],
                   importance="High", sensitivity="Personal")
    item.send_and_save()
    kept = State.me.sent.get(subject=item.subject)
    same(kept.categories, ["Private affair"], "the sender's copy")
    got = arrived(item.subject)[0]
    same((got.categories, got.importance, got.sensitivity), (None, "High", "Personal"), "the recipient's")


@check
def takes_and_gives_messages_whole():
    item = message(body=HTMLBody("<p>whole</p>"), to_recipients=["whole@elsewhere.test"])
    item.attach(FileAttachment(name="w.bin", content=bytes(range(256))))
    item.save()
    octets = State.folder.get(id=item.id).mime_content
    again = Message(account=State.me, folder=State.folder, mime_content=octets).save()
    stored = State.folder.get(id=again.id)
    same((stored.subject, [a.content for a in stored.attachments]), (item.subject, [bytes(range(256))]), "read anew")
    same(stored.mime_content, octets, "kept as it came")
    stored.is_read = True
    stored.categories = ["seen"]
    stored.save(update_fields=["is_read", "categories"])
    same(State.folder.get(id=again.id).mime_content, octets, "marks do not change it")


@check
def changes_one_thing_at_a_time():
    item = message(body="before", to_recipients=["a@elsewhere.test"], categories=["x"]).save()
    for field, value in (
        ("subject", "after"), ("body", HTMLBody("<b>after</b>")), ("categories", ["y", "z"]), ("importance", "High"),
        ("sensitivity", "Confidential"), ("is_read", True), ("cc_recipients", [Mailbox(email_address="c@elsewhere.test")]),
        ("is_read_receipt_requested", True), ("is_delivery_receipt_requested", True), ("culture", "de-DE"),
        ("reminder_is_set", True), ("reminder_minutes_before_start", 30),
    ):
        setattr(item, field, value)
        item.save(update_fields=[field])
        stored = getattr(State.folder.get(id=item.id), field)
        if field == "body":
            assert "<b>after</b>" in stored, stored
        elif field == "cc_recipients":
            same([m.email_address for m in stored], ["c@elsewhere.test"], field)
        else:
            same(stored, value, field)
    for field in ("categories", "cc_recipients", "to_recipients", "body"):
        setattr(item, field, None)
    item.save(update_fields=["categories", "cc_recipients", "to_recipients"])
    stored = State.folder.get(id=item.id)
    same((stored.categories, stored.cc_recipients, stored.to_recipients), (None, None, None), "taken out")
    item.refresh()
    same(item.subject, "after", "refreshed")
    stale = ItemId(item.id, item.changekey)
    item.subject = "again"
    item.save(update_fields=["subject"])
    assert item.changekey != stale.changekey
    item.delete()
    raises(ErrorItemNotFound, lambda: item.__class__(account=State.me, id=stale.id, changekey=stale.changekey).refresh())


@check
def mirrors_folders_and_items():
    root = State.folder
    folder = made_folder()
    for _ in root.sync_hierarchy():
        pass
    one = made_folder(folder)
    two = made_folder(folder)
    two.name = "other"
    two.save(update_fields=["name"])
    changes = [(kind, f.id) for kind, f in root.sync_hierarchy()]
    same(sorted(c for c in changes if c[1] in (one.id, two.id)), sorted([("create", one.id), ("create", two.id)]),
         "made since")
    gone = (one.id, two.id)
    one.move(to_folder=State.me.inbox)
    two.delete()
    same([k for k, f in root.sync_hierarchy() if f.id in gone], ["delete", "delete"], "gone since")
    one.delete()

    items = State.me.bulk_create(folder=folder, items=[Message(subject="i%d" % n) for n in range(7)])
    state, seen = None, []
    for kind, item in folder.sync_items(sync_state=state, only_fields=["subject"], max_changes_returned=3):
        seen.append((kind, item.subject))
    same(sorted(seen), [("create", "i%d" % n) for n in range(7)], "the first time, over three pages")
    state = folder.item_sync_state
    moved_to = made_folder()
    State.me.bulk_move(ids=[(items[0].id, items[0].changekey)], to_folder=moved_to)
    State.me.bulk_move(ids=[(i.id, i.changekey) for i in moved_to.all().only("id", "changekey")], to_folder=folder)
    second = folder.get(id=items[1].id)
    second.is_read = True
    second.save(update_fields=["is_read"])
    third = folder.get(id=items[2].id)
    third.subject = "changed"
    third.save(update_fields=["subject"])
    changes = sorted(
        (kind, what[0].id if kind == "read_flag_change" else what.id)
        for kind, what in folder.sync_items(sync_state=state, only_fields=["subject"])
    )
    back = folder.get(subject="i0")
    same(changes, sorted([("delete", items[0].id), ("create", back.id), ("read_flag_change", items[1].id),
                          ("update", items[2].id)]), "moved out and in again, read, changed")
    quiet = made_folder()
    left_out = Message(account=State.me, folder=quiet, subject="ignored").save()
    ignored = list(quiet.sync_items(ignore=[ItemId(left_out.id, left_out.changekey), ItemId("AAA=", "AAA=")]))
    same(ignored, [], "ignored")
    for one in (folder, moved_to, quiet):
        one.delete()


@check
def hears_of_every_kind_of_event():
    folder, other = made_folder(), made_folder()
    both = FolderCollection(account=State.me, folders=[folder, other])
    (subscription, watermark), = [both.subscribe_to_pull(timeout=10)]
    kinds = set()

    def poll():
        nonlocal watermark
        heard = []
        while True:
            for notification in folder.get_events(subscription, watermark):
                for event in notification.events:
                    watermark = event.watermark
                    heard.append(event)
            if not heard or isinstance(heard[-1], StatusEvent) or not notification.more_events:
                kinds.update(type(e) for e in heard)
                return heard

    item = Message(account=State.me, folder=folder, subject="e").save()
    assert [e for e in poll() if isinstance(e, CreatedEvent) and e.item_id and e.item_id.id == item.id]
    copy_id, _ = item.copy(to_folder=other)
    copied = [e for e in poll() if isinstance(e, CopiedEvent) and e.item_id]
    same([(e.item_id.id, e.old_item_id.id, e.parent_folder_id.id) for e in copied], [(copy_id, item.id, other.id)], "copy")
    old = item.id
    item.move(to_folder=other)
    moved = [e for e in poll() if isinstance(e, MovedEvent) and e.item_id]
    same([(e.item_id.id, e.old_item_id.id, e.old_parent_folder_id.id) for e in moved], [(item.id, old, folder.id)], "move")
    item.is_read = True
    item.save(update_fields=["is_read"])
    assert [e for e in poll() if isinstance(e, ModifiedEvent)]
    item.delete()
    assert [e for e in poll() if isinstance(e, (DeletedEvent, MovedEvent)) and (e.item_id or e.old_item_id)]
    assert {CreatedEvent, CopiedEvent, MovedEvent, ModifiedEvent} <= kinds, kinds
    folder.unsubscribe(subscription)
    for one in (folder, other):
        one.delete()


@check
def keeps_contacts():
    contact = Contact(
        account=State.me, folder=State.me.contacts, given_name="Jana", surname=word("N"), display_name="Jana N", file_as="N, Jana", company_name="Acme",
        job_title="Chief", email_addresses=[EmailAddress(label="EmailAddress1", email="jana@elsewhere.test")],
        phone_numbers=[PhoneNumber(label="MobilePhone", phone_number="+420 111")], categories=["friends"], body="a note",
        birthday=EWSDate(1980, 5, 6), business_homepage="http://elsewhere.test/", department="R&D",
    ).save()
    stored = State.me.contacts.get(id=contact.id)
    same((stored.given_name, stored.surname, stored.company_name, stored.job_title, stored.department, stored.body),
         ("Jana", contact.surname, "Acme", "Chief", "R&D", "a note"), "contact")
    same([(e.label, e.email) for e in stored.email_addresses], [("EmailAddress1", "jana@elsewhere.test")], "addresses")
    same([(p.label, p.phone_number) for p in stored.phone_numbers if p.phone_number], [("MobilePhone", "+420 111")], "phones")
    assert stored.display_name and "Jana" in stored.display_name, stored.display_name
    stored.phone_numbers = [PhoneNumber(label="HomePhone", phone_number="1")]
    stored.email_addresses = None
    stored.save(update_fields=["phone_numbers", "email_addresses"])
    stored = State.me.contacts.get(id=contact.id)
    same([(p.label, p.phone_number) for p in stored.phone_numbers if p.phone_number], [("HomePhone", "1")], "changed phones")
    same([e.email for e in stored.email_addresses or [] if e.email], [], "removed addresses")
    same(State.me.contacts.filter(surname=contact.surname).count(), 1, "found by name")
    own = Contacts(parent=State.me.contacts, name=word()).save()
    stored.move(to_folder=own)
    same([c.surname for c in own.all()], [contact.surname], "moved")
    stored.delete()
    own.delete()


@check
def keeps_postal_addresses():
    home = PhysicalAddress(label="Home", street="Lesní 1", city="Brno", state="JM", country="CZ", zipcode="602 00")
    work = PhysicalAddress(label="Business", city="Praha")
    contact = Contact(account=State.me, folder=State.me.contacts, given_name="Jana", surname=word("P"), display_name="Jana P",
                      physical_addresses=[home, work], postal_address_index="Home", file_as_mapping="FirstSpaceLast",
                      children=["Eva", "Ota"], companies=["Acme"]).save()

    def addresses():
        stored = State.me.contacts.get(id=contact.id)
        full = [a for a in stored.physical_addresses or [] if any((a.street, a.city, a.state, a.country, a.zipcode))]
        return stored, sorted((a.label, a.street, a.city, a.state, a.country, a.zipcode) for a in full)

    stored, found = addresses()
    same(found, [("Business", None, "Praha", None, None, None), ("Home", "Lesní 1", "Brno", "JM", "CZ", "602 00")], "addresses")
    same((stored.postal_address_index, stored.file_as), ("Home", "Jana %s" % contact.surname), "index and filing")
    same((stored.children, stored.companies, stored.has_picture), (["Eva", "Ota"], ["Acme"], False), "lists")
    same((stored.complete_name.first_name, stored.complete_name.last_name), ("Jana", contact.surname), "complete name")
    stored.physical_addresses = [PhysicalAddress(label="Home", street="Dolní 2", city="Brno")]
    stored.save(update_fields=["physical_addresses"])
    found = [a[:3] for a in addresses()[1] if a[0] == "Home"]
    same(found, [("Home", "Dolní 2", "Brno")], "changed")
    same(State.me.contacts.filter(surname=contact.surname).count(), 1, "found")
    contact.delete()


@check
def keeps_lists_with_their_members():
    people = [Mailbox(name=n, email_address="%s@elsewhere.test" % n, mailbox_type="OneOff") for n in ("one", "two")]
    group = DistributionList(account=State.me, folder=State.me.contacts, display_name=word("Group "),
                             members=[Member(mailbox=p, status="Normal") for p in people]).save()
    stored = State.me.contacts.get(id=group.id)
    same([m.mailbox.email_address for m in stored.members], [p.email_address for p in people], "members")
    same((stored.display_name, stored.members[0].status), (group.display_name, "Normal"), "list")
    stored.members = [stored.members[1], Member(mailbox=Mailbox(email_address="three@elsewhere.test", mailbox_type="OneOff"))]
    stored.save(update_fields=["members"])
    found = [m.mailbox.email_address for m in State.me.contacts.get(id=group.id).members]
    same(found, ["two@elsewhere.test", "three@elsewhere.test"], "changed")
    expanded = State.me.protocol.expand_dl(DLMailbox(item_id=ItemId(id=group.id), mailbox_type="PrivateDL"))
    same([m.email_address for m in expanded], found, "expanded")
    resolved = State.me.protocol.resolve_names([group.display_name], search_scope="Contacts")
    same([m.mailbox_type for m in resolved], ["PrivateDL"], "resolved")
    stored.delete()


@check
def keeps_tasks_and_posts():
    task = Task(account=State.me, folder=State.me.tasks, subject=word("task "), body="to do", status="InProgress",
                percent_complete=Decimal(40), importance="High", categories=["work"]).save()
    stored = State.me.tasks.get(id=task.id)
    same((stored.status, int(stored.percent_complete), stored.importance), ("InProgress", 40, "High"), "task")
    stored.complete()
    stored = State.me.tasks.get(id=task.id)
    same((stored.status, int(stored.percent_complete), stored.is_complete), ("Completed", 100, True), "completed")
    stored.delete(affected_task_occurrences="AllOccurrences")
    own = Tasks(parent=State.me.tasks, name=word()).save()
    own.delete()
    post = PostItem(account=State.me, folder=State.folder, subject=word("post "), body="for everybody").save()
    same((State.folder.get(id=post.id).body, type(State.folder.get(id=post.id))), ("for everybody", PostItem), "post")
    post.delete()


@check
def declines_what_it_cannot_do():
    """Each as an answer that the client has an exception for, at once."""
    me = State.me
    item = message(body="x").save()
    for what, ask in (
        ("archive", lambda: item.archive(to_folder=me.trash)),
        ("oof settings", lambda: me.oof_settings),
        ("mail tips", lambda: me.mail_tips),
        ("delegates", lambda: _first(me.delegates)),
        ("rules", lambda: _first(me.rules)),
        ("room lists", lambda: _first(me.protocol.get_roomlists())),
        ("people", lambda: _first(me.contacts.people())),
        ("user configuration", lambda: me.calendar.get_user_configuration(name="x")),
        ("expanded lists", lambda: _first(me.protocol.expand_dl("list@example.test"))),
        ("export", lambda: _first(me.export([item]))),
    ):
        try:
            answer = ask()
        except ResponseMessageError:
            continue
        except TransportError as error:
            raise AssertionError("%s: the client takes the answer for a broken server: %r" % (what, error))
        raise AssertionError("%s: refused with an error expected, got %r" % (what, answer))


def _first(results):
    for one in results:
        if isinstance(one, Exception):
            raise one
        return one


@check
def cleans_up():
    State.folder.wipe()
    State.folder.delete()
    same([f.name for f in State.me.inbox.children if f.name == State.folder.name], [], "gone")


if __name__ == "__main__":
    sys.exit(main())
