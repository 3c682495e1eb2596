"""Drives a server with exchangelib, unmodified: one line for each check, exit status 1 when one fails.

usage: exchangelib_client.py CONTEXT, a JSON document: {"url", "me": {"address", "login", "password"}, "peer": {...}}
Both mailboxes belong to this run alone. See ../suite/clients.rs, which starts it.
"""
import io
import sys
import threading
import uuid

from exchangelib import (
    BASIC, EWSDateTime, ExtendedProperty, FileAttachment, Folder, FolderCollection, HTMLBody, Mailbox, Message, Q, UTC,
)
from exchangelib.errors import (
    DoesNotExist, ErrorDeleteDistinguishedFolder, ErrorFolderExists, ErrorFolderNotFound, ErrorInvalidIdMalformed,
    ErrorInvalidSubscription, ErrorItemNotFound, ErrorNameResolutionNoResults, ErrorSubscriptionNotFound, UnauthorizedError,
)
from exchangelib.folders import Calendar, Contacts, Inbox, Messages, Tasks
from exchangelib.items import HARD_DELETE
from exchangelib.properties import (
    CreatedEvent, DeletedEvent, EWS_ID, HEX_ENTRY_ID, AlternateId, ModifiedEvent, MovedEvent, NewMailEvent, StatusEvent,
)
from exchangelib.version import Version

from exchangelib_common import CONTEXT, State, account, check, main, message, raises, same, word


@check
def connects_and_guesses_authentication_and_version():
    State.me = account("me", auth_type=None)
    version = State.me.version
    assert isinstance(version, Version), version
    assert version.build.major_version == 15, version
    same(State.me.protocol.auth_type, BASIC, "guessed authentication")
    State.peer = account("peer")


@check
def refuses_a_wrong_password():
    wrong = dict(CONTEXT["me"], password="not it")
    CONTEXT["wrong"] = wrong
    raises(UnauthorizedError, lambda: account("wrong").inbox)


@check
def walks_the_folder_tree():
    root = State.me.root
    folders = list(root.walk())
    assert len(folders) > 15, len(folders)
    assert root.tree().count("\n") > 15
    classes = {type(f) for f in folders}
    for wanted in (Inbox, Calendar, Contacts, Tasks):
        assert wanted in classes, "no %s in the tree" % wanted.__name__


@check
def finds_the_distinguished_folders():
    for name in ("inbox", "drafts", "sent", "trash", "outbox", "junk", "calendar", "contacts", "tasks", "notes",
                 "journal", "recoverable_items_deletions"):
        found = getattr(State.me, name)
        assert found.id and found.changekey, name
        assert found.name, name
    same(State.me.inbox.folder_class, "IPF.Note", "class of the inbox")
    assert State.me.inbox.parent.id == State.me.root.tois.id, "the inbox lies in the top of the information store"
    assert State.me.inbox.is_distinguished
    assert State.me.inbox.test_access()


@check
def creates_renames_and_finds_folders():
    State.folder = Messages(parent=State.me.inbox, name=word("Folder "))
    State.folder.save()
    assert State.folder.id
    child = Messages(parent=State.folder, name="Grüße ✉").save()
    same([f.name for f in State.folder.children], ["Grüße ✉"], "children")
    child.name = "renamed"
    child.save(update_fields=["name"])
    child.refresh()
    same(child.name, "renamed", "name")
    same((State.me.inbox / State.folder.name / "renamed").id, child.id, "folder found by its path")
    same([f.id for f in State.me.inbox.glob("**/renamed")], [child.id], "folder found by pattern")
    raises(ErrorFolderExists, lambda: Messages(parent=State.me.inbox, name=State.folder.name.upper()).save())
    raises(ErrorDeleteDistinguishedFolder, lambda: State.me.inbox.delete())
    gone = child.id
    child.delete()
    same([f.id for f in State.folder.children if f.id == gone], [], "children after deletion")
    raises((ErrorFolderNotFound, ErrorItemNotFound), lambda: Folder(root=State.me.root, id=gone).refresh())


@check
def creates_reads_and_updates_a_message():
    item = message(
        body=HTMLBody("<html><body>Hello <b>world</b></body></html>"),
        to_recipients=[Mailbox(name="Péter", email_address="peter@elsewhere.test"), "second@elsewhere.test"],
        cc_recipients=["third@elsewhere.test"],
        bcc_recipients=["fourth@elsewhere.test"],
        categories=["Blue", "Grün"],
        importance="High",
        sensitivity="Private",
        is_read=True,
        is_read_receipt_requested=True,
    ).save()
    assert item.id and item.changekey
    stored = State.folder.get(id=item.id, changekey=item.changekey)
    same(stored.subject, item.subject, "subject")
    assert isinstance(stored.body, HTMLBody) and "<b>world</b>" in stored.body, stored.body
    assert "world" in stored.text_body and "<b>" not in stored.text_body, stored.text_body
    same([m.email_address for m in stored.to_recipients], ["peter@elsewhere.test", "second@elsewhere.test"], "to")
    same(stored.to_recipients[0].name, "Péter", "name")
    same([m.email_address for m in stored.cc_recipients], ["third@elsewhere.test"], "cc")
    same([m.email_address for m in stored.bcc_recipients], ["fourth@elsewhere.test"], "bcc")
    same(stored.categories, ["Blue", "Grün"], "categories")
    same((stored.importance, stored.sensitivity), ("High", "Private"), "importance and sensitivity")
    same((stored.is_read, stored.is_draft), (True, True), "flags")
    same(stored.item_class, "IPM.Note", "class")
    same(stored.has_attachments, False, "attachments")
    assert stored.size > 0
    assert stored.datetime_created and stored.last_modified_time
    same(stored.parent_folder_id.id, State.folder.id, "parent folder")
    assert stored.mime_content and b"world" in stored.mime_content

    old_key = item.changekey
    item.subject = "changed " + item.subject
    item.body = "plain text"
    item.categories = None
    item.importance = "Low"
    item.to_recipients = ["only@elsewhere.test"]
    item.save(update_fields=["subject", "body", "categories", "importance", "to_recipients"])
    assert item.changekey != old_key, "a change makes a new change key"
    stored = State.folder.get(id=item.id, changekey=item.changekey)
    same(stored.subject, item.subject, "changed subject")
    same(stored.body, "plain text", "changed body")
    assert not isinstance(stored.body, HTMLBody), "the body is text now"
    same(stored.categories, None, "removed categories")
    same(stored.importance, "Low", "changed importance")
    same([m.email_address for m in stored.to_recipients], ["only@elsewhere.test"], "changed recipients")
    same(stored.sensitivity, "Private", "what was not changed")


@check
def keeps_text_of_every_kind():
    for text in ("日本語テキスト", "Ελληνικά", "עברית", "emoji 🎉 and é", "a & b < c > d \"e\" 'f'", "x" * 255, "tab\tand  blanks"):
        item = message(subject=text, body="line one\r\nline two\r\n" + text).save()
        stored = State.folder.get(id=item.id, changekey=item.changekey)
        same(stored.subject, text, "subject")
        assert text in stored.body, stored.body


@check
def keeps_extended_properties():
    class Named(ExtendedProperty):
        property_set_id = "c11ff724-aa03-4555-9952-8fa248a11c3e"
        property_name = "EwsdTest"
        property_type = "String"

    class Numbers(ExtendedProperty):
        distinguished_property_set_id = "PublicStrings"
        property_name = "EwsdNumbers"
        property_type = "IntegerArray"

    class Flag(ExtendedProperty):
        property_tag = 0x1090
        property_type = "Integer"

    for name, kind in (("named", Named), ("numbers", Numbers), ("flag_status", Flag)):
        Message.register(name, kind)
    try:
        item = message(named="wörd", numbers=[3, 1, 2], flag_status=2).save()
        stored = State.folder.get(id=item.id, changekey=item.changekey)
        same((stored.named, stored.numbers, stored.flag_status), ("wörd", [3, 1, 2], 2), "extended properties")
        stored.named = "other"
        stored.numbers = None
        stored.save(update_fields=["named", "numbers"])
        stored = State.folder.get(id=item.id, changekey=stored.changekey)
        same((stored.named, stored.numbers), ("other", None), "changed extended properties")
        found = list(State.folder.filter(named="other"))
        same([i.id for i in found], [item.id], "found by an extended property")
    finally:
        for name in ("named", "numbers", "flag_status"):
            Message.deregister(name)


@check
def stores_a_message_from_mime():
    subject = word("mime ")
    mime = (
        "From: a@elsewhere.test\r\nTo: b@elsewhere.test\r\nSubject: %s\r\nMessage-ID: <%s@elsewhere.test>\r\n"
        "Date: Mon, 2 Mar 2026 10:20:30 +0100\r\nX-Own: yes\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\nMIME-Version: 1.0\r\n\r\nZażółć gęślą jaźń\r\n" % (subject, word())
    ).encode()
    item = Message(account=State.me, folder=State.folder, mime_content=mime).save()
    stored = State.folder.get(id=item.id, changekey=item.changekey)
    same(stored.subject, subject, "subject")
    assert "Zażółć" in stored.body, stored.body
    same(stored.datetime_sent, EWSDateTime(2026, 3, 2, 9, 20, 30, tzinfo=UTC), "date")
    same(stored.sender.email_address if stored.sender else stored.author.email_address, "a@elsewhere.test", "sender")
    assert any(h.name == "X-Own" and h.value == "yes" for h in stored.headers), stored.headers
    assert "Zażółć".encode() in stored.mime_content or b"8bit" not in stored.mime_content


@check
def filters_sorts_and_pages():
    folder = Messages(parent=State.folder, name=word("Many ")).save()
    mark = word()
    items = [
        Message(subject="%s %02d" % (mark, n), body="b%d" % n, categories=["even" if n % 2 == 0 else "odd"],
                importance="High" if n < 5 else "Normal")
        for n in range(23)
    ]
    made = State.me.bulk_create(folder=folder, items=items)
    same(len(made), 23, "created")
    assert all(i.id and i.changekey for i in made)
    same(folder.all().count(), 23, "count")
    every = folder.all().order_by("subject")
    every.page_size = 5
    same([i.subject for i in every], ["%s %02d" % (mark, n) for n in range(23)], "order over pages")
    backward = folder.all().order_by("-subject").values_list("subject", flat=True)
    same(list(backward)[0], "%s 22" % mark, "first when descending")
    same(list(folder.all().order_by("subject").values_list("subject", flat=True)[3:6]),
         ["%s %02d" % (mark, n) for n in (3, 4, 5)], "slice")
    same(folder.filter(subject="%s 07" % mark).count(), 1, "equal")
    same(folder.filter(subject__icontains=" 1").count(), 10, "contains")
    same(folder.filter(subject__startswith=mark).count(), 23, "prefix")
    same(folder.filter(importance="High").count(), 5, "equal on a choice")
    same(folder.filter(categories__contains="even").count(), 12, "category")
    same(folder.filter(Q(importance="High") | Q(subject="%s 22" % mark)).count(), 6, "or")
    same(folder.filter(Q(importance="High") & ~Q(subject="%s 00" % mark)).count(), 4, "and not")
    same(folder.exclude(subject__exists=True).count(), 0, "exists")
    past = EWSDateTime(2020, 1, 1, tzinfo=UTC)
    same(folder.filter(datetime_created__gt=past).count(), 23, "later than")
    same(folder.filter(datetime_created__range=(past, EWSDateTime(2021, 1, 1, tzinfo=UTC))).count(), 0, "range")
    raises(DoesNotExist, lambda: folder.get(subject="nothing"))
    only = folder.all().only("subject").order_by("subject")[0]
    same(only.subject, "%s 00" % mark, "only the subject")
    folder.refresh()
    same(folder.total_count, 23, "TotalCount")
    same(folder.unread_count, 23, "UnreadCount")
    folder.all().delete()
    same(folder.all().count(), 0, "after deletion")
    folder.delete()


@check
def handles_many_items_in_order():
    made = State.me.bulk_create(folder=State.folder, items=[Message(subject=word()) for _ in range(12)])
    subjects = [i.subject for i in State.me.fetch(ids=made, only_fields=["subject"])]
    gone = made.pop(4)
    subjects.pop(4)
    same(list(State.me.bulk_delete([gone])), [True], "deletion")
    mixed = list(State.me.fetch(ids=made[:4] + [gone] + made[4:], only_fields=["subject"]))
    assert isinstance(mixed[4], ErrorItemNotFound), mixed[4]
    same([i.subject for n, i in enumerate(mixed) if n != 4], subjects, "the others keep their order")
    whole = list(State.me.fetch(ids=made, only_fields=["subject"]))
    for n, item in enumerate(whole):
        item.subject = "changed %d" % n
    same(len(list(State.me.bulk_update([(i, ("subject",)) for i in whole]))), len(made), "updates")
    fresh = list(State.me.fetch(ids=[(i.id, None) for i in made], only_fields=["subject"]))
    same([i.subject for i in fresh], ["changed %d" % n for n in range(len(made))], "changed subjects")
    malformed = list(State.me.fetch(ids=[("AAAA==", None)], only_fields=["subject"]))
    assert isinstance(malformed[0], ErrorInvalidIdMalformed), malformed
    State.me.bulk_delete([(i.id, None) for i in made])


@check
def moves_and_copies():
    target = Messages(parent=State.folder, name=word("Target ")).save()
    item = message(body="to be moved").save()
    old = item.id
    copy_id, copy_key = item.copy(to_folder=target)
    assert copy_id != old
    item.move(to_folder=target)
    assert item.id != old and item.id != copy_id
    same(item.folder.id, target.id, "folder")
    raises((DoesNotExist, ErrorItemNotFound), lambda: State.folder.get(id=old))
    same({i.id for i in target.all().only("subject")}, {copy_id, item.id}, "both are there")
    same(State.folder.filter(subject=item.subject).count(), 0, "none is here")
    moved = State.me.bulk_move(ids=target.all().only("subject"), to_folder=State.folder)
    same(len(moved), 2, "moved back")
    same(State.folder.filter(subject=item.subject).count(), 2, "both are back")
    target.delete()


@check
def deletes_in_three_ways():
    for way, where in (("move_to_trash", "trash"), ("soft_delete", "recoverable_items_deletions"), ("delete", None)):
        item = message().save()
        getattr(item, way)()
        same(State.folder.filter(subject=item.subject).count(), 0, way)
        if where:
            same(getattr(State.me, where).filter(subject=item.subject).count(), 1, "%s: found in %s" % (way, where))
        else:
            same(State.me.trash.filter(subject=item.subject).count(), 0, "not in the trash")


@check
def attaches_reads_and_detaches_files():
    blob = bytes(range(256)) * 40
    item = message(body="with files")
    item.attach(FileAttachment(name="blob.bin", content=blob))
    item.attach(FileAttachment(name="übung.txt", content="äöü".encode(), content_type="text/plain"))
    item.save()
    assert all(a.attachment_id for a in item.attachments), item.attachments
    stored = State.folder.get(id=item.id)
    same(stored.has_attachments, True, "HasAttachments")
    found = {a.name: a for a in stored.attachments}
    same(set(found), {"blob.bin", "übung.txt"}, "names")
    same(found["blob.bin"].content, blob, "content")
    same(found["übung.txt"].content.decode(), "äöü", "text")
    assert found["blob.bin"].size >= len(blob), found["blob.bin"].size
    with found["blob.bin"].fp as stream:
        same(io.BytesIO(stream.read()).getvalue(), blob, "streamed content")
    late = FileAttachment(name="late.png", content=b"\x89PNG", is_inline=True, content_id="late@elsewhere.test")
    item.attach(late)
    assert late.attachment_id
    stored = State.folder.get(id=item.id)
    inline = [a for a in stored.attachments if a.name == "late.png"][0]
    same((inline.is_inline, inline.content_id), (True, "late@elsewhere.test"), "inline")
    item.detach(list(item.attachments))
    stored = State.folder.get(id=item.id)
    same(stored.attachments, [], "no attachment left")
    same(stored.has_attachments, False, "HasAttachments")


@check
def stores_a_large_attachment():
    blob = uuid.uuid4().bytes * 200000
    item = message(body="large")
    item.attach(FileAttachment(name="large.bin", content=blob))
    item.save()
    stored = State.folder.get(id=item.id)
    same(stored.attachments[0].content, blob, "3.2 MB come back")
    item.delete()


def arrived(folder, subject):
    """Delivery to local recipients is part of sending: no wait."""
    return list(folder.filter(subject=subject))


@check
def sends_with_and_without_copy():
    peer = CONTEXT["peer"]["address"]
    quiet = message(folder=None, to_recipients=[peer], body="no copy is kept")
    quiet.send(save_copy=False)
    same(len(arrived(State.peer.inbox, quiet.subject)), 1, "arrived")
    same(State.me.sent.filter(subject=quiet.subject).count(), 0, "no copy")

    kept = message(folder=State.me.sent, to_recipients=[peer], body="a copy is kept")
    kept.send_and_save()
    got = arrived(State.peer.inbox, kept.subject)
    same(len(got), 1, "arrived")
    same(State.me.sent.filter(subject=kept.subject).count(), 1, "copy")
    same(got[0].sender.email_address, CONTEXT["me"]["address"], "sender")
    same(got[0].author.email_address, CONTEXT["me"]["address"], "author")
    same(got[0].is_read, False, "unread")
    same(got[0].is_draft, False, "no draft")
    assert got[0].message_id and got[0].datetime_received and got[0].datetime_sent
    assert "a copy is kept" in got[0].body


@check
def sends_with_attachments():
    blob = bytes(range(256)) * 4
    item = message(folder=State.me.sent, to_recipients=[CONTEXT["peer"]["address"]], body="see the file")
    item.attach(FileAttachment(name="data.bin", content=blob))
    item.send_and_save()
    got = arrived(State.peer.inbox, item.subject)
    same(len(got), 1, "arrived")
    same([a.name for a in got[0].attachments], ["data.bin"], "names")
    same(got[0].attachments[0].content, blob, "content")


@check
def sends_a_saved_draft():
    draft = message(folder=State.me.drafts, to_recipients=[CONTEXT["peer"]["address"]], body="drafted").save()
    draft.send()
    same(len(arrived(State.peer.inbox, draft.subject)), 1, "arrived")
    same(State.me.drafts.filter(subject=draft.subject).count(), 0, "draft is gone")
    same(State.me.sent.filter(subject=draft.subject).count(), 1, "copy")


@check
def queues_mail_for_elsewhere():
    item = message(folder=State.me.sent, to_recipients=["nobody@elsewhere.test"])
    item.send_and_save()
    same(State.me.sent.filter(subject=item.subject).count(), 1, "copy")


@check
def syncs_the_hierarchy():
    root = State.me.root.tois
    first = list(root.sync_hierarchy())
    kinds = {kind for kind, _ in first}
    same(kinds, {"create"}, "first sync")
    assert len(first) > 10, len(first)
    made = Messages(parent=State.folder, name=word("Synced ")).save()
    changes = list(root.sync_hierarchy())
    assert ("create", made.id) in [(kind, f.id) for kind, f in changes], changes
    made.name = word("Renamed ")
    made.save(update_fields=["name"])
    changes = list(root.sync_hierarchy())
    same([(kind, f.id, f.name) for kind, f in changes if f.id == made.id], [("update", made.id, made.name)], "rename")
    made_id = made.id
    made.delete()
    changes = list(root.sync_hierarchy())
    assert ("delete", made_id) in [(kind, f.id) for kind, f in changes], changes
    same(list(root.sync_hierarchy()), [], "nothing more")


@check
def syncs_items():
    folder = Messages(parent=State.folder, name=word("Items ")).save()
    items = [Message(account=State.me, folder=folder, subject="%d" % n, is_read=False).save() for n in range(7)]
    first = list(folder.sync_items(max_changes_returned=3))
    same(sorted((kind, i.subject) for kind, i in first), [("create", "%d" % n) for n in range(7)], "first sync by pages")
    items[0].subject = "other"
    items[0].save(update_fields=["subject"])
    items[1].is_read = True
    items[1].save(update_fields=["is_read"])
    gone = items[2].id
    items[2].delete()
    new = Message(account=State.me, folder=folder, subject="new").save()
    changes = {}
    for kind, what in folder.sync_items():
        changes.setdefault(kind, []).append(what)
    same({k: len(v) for k, v in changes.items()}, {"update": 1, "read_flag_change": 1, "delete": 1, "create": 1}, "changes")
    same(changes["update"][0].subject, "other", "updated")
    same((changes["read_flag_change"][0][0].id, changes["read_flag_change"][0][1]), (items[1].id, True), "read")
    same(changes["delete"][0].id, gone, "deleted")
    same(changes["create"][0].id, new.id, "created")
    same(list(folder.sync_items()), [], "nothing more")
    folder.delete()


def events_of(folder, subscription, watermark):
    """Polls until something other than a StatusEvent comes: what came, and the watermark to ask with next."""
    found = []
    for _ in range(20):
        for notification in folder.get_events(subscription, watermark):
            for event in notification.events:
                watermark = event.watermark
                if not isinstance(event, StatusEvent):
                    found.append(event)
        if found:
            return found, watermark
    raise AssertionError("no event")


@check
def subscribes_and_polls():
    folder = State.me.inbox
    with folder.pull_subscription() as (subscription, watermark):
        quiet = list(folder.get_events(subscription, watermark))
        same(len(quiet), 1, "one notification")
        same([type(e) for e in quiet[0].events], [StatusEvent], "nothing happened yet")
        watermark = quiet[0].events[-1].watermark
        item = Message(account=State.me, folder=folder, subject=word()).save()
        found, watermark = events_of(folder, subscription, watermark)
        assert any(isinstance(e, CreatedEvent) and e.item_id and e.item_id.id == item.id for e in found), found
        item.subject = word()
        item.save(update_fields=["subject"])
        found, watermark = events_of(folder, subscription, watermark)
        assert any(isinstance(e, ModifiedEvent) and e.item_id and e.item_id.id == item.id for e in found), found
        item.move_to_trash()
        found, watermark = events_of(folder, subscription, watermark)
        assert any(isinstance(e, (MovedEvent, DeletedEvent)) for e in found), found
        Message(account=State.peer, subject=word(), to_recipients=[CONTEXT["me"]["address"]]).send(save_copy=False)
        found, watermark = events_of(folder, subscription, watermark)
        assert any(isinstance(e, NewMailEvent) for e in found), found
    raises(ErrorSubscriptionNotFound, lambda: list(folder.get_events(subscription, watermark)))


@check
def is_woken_by_new_mail_while_it_polls():
    folder = State.me.inbox
    with folder.pull_subscription(event_types=["NewMailEvent"]) as (subscription, watermark):
        found = []

        def wait():
            found.extend(events_of(folder, subscription, watermark)[0])

        waiter = threading.Thread(target=wait)
        waiter.start()
        Message(account=State.peer, subject=word(), to_recipients=[CONTEXT["me"]["address"]]).send(save_copy=False)
        waiter.join(60)
        same([type(e) for e in found], [NewMailEvent], "what the poll returned")


def streamed(folder, subscription, **limits):
    return [e for n in folder.get_streaming_events(subscription, connection_timeout=1, **limits) for e in n.events]


@check
def reads_a_stream():
    folder = State.me.inbox
    with folder.streaming_subscription() as subscription:
        # What happens before anybody reads waits, and is told once, all together.
        item = Message(account=State.me, folder=folder, subject=word()).save()
        found = streamed(folder, subscription, max_notifications_returned=1)
        same(len([e for e in found if isinstance(e, CreatedEvent) and e.item_id and e.item_id.id == item.id]), 1, "created")
        item.subject = word()
        item.save(update_fields=["subject"])
        found = streamed(folder, subscription, max_notifications_returned=1)
        same(len([e for e in found if isinstance(e, ModifiedEvent) and e.item_id and e.item_id.id == item.id]), 1, "modified")
        assert not any(isinstance(e, CreatedEvent) for e in found), found
        item_id = item.id
        item.delete()
        found = streamed(folder, subscription, max_notifications_returned=1)
        same(len([e for e in found if isinstance(e, DeletedEvent) and e.item_id and e.item_id.id == item_id]), 1, "deleted")
    raises(ErrorSubscriptionNotFound, lambda: streamed(folder, subscription))


@check
def is_told_by_a_stream_while_it_reads():
    folder = State.me.inbox
    with folder.streaming_subscription(event_types=["NewMailEvent"]) as subscription:
        found = []
        reader = threading.Thread(
            target=lambda: found.extend(streamed(folder, subscription, max_notifications_returned=1)))
        reader.start()
        Message(account=State.peer, subject=word(), to_recipients=[CONTEXT["me"]["address"]]).send(save_copy=False)
        reader.join(60)
        same([type(e) for e in found], [NewMailEvent], "what the stream told")


@check
def is_told_which_subscription_of_a_stream_is_wrong():
    folder = State.me.inbox
    with folder.streaming_subscription() as subscription:
        for ids in ("AAA-", [subscription, "AAA-"]):
            error = raises(ErrorInvalidSubscription, lambda: streamed(folder, ids, max_notifications_returned=1))
            assert error.value.startswith("Subscription is invalid."), error.value
            assert "AAA-" in error.value and subscription not in error.value, error.value


@check
def reads_from_many_threads():
    State.me.protocol.max_connections = 4
    ids = [i.id for i in State.folder.all().only("subject")[:4]]
    results, failures = [], []

    def read(item_id):
        try:
            for _ in range(5):
                results.append(State.folder.get(id=item_id).id)
        except Exception as error:  # handed to the main thread
            failures.append(error)

    threads = [threading.Thread(target=read, args=(i,)) for i in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    same(failures, [], "failures")
    same(len(results), 5 * len(ids), "answers")


@check
def resolves_names():
    found = State.me.protocol.resolve_names([CONTEXT["peer"]["address"]])
    same([m.email_address for m in found], [CONTEXT["peer"]["address"]], "resolved")
    nothing = list(State.me.protocol.resolve_names(["nobody at all"]))
    assert all(isinstance(n, ErrorNameResolutionNoResults) for n in nothing), nothing


@check
def lists_time_zones():
    zones = list(State.me.protocol.get_timezones(return_full_timezone_data=True))
    assert 100 <= len(zones) <= 160, len(zones)
    by_id = {z.id: z for z in zones}
    assert "W. Europe Standard Time" in by_id and "UTC" in by_id
    assert by_id["W. Europe Standard Time"].periods and by_id["W. Europe Standard Time"].transitions


@check
def converts_ids():
    item = State.folder.all().only("subject")[0]
    address = CONTEXT["me"]["address"]
    there = list(State.me.protocol.convert_ids([AlternateId(id=item.id, format=EWS_ID, mailbox=address)], HEX_ENTRY_ID))
    same(there[0].format, HEX_ENTRY_ID, "format")
    back = list(State.me.protocol.convert_ids([there[0]], EWS_ID))
    same(back[0].id, item.id, "there and back")


@check
def searches_several_folders():
    collection = FolderCollection(account=State.me, folders=[State.me.inbox, State.folder])
    assert collection.all().only("subject").count() >= State.folder.all().count()


@check
def cleans_up():
    State.folder.delete(delete_type=HARD_DELETE)
    State.me.root.refresh()
    assert State.folder.name not in [f.name for f in State.me.inbox.children]


if __name__ == "__main__":
    sys.exit(main())
