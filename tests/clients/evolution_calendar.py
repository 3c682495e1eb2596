"""Drives a server's calendars with Evolution's data server, which logs in with NTLM: one line for each check, exit status 1
when one fails.

usage: evolution_calendar.py CONTEXT, a JSON document: {"url", "method": NTLM or PLAIN, "behind": the URL for questions behind
its back, "me": {"address", "login", "password"}, "peer": {...}}. See ../suite/clients/evolution.rs, which starts it.
"""
import datetime
import sys
import time

from evolution_common import (
    CONTEXT, State, T, changed, check, collection, created, deleted, done, got, id_of, log_in, main, named, needed, opened,
    same, text, texts, wait, word,
)

import gi

gi.require_version("ECal", "2.0")
gi.require_version("ICalGLib", "3.0")
from gi.repository import ECal, EDataServer, GLib, ICalGLib  # noqa: E402

NONE, THIS, ALL = ECal.OperationFlags.NONE, ECal.ObjModType.THIS, ECal.ObjModType.ALL
ME, PEER = CONTEXT["me"]["address"], CONTEXT["peer"]["address"]
BERLIN = "TZID=/freeassociation.sourceforge.net/Europe/Berlin"
OCCURRENCE = "<t:OccurrenceItemId RecurringMasterId=\"%s\" InstanceIndex=\"{}\"/>"


def event(summary, *lines, start="DTSTART;%s:20261203T090000" % BERLIN, end="DTEND;%s:20261203T100000" % BERLIN, kind="VEVENT"):
    return ICalGLib.Component.new_from_string(
        "\r\n".join(("BEGIN:" + kind, "UID:" + word("uid"), "SUMMARY:" + summary, start, end) + lines + ("END:" + kind, "")))


def create(component, client=None):
    """Evolution's name of what it made."""
    made, uid = (client or State.calendar).create_object_sync(component, NONE, None)
    assert made
    return uid


def read(uid, rid=None, client=None):
    """An event as Evolution has it; none if it has none."""
    try:
        return (client or State.calendar).get_object_sync(uid, rid, None)[1]
    except GLib.Error as error:
        if "Object not found" in error.message:
            return None
        raise


def all_of(summary, client=None):
    """All components of Evolution's store with this summary: a master, its detached instances."""
    sexp = '(contains? "summary" "%s")' % summary
    return (client or State.calendar).get_object_list_sync(sexp, None)[1]


def seen(summary, condition=lambda c: True, client=None):
    """The event of this summary in Evolution's store, once it is there and as wanted. Nobody asks Evolution to look."""
    def look():
        found = [component for component in all_of(summary, client) if component.get_summary() == summary]
        return next((component for component in found if condition(component)), None)
    return told(look, summary)


def told(condition, what):
    """Waits for what Evolution is told by a notification. One that comes while it still reads what an earlier one said is lost
    on Evolution, until the next: so there is another one now and then, about something else."""
    last = [time.monotonic()]

    def look():
        answer = condition()
        if not answer and time.monotonic() > last[0] + 3:
            changed("me", "calendar:Location", "<t:Location>%s</t:Location>" % word(), State.other)
            last[0] = time.monotonic()
        return answer
    return wait(look, what + ", told by a notification")


def values(component, name):
    """The lines of a component with this name, without it."""
    lines = component.as_ical_string().replace("\r\n ", "").split("\r\n")
    return [line[len(name):].lstrip(":;") for line in lines if line.startswith((name + ":", name + ";"))]


def instances(summary):
    """When Evolution shows an event, as instants: a series is expanded by it."""
    found = []

    def note(component, start, *_):
        if component.get_summary().startswith(summary):
            found.append(start.convert_to_zone(ICalGLib.Timezone.get_utc_timezone()).as_ical_string())
        return True
    begin = int(datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc).timestamp())
    State.calendar.generate_instances_sync(begin, begin + 120 * 86400, None, note)
    return sorted(found)


def item_id(component):
    return values(component, "X-EVOLUTION-ITEMID")[0]


def set_property(component, line):
    """Sets a property, in place of what it was."""
    made = ICalGLib.Property.new_from_string(line)
    old = component.get_first_property(made.isa())
    if old is not None:
        component.remove_property(old)
    component.add_property(made)


def modify(component, mod=ALL):
    assert State.calendar.modify_object_sync(component, mod, NONE, None)


@needed
def a_wrong_password_is_refused():
    same(log_in(collection(), "not it"), EDataServer.SourceCredentialsReason.REJECTED, "the answer")


@needed
def logs_in_and_finds_the_folders():
    same(log_in(collection(), CONTEXT["me"]["password"]), None, "the answer")
    State.calendar = opened("Calendar", "Calendar", lambda source: ECal.Client.connect_sync(
        source, ECal.ClientSourceType.EVENTS, 0xFFFFFFFF, None))
    State.tasks = opened("Task List", "Tasks", lambda source: ECal.Client.connect_sync(
        source, ECal.ClientSourceType.TASKS, 0xFFFFFFFF, None))
    same(State.calendar.get_backend_property_sync("cal-email-address", None)[1], ME, "whose it is")


@check
def creates_events():
    summary = word("Event ")
    uid = create(event(
        summary, "LOCATION:Room 7", "DESCRIPTION:Words", "CATEGORIES:Red", "CLASS:PRIVATE", "TRANSP:OPAQUE",
        "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT20M", "DESCRIPTION:x", "END:VALARM"))
    item = named("me", "calendar", summary)
    wanted = {"Start": "2026-12-03T08:00:00Z", "End": "2026-12-03T09:00:00Z", "Location": "Room 7", "Sensitivity": "Private",
              "LegacyFreeBusyStatus": "Busy", "ReminderIsSet": "true", "ReminderMinutesBeforeStart": "20",
              "Categories/String": "Red", "IsMeeting": "false", "CalendarItemType": "Single"}
    same({name: text(item, name) for name in wanted}, wanted, "what the server has")
    same(text(item, "Body").strip(), "Words", "the body")
    same(item.find(T + "StartTimeZone").get("Id"), "W. Europe Standard Time", "the zone")
    back = read(uid)
    same(values(back, "DTSTART"), ["TZID=Europe/Berlin:20261203T090000"], "what Evolution has of it")
    same((back.get_summary(), back.get_location(), values(back, "TRIGGER")), (summary, "Room 7", ["RELATED=START:-PT20M"]), "the rest")
    State.event, State.summary = uid, summary


@check
def changes_events():
    component = read(State.event)
    State.summary += " moved"
    set_property(component, "SUMMARY:" + State.summary)
    set_property(component, "DTSTART;TZID=Europe/Berlin:20261204T110000")
    set_property(component, "DTEND;TZID=Europe/Berlin:20261204T120000")
    modify(component)
    item = named("me", "calendar", State.summary)
    same((text(item, "Start"), text(item, "End"), text(item, "Location")),
         ("2026-12-04T10:00:00Z", "2026-12-04T11:00:00Z", "Room 7"), "what the server has")
    same(values(read(State.event), "DTSTART"), ["TZID=Europe/Berlin:20261204T110000"], "what Evolution has")


@check
def removes_events():
    item = item_id(read(State.event))
    assert got("me", item) is not None
    assert State.calendar.remove_object_sync(State.event, None, ALL, NONE, None)
    assert got("me", item) is None
    assert read(State.event) is None


@check
def days_are_days():
    summary = word("Days ")
    uid = create(event(summary, start="DTSTART;VALUE=DATE:20261224", end="DTEND;VALUE=DATE:20261226"))
    item = named("me", "calendar", summary)
    same((text(item, "IsAllDayEvent"), text(item, "Start"), text(item, "End")),
         ("true", "2026-12-24T00:00:00Z", "2026-12-26T00:00:00Z"), "what the server has")
    back = read(uid)
    same((values(back, "DTSTART"), values(back, "DTEND")), (["VALUE=DATE:20261224"], ["VALUE=DATE:20261226"]), "the days")


@check
def subscribes():
    """Some seconds after the login; of what happened before that it is told when something else happens."""
    summary = word("Early ")
    State.other = created("me", "<t:CalendarItem><t:Subject>%s</t:Subject></t:CalendarItem>" % summary)
    seen(summary)


@check
def is_told_of_what_others_do():
    """Its stream of notifications: it is never asked to look."""
    summary = word("Told ")
    item = created("me", "<t:CalendarItem><t:Subject>%s</t:Subject><t:Start>2026-12-07T08:00:00Z</t:Start>"
                         "<t:End>2026-12-07T09:00:00Z</t:End><t:Location>here</t:Location></t:CalendarItem>" % summary)
    component = seen(summary)
    same((component.get_location(), item_id(component)), ("here", item), "what Evolution has")
    changed("me", "calendar:Location", "<t:Location>there</t:Location>", item)
    seen(summary, lambda c: c.get_location() == "there")
    deleted("me", item)
    told(lambda: not all_of(summary), "the removal")


@check
def keeps_series():
    summary = word("Series ")
    uid = create(event(summary, "RRULE:FREQ=WEEKLY;COUNT=6;BYDAY=TH"))
    master = named("me", "calendar", summary)
    same((text(master, "CalendarItemType"), text(master, "Recurrence/WeeklyRecurrence/DaysOfWeek"),
          text(master, "Recurrence/NumberedRecurrence/NumberOfOccurrences")), ("RecurringMaster", "Thursday", "6"), "the pattern")
    same(values(read(uid), "RRULE"), ["FREQ=WEEKLY;COUNT=6;BYDAY=TH;WKST=SU"], "what Evolution has")
    State.series, State.master, State.summary = uid, id_of(master), summary


@check
def changes_one_of_a_series():
    component = read(State.series)
    set_property(component, "RECURRENCE-ID;TZID=Europe/Berlin:20261210T090000")
    set_property(component, "SUMMARY:%s once" % State.summary)
    set_property(component, "DTSTART;TZID=Europe/Berlin:20261210T140000")
    set_property(component, "DTEND;TZID=Europe/Berlin:20261210T150000")
    component.remove_property(component.get_first_property(ICalGLib.PropertyKind.RRULE_PROPERTY))
    modify(component, THIS)
    master = got("me", State.master)
    found = master.findall(T + "ModifiedOccurrences/" + T + "Occurrence")
    same([(text(one, "OriginalStart"), text(one, "Start"), text(one, "End")) for one in found],
         [("2026-12-10T08:00:00Z", "2026-12-10T13:00:00Z", "2026-12-10T14:00:00Z")], "what was modified")
    same(text(got("me", id_of(found[0])), "Subject"), State.summary + " once", "its subject")
    same(text(master, "Subject"), State.summary, "the others'")


@check
def removes_one_of_a_series():
    assert State.calendar.remove_object_sync(State.series, "20261217T090000", THIS, NONE, None)
    master = got("me", State.master)
    same(texts(master, "DeletedOccurrences/DeletedOccurrence/Start"), ["2026-12-17T08:00:00Z"], "what was deleted")
    same(len(master.findall(T + "ModifiedOccurrences/" + T + "Occurrence")), 1, "what was modified")


@check
def is_told_of_one_of_a_series():
    """The server's change of another one and removal of a third; the first two stay as they are."""
    changed("me", "item:Subject", "<t:Subject>%s other</t:Subject>" % State.summary, State.master,
            reference=OCCURRENCE.format(4))
    deleted("me", State.master, reference=OCCURRENCE.format(5))
    told(lambda: read(State.series, "20261224T090000").get_summary() == State.summary + " other", "the changed one")
    told(lambda: len(values(read(State.series), "EXDATE")) == 2, "the removed one")
    same(sorted(line.rsplit(":", 1)[1] for line in values(read(State.series), "EXDATE")),
         ["20261217T090000", "20261231T090000"], "the removed ones")
    detached = {one.get_summary(): values(one, "DTSTART") for one in all_of(State.summary) if values(one, "RECURRENCE-ID")}
    same(detached, {State.summary + " once": ["TZID=Europe/Berlin:20261210T140000"],
                    State.summary + " other": ["TZID=Europe/Berlin:20261224T090000"]}, "the detached ones")
    same(instances(State.summary), ["20261203T080000Z", "20261210T130000Z", "20261224T080000Z", "20270107T080000Z"],
         "what is shown in a calendar")


@check
def removes_series():
    assert State.calendar.remove_object_sync(State.series, None, ALL, NONE, None)
    assert got("me", State.master) is None
    same(all_of(State.summary), [], "what is left")


@check
def invites_people():
    summary = word("Meeting ")
    uid = create(event(
        summary, "ORGANIZER;CN=Me:mailto:" + ME, "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED;CN=Me:mailto:" + ME,
        "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Peer:mailto:" + PEER, "TRANSP:OPAQUE"))
    request = named("peer", "inbox", summary)
    same((request.tag, text(request, "Organizer/Mailbox/EmailAddress")), (T + "MeetingRequest", ME), "the invitation")
    done("peer", "<m:CreateItem MessageDisposition=\"SendAndSaveCopy\"><m:Items><t:AcceptItem><t:ReferenceItemId Id=\"%s\"/>"
                 "</t:AcceptItem></m:Items></m:CreateItem>" % id_of(request))

    def accepted(component):
        return any("PARTSTAT=ACCEPTED" in one and one.endswith(PEER) for one in values(component, "ATTENDEE"))
    seen(summary, accepted)
    component = read(uid)
    set_property(component, "LOCATION:Elsewhere")
    modify(component)
    wait(lambda: text(named("peer", "calendar", summary), "Location") == "Elsewhere", "the change to be sent")
    assert State.calendar.remove_object_sync(uid, None, ALL, NONE, None)
    wait(lambda: text(named("peer", "calendar", "Canceled: " + summary), "IsCancelled") == "true", "the cancellation")


def invitation(summary, start="2026-12-08T08:00:00Z", end="2026-12-08T09:00:00Z", more=""):
    """An invitation of the peer's to me."""
    return created("peer", "<t:CalendarItem><t:Subject>%s</t:Subject><t:Start>%s</t:Start><t:End>%s</t:End>"
                           "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>%s</t:EmailAddress></t:Mailbox></t:Attendee>"
                           "</t:RequiredAttendees>%s</t:CalendarItem>" % (summary, start, end, ME, more),
                   attributes="SendMeetingInvitations=\"SendToAllAndSaveCopy\"")


def answer(component, partstat):
    """Answers an invitation as Evolution's buttons do: what came, with one's own line changed."""
    own = next(line for line in values(component, "ATTENDEE") if line.lower().endswith(ME.lower()))
    parameters = [part for part in own.split(":")[0].split(";") if part and not part.startswith(("PARTSTAT", "RSVP"))]
    component.remove_property(next(p for p in properties(component, ICalGLib.PropertyKind.ATTENDEE_PROPERTY)
                                   if p.get_attendee().lower().endswith(ME.lower())))
    component.add_property(ICalGLib.Property.new_from_string(
        ";".join(["ATTENDEE"] + parameters + ["PARTSTAT=" + partstat, "RSVP=TRUE"]) + ":mailto:" + ME))
    calendar = ICalGLib.Component.new_from_string("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n")
    calendar.add_component(component.clone())
    assert State.calendar.receive_objects_sync(calendar, NONE, None)


def properties(component, kind):
    found = component.get_first_property(kind)
    while found is not None:
        yield found
        found = component.get_next_property(kind)


def attendee(organizers, address=ME):
    """What the organizer's item says of an attendee."""
    item = got("peer", organizers)
    return next(text(one, "ResponseType") for one in item.iter(T + "Attendee")
                if text(one, "Mailbox/EmailAddress").lower() == address.lower())


@check
def accepts_invitations():
    summary = word("Invited ")
    organizers = invitation(summary)
    component = seen(summary)
    assert any("PARTSTAT=NEEDS-ACTION" in line for line in values(component, "ATTENDEE")), component.as_ical_string()
    same(values(component, "ORGANIZER")[0].rsplit("mailto:", 1)[1], PEER, "the organizer")
    answer(component, "ACCEPTED")
    same(text(named("me", "calendar", summary), "MyResponseType"), "Accept", "my answer")
    wait(lambda: attendee(organizers) == "Accept", "the organizer to know")
    response = named("peer", "inbox", "Accepted: " + summary, "meeting:ResponseType")
    same((response.tag, text(response, "ResponseType")), (T + "MeetingResponse", "Accept"), "what the organizer got")
    seen(summary, lambda c: any("PARTSTAT=ACCEPTED" in line and line.endswith(ME) for line in values(c, "ATTENDEE")))
    State.organizers, State.summary = organizers, summary


@check
def is_told_that_a_meeting_is_moved_and_cancelled():
    changed("peer", "calendar:Start", "<t:Start>2026-12-08T08:30:00Z</t:Start>", State.organizers,
            attributes="SendMeetingInvitationsOrCancellations=\"SendToAllAndSaveCopy\"")
    seen(State.summary, lambda c: c.get_dtstart().as_ical_string().startswith("20261208T083000"))
    deleted("peer", State.organizers, attributes="SendMeetingCancellations=\"SendToAllAndSaveCopy\"")
    component = seen("Canceled: " + State.summary, lambda c: values(c, "STATUS") == ["CANCELLED"])
    assert State.calendar.remove_object_sync(component.get_uid(), None, ALL, NONE, None)
    assert got("me", item_id(component)) is None


@check
def declines_and_accepts_tentatively():
    for partstat, response in (("TENTATIVE", "Tentative"), ("DECLINED", "Decline")):
        summary = word(response)
        organizers = invitation(summary)
        answer(seen(summary), partstat)
        wait(lambda: attendee(organizers) == response, "the organizer to know of " + response)
    told(lambda: not all_of(summary), "the declined one's removal")


@check
def answers_one_of_a_series():
    summary = word("Invited series ")
    organizers = invitation(summary, more=(
        "<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence>"
        "<t:StartDate>2026-12-08</t:StartDate><t:NumberOfOccurrences>3</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>"))
    component = seen(summary)
    answer(component.clone(), "ACCEPTED")
    wait(lambda: attendee(organizers) == "Accept", "the organizer to know")
    component = seen(summary, lambda c: any("PARTSTAT=ACCEPTED" in line for line in values(c, "ATTENDEE")))
    for name, line in (("DTSTART", "DTSTART:20261209T080000Z"), ("DTEND", "DTEND:20261209T090000Z")):
        set_property(component, line)
    component.remove_property(component.get_first_property(ICalGLib.PropertyKind.RRULE_PROPERTY))
    set_property(component, "RECURRENCE-ID:20261209T080000Z")
    answer(component, "DECLINED")
    mine = named("me", "calendar", summary)
    same(text(mine, "MyResponseType"), "Accept", "my answer to the others")

    def declined():
        responses = [one.text for one in got("peer", organizers, "calendar:RequiredAttendees",
                                             reference=OCCURRENCE.format(2)).iter(T + "ResponseType")]
        return responses == ["Decline"]
    wait(declined, "the organizer to know of the one that was declined")
    same(attendee(organizers), "Accept", "the answer to the others")


@check
def asks_when_people_are_free():
    created("peer", "<t:CalendarItem><t:Subject>Secret</t:Subject><t:Start>2026-12-15T08:30:00Z</t:Start>"
                    "<t:End>2026-12-15T09:45:00Z</t:End><t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus></t:CalendarItem>")
    created("peer", "<t:CalendarItem><t:Subject>Away</t:Subject><t:Start>2026-12-15T12:00:00Z</t:Start>"
                    "<t:End>2026-12-15T13:00:00Z</t:End><t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus></t:CalendarItem>")
    begin = 1797292800  # 2026-12-15T00:00:00Z
    asked, found = State.calendar.get_free_busy_sync(begin, begin + 86400, [PEER, ME], None)
    assert asked
    said = "".join(one.get_as_string() if hasattr(one, "get_as_string") else one.as_ical_string() for one in found)
    lines = [line for line in said.replace("\r\n ", "").split("\r\n") if line.startswith("FREEBUSY")]
    assert any("20261215T083000Z/20261215T094500Z" in line and "BUSY" in line for line in lines), said
    assert any("20261215T120000Z/20261215T130000Z" in line for line in lines), said
    assert "Secret" not in said, said


@check
def keeps_tasks():
    summary = word("Task ")
    uid = create(event(summary, "PRIORITY:1", "DESCRIPTION:To be done", start="DTSTART;VALUE=DATE:20261201",
                       end="DUE;VALUE=DATE:20261205", kind="VTODO"), State.tasks)
    item = named("me", "tasks", summary)
    same((text(item, "Status"), text(item, "Importance"), text(item, "DueDate")[:10]), ("NotStarted", "High", "2026-12-05"), "a task")
    component = read(uid, client=State.tasks)
    for line in ("STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:20261204T120000Z"):
        set_property(component, line)
    assert State.tasks.modify_object_sync(component, ALL, NONE, None)
    same(text(got("me", id_of(item)), "Status"), "Completed", "its state")
    other = word("Told task ")
    theirs = created("me", "<t:Task><t:Subject>%s</t:Subject></t:Task>" % other, "tasks", "")
    same(item_id(seen(other, client=State.tasks)), theirs, "a task of others")
    assert State.tasks.remove_object_sync(uid, None, ALL, NONE, None)
    assert got("me", id_of(item)) is None


if __name__ == "__main__":
    sys.exit(main("calendar"))
