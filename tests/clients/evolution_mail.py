"""Drives a server's mail with Evolution's library of mail stores, inside a session that answers as its shell does: one line for
each check, exit status 1 when one fails.

usage: evolution_mail.py CONTEXT, as for evolution_calendar.py. See ../suite/clients/evolution.rs, which starts it.
"""
import sys
import time

import sandbox
from evolution_common import (
    COLLECTION, CONTEXT, State, check, collection, created, done, got, log_in, main, named, needed, opened, same, text,
    wait, word,
)

import gi

gi.require_version("Camel", "1.2")
gi.require_version("ECal", "2.0")
gi.require_version("ICalGLib", "3.0")
from gi.repository import Camel, ECal, GLib, ICalGLib  # noqa: E402

ME, PEER = CONTEXT["me"]["address"], CONTEXT["peer"]["address"]
ACCEPTED = Camel.AuthenticationResult.ACCEPTED
SEEN, ANSWERED = Camel.MessageFlags.SEEN, Camel.MessageFlags.ANSWERED


class Session(Camel.Session):
    """Gives the password."""
    __gtype_name__ = "Session"

    def do_authenticate_sync(self, service, mechanism, cancellable):
        service.set_password(State.password)
        State.result = service.authenticate_sync(mechanism, cancellable)
        if State.result != ACCEPTED:
            raise GLib.Error("refused", "camel-service-error-quark", 0)
        return True

    def do_get_filter_driver(self, *_):
        return Camel.FilterDriver.new(self)


def store():
    home = sandbox.home()
    Camel.init(home, False)
    Camel.Provider.init()
    session = Session(user_data_dir=home + "/data/mail", user_cache_dir=home + "/cache/mail")
    session.set_online(True)
    State.session = session
    # By this name it finds the account's source.
    service = session.add_service(COLLECTION, "ews", Camel.ProviderType.STORE)
    service.set_settings(collection().get_extension("Ews Backend").get_settings())
    return service


def summaries(folder):
    """What the folder's list shows, as subjects with their names."""
    found = {}
    for uid in folder.get_uids():
        info = folder.get_message_info(uid)
        if info is not None:
            found[info.get_subject()] = uid
    return found


def told(subject):
    """The name of a message once Evolution's inbox shows it, which nobody asked to look: a notification did, and some seconds
    after the login the first of them is heard."""
    last, other = [time.monotonic()], word("Again ")

    def look():
        found = summaries(State.inbox).get(subject)
        if not found and time.monotonic() > last[0] + 3:
            deliver(other)
            last[0] = time.monotonic()
        return found
    return wait(look, subject + " in the inbox, told by a notification")


def deliver(subject, body="Words"):
    done("peer", "<m:CreateItem MessageDisposition=\"SendAndSaveCopy\"><m:Items><t:Message><t:Subject>%s</t:Subject>"
                 "<t:Body BodyType=\"Text\">%s</t:Body><t:ToRecipients><t:Mailbox><t:EmailAddress>%s</t:EmailAddress></t:Mailbox>"
                 "</t:ToRecipients></t:Message></m:Items></m:CreateItem>" % (subject, body, ME))


def octets(wrapper):
    stream = Camel.StreamMem.new()
    wrapper.decode_to_stream_sync(stream, None)
    return bytes(stream.get_byte_array())


@needed
def a_wrong_password_is_refused():
    State.store = store()
    State.password = "not it"
    try:
        State.store.connect_sync(None)
    except GLib.Error:
        same(State.result, Camel.AuthenticationResult.REJECTED, "the answer")
        return
    raise AssertionError("a wrong password is taken")


@needed
def logs_in_and_finds_the_folders():
    State.password = CONTEXT["me"]["password"]
    assert State.store.connect_sync(None)
    same(State.result, ACCEPTED, "the answer")
    for name in ("Sent Items", "Drafts", "Deleted Items", "Inbox"):
        State.inbox = State.store.get_folder_sync("Top of Information Store/" + name, 0, None)
        same(State.inbox.get_display_name(), name, "a folder")


@check
def is_told_of_new_mail():
    first, State.subject = word("New "), word("Newer ")
    deliver(first)
    told(first)
    deliver(State.subject, "Zażółć")
    State.uid = told(State.subject)


@check
def reads_mail():
    message = State.inbox.get_message_sync(State.uid, None)
    same(message.get_subject(), State.subject, "the subject")
    same(octets(message.get_content()).decode().strip(), "Zażółć", "the text")
    same(text(named("me", "inbox", State.subject, "message:IsRead"), "IsRead"), "false", "unread")


@check
def sets_flags():
    State.inbox.get_message_info(State.uid).set_flags(SEEN | ANSWERED, SEEN | ANSWERED)
    assert State.inbox.synchronize_sync(False, None)
    wait(lambda: text(named("me", "inbox", State.subject, "message:IsRead"), "IsRead") == "true", "it to be read")


@check
def answers_an_invitation_that_came_as_mail():
    """As the buttons below such a mail do: its calendar part, in which Evolution has noted whose it is, with an answer."""
    same(log_in(collection(), CONTEXT["me"]["password"]), None, "the answer")
    calendar = opened("Calendar", "Calendar", lambda source: ECal.Client.connect_sync(
        source, ECal.ClientSourceType.EVENTS, 0xFFFFFFFF, None))
    summary = word("Invited by mail ")
    organizers = created(
        "peer", "<t:CalendarItem><t:Subject>%s</t:Subject><t:Start>2026-12-09T08:00:00Z</t:Start><t:End>2026-12-09T09:00:00Z</t:End>"
                "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>%s</t:EmailAddress></t:Mailbox></t:Attendee>"
                "</t:RequiredAttendees></t:CalendarItem>" % (summary, ME),
        attributes="SendMeetingInvitations=\"SendToAllAndSaveCopy\"")
    message = State.inbox.get_message_sync(told(summary), None)
    part = next(octets(part) for part in parts(message) if part.get_mime_type().startswith("text/calendar"))
    request = ICalGLib.Component.new_from_string(part.decode())
    event = request.get_first_component(ICalGLib.ComponentKind.VEVENT_COMPONENT)
    said = event.as_ical_string().replace("\r\n ", "")
    assert "X-EVOLUTION-ITEMID" in said and "PARTSTAT=NEEDS-ACTION" in said, said
    for attendee in attendees(event):
        if attendee.get_attendee().lower().endswith(ME.lower()):
            attendee.set_parameter_from_string("PARTSTAT", "ACCEPTED")
    assert calendar.receive_objects_sync(request, ECal.OperationFlags.NONE, None)
    same(text(named("me", "calendar", summary), "MyResponseType"), "Accept", "my answer")
    wait(lambda: text(got("peer", organizers, "calendar:RequiredAttendees"), "RequiredAttendees/Attendee/ResponseType") == "Accept",
         "the organizer to know")


def parts(part):
    """The parts of a message that hold no others."""
    content = part.get_content()
    if isinstance(content, Camel.Multipart):
        for number in range(content.get_number()):
            yield from parts(content.get_part(number))
    else:
        yield content


def attendees(event):
    found = event.get_first_property(ICalGLib.PropertyKind.ATTENDEE_PROPERTY)
    while found is not None:
        yield found
        found = event.get_next_property(ICalGLib.PropertyKind.ATTENDEE_PROPERTY)


@check
def leaves():
    assert State.store.disconnect_sync(True, None)


if __name__ == "__main__":
    sys.exit(main("mail"))
