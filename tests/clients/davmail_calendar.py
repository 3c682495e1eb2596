"""Drives a server's calendars through DavMail: a CalDAV client that knows nothing of EWS. What it puts is looked at by
EWS, and what EWS changes is looked at by CalDAV.

usage: davmail_calendar.py CONTEXT, see davmail_common.py.
"""
import sys

from davmail_common import CONTEXT, Gateway, check, main, same
from davmail_dav import (
    CAL, DAV, State, at, calendar, change, ctag, dav, delete, events, found, get, home, multiget, one, properties,
        query,
    shown, until, word,
)


def put(name, text, status=201, **headers):
    return dav("PUT", "calendar/" + name, text, wanted=status, **headers)


def fields(uid, subject, *more, start=at(2, 9), end=at(2, 10, name="DTEND")):
    return ["UID:" + uid, "SUMMARY:" + subject, start, end, *more]


class Resource:
    """A resource's name, UID and subject, each its own."""

    def __init__(self):
        self.uid = word("uid-")
        self.name, self.subject = self.uid + ".ics", word("Event ")

    def text(self, *more, subject=None, others=(), **times):
        master = fields(self.uid, subject or self.subject, *more, **times)
        return calendar(master, *others)

    def exception(self, recurrence, subject, start, end, *more):
        return [recurrence, *fields(self.uid, subject, *more, start=start, end=end)]

    def put(self, *more, status=201, subject=None, others=(), headers={}, **times):
        return put(self.name, self.text(*more, subject=subject, others=others, **times), status, **headers)


def changed(function, folder="calendar"):
    """Does something, again if need be, until the folder's ctag is another: it counts seconds."""
    before = ctag(folder)

    def step():
        function()
        return ctag(folder) != before
    until(step, "another ctag")


def starts(found):
    return [item.text("Start") for item in found]


@check
def tells_where_calendars_are():
    address = home().strip("/").split("/")[1]
    principal = properties("/principals/users/%s/" % address, "C:calendar-home-set", "C:schedule-outbox-URL")
    told = list(principal.values())[0]
    assert told[CAL + "calendar-home-set"].find(DAV + "href").text.rstrip("/").endswith("/calendar"), told
    kind = properties("calendar", "D:resourcetype", "S:getctag")["calendar"][DAV + "resourcetype"]
    assert kind.find(CAL + "calendar") is not None, kind
    assert ctag(), "a ctag"


@check
def refuses_a_wrong_password():
    right = CONTEXT["me"]["password"]
    CONTEXT["me"]["password"] = "not it"
    try:
        dav("GET", "calendar/absent.ics", wanted=401)
    finally:
        CONTEXT["me"]["password"] = right


@check
def keeps_a_single_event():
    event = Resource()
    answer = event.put(
        "LOCATION:Room 7", "DESCRIPTION:Some words\\nin two lines", "CATEGORIES:Blue", "CLASS:PRIVATE", "TRANSP:OPAQUE",
        "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT20M", "END:VALARM")
    assert answer.etag(), "an etag"
    item = one(shown(event.subject))
    same(item.told("Subject", "Start", "End", "Location", "UID", "Sensitivity", "LegacyFreeBusyStatus", "ReminderIsSet",
                   "ReminderMinutesBeforeStart", "CalendarItemType", "IsAllDayEvent", "IsMeeting"),
         (event.subject, "2026-12-02T08:00:00Z", "2026-12-02T09:00:00Z", "Room 7", event.uid, "Private", "Busy",
          "true", "20",
          "Single", "false", "false"), "stored")
    same(item.text("Body").replace("\r\n", "\n").strip(), "Some words\nin two lines", "body")
    same([c.text for c in item.all("Categories", "String")], ["Blue"], "categories")
    back = one_event(event)
    same([back.get(n) for n in ("UID", "SUMMARY", "LOCATION", "DTSTART", "DTEND", "CLASS", "TRANSP", "CATEGORIES")],
         [event.uid, event.subject, "Room 7", "20261202T090000", "20261202T100000", "PRIVATE", "OPAQUE", "Blue"],
          "back")
    same(back.get("DESCRIPTION"), "Some words\\nin two lines", "description")
    same([a.get("TRIGGER") for a in back.inner("VALARM")], ["-PT20M"], "alarm")


def one_event(event):
    told = get(event.name)
    same(len(told), 1, "events")
    return told[0]


@check
def takes_an_event_in_utc():
    event = Resource()
    event.put(start="DTSTART:20261203T230000Z", end="DTEND:20261204T003000Z")
    item = one(shown(event.subject))
    same(item.told("Start", "End"), ("2026-12-03T23:00:00Z", "2026-12-04T00:30:00Z"), "times")


@check
def changes_a_single_event():
    event = Resource()
    event.put("LOCATION:Room 7", "CATEGORIES:Blue", "DESCRIPTION:Old")
    before = dav("GET", "calendar/" + event.name, wanted=200).etag()
    other = event.subject + " moved"
    event.put("DESCRIPTION:New", "TRANSP:TRANSPARENT", status=412, subject=other,
        headers={"If_Match": '"2001-01-01T00:00:00Z"'})
    same(one(shown(event.subject)).text("Subject"), event.subject, "not changed")
    event.put("DESCRIPTION:New", status=200, subject=other, start=at(3, 11), end=at(3, 12, name="DTEND"),
              headers={"If_Match": before})
    item = one(shown(event.subject))
    same(item.told("Subject", "Start", "End", "Location", "UID"),
         (other, "2026-12-03T10:00:00Z", "2026-12-03T11:00:00Z", None, event.uid), "stored")
    same(item.text("Body").strip(), "New", "body")
    back = one_event(event)
    same([back.get(n) for n in ("SUMMARY", "LOCATION", "DTSTART", "DESCRIPTION")],
         [other, None, "20261203T110000", "New"], "back")


@check
def shows_changes_made_by_ews():
    event = Resource()
    event.put()
    before = dav("GET", "calendar/" + event.name, wanted=200).etag()
    item = one(shown(event.subject))
    changed(lambda: change(item, "calendar:Location", "<t:Location>%s</t:Location>" % word("Room")))
    answer = dav("GET", "calendar/" + event.name, wanted=200)
    assert answer.etag() != before, "the same etag"
    same(events(answer.text)[0].get("LOCATION"), item.again().text("Location"), "location")
    event.put(status=412, headers={"If_Match": before})
    delete(item)
    dav("GET", "calendar/" + event.name, wanted=404)


@check
def deletes_an_event():
    event = Resource()
    event.put()
    dav("DELETE", "calendar/" + event.name, wanted=200)
    dav("GET", "calendar/" + event.name, wanted=404)
    same(shown(event.subject), [], "shown")
    same(one(found(event.subject, "deleteditems")).text("UID"), event.uid, "in deleted items")
    event.put()
    one(shown(event.subject))


@check
def keeps_an_all_day_event():
    event = Resource()
    days = {"start": "DTSTART;VALUE=DATE:20261208", "end": "DTEND;VALUE=DATE:20261210"}
    event.put("TRANSP:TRANSPARENT", **days)
    item = one(shown(event.subject))
    same(item.told("IsAllDayEvent", "LegacyFreeBusyStatus", "UID"), ("true", "Free", event.uid), "stored")
    back = one_event(event)
    same((back.having("DTSTART", "20261208")[0].get("VALUE"), back.having("DTEND", "20261210")[0].get("VALUE")),
         ("DATE", "DATE"), "days")
    days["end"] = "DTEND;VALUE=DATE:20261211"
    event.put("TRANSP:TRANSPARENT", status=200, **days)
    back = one_event(event)
    same((back.get("DTSTART"), back.get("DTEND")), ("20261208", "20261211"), "longer")
    same(one(shown(event.subject)).text("IsAllDayEvent"), "true", "stored")


@check
def shows_an_all_day_event_made_by_ews():
    event = Resource()
    event.put(start="DTSTART;VALUE=DATE:20261214", end="DTEND;VALUE=DATE:20261215")
    item = one(shown(event.subject))
    change(item, "calendar:End", "<t:End>2026-12-17T00:00:00</t:End>")
    same(one_event(event).get("DTSTART"), "20261214", "start")


WEEKLY = "RRULE:FREQ=WEEKLY;UNTIL=20261223T080000Z;BYDAY=WE"


@check
def keeps_a_series():
    event = Resource()
    event.put(WEEKLY)
    item = one(found(event.subject))
    same(item.told("CalendarItemType", "UID", "Start"), ("RecurringMaster", event.uid, "2026-12-02T08:00:00Z"),
        "master")
    wanted = ["2026-12-%02dT08:00:00Z" % day for day in (2, 9, 16, 23)]
    same(starts(shown(event.subject)), wanted, "shown")
    back = one_event(event)
    rule = dict(part.split("=") for part in back.get("RRULE").split(";"))
    same((rule["FREQ"], rule["BYDAY"], rule["UNTIL"][:8]), ("WEEKLY", "WE", "20261223"), "rule")
    event.put("RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20261231T080000Z;BYDAY=TH", status=200,
              start=at(3, 15), end=at(3, 16, name="DTEND"))
    same(starts(shown(event.subject)), ["2026-12-%02dT14:00:00Z" % day for day in (3, 17, 31)], "changed")
    dav("DELETE", "calendar/" + event.name, wanted=200)
    same(shown(event.subject), [], "deleted")


@check
def keeps_series_of_other_rules():
    for rule, days in (
        ("FREQ=DAILY;COUNT=3", (2, 3, 4)),
        ("FREQ=DAILY;INTERVAL=3;UNTIL=20261209T080000Z", (2, 5, 8)),
        ("FREQ=WEEKLY;COUNT=4;BYDAY=MO,WE", (2, 7, 9, 14)),
        ("FREQ=DAILY;COUNT=4;BYDAY=MO,TU,WE,TH,FR", (2, 3, 4, 7)),
        ("FREQ=MONTHLY;COUNT=2;BYMONTHDAY=2", (2,)),
        ("FREQ=MONTHLY;COUNT=2;BYDAY=1WE", (2,)),
        ("FREQ=YEARLY;COUNT=2", (2,)),
    ):
        event = Resource()
        event.put("RRULE:" + rule)
        same(starts(shown(event.subject)), ["2026-12-%02dT08:00:00Z" % day for day in days], rule)
        back = one_event(event)
        # Every weekday is told as a pattern of weeks.
        frequency = "FREQ=WEEKLY" if "BYDAY=MO,TU" in rule else rule.split(";")[0]
        same(back.get("RRULE").split(";")[0], frequency, rule)


@check
def keeps_exceptions():
    event = Resource()
    moved = event.exception(at(9, 9, name="RECURRENCE-ID"), event.subject + " moved", at(10, 11),
                            at(10, 12, 30, name="DTEND"), "LOCATION:Room 8")
    event.put(WEEKLY, at(16, 9, name="EXDATE"), others=[moved])
    same(starts(shown(event.subject)),
         ["2026-12-02T08:00:00Z", "2026-12-10T10:00:00Z", "2026-12-23T08:00:00Z"], "shown")
    exception = one(shown(event.subject + " moved"))
    same(exception.told("CalendarItemType", "End", "Location", "UID"),
         ("Exception", "2026-12-10T11:30:00Z", "Room 8", event.uid), "exception")
    master = one(found(event.subject))
    same([e.findtext("{*}Start") for e in master.all("DeletedOccurrences", "DeletedOccurrence")],
         ["2026-12-16T08:00:00Z"], "deleted")
    told = get(event.name)
    same(len(told), 2, "events")
    # DavMail writes the original date in UTC.
    same([told[1].get(n) for n in ("UID", "SUMMARY", "RECURRENCE-ID", "DTSTART", "DTEND", "LOCATION")],
         [event.uid, event.subject + " moved", "20261209T080000Z", "20261210T110000", "20261210T123000", "Room 8"],
          "told")
    same(told[0].get("EXDATE"), "20261216T090000", "excluded")
    same(told[0].get("RECURRENCE-ID"), None, "the series is first")


@check
def changes_exceptions():
    event = Resource()
    event.put(WEEKLY)
    moved = event.exception("RECURRENCE-ID:20261209T080000Z", event.subject + " moved", at(10, 11), at(10, 12,
        name="DTEND"))
    # DavMail looks for what it is to delete by the text of EXDATE, which must be in UTC for it.
    event.put(WEEKLY, "EXDATE:20261216T080000Z", status=200, others=[moved])
    wanted = ["2026-12-02T08:00:00Z", "2026-12-10T10:00:00Z", "2026-12-23T08:00:00Z"]
    same(starts(shown(event.subject)), wanted, "shown")
    same(one(shown(event.subject + " moved")).text("CalendarItemType"), "Exception", "exception")
    event.put(WEEKLY, "EXDATE:20261216T080000Z", status=200, others=[moved])
    same(starts(shown(event.subject)), wanted, "put again")
    # As it was read, but for another subject.
    text = dav("GET", "calendar/" + event.name, wanted=200).text
    put(event.name, text.replace("SUMMARY:" + event.subject + "\r\n", "SUMMARY:%s anew\r\n" % event.subject), 200)
    same(starts(shown(event.subject)), wanted, "put as read")
    same(sorted(i.text("Subject")[len(event.subject):] for i in shown(event.subject)), [" anew", " anew", " moved"],
        "subjects")


@check
def shows_exceptions_made_by_ews():
    event = Resource()
    event.put(WEEKLY)
    before = dav("GET", "calendar/" + event.name, wanted=200).etag()
    second, third = shown(event.subject)[1:3]
    changed(lambda: change(second, "calendar:Location", "<t:Location>%s</t:Location>" % word("Room")))
    delete(third)
    answer = dav("GET", "calendar/" + event.name, wanted=200)
    assert answer.etag() != before, "the same etag"
    told = events(answer.text)
    same(len(told), 2, "events")
    same([told[1].get(n) for n in ("SUMMARY", "RECURRENCE-ID", "DTSTART", "LOCATION")],
         [event.subject, "20261209T080000Z", "20261209T090000", second.again().text("Location")], "exception")
    same(told[0].get("EXDATE"), "20261216T090000", "excluded")


@check
def keeps_an_all_day_series():
    event = Resource()
    event.put("RRULE:FREQ=DAILY;COUNT=4", "EXDATE;VALUE=DATE:20261209",
              start="DTSTART;VALUE=DATE:20261208", end="DTEND;VALUE=DATE:20261209")
    same(len(shown(event.subject)), 3, "shown")
    told = one_event(event)
    same((told.get("DTSTART"), told.get("RRULE").split(";")[0]), ("20261208", "FREQ=DAILY"), "told")
    same(told.get("EXDATE")[:8], "20261209", "excluded")


@check
def reports_a_range():
    inside, before, series = Resource(), Resource(), Resource()
    inside.put(start=at(20, 9, month=11), end=at(20, 10, month=11, name="DTEND"))
    before.put(start=at(10, 9, month=11), end=at(10, 10, month=11, name="DTEND"))
    series.put("RRULE:FREQ=DAILY;COUNT=2", start=at(1, 9, month=11), end=at(1, 10, month=11, name="DTEND"))

    def uids(*span):
        return {events(r[CAL + "calendar-data"].text)[0].get("UID") for r in query(*span).values()}
    told = uids("20261115T000000Z", "20261125T000000Z")
    assert inside.uid in told and before.uid not in told, told
    # Every series is told, whatever the range is: DavMail leaves it to the client to look into them.
    assert series.uid in told, told
    assert {inside.uid, before.uid, series.uid} <= uids(), "without a range"
    same({n for n in uids("20261120T083000Z", "20261120T084500Z") if n in (inside.uid, before.uid)}, {inside.uid},
        "within it")


@check
def reports_what_is_asked_for():
    one_of, two = Resource(), Resource()
    one_of.put()
    where = two.put().name()
    told = multiget(one_of.name, where, "absent.ics")
    assert "404" in told["absent.ics"]["status"], told
    same(events(told[one_of.name][CAL + "calendar-data"].text)[0].get("UID"), one_of.uid, "by its name")
    same(events(told[where][CAL + "calendar-data"].text)[0].get("UID"), two.uid, "by its id")
    same(told[one_of.name][DAV + "getetag"].text, dav("GET", "calendar/" + one_of.name).etag(), "etag")
    dav("DELETE", "calendar/" + where, wanted=200)
    assert "404" in multiget(two.name)[two.name]["status"], "deleted"


if __name__ == "__main__":
    with Gateway("caldav", timezoneId="W. Europe Standard Time") as State.gateway:
        status = main()
    sys.exit(status)
