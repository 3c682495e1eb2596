"""What a folder of messages holds, by Python's email alone: what searches among them must find.

Messages are numbered in the order of their files' names, which is the order in which they were delivered. Only of messages that
Python reads without a defect is anything expected, and of their texts only where there is one, and no HTML.
"""
import collections
import email
import email.header
import email.utils
import os
import re


def decoded(value):
    return " ".join(str(email.header.make_header(email.header.decode_header(str(value)))).split())


def tokens(text):
    return re.findall(r"[^\W_]+", text.lower())


def leaves(message):
    if message.is_multipart():
        for part in message.get_payload():
            yield from leaves(part)
    else:
        yield message


class Entry:
    """One message; `subject` and `people` are None where Python cannot be relied upon, `text` where there is not one."""

    def __init__(self, path):
        self.subject = self.people = self.text = self.id = None
        with open(path, "rb") as file:
            octets = file.read()
        name = os.path.basename(path)
        if name.startswith("made-") and not name.endswith("-whole.eml"):
            return
        try:
            message = email.message_from_bytes(octets)
            parts = list(message.walk())
            if any(part.defects for part in parts) or any(ord(c) > 127 for v in message.values() for c in str(v)):
                return
            if any(len(message.get_all(field, [])) > 1 for field in ("Subject", "From", "To", "Cc", "Message-ID")):
                return
            subject = decoded(message.get("Subject", ""))
            people = [decoded(message.get(field, "")) for field in ("From", "Sender", "To", "Cc", "Bcc")]
            pairs = email.utils.getaddresses([str(message.get("From", ""))])
            # Nobody without an address is one.
            to = email.utils.getaddresses([str(message.get(field, "")) for field in ("To", "Cc", "Bcc")])
            recipients = ["%s <%s>" % (decoded(name), address) for name, address in to if "@" in address]
        except Exception:
            return
        self.subject, self.people, self.id = subject, people, str(message.get("Message-ID", "")).strip()
        self.recipients = " ".join(recipients)
        self.addresses = [address.lower() for _, address in pairs if "@" in address]
        if len(parts) == 1 and message.get_content_type() == "text/plain" and not message.get_filename():
            self.text = self.plain(message)

    @staticmethod
    def plain(message):
        if "attachment" in str(message.get("Content-Disposition", "")).lower():
            return None
        encoding = str(message.get("Content-Transfer-Encoding", "7bit")).lower()
        if encoding not in ("7bit", "8bit", "base64", "quoted-printable") or message.get_param("format"):
            return None
        try:
            text = message.get_payload(decode=True).decode(message.get_content_charset("us-ascii"))
        except (LookupError, UnicodeError):
            return None
        # A file within the text.
        return None if re.search(r"^begin \d{3}", text, re.M) or "\0" in text else text


def read(folder):
    return [Entry(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]


def expected(entries, known, holds):
    """The numbers of those about which something is known, and of those of them for which it holds."""
    about = {number for number, entry in enumerate(entries) if known(entry)}
    return about, {number for number in about if holds(entries[number])}


def picked(texts, each=3):
    """Words of texts, some of each frequency; always the same ones."""
    counts = collections.Counter()
    for text in texts:
        counts.update({token for token in tokens(text) if re.fullmatch("[a-z]{4,12}", token)})
    chosen = []
    for least, most in ((1, 1), (2, 4), (5, 19), (20, 99), (100, 10_000)):
        between = sorted(word for word, count in counts.items() if least <= count <= most)
        chosen += between[::max(1, len(between) // each)][:each]
    return chosen


def compare(found, about, wanted, what):
    """An error that names what was missed and what was too much."""
    found = set(found) & about
    if found != wanted:
        missed, more = sorted(wanted - found), sorted(found - wanted)
        raise AssertionError("%s: missed %r, too many %r" % (what, missed[:9], more[:9]))
    return len(wanted)
