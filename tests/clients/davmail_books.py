"""Drives tasks and contacts through DavMail: a CalDAV and CardDAV client that knows nothing of EWS.

usage: davmail_books.py CONTEXT, see davmail_common.py.
"""
import base64
import struct
import sys
import zlib

from davmail_common import Gateway, check, main, same
from davmail_dav import CAL, CARD, State, dav, ews, found, home, items, one, query, read, word


def todo(uid, *lines):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//gateway//EN", "BEGIN:VTODO",
                        "DTSTAMP:20260101T000000Z", "UID:" + uid, *lines, "END:VTODO", "END:VCALENDAR", ""])


def task(name):
    return read(dav("GET", "calendar/" + name, wanted=200).text).inner("VTODO")[0]


@check
def keeps_a_task():
    uid, subject = word("uid-"), word("Task ")
    name = uid + ".ics"
    dav("PUT", "calendar/" + name, wanted=201, body=todo(
        uid, "SUMMARY:" + subject, "DESCRIPTION:Some words", "DTSTART;VALUE=DATE:20261202", "DUE;VALUE=DATE:20261204",
        "PRIORITY:1", "PERCENT-COMPLETE:30", "STATUS:IN-PROCESS", "CATEGORIES:Blue"))
    item = one(found(subject, "tasks"))
    same(item.told("Subject", "PercentComplete", "Status", "Importance"), (subject, "30", "InProgress", "High"),
        "stored")
    same((item.text("StartDate")[:10], item.text("DueDate")[:10]), ("2026-12-02", "2026-12-04"), "dates")
    back = task(name)
    same([back.get(n) for n in ("UID", "SUMMARY", "DTSTART", "DUE", "PERCENT-COMPLETE", "STATUS", "CATEGORIES",
        "DESCRIPTION")],
         [uid, subject, "20261202", "20261204", "30", "IN-PROCESS", "Blue", "Some words"], "back")
    assert back.get("PRIORITY") in ("1", "2"), back.get("PRIORITY")
    told = [read(t[CAL + "calendar-data"].text).inner("VTODO")[0] for t in query(kind="VTODO", folder="tasks").values()]
    assert uid in [one_of.get("UID") for one_of in told], "in the report"


@check
def completes_a_task():
    uid, subject = word("uid-"), word("Task ")
    name = uid + ".ics"
    dav("PUT", "calendar/" + name, todo(uid, "SUMMARY:" + subject, "DUE;VALUE=DATE:20261204"), wanted=201)
    # DavMail finds a task to delete by the name that it lists, not by that which it was put under.
    listed = [n for n, told in query(kind="VTODO", folder="tasks").items() if uid in told[CAL + "calendar-data"].text]
    same(len(listed), 1, "in the report")
    # Without PRIORITY DavMail deletes item:Importance, which no server allows.
    done = todo(uid, "SUMMARY:" + subject + " done", "PRIORITY:5", "STATUS:COMPLETED", "PERCENT-COMPLETE:100",
        "COMPLETED:20261203T120000Z")
    dav("PUT", "calendar/" + name, done, wanted=200)
    item = one(found(subject, "tasks"))
    same(item.told("Subject", "Status", "PercentComplete", "IsComplete", "DueDate"),
         (subject + " done", "Completed", "100", "true", None), "stored")
    same(task(name).get("STATUS"), "COMPLETED", "back")
    dav("DELETE", "calendar/" + listed[0], wanted=200)
    same(found(subject, "tasks"), [], "deleted")
    dav("GET", "calendar/" + name, wanted=404)


def card(uid, *lines):
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", "UID:" + uid, *lines, "END:VCARD", ""])



def picture():
    """A PNG without an alpha channel: of others DavMail makes an empty JPEG."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + b"\x20\x40\x80" * 16) * 16
    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


ANN = (
    "FN:Ann Example", "N:Example;Ann;Mary;Dr.;Jr.", "NICKNAME:Annie", "EMAIL;TYPE=work:ann@example.net",
    "EMAIL;TYPE=home:ann@home.example.net", "TEL;TYPE=work:+49 1", "TEL;TYPE=cell:+49 2", "TEL;TYPE=home:+49 3",
    "ADR;TYPE=work:;;Street 1;Town;State;12345;Country", "ADR;TYPE=home:;;Lane 2;Village;;54321;",
    "ORG:Company;Department", "TITLE:Boss", "NOTE:Some\\nwords", "BDAY:1980-02-29", "URL;TYPE=work:http://example.net/",
    "CATEGORIES:Blue", "X-MANAGER:Max", "ROLE:Painter",
)


def address_of(item, key):
    for entry in item.all("EmailAddresses", "Entry"):
        if entry.get("Key") == key:
            return entry.text


@check
def keeps_a_contact():
    uid = word("uid-")
    name = "Ann " + uid
    lines = ("FN:" + name,) + ANN[1:]
    answer = dav("PUT", "contacts/%s.vcf" % uid, card(uid, *lines), wanted=201)
    assert answer.etag(), "an etag"
    item = one([c for c in all_contacts() if c.text("FileAs") == name])
    same(item.told("Subject", "GivenName", "Surname", "MiddleName", "Nickname", "CompanyName", "Department", "JobTitle",
                   "Manager", "Profession", "BusinessHomePage"),
         (name, "Ann", "Example", "Mary", "Annie", "Company", "Department", "Boss", "Max", "Painter",
          "http://example.net/"), "stored")
    same((address_of(item, "EmailAddress1"), address_of(item, "EmailAddress2")),
         ("ann@example.net", "ann@home.example.net"), "addresses")
    same({e.get("Key"): e.text for e in item.all("PhoneNumbers", "Entry")},
         {"BusinessPhone": "+49 1", "MobilePhone": "+49 2", "HomePhone": "+49 3"}, "telephones")
    same(item.text("Birthday")[:10], "1980-02-29", "birthday")
    same(item.text("Body").replace("\r\n", "\n").strip(), "Some\nwords", "note")
    postal = {e.get("Key"): [part.text for part in e if part.text] for e in item.all("PhysicalAddresses", "Entry")}
    same((postal["Business"], postal["Home"]),
         (["Street 1", "Town", "State", "Country", "12345"], ["Lane 2", "Village", "54321"]), "postal addresses")
    back = read(dav("GET", "contacts/%s.vcf" % uid, wanted=200).text)
    same([back.get(n) for n in ("UID", "FN", "N", "NICKNAME", "ORG", "TITLE", "NOTE", "BDAY", "CATEGORIES",
        "X-MANAGER", "ROLE")],
         [uid, name, "Example;Ann;Mary;Dr.;Jr.", "Annie", "Company;Department", "Boss", "Some\\nwords", "1980-02-29",
          "Blue",
          "Max", "Painter"], "back")
    for key in ("EMAIL", "TEL", "ADR"):
        wanted = {line.split(":", 1)[1] for line in ANN if line.startswith(key)}
        same({value for _, value in back.all(key)}, wanted, key)


def all_contacts():
    answer = ews(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds></m:FindItem>')
    return [item.again() for item in items(answer, "me")]


@check
def changes_and_deletes_a_contact():
    uid = word("uid-")
    path = "contacts/%s.vcf" % uid
    dav("PUT", path, card(uid, "FN:Ann " + uid, *ANN[1:]), wanted=201)
    etag = dav("GET", path, wanted=200).etag()
    dav("PUT", path, card(uid, "FN:Ann " + uid), wanted=412, If_Match='"2001-01-01T00:00:00Z"')
    dav("PUT", path, card(uid, "FN:Bea " + uid, "N:Other;Bea;;;", "EMAIL;TYPE=home:bea@home.example.net"), wanted=200,
        If_Match=etag)
    back = read(dav("GET", path, wanted=200).text)
    same([back.get(n) for n in ("FN", "N", "EMAIL", "TEL", "ADR", "ORG", "TITLE", "NOTE", "BDAY", "CATEGORIES")],
         ["Bea " + uid, "Other;Bea;;;", "bea@home.example.net"] + [None] * 7, "back")
    item = one([c for c in all_contacts() if c.text("Subject") == "Bea " + uid])
    same((item.text("GivenName"), item.text("Surname"), address_of(item, "EmailAddress1"), address_of(item,
        "EmailAddress2")),
         ("Bea", "Other", None, "bea@home.example.net"), "stored")
    dav("DELETE", path, wanted=200)
    dav("GET", path, wanted=404)
    same([c for c in all_contacts() if c.text("Subject") == "Bea " + uid], [], "deleted")


@check
def keeps_a_picture():
    uid = word("uid-")
    path = "contacts/%s.vcf" % uid
    lines = ("FN:Pic " + uid, "N:Pic;;;;", "PHOTO;ENCODING=b;TYPE=PNG:" + picture())
    dav("PUT", path, card(uid, *lines), wanted=201)
    item = one([c for c in all_contacts() if c.text("Subject") == "Pic " + uid])
    same(item.text("HasPicture"), "true", "stored")
    assert read(dav("GET", path, wanted=200).text).get("PHOTO"), "told"


@check
def reports_contacts():
    uid = word("uid-")
    dav("PUT", "contacts/%s.vcf" % uid, card(uid, "FN:Rep " + uid, "N:Rep;;;;"), wanted=201)
    body = '<A:addressbook-%s xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/>' \
        '<A:address-data/></D:prop>%s</A:addressbook-%s>'
    told = dav("REPORT", "contacts/", body % ("query", "", "query"), wanted=207, Depth="1").responses()
    assert uid in [read(t[CARD + "address-data"].text).get("UID") for t in told.values()], sorted(told)
    hrefs = "<D:href>%scontacts/%s.vcf</D:href><D:href>%scontacts/absent.vcf</D:href>" % (home(), uid, home())
    told = dav("REPORT", "contacts/", body % ("multiget", hrefs, "multiget"), wanted=207, Depth="1").responses()
    same(read(told[uid + ".vcf"][CARD + "address-data"].text).get("FN"), "Rep " + uid, "by name")
    assert "404" in told["absent.vcf"]["status"], told


if __name__ == "__main__":
    with Gateway("caldav", timezoneId="W. Europe Standard Time") as State.gateway:
        status = main()
    sys.exit(status)
