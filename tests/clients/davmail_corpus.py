"""Searches by IMAP through DavMail among other people's messages; what must be found says corpus_common.py.

usage: davmail_corpus.py CONTEXT, as for davmail_common.py and {"corpus": folder}.
"""
import imaplib
import sys

import corpus_common as corpus
from davmail_common import CONTEXT, Gateway, check, main, same


class Among:
    gateway = imap = entries = numbers = None


def found(*criteria):
    status, data = Among.imap.uid("SEARCH", None, *criteria)
    same(status, "OK", "search %r" % (criteria,))
    return [Among.numbers[uid] for uid in data[0].split()]


def each(asked, known, criterion, holds):
    hits = wrong = 0
    for word in asked:
        try:
            about, wanted = corpus.expected(Among.entries, known, lambda entry: holds(entry, word))
            hits += corpus.compare(found(criterion, '"%s"' % word), about, wanted, "%s %s" % (criterion, word))
        except AssertionError as error:
            wrong += 1
            print(error)
    print("%d searches, %d messages found" % (len(asked), hits))
    same(wrong, 0, "searches that found something else")


def has_subject(entry):
    return entry.subject is not None


def has_text(entry):
    return entry.text is not None


@check
def lists_all():
    Among.entries = corpus.read(CONTEXT["corpus"])
    Among.imap = imaplib.IMAP4("127.0.0.1", Among.gateway.ports["imap"], timeout=300)
    Among.imap.login(CONTEXT["me"]["login"], CONTEXT["me"]["password"])
    same(Among.imap.select("INBOX"), ("OK", [b"%d" % len(Among.entries)]), "messages")
    uids = sorted(Among.imap.uid("SEARCH", None, "ALL")[1][0].split(), key=int)
    same(len(uids), len(Among.entries), "uids")
    Among.numbers = {uid: number for number, uid in enumerate(uids)}


@check
def searches_subjects():
    asked = corpus.picked([entry.subject for entry in Among.entries if has_subject(entry)])
    each(asked, has_subject, "SUBJECT", lambda entry, word: word in entry.subject.lower())


@check
def searches_authors():
    asked = corpus.picked([" ".join(entry.addresses) for entry in Among.entries if has_subject(entry)])
    known = (lambda entry: has_subject(entry) and len(entry.addresses) == 1)
    each(asked, known, "FROM", lambda entry, word: word in entry.people[0].lower())


@check
def searches_bodies():
    asked = corpus.picked([entry.text for entry in Among.entries if has_text(entry)])
    each(asked, has_text, "BODY", lambda entry, word: word in " ".join(entry.text.lower().split()))


@check
def searches_ids():
    asked = [entry.id for entry in Among.entries[::40] if has_subject(entry) and entry.id.startswith("<")]
    each(asked, has_subject, "HEADER Message-ID", lambda entry, id: entry.id == id)


@check
def searches_flags_and_days():
    same(len(found("UNSEEN")), len(Among.entries), "unseen")
    same(found("SEEN"), [], "seen")
    same(len(found("SINCE", "01-Jan-2020")), len(Among.entries), "since")
    same(found("BEFORE", "01-Jan-2020"), [], "before")


if __name__ == "__main__":
    with Gateway("imap") as Among.gateway:
        status = main()
    sys.exit(status)
