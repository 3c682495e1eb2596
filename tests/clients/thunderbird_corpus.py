"""Searches among other people's messages as Thunderbird does. It asks no server to search: it looks in what it has fetched, in
the fields of its list of messages and in the messages themselves. So its requests are made here in its stead (it needs its
window), and searches are made in what they bring; what must be found says corpus_common.py.

usage: thunderbird_corpus.py CONTEXT, a JSON document: {"url", "me": {"address", "login", "password"}, "corpus": folder}.
"""
import base64
import http.client
import json
import os
import sys
import xml.etree.ElementTree as tree
from urllib.parse import urlsplit

import corpus_common as corpus
from checks import check, needed, run, same

CONTEXT = json.loads(sys.argv[1])
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
T, M = "{%s}" % TYPES, "{%s}" % MESSAGES
# Changes of a page of SyncFolderItems, and ids of one GetItem.
PAGE, BATCH = 256, 10
FIELDS = (
    "message:IsRead", "message:InternetMessageId", "item:InternetMessageHeaders", "item:DateTimeSent", "message:From",
    "message:ReplyTo", "message:Sender", "item:Subject", "message:ToRecipients", "message:CcRecipients",
    "message:BccRecipients", "item:HasAttachments", "item:Importance", "message:References", "item:Size", "item:Preview",
    "item:Flag")


class Among:
    entries = headers = octets = None


class Wire:
    """One connection that is kept."""

    def __init__(self):
        where = urlsplit(CONTEXT["url"])
        self.path, self.connection = where.path, http.client.HTTPConnection(where.netloc, timeout=300)
        login = "%s:%s" % (CONTEXT["me"]["login"], CONTEXT["me"]["password"])
        self.headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
        }

    def ask(self, operation, inner):
        """The response messages, all of which must be successes."""
        body = (
            '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:t="%s"><soap:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></soap:Header><soap:Body>'
            '<%s xmlns="%s">%s</%s></soap:Body></soap:Envelope>' % (TYPES, operation, MESSAGES, inner, operation))
        self.connection.request("POST", self.path, body.encode(), self.headers)
        answer = self.connection.getresponse()
        octets = answer.read()
        same(answer.status, 200, operation)
        messages = tree.fromstring(octets).findall(".//" + M + "ResponseMessages/*")
        for message in messages:
            same(message.get("ResponseClass"), "Success", "%s: %s" % (operation, message.findtext(M + "ResponseCode")))
        return messages

    def changes(self, state):
        """Ids of new messages, and the next state."""
        ids, last = [], "false"
        while last != "true":
            [answer] = self.ask(
                "SyncFolderItems",
                "<ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape>"
                '<SyncFolderId><t:DistinguishedFolderId Id="inbox"/></SyncFolderId>%s'
                "<MaxChangesReturned>%d</MaxChangesReturned>" % (state and "<SyncState>%s</SyncState>" % state, PAGE))
            page = answer.findall(M + "Changes/" + T + "Create")
            assert len(page) <= PAGE, len(page)
            ids += [change.find("./*/" + T + "ItemId").get("Id") for change in page]
            state, last = answer.findtext(M + "SyncState"), answer.findtext(M + "IncludesLastItemInRange")
        return ids, state

    def items(self, ids, shape):
        """The items in the order of the ids, asked for in batches."""
        for at in range(0, len(ids), BATCH):
            some = ids[at:at + BATCH]
            named = "".join('<t:ItemId Id="%s"/>' % id for id in some)
            answers = self.ask("GetItem", "<ItemShape><t:BaseShape>IdOnly</t:BaseShape>%s</ItemShape><ItemIds>%s</ItemIds>"
                               % (shape, named))
            items = [answer.find(M + "Items/*") for answer in answers]
            same([item.find(T + "ItemId").get("Id") for item in items], some, "ids")
            yield from items


class Header:
    """A row of the list of messages."""

    def __init__(self, item):
        def people(*fields):
            boxes = [box for field in fields for box in item.findall("%s%s//%sMailbox" % (T, field, T))]
            return " ".join("%s <%s>" % (box.findtext(T + "Name", ""), box.findtext(T + "EmailAddress", "")) for box in boxes)
        self.subject = item.findtext(T + "Subject", "")
        self.author = people("From")
        self.recipients = people("ToRecipients", "CcRecipients", "BccRecipients")
        self.id = item.findtext(T + "InternetMessageId", "")


def has_subject(entry):
    return entry.subject is not None


def each(asked, known, found, holds):
    """One search for each word; all of them must find what they should."""
    hits = wrong = 0
    for word in asked:
        try:
            about, wanted = corpus.expected(Among.entries, known, lambda entry: holds(entry, word))
            numbers = [number for number, header in enumerate(Among.headers) if found(header, word)]
            hits += corpus.compare(numbers, about, wanted, word)
        except AssertionError as error:
            wrong += 1
            print(error)
    assert asked
    print("%d searches, %d messages found" % (len(asked), hits))
    same(wrong, 0, "searches that found something else")


@needed
def fetches_all():
    wire = Wire()
    Among.entries = corpus.read(CONTEXT["corpus"])
    ids, state = wire.changes("")
    same((len(ids), len(set(ids))), (len(Among.entries),) * 2, "messages")
    same(wire.changes(state)[0], [], "messages that came since")
    # The newest comes first.
    ids.reverse()
    fields = "".join('<t:FieldURI FieldURI="%s"/>' % field for field in FIELDS)
    Among.headers = [Header(item) for item in wire.items(
        ids, "<t:IncludeMimeContent>false</t:IncludeMimeContent><t:AdditionalProperties>%s</t:AdditionalProperties>" % fields)]
    content = wire.items(ids, "<t:IncludeMimeContent>true</t:IncludeMimeContent>")
    Among.octets = [base64.b64decode(item.findtext(T + "MimeContent")) for item in content]


@check
def has_each_message_whole():
    wrong = []
    for name, octets in zip(sorted(os.listdir(CONTEXT["corpus"])), Among.octets):
        with open(os.path.join(CONTEXT["corpus"], name), "rb") as file:
            lines = file.read().split(b"\n")
        # Lines as they were sent; what is behind the last line end is one only if there is something.
        sent = b"".join(line.removesuffix(b"\r") + b"\r\n" for line in lines[:-1] + [line for line in lines[-1:] if line])
        # A mark at its beginning does not stay behind the lines that delivery writes before it.
        if not octets.endswith(sent.removeprefix(b"\xef\xbb\xbf")):
            wrong.append(name)
    same(wrong, [], "messages with other octets")


@check
def searches_subjects():
    asked = corpus.picked([entry.subject for entry in Among.entries if has_subject(entry)])
    each(asked, has_subject, lambda header, word: word in header.subject.lower(),
         lambda entry, word: word in entry.subject.lower())


@check
def searches_authors():
    asked = corpus.picked([" ".join(entry.addresses) for entry in Among.entries if has_subject(entry)])
    # An item has one author; of several in the field it is the first.
    known = (lambda entry: has_subject(entry) and len(entry.addresses) == 1)
    each(asked, known, lambda header, word: word in header.author.lower(),
         lambda entry, word: word in entry.people[0].lower())


@check
def searches_recipients():
    asked = corpus.picked([entry.recipients for entry in Among.entries if has_subject(entry)])
    each(asked, has_subject, lambda header, word: word in header.recipients.lower(),
         lambda entry, word: word in entry.recipients.lower())


@check
def searches_ids():
    asked = [entry.id for entry in Among.entries[::40] if has_subject(entry) and entry.id.startswith("<")]
    each(asked, has_subject, lambda header, id: header.id == id, lambda entry, id: entry.id == id)


if __name__ == "__main__":
    sys.exit(run("Thunderbird's requests"))
