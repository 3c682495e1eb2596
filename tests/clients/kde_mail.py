"""Drives a server's mail with KDE's Akonadi and its resource for Exchange, over D-Bus: one line for each check, exit status 1 when
one fails.

usage: kde_mail.py CONTEXT, a JSON object:

| member | |
|---|---|
| `url` | the server's address, behind a relay |
| `me` | `address`, `login` and `password` of the account |
| `lmtp` | where mail is delivered |
| `streams` | a command that prints a JSON object with the number of open streams, `streams` |
| `kick` | a command that closes the account's connections |
| `there`, `second` | subjects: of the message that lies in the inbox, and of the one to be delivered |
| `unseen` | the name of a folder whose message Akonadi is never told of |

See ../suite/clients/kde.rs, which starts it.
"""
import email.message
import json
import os
import signal
import smtplib
import sqlite3
import subprocess
import sys
import time

import sandbox
from checks import check, needed, run, same, word

CONTEXT = json.loads(sys.argv[1])
# Only a hang reaches it.
DEADLINE = 60
CONTROL = "org.freedesktop.Akonadi.Control"
TYPE = "akonadi_ews_resource"
# Longer than any test takes.
POLL_MINUTES = 600.0
# What the resource says: that it begins, has begun, reads a folder; that a stream's document has nothing, or something to tell.
BEGINS = "Starting GetFolder request (QVector(EwsId(Distinguished: msgfolderroot), EwsId(Distinguished: inbox)))"
BEGUN = "name: Inbox)"
SYNC = "Starting SyncFolderItems request"
OPEN = "Got GetStreamingEvents response (0 notifications"
TOLD = "Got GetStreamingEvents response (1 notifications"

AKONADI = """[%General]
Driver=QSQLITE3
"""
NO_WALLET = """[Wallet]
Enabled=false
First Use=false
"""
# It says of each answer what was in it.
OWN = {"QT_QPA_PLATFORM": "offscreen", "AKONADI_DISABLE_AGENT_AUTOSTART": "true", "QT_LOGGING_TO_CONSOLE": "1",
       "QT_LOGGING_RULES": "org.kde.pim.ews.client.request.debug=true", "QT_MESSAGE_PATTERN": "%{category} %{type}: %{message}"}
# What it says before it has its settings, of every message, and of a stream that ended.
HARMLESS = ("Failed to open wallet", "Authentication failed:  Password request failed", "reauthenticate: trying to refresh",
            "itemDetailFetchDone", "Connection to host 127.0.0.1 is broken")


def prepare(home):
    os.mkdir(home + "/config/akonadi")
    for name, text in (("akonadi/akonadiserverrc", AKONADI), ("kwalletrc", NO_WALLET)):
        with open("%s/config/%s" % (home, name), "w") as file:
            file.write(text)


def complaint(line):
    return line.startswith("org.kde.pim.ews") and " warning: " in line and not any(words in line for words in HARMLESS)


sandbox.enter("KDE", (), OWN, prepare, complaint)

from gi.repository import Gio, GLib  # noqa: E402

UNKNOWN = (Gio.DBusError.UNKNOWN_OBJECT, Gio.DBusError.UNKNOWN_INTERFACE, Gio.DBusError.UNKNOWN_METHOD)


class State:
    """What later checks use of earlier ones."""
    control = bus = resource = inbox = None


def wait(condition, what):
    """The first true answer of a condition."""
    end = time.monotonic() + DEADLINE
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.05)


# D-Bus.

def call(service, path, interface, method, signature="()", *arguments):
    answer = State.bus.call_sync(service, path, interface, method, GLib.Variant(signature, arguments), None,
                                 Gio.DBusCallFlags.NO_AUTO_START, DEADLINE * 1000, None).unpack()
    return answer[0] if answer else None


def has(service):
    return call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", "(s)", service)


def manager(method, signature="()", *arguments):
    return call(CONTROL, "/AgentManager", "org.freedesktop.Akonadi.AgentManager", method, signature, *arguments)


def settings(method, signature="()", *arguments, interface="Settings"):
    return call("org.freedesktop.Akonadi.Resource." + State.resource, "/Settings", "org.kde.Akonadi.Ews." + interface, method,
                signature, *arguments)


# What Akonadi has, read beside it.

def rows(statement, *values):
    database = sqlite3.connect("file:%s/data/akonadi/akonadi.db?mode=ro" % sandbox.home(), uri=True, timeout=DEADLINE)
    try:
        return database.execute(statement, values).fetchall()
    finally:
        database.close()


def folder(name):
    """Akonadi's number of a folder."""
    found = rows("SELECT c.id FROM CollectionTable c JOIN ResourceTable r ON r.id = c.resourceId WHERE r.name = ? AND c.name = ?",
                 State.resource, name)
    return found[0][0] if found else None


def messages(collection):
    """What Akonadi keeps of a folder's messages, a text each."""
    found = rows("SELECT i.id, p.data FROM PimItemTable i LEFT JOIN PartTable p ON p.pimItemId = i.id WHERE i.collectionId = ?",
                 collection)
    texts = {}
    for number, octets in found:
        texts[number] = texts.get(number, "") + bytes(octets or b"").decode(errors="replace")
    return list(texts.values())


def shows(subject):
    return [text for text in messages(State.inbox) if subject in text]


def begin():
    """Lets the resource begin anew with its settings."""
    settings("save")
    call("org.freedesktop.Akonadi.Agent." + State.resource, "/", "org.freedesktop.Akonadi.Agent.Control", "reconfigure")


def told(words):
    """How often the resource has said this of its requests."""
    return sum(words in line for line in sandbox.said())


def deliver(subject):
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "sender@elsewhere.test", CONTEXT["me"]["address"], subject
    message.set_content("Words")
    host, port = CONTEXT["lmtp"].rsplit(":", 1)
    with smtplib.LMTP(host, int(port)) as lmtp:
        lmtp.send_message(message)


def streams():
    said = subprocess.run(CONTEXT["streams"], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(said)["streams"]


@needed
def akonadi_starts():
    State.bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    State.control = subprocess.Popen(["akonadi_control"])
    wait(lambda: has("org.freedesktop.Akonadi") and has(CONTROL), "Akonadi's server and who minds it")
    wait(lambda: TYPE in manager("agentTypes"), "the resource's type")


@needed
def an_account_is_made():
    State.resource = manager("createAgentInstance", "(s)", TYPE)
    assert State.resource, "no instance"
    wait(lambda: has("org.freedesktop.Akonadi.Resource." + State.resource), "the resource")

    def ready():
        try:
            return settings("hasDomain")
        except GLib.Error as error:
            # It comes to the bus before its settings do.
            if not any(error.matches(Gio.dbus_error_quark(), code) for code in UNKNOWN):
                raise
            return False
    wait(ready, "its settings")
    me = CONTEXT["me"]
    for name, kind, value in (
            ("BaseUrl", "s", CONTEXT["url"]), ("Username", "s", me["login"]), ("HasDomain", "b", False),
            ("Email", "s", me["address"]), ("AutoDiscovery", "b", False), ("AuthMode", "s", "username-password"),
            ("RetrievalMethod", "i", 0), ("PollInterval", "d", POLL_MINUTES), ("ServerSubscription", "b", False)):
        settings("set" + name, "(%s)" % kind, value)
    settings("setTestPassword", "(s)", me["password"], interface="Wallet")
    begin()


@needed
def the_inbox_is_there():
    State.inbox = wait(lambda: folder("Inbox"), "the inbox")
    manager("agentInstanceSynchronizeCollection", "(sx)", State.resource, State.inbox)
    wait(lambda: shows(CONTEXT["there"]), "the message that lies in it")
    # It begins twice when it was without a password before.
    wait(lambda: told(BEGINS) == told(BEGUN), "it to have begun")


@needed
def it_streams():
    settings("setServerSubscription", "(b)", True)
    begin()
    wait(lambda: streams() == 1, "its stream")
    # What comes within a quarter of a second behind another document it takes for a part of that, and throws away.
    wait(lambda: told(OPEN), "it to have read that its stream is open")


@check
def is_told_of_new_mail():
    synced = told(SYNC)
    deliver(CONTEXT["second"])
    wait(lambda: shows(CONTEXT["second"]), "the new message, told by a notification")
    happened = [line for line in sandbox.said() if SYNC in line or TOLD in line]
    assert TOLD in happened[synced], happened


@check
def is_told_of_what_came_while_its_stream_was_down():
    """It is stopped meanwhile, or it would open the next one at once."""
    service, subject = "org.freedesktop.Akonadi.Resource." + State.resource, word("Third ")
    process = call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetConnectionUnixProcessID", "(s)", service)
    os.kill(process, signal.SIGSTOP)
    try:
        subprocess.run(CONTEXT["kick"], stdout=subprocess.DEVNULL, check=True)
        wait(lambda: streams() == 0, "the stream to end")
        deliver(subject)
    finally:
        os.kill(process, signal.SIGCONT)
    wait(lambda: shows(subject), "the message, told by the next stream")


@check
def has_not_looked_elsewhere():
    """What asks for all that is new, as a poll does, would have brought it."""
    unseen = folder(CONTEXT["unseen"])
    assert unseen and unseen != State.inbox, unseen
    same(messages(unseen), [], "messages of a folder that nobody opened")


@check
def leaves():
    manager("setAgentInstanceOnline", "(sb)", State.resource, False)
    wait(lambda: streams() == 0, "its stream to end")
    call(CONTROL, "/ControlManager", "org.freedesktop.Akonadi.ControlManager", "shutdown")
    State.control.wait(DEADLINE)


if __name__ == "__main__":
    sys.exit(run("KDE"))
