"""Searches with exchangelib among other people's messages; what must be found says corpus_common.py.

usage: exchangelib_corpus.py CONTEXT, a JSON document as for exchangelib_client.py and {"corpus": folder}.
"""
import sys

import corpus_common as corpus
from exchangelib_common import CONTEXT, State, account, check, main, same


class Among:
    entries = numbers = None


def found(*query, **restriction):
    ids = Among.inbox.filter(*query, **restriction).values_list("id", flat=True)
    return [Among.numbers[id] for id in ids]


def begins(text, word):
    return any(token.startswith(word) for token in corpus.tokens(text))


def anything(entry):
    return " ".join([entry.subject, *entry.people, entry.text])


def has_subject(entry):
    return entry.subject is not None


def has_text(entry):
    return entry.text is not None


def words(known, text):
    return corpus.picked([text(entry) for entry in Among.entries if known(entry)])


def each(asked, known, query, holds):
    """One search for each word; all of them must find what they should."""
    hits = wrong = 0
    for word in asked:
        try:
            text, restriction = query(word)
            hits += corpus.compare(
                found(*text, **restriction),
                *corpus.expected(Among.entries, known, lambda entry: holds(entry, word)),
                "%r %r" % (text, restriction))
        except AssertionError as error:
            wrong += 1
            print(error)
    print("%d searches, %d messages found" % (len(asked), hits))
    same(wrong, 0, "searches that found something else")


@check
def lists_all():
    State.me, State.peer = account("me"), account("me")
    Among.inbox = State.me.inbox
    Among.entries = corpus.read(CONTEXT["corpus"])
    ids = list(Among.inbox.all().values_list("id", flat=True))
    same(len(ids), len(Among.entries), "messages")
    # The newest comes first.
    Among.numbers = {id: number for number, id in enumerate(reversed(ids))}
    about, wanted = corpus.expected(Among.entries, has_subject, lambda entry: True)
    assert len(wanted) > 500, len(wanted)


@check
def asks_for_words():
    asked = words(has_text, anything)
    each(asked, has_text, lambda word: ((word,), {}), lambda entry, word: begins(anything(entry), word))


@check
def asks_for_words_of_subjects():
    asked = words(has_subject, lambda entry: entry.subject)
    each(asked, has_subject, lambda word: (("subject:" + word,), {}), lambda entry, word: begins(entry.subject, word))


@check
def asks_for_authors():
    # An item has one author; of several in the field it is the first.
    known = (lambda entry: has_subject(entry) and len(entry.addresses) == 1)
    each(words(known, lambda entry: entry.people[0]), known, lambda word: (("from:" + word,), {}),
         lambda entry, word: begins(entry.people[0], word) or begins(entry.people[1], word))


@check
def asks_for_two_words():
    asked = words(has_text, lambda entry: entry.text)
    pairs = list(zip(asked, asked[1:] + asked[:1]))
    each(pairs, has_text, lambda two: (("%s AND %s" % two,), {}),
         lambda entry, two: all(begins(anything(entry), word) for word in two))
    each(pairs, has_text, lambda two: (("%s OR %s" % two,), {}),
         lambda entry, two: any(begins(anything(entry), word) for word in two))
    each(pairs, has_text, lambda two: (("%s NOT %s" % two,), {}),
         lambda entry, two: begins(anything(entry), two[0]) and not begins(anything(entry), two[1]))


@check
def asks_for_phrases():
    phrases = []
    for entry in filter(has_text, Among.entries[::7]):
        row = corpus.tokens(entry.text)
        phrases += [(" ".join(row[at:at + 3]), row[at:at + 3]) for at in range(20, len(row), 400)][:1]

    def holds(entry, phrase):
        # No phrase goes from one text into the next.
        rows = [corpus.tokens(text) for text in (entry.subject, *entry.people, entry.text)]
        return any(row[at:at + len(phrase[1])] == phrase[1] for row in rows for at in range(len(row)))
    each(phrases[:20], has_text, lambda phrase: (('"%s"' % phrase[0],), {}), holds)


@check
def restricts_subjects():
    asked = words(has_subject, lambda entry: entry.subject)
    each(asked, has_subject, lambda word: ((), {"subject__icontains": word}),
         lambda entry, word: word in entry.subject.lower())
    each(asked, has_subject, lambda word: ((), {"subject__contains": word.title()}),
         lambda entry, word: word.title() in entry.subject)
    each(asked, has_subject, lambda word: ((), {"subject__istartswith": word[:3]}),
         lambda entry, word: entry.subject.lower().startswith(word[:3]))


@check
def restricts_bodies():
    asked = words(has_text, lambda entry: entry.text)
    each(asked, has_text, lambda word: ((), {"body__icontains": word}),
         lambda entry, word: word in " ".join(entry.text.lower().split()))


if __name__ == "__main__":
    sys.exit(main())
