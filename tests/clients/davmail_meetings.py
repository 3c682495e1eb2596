"""Drives meetings and free/busy through DavMail: two CalDAV clients that know nothing of EWS, an organizer and an
attendee. What each of them does is looked at by EWS in both mailboxes.

usage: davmail_meetings.py CONTEXT, see davmail_common.py.
"""
import sys
import xml.etree.ElementTree as xml

from davmail_common import CONTEXT, Gateway, check, main, same
from davmail_dav import (
    CAL, State, at, calendar, dav, events, found, get, one, query, read, shown, until, word,
)


def mailto(who):
    return "mailto:" + CONTEXT[who]["address"]


class Meeting:
    """A meeting of me and my peer, with a name, UID and subject of its own."""

    def __init__(self):
        self.uid = word("uid-")
        self.name, self.subject = self.uid + ".ics", word("Meeting ")

    def event(self, *more, subject=None, start=at(2, 9), end=at(2, 10, name="DTEND"), partstat="NEEDS-ACTION"):
        return [
            "UID:" + self.uid, "SUMMARY:" + (subject or self.subject), start, end, "TRANSP:OPAQUE",
            "ORGANIZER;CN=Me:" + mailto("me"),
            "ATTENDEE;CN=Me;PARTSTAT=ACCEPTED;ROLE=CHAIR:" + mailto("me"),
            "ATTENDEE;CN=Peer;PARTSTAT=%s;ROLE=REQ-PARTICIPANT;RSVP=TRUE:%s" % (partstat, mailto("peer")), *more,
        ]

    def put(self, *more, status=201, others=(), **what):
        return dav("PUT", "calendar/" + self.name, calendar(self.event(*more, **what), *others), wanted=status)

    def mine(self):
        return one(found(self.subject))

    def theirs(self):
        """What the attendee's calendar has, and the name that CalDAV has for it."""
        item = one(until(lambda: found(self.subject, who="peer"), "at the attendee's"))
        names = [name for name, told in query(who="peer").items()
                 if read_of(told) and read_of(told)[0].get("UID") == self.uid]
        same(len(names), 1, "resources at the attendee's")
        return item, names[0]

    def answer(self, name, partstat):
        """What a client puts: what it got, with another status of its own."""
        text = dav("GET", "calendar/" + name, who="peer", wanted=200).text
        unfolded = text.replace("\r\n ", "")
        lines = unfolded.split("\r\n")
        own = [n for n,
            line in enumerate(lines) if line.startswith("ATTENDEE") and line.lower().endswith(mailto("peer"))]
        assert own, "no line of the attendee\n" + text
        for line in own:
            assert "PARTSTAT=NEEDS-ACTION" in lines[line], lines[line]
            lines[line] = lines[line].replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=" + partstat)
        return dav("PUT", "calendar/" + name, "\r\n".join(lines), who="peer")

    def tracked(self):
        return self.mine().attendees().get(CONTEXT["peer"]["address"])

    def messages(self, kind, who):
        return [item for item in found(self.subject, "inbox", who) if item.kind == kind]


def read_of(told):
    data = told.get(CAL + "calendar-data")
    return events(data.text) if data is not None else []


def status_of(event, who):
    """DavMail before 6.8 tells of each attendee twice: it adds its own lines to those that are there."""
    told = {parameters.get("PARTSTAT") for parameters in event.having("ATTENDEE", mailto(who))}
    same(len(told), 1, "one status")
    return told.pop()


@check
def invites():
    meeting = Meeting()
    meeting.put("LOCATION:Room 7", "DESCRIPTION:Come all")
    mine = meeting.mine()
    same(mine.told("IsMeeting", "MeetingRequestWasSent", "MyResponseType", "UID", "LegacyFreeBusyStatus",
        "IsOrganizer"),
         ("true", "true", "Organizer", meeting.uid, "Busy", "true"), "the organizer's")
    same(meeting.tracked(), "Unknown", "not answered")
    theirs, name = meeting.theirs()
    same(theirs.told("Start", "End", "Location", "UID", "MyResponseType", "LegacyFreeBusyStatus", "IsMeeting"),
         ("2026-12-02T08:00:00Z", "2026-12-02T09:00:00Z", "Room 7", meeting.uid, "NoResponseReceived", "Tentative",
          "true"),
         "the attendee's")
    same(theirs.text("Organizer", "Mailbox", "EmailAddress"), CONTEXT["me"]["address"], "organizer")
    one(meeting.messages("MeetingRequest", "peer"))
    told = get(name, who="peer")[0]
    same((status_of(told, "peer"), told.get("ORGANIZER").lower(), told.get("DTSTART"), told.get("LOCATION")),
         ("NEEDS-ACTION", mailto("me"), "20261202T090000", "Room 7"), "told to the attendee")
    told = get(meeting.name)[0]
    same((status_of(told, "peer"), told.get("ORGANIZER").lower()), ("NEEDS-ACTION", mailto("me")),
        "told to the organizer")


@check
def is_accepted():
    meeting = Meeting()
    meeting.put()
    theirs, name = meeting.theirs()
    same(meeting.answer(name, "ACCEPTED").status, 200, "the answer")
    theirs = theirs.again()
    same(theirs.told("MyResponseType", "LegacyFreeBusyStatus"), ("Accept", "Busy"), "the attendee's")
    until(lambda: meeting.tracked() == "Accept", "the answer at the organizer's")
    same(one(meeting.messages("MeetingResponse", "me")).text("ResponseType"), "Accept", "the message")
    same(status_of(get(meeting.name)[0], "peer"), "ACCEPTED", "told to the organizer")
    same(status_of(get(name, who="peer")[0], "peer"), "ACCEPTED", "told to the attendee")


@check
def is_accepted_with_doubts():
    meeting = Meeting()
    meeting.put()
    theirs, name = meeting.theirs()
    same(meeting.answer(name, "TENTATIVE").status, 200, "the answer")
    same(theirs.again().told("MyResponseType", "LegacyFreeBusyStatus"), ("Tentative", "Tentative"), "the attendee's")
    until(lambda: meeting.tracked() == "Tentative", "the answer at the organizer's")
    same(status_of(get(meeting.name)[0], "peer"), "TENTATIVE", "told to the organizer")


@check
def is_declined():
    meeting = Meeting()
    meeting.put()
    theirs, name = meeting.theirs()
    assert meeting.answer(name, "DECLINED").status in (200, 201), "the answer"
    same(found(meeting.subject, who="peer"), [], "gone at the attendee's")
    until(lambda: meeting.tracked() == "Decline", "the answer at the organizer's")
    same(status_of(get(meeting.name)[0], "peer"), "DECLINED", "told to the organizer")


@check
def is_moved():
    meeting = Meeting()
    meeting.put()
    theirs, name = meeting.theirs()
    meeting.answer(name, "ACCEPTED")
    until(lambda: meeting.tracked() == "Accept", "the answer")
    meeting.put("LOCATION:Room 8", status=200, start=at(3, 11), end=at(3, 12, name="DTEND"), partstat="ACCEPTED")
    until(lambda: theirs.again().told("Start", "Location") == ("2026-12-03T10:00:00Z", "Room 8"), "the update")
    same(theirs.again().told("MyResponseType", "UID"), ("NoResponseReceived", meeting.uid), "to be answered again")
    requests = meeting.messages("MeetingRequest", "peer")
    same(sorted(request.text("IsOutOfDate") for request in requests), ["false", "true"],
        "the first request and the update")
    told = get(name, who="peer")[0]
    same((told.get("DTSTART"), status_of(told, "peer")), ("20261203T110000", "NEEDS-ACTION"), "told to the attendee")
    meeting.answer(name, "ACCEPTED")
    until(lambda: meeting.tracked() == "Accept", "the second answer")


@check
def is_changed_as_it_is_read():
    meeting = Meeting()
    meeting.put()
    theirs, name = meeting.theirs()
    meeting.answer(name, "ACCEPTED")
    until(lambda: meeting.tracked() == "Accept", "the answer")
    text = dav("GET", "calendar/" + meeting.name, wanted=200).text
    text = text.replace("END:VEVENT", "LOCATION:Room 8\r\nEND:VEVENT")
    dav("PUT", "calendar/" + meeting.name, text, wanted=200)
    until(lambda: theirs.again().text("Location") == "Room 8", "the update")
    same((theirs.again().text("MyResponseType"), meeting.tracked()), ("Accept", "Accept"), "the answer stays")
    same(len(meeting.mine().all("RequiredAttendees", "Attendee")), 1, "invited once")


@check
def is_cancelled():
    meeting = Meeting()
    meeting.put()
    theirs, name = meeting.theirs()
    dav("DELETE", "calendar/" + meeting.name, wanted=200)
    same(found(meeting.subject), [], "gone at the organizer's")
    until(lambda: theirs.again().text("IsCancelled") == "true", "the cancellation")
    same(theirs.again().told("LegacyFreeBusyStatus"), ("Free",), "the attendee's time")
    one(meeting.messages("MeetingCancellation", "peer"))
    dav("DELETE", "calendar/" + name, who="peer", wanted=200)
    same(found(meeting.subject, who="peer"), [], "gone at the attendee's")


@check
def is_deleted_by_who_was_invited():
    meeting = Meeting()
    meeting.put()
    name = meeting.theirs()[1]
    dav("DELETE", "calendar/" + name, who="peer", wanted=200)
    same(found(meeting.subject, who="peer"), [], "gone at the attendee's")
    same(meeting.mine().text("IsCancelled"), "false", "it stays at the organizer's")


WEEKLY = "RRULE:FREQ=WEEKLY;UNTIL=20261223T080000Z;BYDAY=WE"


@check
def invites_to_a_series():
    meeting = Meeting()
    moved = meeting.event(at(9, 9, name="RECURRENCE-ID"), subject=meeting.subject + " moved",
                          start=at(10, 11), end=at(10, 12, name="DTEND"))
    meeting.put(WEEKLY, at(16, 9, name="EXDATE"), others=[moved])
    wanted = ["2026-12-02T08:00:00Z", "2026-12-10T10:00:00Z", "2026-12-23T08:00:00Z"]
    same([item.text("Start") for item in shown(meeting.subject)], wanted, "the organizer's")
    until(lambda: [item.text("Start") for item in shown(meeting.subject, "peer")] == wanted, "the attendee's")
    theirs, name = meeting.theirs()
    same(meeting.answer(name, "ACCEPTED").status, 200, "the answer")
    until(lambda: meeting.tracked() == "Accept", "the answer at the organizer's")
    told = get(name, who="peer")
    same([event.get("RECURRENCE-ID") for event in told], [None, "20261209T080000Z"], "told to the attendee")
    same(status_of(told[0], "peer"), "ACCEPTED", "status")
    # Another date of it is moved, by what the organizer's client has.
    text = dav("GET", "calendar/" + meeting.name, wanted=200).text
    again = meeting.event("RECURRENCE-ID:20261223T080000Z", subject=meeting.subject + " last",
                          start=at(23, 14), end=at(23, 15, name="DTEND"), partstat="ACCEPTED")
    text = text.replace("END:VCALENDAR", "\r\n".join(["BEGIN:VEVENT", *again, "END:VEVENT", "END:VCALENDAR"]))
    dav("PUT", "calendar/" + meeting.name, text, wanted=200)
    wanted[2] = "2026-12-23T13:00:00Z"
    same([item.text("Start") for item in shown(meeting.subject)], wanted, "the organizer's, moved")
    until(lambda: [item.text("Start") for item in shown(meeting.subject, "peer")] == wanted, "the attendee's, moved")


def inbox(who):
    body = '<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/>' \
        '</D:prop></D:propfind>'
    return dav("REPORT", "inbox/", body, who, 207, Depth="1").responses()


@check
def is_found_in_the_inbox():
    meeting = Meeting()
    meeting.put()
    meeting.theirs()
    names = [name for name, told in inbox("peer").items() if any(e.get("UID") == meeting.uid for e in read_of(told))]
    same(len(names), 1, "requests in the inbox")
    text = dav("GET", "inbox/" + names[0], who="peer", wanted=200).text
    same((read(text).get("METHOD"), events(text)[0].get("DTSTART")), ("REQUEST", "20261202T090000"), "the request")
    # A client deletes what it has taken over. DavMail means to mark it as processed, which it has forgotten for EWS.
    dav("DELETE", "inbox/" + names[0], who="peer", wanted=200)
    same(one(meeting.messages("MeetingRequest", "peer")).text("IsRead"), "true", "read")


@check
def is_sent_by_the_client_itself():
    meeting = Meeting()
    text = calendar(meeting.event()).replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:REQUEST")
    same(dav("POST", "outbox/", text).status, 200, "the request")
    theirs, name = meeting.theirs()
    same(theirs.told("UID", "Start", "MyResponseType"), (meeting.uid, "2026-12-02T08:00:00Z", "NoResponseReceived"),
        "theirs")
    one(meeting.messages("MeetingRequest", "peer"))


def free_busy(who, first="20261207T000000Z", last="20261209T000000Z"):
    body = "\r\n".join([
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//gateway//EN", "METHOD:REQUEST", "BEGIN:VFREEBUSY",
        "UID:" + word(), "DTSTAMP:20260101T000000Z", "DTSTART:" + first, "DTEND:" + last,
        "ORGANIZER:" + mailto("me"), "ATTENDEE:" + mailto(who), "END:VFREEBUSY", "END:VCALENDAR", ""])
    answer = dav("POST", "outbox/", body, wanted=200)
    data = xml.fromstring(answer.octets).findtext(".//%scalendar-data" % CAL)
    assert data, answer.text
    return {(parameters["FBTYPE"], span) for parameters, spans in read(data).inner("VFREEBUSY")[0].all("FREEBUSY")
            for span in spans.split(",")}


@check
def tells_who_is_busy():
    def put(subject, start, end, *more):
        name = word()
        event = ["UID:" + name, "SUMMARY:" + subject, start, end, *more]
        dav("PUT", "calendar/%s.ics" % name, calendar(event), who="peer", wanted=201)
    same(free_busy("peer"), set(), "free")
    put("busy", at(7, 9), at(7, 10, name="DTEND"), "TRANSP:OPAQUE")
    put("busy again", at(7, 9, 30), at(7, 11, name="DTEND"), "TRANSP:OPAQUE")
    put("tentative", at(8, 9), at(8, 9, 30, name="DTEND"), "STATUS:TENTATIVE", "TRANSP:OPAQUE")
    put("free", at(8, 12), at(8, 13, name="DTEND"), "TRANSP:TRANSPARENT")
    same(free_busy("peer"), {
        ("BUSY", "20261207T080000Z/20261207T100000Z"), ("BUSY-TENTATIVE", "20261208T080000Z/20261208T083000Z"),
    }, "busy")


if __name__ == "__main__":
    with Gateway("caldav", timezoneId="W. Europe Standard Time") as State.gateway:
        status = main()
    sys.exit(status)
