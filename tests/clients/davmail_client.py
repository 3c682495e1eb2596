"""Drives a server through DavMail: an IMAP and SMTP client that knows nothing of EWS.

usage: davmail_client.py CONTEXT, see davmail_common.py.
"""
import email
import email.message
import email.policy
import imaplib
import re
import smtplib
import sys
import time
import uuid

from davmail_common import CONTEXT, Gateway, check, main


class State:
    gateway = None
    imap = None
    box = "Box" + uuid.uuid4().hex[:8]
    other = "Other" + uuid.uuid4().hex[:8]


def good(answer, what):
    status, data = answer
    if status != "OK":
        raise AssertionError("%s: %s %r" % (what, status, data))
    return data


def login(who="me"):
    imap = imaplib.IMAP4("127.0.0.1", State.gateway.ports["imap"], timeout=120)
    good(imap.login(CONTEXT[who]["login"], CONTEXT[who]["password"]), "login")
    return imap


def text(subject, body="Body of a test message.\r\n"):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = CONTEXT["me"]["address"]
    message["To"] = CONTEXT["peer"]["address"]
    message["Subject"] = subject
    message["Date"] = "Mon, 02 Mar 2026 10:20:30 +0000"
    message["Message-ID"] = "<%s@client.example.test>" % uuid.uuid4().hex
    message.set_content(body)
    return message


def uids(imap, *criteria):
    return good(imap.uid("SEARCH", None, *criteria), "search")[0].split()


def fetch(imap, uid, what):
    data = good(imap.uid("FETCH", uid, what), "fetch")
    return [part for part in data if part is not None]


def names(imap):
    listed = good(imap.list(), "list")
    return {re.search(rb'"([^"]*)"$', line).group(1).decode() for line in listed if isinstance(line, bytes)}


@check
def refuses_a_wrong_password():
    imap = imaplib.IMAP4("127.0.0.1", State.gateway.ports["imap"], timeout=120)
    try:
        imap.login(CONTEXT["me"]["login"], "not it")
    except imaplib.IMAP4.error:
        return
    finally:
        imap.shutdown()
    raise AssertionError("a wrong password is taken")


@check
def logs_in_and_lists_folders():
    State.imap = login()
    found = names(State.imap)
    for name in ("INBOX", "Drafts", "Sent", "Trash"):
        assert name in found, found


@check
def creates_and_renames_folders():
    good(State.imap.create("Draft" + State.box), "create")
    good(State.imap.rename("Draft" + State.box, State.box), "rename")
    good(State.imap.create(State.other), "create")
    found = names(State.imap)
    assert {State.box, State.other} <= found, found
    assert "Draft" + State.box not in found, found


@check
def appends_and_fetches():
    State.first = text("First of " + State.box, "Zażółć gęślą jaźń\r\n")
    good(State.imap.append(State.box, "", imaplib.Time2Internaldate(time.time()), State.first.as_bytes()), "append")
    good(State.imap.append(State.box, "(\\Seen)", None, text("Second of " + State.box).as_bytes()), "append")
    assert good(State.imap.select(State.box), "select") == [b"2"]
    found = uids(State.imap, "ALL")
    assert len(found) == 2, found
    data = fetch(State.imap, found[0], "(FLAGS RFC822.SIZE BODY.PEEK[])")
    raw = next(part[1] for part in data if isinstance(part, tuple))
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert read["Subject"] == State.first["Subject"], read["Subject"]
    assert read["Message-ID"] == State.first["Message-ID"], read["Message-ID"]
    assert read.get_content().strip() == "Zażółć gęślą jaźń", read.get_content()
    headers = fetch(State.imap, found[0], "(BODY.PEEK[HEADER.FIELDS (SUBJECT FROM TO)])")
    assert b"First of" in next(part[1] for part in headers if isinstance(part, tuple))
    structure = fetch(State.imap, found[0], "(BODYSTRUCTURE)")
    assert b"TEXT" in repr(structure).upper().encode(), structure


@check
def sets_and_searches_flags():
    first, second = uids(State.imap, "ALL")
    assert uids(State.imap, "UNSEEN") == [first], "unseen"
    assert uids(State.imap, "SEEN") == [second], "seen"
    good(State.imap.uid("STORE", first, "+FLAGS", "(\\Seen \\Flagged)"), "store")
    assert uids(State.imap, "UNSEEN") == [], "all seen"
    assert uids(State.imap, "FLAGGED") == [first], "flagged"
    good(State.imap.uid("STORE", first, "-FLAGS", "(\\Seen)"), "store")
    assert uids(State.imap, "UNSEEN") == [first], "unseen again"
    good(State.imap.uid("STORE", second, "+FLAGS", "(\\Answered)"), "store")
    flags = repr(fetch(State.imap, second, "(FLAGS)"))
    assert "\\\\Answered" in flags and "\\\\Seen" in flags, flags
    good(State.imap.uid("STORE", second, "+FLAGS", "($label1)"), "store a keyword")
    assert uids(State.imap, "KEYWORD", "$label1") == [second], "keyword"


@check
def searches_text():
    first, second = uids(State.imap, "ALL")
    assert uids(State.imap, "SUBJECT", '"First of"') == [first], "subject"
    assert uids(State.imap, "HEADER", "Message-ID", '"%s"' % State.first["Message-ID"]) == [first], "header"
    assert uids(State.imap, "FROM", '"%s"' % CONTEXT["me"]["address"]) == [first, second], "from"
    assert uids(State.imap, "SUBJECT", '"absent"') == [], "nothing"
    assert uids(State.imap, "UID", second) == [second], "uid"


@check
def copies_and_moves():
    first, second = uids(State.imap, "ALL")
    good(State.imap.uid("COPY", first, State.other), "copy")
    good(State.imap.uid("MOVE", second, State.other), "move")
    assert uids(State.imap, "ALL") == [first], "one is left"
    assert good(State.imap.select(State.other), "select") == [b"2"]
    subjects = sorted(
        part[1].strip() for uid in uids(State.imap, "ALL")
        for part in fetch(State.imap, uid, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])") if isinstance(part, tuple)
    )
    wanted = sorted(("Subject: %s of %s" % (n, State.box)).encode() for n in ("First", "Second"))
    assert subjects == wanted, subjects


@check
def deletes_and_expunges():
    good(State.imap.select(State.other), "select")
    first, second = uids(State.imap, "ALL")
    good(State.imap.uid("STORE", first, "+FLAGS", "(\\Deleted)"), "store")
    good(State.imap.expunge(), "expunge")
    assert uids(State.imap, "ALL") == [second], "one is left"


@check
def sends_by_smtp():
    subject = "Sent through the gateway " + State.box
    message = text(subject, "See the file.\r\n")
    message.add_attachment(bytes(range(256)), maintype="application", subtype="octet-stream", filename="data.bin")
    with smtplib.SMTP("127.0.0.1", State.gateway.ports["smtp"], timeout=120) as smtp:
        smtp.login(CONTEXT["me"]["login"], CONTEXT["me"]["password"])
        smtp.send_message(message)
    peer = login("peer")
    good(peer.select("INBOX"), "select")
    found = uids(peer, "SUBJECT", '"%s"' % subject)
    assert len(found) == 1, found
    raw = next(part[1] for part in fetch(peer, found[0], "(BODY.PEEK[])") if isinstance(part, tuple))
    read = email.message_from_bytes(raw, policy=email.policy.default)
    files = [part for part in read.iter_attachments()]
    assert [part.get_filename() for part in files] == ["data.bin"], files
    assert files[0].get_content() == bytes(range(256)), "content"
    peer.logout()
    good(State.imap.select("Sent"), "select")
    assert len(uids(State.imap, "SUBJECT", '"%s"' % subject)) == 1, "a copy in Sent"


@check
def deletes_folders():
    good(State.imap.select("INBOX"), "select")
    good(State.imap.delete(State.box), "delete")
    good(State.imap.delete(State.other), "delete")
    found = names(State.imap)
    assert not {State.box, State.other} & found, found
    State.imap.logout()


if __name__ == "__main__":
    with Gateway("imap", "smtp", smtpSaveInSent="true", imapIdleDelay="") as State.gateway:
        status = main()
    sys.exit(status)
