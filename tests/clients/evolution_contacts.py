"""Drives a server's contacts with Evolution's data server, which logs in with Basic: one line for each check, exit status 1 when
one fails.

usage: evolution_contacts.py CONTEXT, as for evolution_calendar.py. See ../suite/clients/evolution.rs, which starts it.
"""
import base64
import sys
import time

from evolution_common import (
    CONTEXT, State, T, changed, check, collection, created, deleted, got, id_of, listed, log_in, main, needed, opened, same,
    text, texts, wait, word,
)

import gi

gi.require_version("EBook", "1.2")
from gi.repository import EBook, EBookContacts, GLib  # noqa: E402

NONE = EBookContacts.BookOperationFlags.NONE
NEVER = 0xFFFFFFFF
# One pixel.
PICTURE = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")


# What is looked at of the server's contacts and lists.
MEMBERS = ["item:Body", "item:Categories", "distributionlist:Members"] + ["contacts:" + name for name in (
    "DisplayName", "GivenName", "MiddleName", "Surname", "CompanyName", "Department", "JobTitle", "BusinessHomePage", "Birthday",
    "EmailAddresses", "PhoneNumbers", "PhysicalAddresses", "HasPicture")]


def card(*lines):
    return EBookContacts.Contact.new_from_vcard("\r\n".join(("BEGIN:VCARD", "VERSION:3.0") + lines + ("END:VCARD", "")))


def create(contact, book=None):
    made, uids = (book or State.book).add_contacts_sync([contact], NONE, None)
    assert made
    return uids[0]


def read(uid):
    """A contact as Evolution has it; none if it has none."""
    try:
        return State.book.get_contact_sync(uid, None)[1]
    except GLib.Error as error:
        if "not found" in error.message.lower():
            return None
        raise


def find(name, book=None):
    """What Evolution has that begins so, asked as it asks while somebody writes an address."""
    tests = "".join('(beginswith "%s" "%s")' % (field, name) for field in ("full_name", "email", "file_as"))
    return (book or State.book).get_contacts_sync("(or %s)" % tests, None)[1]


def told(condition, what):
    """Waits for what Evolution is told by a notification, of which there is another now and then: one that comes while it still
    reads what an earlier one said is lost on it."""
    last = [time.monotonic()]

    def look():
        answer = condition()
        if not answer and time.monotonic() > last[0] + 3:
            changed("me", "contacts:JobTitle", "<t:JobTitle>%s</t:JobTitle>" % word(), State.other, "", "Contact")
            last[0] = time.monotonic()
        return answer
    return wait(look, what + ", told by a notification")


def there(name):
    """The server's contact or list of a given name."""
    return wait(lambda: next((found for found in all_there() if name in (text(found, "GivenName"), text(found, "DisplayName"))),
                             None), name)


def all_there():
    return [got("me", id_of(item), *MEMBERS) for item in listed("me", "contacts")]


def entry(item, name, key):
    """An entry of a dictionary, by its key."""
    for found in item.findall(T + name + "/" + T + "Entry"):
        if found.get("Key") == key:
            return found
    return None


def connect(source):
    return EBook.BookClient.connect_sync(source, NEVER, None)


@needed
def logs_in_and_finds_the_folders():
    same(log_in(collection(), CONTEXT["me"]["password"]), None, "the answer")
    State.book = opened("Address Book", "Contacts", connect)


@check
def creates_contacts():
    State.name = word("Ada")
    State.uid = create(card(
        "FN:%s Lovelace" % State.name, "N:Lovelace;%s;Augusta;;" % State.name, "EMAIL;TYPE=WORK:ada@far.test",
        "EMAIL;TYPE=HOME:ada@home.test", "TEL;TYPE=WORK,VOICE:+44 1", "TEL;TYPE=CELL:+44 2", "ORG:Engines;Analysis",
        "TITLE:Countess", "BDAY:1985-12-10", "NOTE:Writes programs", "CATEGORIES:Friends",
        "ADR;TYPE=WORK:;;12 St James's Square;London;;SW1;England", "URL:http://ada.test/"))
    item = there(State.name)
    wanted = {"GivenName": State.name, "MiddleName": "Augusta", "Surname": "Lovelace", "CompanyName": "Engines",
              "Department": "Analysis", "JobTitle": "Countess", "BusinessHomePage": "http://ada.test/"}
    same({name: text(item, name) for name in wanted}, wanted, "what the server has")
    same(text(item, "Birthday")[:10], "1985-12-10", "the birthday")
    same(text(item, "Body").strip(), "Writes programs", "the note")
    same(sorted(entry(item, "EmailAddresses", "EmailAddress%d" % n).text for n in (1, 2)), ["ada@far.test", "ada@home.test"],
         "the addresses")
    same((entry(item, "PhoneNumbers", "BusinessPhone").text, entry(item, "PhoneNumbers", "MobilePhone").text), ("+44 1", "+44 2"),
         "the numbers")
    same(text(entry(item, "PhysicalAddresses", "Business"), "City"), "London", "the address")
    State.item = id_of(item)


@check
def changes_contacts():
    contact = read(State.uid)
    same((contact.get_property("full-name"), contact.get_property("org"), contact.get_property("note")),
         ("%s Augusta Lovelace" % State.name, "Engines", "Writes programs"), "what Evolution has")
    contact.set_property("title", "Mathematician")
    contact.set_property("email-1", "lovelace@far.test")
    contact.set_property("mobile-phone", None)
    assert State.book.modify_contact_sync(contact, NONE, None)
    item = got("me", State.item, *MEMBERS)
    same((text(item, "JobTitle"), text(item, "Surname")), ("Mathematician", "Lovelace"), "what the server has")
    same(entry(item, "EmailAddresses", "EmailAddress1").text, "lovelace@far.test", "the address")
    same(entry(item, "PhoneNumbers", "MobilePhone"), None, "the number that was taken away")


@check
def keeps_pictures():
    name = word("Seen")
    uid = create(card("FN:%s Lovelace" % name, "N:Lovelace;%s;;;" % name, "PHOTO;ENCODING=b;TYPE=PNG:" + PICTURE))
    item = there(name)
    same(text(item, "HasPicture"), "true", "a picture")
    same(texts(got("me", id_of(item), "item:Attachments"), "Attachments/FileAttachment/IsContactPhoto"), ["true"], "its file")
    photo = read(uid).get_property("photo")
    with open(photo.get_uri()[len("file://"):], "rb") as file:
        same(base64.b64encode(file.read()).decode(), PICTURE, "what Evolution has of it")
    assert State.book.remove_contact_by_uid_sync(uid, NONE, None)


@check
def is_told_of_what_others_do():
    """Its stream of notifications: it is never asked to look."""
    State.other = created("me", "<t:Contact><t:GivenName>Early</t:GivenName></t:Contact>", "contacts", "")
    name = word("Told")
    item = created("me", "<t:Contact><t:GivenName>%s</t:GivenName><t:Surname>Hopper</t:Surname></t:Contact>" % name, "contacts", "")
    contact = told(lambda: find(name), "a contact")[0]
    same(contact.get_property("family-name"), "Hopper", "what Evolution has")
    changed("me", "contacts:CompanyName", "<t:CompanyName>Navy</t:CompanyName>", item, "", "Contact")
    told(lambda: find(name)[0].get_property("org") == "Navy", "its change")
    deleted("me", item, "")
    told(lambda: not find(name), "its removal")


@check
def keeps_lists():
    name = word("List")
    uid = create(card("FN:" + name, "X-EVOLUTION-LIST:TRUE", "EMAIL;X-EVOLUTION-DEST-NAME=Bob;X-EVOLUTION-DEST-EMAIL=bob@far.test:"
                      "Bob <bob@far.test>"))
    item = there(name)
    same((item.tag, texts(item, "Members/Member/Mailbox/EmailAddress")), (T + "DistributionList", ["bob@far.test"]), "a list")
    contact = read(uid)
    same((contact.get_property("full-name"), contact.get_property("email-1")), (name, "Bob <bob@far.test>"), "what Evolution has")
    assert State.book.remove_contact_by_uid_sync(uid, NONE, None)
    assert got("me", id_of(item)) is None


@check
def removes_contacts():
    assert State.book.remove_contact_by_uid_sync(State.uid, NONE, None)
    assert got("me", State.item) is None
    assert read(State.uid) is None


@check
def finds_people_in_the_directory():
    book = opened("Address Book", "Global Address List", connect, False)
    name = CONTEXT["peer"]["address"].split("@")[0]
    found = wait(lambda: find(name, book), name + " in the directory")
    assert CONTEXT["peer"]["address"] in [contact.get_property("email-1") for contact in found], found


if __name__ == "__main__":
    sys.exit(main("contacts"))
