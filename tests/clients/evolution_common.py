"""What the scripts share that drive a server with Evolution's data server: its sandbox, its sources, what is asked of the
server behind its back.

Nothing of it has a window. Each script is run once more inside a session of its own, on whose bus there are Evolution's services
alone.
"""
import base64
import hashlib
import json
import os
import ssl
import sys
import time
import urllib.request
import xml.etree.ElementTree as tree
from urllib.parse import urlsplit

import sandbox
from checks import check, needed, run, same, word  # noqa: F401

CONTEXT = json.loads(sys.argv[1])
SERVICES = ["org.gnome.evolution.dataserver." + name for name in ("Sources5", "Calendar8", "AddressBook10")]
# Only a hang reaches it.
DEADLINE = 60
COLLECTION = "collection"
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"

# How Evolution's assistant writes an account down.
ACCOUNT = """[Data Source]
DisplayName={address}
Enabled=true
Parent=

[Authentication]
Host={host}
Port={port}
Method={method}
User={login}

[Collection]
BackendName=ews
CalendarEnabled=true
ContactsEnabled=true
MailEnabled=true
Identity={address}

[Ews Backend]
Hosturl={url}
Email={address}
ListenNotifications=true

[Security]
Method={security}

[WebDAV Backend]
SslTrust={trust}
"""


def prepare(home):
    os.makedirs(home + "/config/evolution/sources")
    # Without one, the script makes the account itself.
    if "url" in CONTEXT:
        write_account(home, urlsplit(CONTEXT["url"]))


def write_account(home, where):
    with open(home + "/config/evolution/sources/%s.source" % COLLECTION, "w") as file:
        file.write(ACCOUNT.format(host=where.hostname, port=where.port, trust=trusted(where.hostname),
                                  security="none" if where.scheme == "http" else "tls", **CONTEXT, **CONTEXT["me"]))


def trusted(host):
    """What Evolution notes when somebody trusts the certificate of a host for ever."""
    if "certificate" not in CONTEXT:
        return ""
    with open(CONTEXT["certificate"]) as file:
        octets = ssl.PEM_cert_to_DER_cert(file.read())
    return "accept|%s|%s" % (host, hashlib.sha256(octets).hexdigest())


def complaint(line):
    return "-CRITICAL **" in line or "evolution-ews-WARNING **" in line


sandbox.enter("Evolution", SERVICES, {"GSETTINGS_BACKEND": "memory", "GIO_USE_VFS": "local"}, prepare, complaint)

import gi  # noqa: E402

gi.require_version("EDataServer", "1.2")
from gi.repository import EDataServer, GLib  # noqa: E402


class State:
    """What later checks use of earlier ones."""
    registry = calendar = tasks = book = None


def wait(condition, what):
    """The first true answer of a condition; meanwhile the library hears what it is told."""
    context, end = GLib.MainContext.default(), time.monotonic() + DEADLINE
    # Something for the loop to wake up for.
    tick = GLib.timeout_add(20, lambda: True)
    try:
        while True:
            answer = condition()
            if answer:
                return answer
            if time.monotonic() > end:
                raise AssertionError("waited in vain for " + what)
            context.iteration(True)
    finally:
        GLib.source_remove(tick)


# Evolution's sources.

CONNECTED = EDataServer.SourceConnectionStatus.CONNECTED


def registry():
    if State.registry is None:
        State.registry = EDataServer.SourceRegistry.new_sync(None)
    return State.registry


def collection():
    return registry().ref_source(COLLECTION)


def log_in(source, password):
    """Gives a source its password, as Evolution's dialog does; why it is asked for again, none if it was right."""
    reasons = []

    def note(_, reason, *__):
        # It is also said when nobody has come with a password yet.
        if reason != EDataServer.SourceCredentialsReason.REQUIRED:
            reasons.append(reason)
    heard = source.connect("credentials-required", note)
    credentials = EDataServer.NamedParameters.new()
    credentials.set(EDataServer.SOURCE_CREDENTIAL_USERNAME, CONTEXT["me"]["login"])
    credentials.set(EDataServer.SOURCE_CREDENTIAL_PASSWORD, password)
    try:
        assert source.invoke_authenticate_sync(credentials, None)
        wait(lambda: source.get_connection_status() == CONNECTED or reasons, "an answer to a password")
    finally:
        source.disconnect(heard)
    return reasons[0] if reasons else None


def source_of(kind, name):
    """A source that the account brought with it."""
    def look():
        found = [s for s in registry().list_sources(kind) if s.get_display_name() == name and s.get_parent() == COLLECTION]
        return found[0] if found else None
    return wait(look, "the source " + name)


def opened(kind, name, connect, writable=True):
    """A client of a source, which `connect` makes, when the server has let it in."""
    source = source_of(kind, name)
    client = connect(source)
    if source.get_connection_status() != CONNECTED:
        same(log_in(source, CONTEXT["me"]["password"]), None, "the login of " + name)
    wait(lambda: client.is_readonly() != writable, name + " to be writable, or not")
    return client


# What is asked of the server, or done to it, behind Evolution's back.


def ask(who, body):
    """The response messages of a request."""
    person = CONTEXT[who]
    text = ("<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
            "xmlns:t=\"%s\" xmlns:m=\"%s\"><s:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/>"
            "<t:TimeZoneContext><t:TimeZoneDefinition Id=\"UTC\"/></t:TimeZoneContext></s:Header>"
            "<s:Body>%s</s:Body></s:Envelope>" % (T[1:-1], M[1:-1], body))
    login = base64.b64encode(("%s:%s" % (person["login"], person["password"])).encode()).decode()
    request = urllib.request.Request(CONTEXT["behind"], text.encode(), {
        "Content-Type": "text/xml; charset=utf-8", "Authorization": "Basic " + login})
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return tree.fromstring(answer.read())
    except urllib.error.HTTPError as error:
        raise AssertionError("%s to %s" % (error.read().decode(), body)) from None


def done(who, body):
    """The same, which must succeed."""
    answer = ask(who, body)
    codes = [code.text for code in answer.iter(M + "ResponseCode")]
    assert codes and set(codes) == {"NoError"}, (body, tree.tostring(answer))
    return answer


def created(who, item, folder="calendar", attributes="SendMeetingInvitations=\"SendToNone\""):
    """The id of an item that is made from outside."""
    answer = done(who, "<m:CreateItem %s><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"%s\"/></m:SavedItemFolderId>"
                       "<m:Items>%s</m:Items></m:CreateItem>" % (attributes, folder, item))
    return next(answer.iter(T + "ItemId")).get("Id")


def changed(who, field, value, item=None, attributes="SendMeetingInvitationsOrCancellations=\"SendToNone\"", kind="CalendarItem",
            reference="<t:ItemId Id=\"%s\"/>"):
    done(who, "<m:UpdateItem ConflictResolution=\"AlwaysOverwrite\" MessageDisposition=\"SaveOnly\" %s><m:ItemChanges>"
              "<t:ItemChange>%s<t:Updates><t:SetItemField><t:FieldURI FieldURI=\"%s\"/><t:%s>%s</t:%s></t:SetItemField>"
              "</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
              % (attributes, reference % item, field, kind, value, kind))


def deleted(who, item, attributes="SendMeetingCancellations=\"SendToNone\"", reference="<t:ItemId Id=\"%s\"/>"):
    done(who, "<m:DeleteItem DeleteType=\"HardDelete\" %s AffectedTaskOccurrences=\"AllOccurrences\"><m:ItemIds>%s</m:ItemIds>"
              "</m:DeleteItem>" % (attributes, reference % item))


def fields(names):
    return "<t:AdditionalProperties>%s</t:AdditionalProperties>" % "".join(
        "<t:FieldURI FieldURI=\"%s\"/>" % name for name in names)


def got(who, item, *names, reference="<t:ItemId Id=\"%s\"/>"):
    """An item with these members, or with all; none if there is none."""
    shape = "<m:ItemShape><t:BaseShape>%s</t:BaseShape>%s</m:ItemShape>" % (
        ("IdOnly", fields(names)) if names else ("AllProperties", ""))
    answer = ask(who, "<m:GetItem>%s<m:ItemIds>%s</m:ItemIds></m:GetItem>" % (shape, reference % item))
    code = next(answer.iter(M + "ResponseCode")).text
    if code != "NoError":
        assert code == "ErrorItemNotFound", code
        return None
    return next(answer.iter(M + "Items"))[0]


def listed(who, folder, *names):
    """The items of a folder with these members."""
    answer = done(who, "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>%s</m:ItemShape>"
                       "<m:ParentFolderIds><t:DistinguishedFolderId Id=\"%s\"/></m:ParentFolderIds></m:FindItem>"
                  % (fields(("item:Subject",) + names), folder))
    return list(next(answer.iter(T + "Items")))


def named(who, folder, subject, *names):
    """The one item of a folder with this subject, with all it has, once it is there."""
    def look():
        found = [item for item in listed(who, folder) if text(item, "Subject") == subject]
        assert len(found) < 2, subject
        return found
    found = wait(look, "%s in %s of %s" % (subject, folder, who))
    return got(who, id_of(found[0]), *names)


def id_of(item):
    return item.find(T + "ItemId").get("Id")


def text(item, path):
    found = item.find("/".join(T + step for step in path.split("/")))
    return None if found is None else found.text


def texts(item, path):
    return [found.text for found in item.findall("/".join(T + step for step in path.split("/")))]


def main(what):
    """Runs every check in turn; the exit status."""
    return run("Evolution, " + what)
