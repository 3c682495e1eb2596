"""Drives a server's calendars with exchangelib, unmodified: one line for each check, exit status 1 when one fails.

usage: exchangelib_calendar.py CONTEXT, as for exchangelib_client.py. See ../suite/clients/programs.rs, which starts it.
"""
import sys

from exchangelib import CalendarItem, EWSDate, EWSDateTime, EWSTimeZone, FileAttachment, HTMLBody, UTC
from exchangelib.errors import (
    ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange, ErrorCalendarOccurrenceIsDeletedFromRecurrence,
    ErrorCalendarViewRangeTooBig, ErrorInvalidOperation, ErrorItemNotFound, ErrorOccurrenceCrossingBoundary,
    ErrorOccurrenceTimeSpanTooBig, ErrorRecurrenceHasNoOccurrence, ResponseMessageError,
)
from exchangelib.fields import FRIDAY, MONDAY, SUNDAY, THURSDAY, TUESDAY, WEDNESDAY, WEEK_DAY
from exchangelib.folders import Calendar
from exchangelib.items import (
    SEND_ONLY_TO_ALL, SEND_TO_ALL_AND_SAVE_COPY, SEND_TO_NONE, MeetingCancellation, MeetingRequest, MeetingResponse,
)
from exchangelib.properties import Attendee, Mailbox
from exchangelib.recurrence import (
    AbsoluteMonthlyPattern, AbsoluteYearlyPattern, DailyPattern, NoEndPattern, NumberedPattern, EndDatePattern,
    Recurrence, RelativeMonthlyPattern, RelativeYearlyPattern, WeeklyPattern,
)

from exchangelib_common import State, account, check, main, raises, same, word

BERLIN = EWSTimeZone("Europe/Berlin")


def at(day, hour, minute=0, month=12, year=2026, zone=BERLIN):
    return EWSDateTime(year, month, day, hour, minute, tzinfo=zone)


def item(who=None, **fields):
    fields.setdefault("subject", word("event "))
    fields.setdefault("start", at(1, 9))
    fields.setdefault("end", at(1, 10))
    who = who or State.me
    return CalendarItem(account=who, folder=fields.pop("folder", who.calendar), **fields)


def saved(**fields):
    made = item(**fields)
    made.save(send_meeting_invitations=SEND_TO_NONE)
    return made


def again(made, who=None):
    return (who or State.me).calendar.get(id=made.id)


def series(pattern=None, count=5, **fields):
    pattern = pattern or DailyPattern(interval=1)
    start = fields.get("start", at(1, 9))
    boundary = NumberedPattern(start=EWSDate(start.year, start.month, start.day), number=count)
    return saved(recurrence=Recurrence(pattern=pattern, boundary=boundary), **fields)


def fresh():
    """A calendar of its own, for checks that count."""
    return Calendar(parent=State.me.calendar, name=word("Cal ")).save()


def shown(folder, first=at(1, 0), last=at(31, 0)):
    return list(folder.view(start=first, end=last))


@check
def opens_both_mailboxes():
    State.me, State.peer = account("me"), account("peer")
    State.me.default_timezone = State.peer.default_timezone = BERLIN


@check
def keeps_single_items():
    made = saved(location="Room 7", body="words", categories=["a", "b"], legacy_free_busy_status="OOF", sensitivity="Private",
                 importance="High", reminder_is_set=True, reminder_minutes_before_start=20, net_show_url="http://n.test")
    back = again(made)
    for name in ("subject", "start", "end", "location", "legacy_free_busy_status", "sensitivity", "importance", "net_show_url"):
        same(getattr(back, name), getattr(made, name), name)
    same((back.reminder_minutes_before_start, back.type, back.is_meeting, back.is_all_day), (20, "Single", False, False), "facts")
    same(sorted(back.categories), ["a", "b"], "categories")
    same(str(back.duration), "PT1H", "duration")
    same(back.uid is not None and back.is_cancelled, False, "state")
    same(back._start_timezone, BERLIN, "zone")


@check
def keeps_the_uid_that_it_is_given():
    uid = word("uid")
    same(again(saved(uid=uid)).uid, uid, "uid")


@check
def updates_single_items():
    made = saved()
    made.subject, made.start, made.end = "moved", at(2, 11), at(2, 12)
    made.save(update_fields=["subject", "start", "end"], send_meeting_invitations=SEND_TO_NONE)
    back = again(made)
    same((back.subject, back.start, back.end), ("moved", at(2, 11), at(2, 12)), "update")


@check
def takes_what_has_no_value_away():
    made = saved(location="x", optional_attendees=[Attendee(mailbox=Mailbox(email_address="a@far.test"))])
    made.location = made.optional_attendees = None
    made.save(update_fields=["location", "optional_attendees"], send_meeting_invitations=SEND_TO_NONE)
    back = again(made)
    same((back.location, back.optional_attendees), (None, None), "unset")


@check
def deletes_items():
    made = saved()
    made.delete(send_meeting_cancellations=SEND_TO_NONE)
    same(State.me.calendar.filter(subject=made.subject).count(), 0, "left")


@check
def keeps_days_as_days():
    made = saved(start=EWSDate(2026, 12, 24), end=EWSDate(2026, 12, 26), is_all_day=True)
    back = again(made)
    same((back.start, back.end, back.is_all_day), (EWSDate(2026, 12, 24), EWSDate(2026, 12, 26), True), "days")


@check
def keeps_the_zone_of_either_end():
    tokyo = EWSTimeZone("Asia/Tokyo")
    made = saved(start=at(1, 9), end=at(1, 23, zone=tokyo))
    back = again(made)
    same((back._start_timezone, back._end_timezone), (BERLIN, tokyo), "zones")
    same((back.start, back.end), (at(1, 9), at(1, 23, zone=tokyo)), "times")


@check
def keeps_attendees():
    made = saved(required_attendees=["a@far.test", Attendee(mailbox=Mailbox(email_address="b@far.test"))],
                 optional_attendees=["c@far.test"], resources=["room@far.test"])
    back = again(made)
    same(sorted(a.mailbox.email_address for a in back.required_attendees), ["a@far.test", "b@far.test"], "required")
    same((len(back.optional_attendees), len(back.resources), back.is_meeting), (1, 1, True), "others")
    same({a.response_type for a in back.required_attendees}, {"Accept", "Unknown"}, "answers: a text is somebody who comes")


@check
def keeps_attachments_and_html():
    made = item(body=HTMLBody("<html><body>Hello</body></html>"))
    made.attach(FileAttachment(name="a.txt", content=b"abc"))
    made.save(send_meeting_invitations=SEND_TO_NONE)
    back = again(made)
    same((back.attachments[0].content, back.has_attachments), (b"abc", True), "attachment")
    assert "Hello" in back.body


@check
def finds_items_by_their_fields():
    made = saved(location=word("loc"))
    found = State.me.calendar.filter(location=made.location)
    same([i.id for i in found], [made.id], "by location")
    same(State.me.calendar.filter(subject=made.subject, start__gte=at(1, 0)).count(), 1, "by start")


@check
def views_by_start():
    folder = fresh()
    one, two = saved(folder=folder), saved(folder=folder, start=at(3, 9), end=at(3, 10))
    same([i.id for i in shown(folder)], [one.id, two.id], "view")
    same(len(list(folder.view(start=one.end, end=two.start))), 1, "what ends at the start")
    same(len(list(folder.view(start=one.start, end=two.end, max_items=1))), 1, "max_items")
    same(folder.view(start=at(1, 0), end=at(2, 0)).count(), 1, "count")


@check
def views_take_no_conditions():
    raises((ErrorInvalidOperation, ValueError), lambda: list(State.me.calendar.view(start=at(1, 0), end=at(2, 0)).filter(subject="x")))


@check
def views_span_two_years():
    first = at(1, 0)
    raises((ErrorCalendarViewRangeTooBig, ValueError), lambda: list(State.me.calendar.view(start=first, end=at(1, 0, year=2029))))


def keeps_pattern(pattern, first=None):
    made = series(pattern, 3)
    back = again(made)
    same(back.recurrence.pattern, pattern, "pattern")
    same((back.recurrence.boundary.number, back.type), (3, "RecurringMaster"), "boundary")


@check
def keeps_daily_patterns():
    keeps_pattern(DailyPattern(interval=3))


@check
def keeps_weekly_patterns():
    keeps_pattern(WeeklyPattern(interval=2, weekdays=[MONDAY, WEDNESDAY], first_day_of_week=SUNDAY))


@check
def keeps_absolute_monthly_patterns():
    keeps_pattern(AbsoluteMonthlyPattern(interval=2, day_of_month=31))


@check
def keeps_relative_monthly_patterns():
    keeps_pattern(RelativeMonthlyPattern(interval=1, weekday=FRIDAY, week_number=5))


@check
def keeps_relative_patterns_of_working_days():
    keeps_pattern(RelativeMonthlyPattern(interval=1, weekday=WEEK_DAY, week_number=1))


@check
def keeps_absolute_yearly_patterns():
    keeps_pattern(AbsoluteYearlyPattern(day_of_month=29, month=2))


@check
def keeps_relative_yearly_patterns():
    keeps_pattern(RelativeYearlyPattern(weekday=THURSDAY, week_number=4, month=11))


@check
def keeps_boundaries():
    start, end = EWSDate(2026, 12, 1), EWSDate(2027, 1, 31)
    for boundary in (NoEndPattern(start=start), EndDatePattern(start=start, end=end), NumberedPattern(start=start, number=7)):
        made = saved(recurrence=Recurrence(pattern=DailyPattern(interval=1), boundary=boundary))
        back = again(made).recurrence.boundary
        same(type(back), type(boundary), "kind")
        for name in ("start", "end", "number"):
            same(str(getattr(back, name, None))[:10], str(getattr(boundary, name, None))[:10], name)


@check
def tells_first_and_last():
    master = again(series())
    same((master.first_occurrence.start, master.last_occurrence.start), (at(1, 9), at(5, 9)), "occurrences")
    same((master.modified_occurrences, master.deleted_occurrences), (None, None), "changes")
    assert not master.is_recurring


@check
def views_occurrences():
    folder = fresh()
    master = series(folder=folder)
    seen = shown(folder)
    same([i.start for i in seen], [at(day, 9) for day in range(1, 6)], "starts")
    same({i.type for i in seen}, {"Occurrence"}, "types")
    same({i.uid for i in seen}, {again(master).uid}, "uids")
    assert all(i.is_recurring for i in seen)
    same(list(State.me.fetch([seen[2].recurring_master()]))[0].id, master.id, "master")


@check
def reaches_occurrences_by_index():
    master = series()
    third = master.occurrence(index=3)
    back = list(State.me.fetch([third]))[0]
    same((back.start, back.type), (at(3, 9), "Occurrence"), "third")
    raises(ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange, lambda: list(State.me.fetch([master.occurrence(index=9)])))


@check
def changes_an_occurrence():
    folder = fresh()
    master = series(folder=folder)
    second = shown(folder)[1]
    second.subject, second.start, second.end = "own", at(2, 14), at(2, 15)
    second.save(send_meeting_invitations=SEND_TO_NONE)
    seen = shown(folder)
    same((seen[1].subject, seen[1].start, seen[1].type), ("own", at(2, 14), "Exception"), "exception")
    same(seen[1].id, second.id, "id")
    whole = again(master)
    same([(o.start, o.original_start) for o in whole.modified_occurrences], [(at(2, 14), at(2, 9))], "told")
    same(whole.subject, master.subject, "master")


@check
def changes_an_occurrence_by_index():
    master = series()
    second = master.occurrence(index=2)
    second.start, second.end = at(2, 7), at(2, 8)
    second.save(update_fields=["start", "end"], send_meeting_invitations=SEND_TO_NONE)
    same(again(master).modified_occurrences[0].start, at(2, 7), "start")


@check
def deletes_an_occurrence():
    folder = fresh()
    master = series(folder=folder)
    shown(folder)[3].delete(send_meeting_cancellations=SEND_TO_NONE)
    master.occurrence(index=1).delete(send_meeting_cancellations=SEND_TO_NONE)
    whole = again(master)
    same([o.start for o in whole.deleted_occurrences], [at(1, 9), at(4, 9)], "deleted")
    same(whole.first_occurrence.start, at(2, 9), "first")
    same(len(shown(folder)), 3, "left")


@check
def refuses_to_cross_neighbours():
    folder = fresh()
    series(folder=folder)
    second = shown(folder)[1]
    second.start, second.end = at(3, 14), at(3, 15)
    raises(ErrorOccurrenceCrossingBoundary, lambda: second.save(send_meeting_invitations=SEND_TO_NONE))


@check
def makes_a_series_anew():
    folder = fresh()
    master = again(series(folder=folder))
    master.recurrence.boundary = NumberedPattern(start=EWSDate(2026, 12, 1), number=2)
    master.save(update_fields=["recurrence"], send_meeting_invitations=SEND_TO_NONE)
    same(len(shown(folder)), 2, "shorter")
    master.recurrence.pattern = DailyPattern(interval=7)
    master.save(update_fields=["recurrence"], send_meeting_invitations=SEND_TO_NONE)
    same([i.start for i in shown(folder)], [at(1, 9), at(8, 9)], "weekly")


@check
def deletes_a_series():
    folder = fresh()
    series(folder=folder).delete(send_meeting_cancellations=SEND_TO_NONE)
    same(shown(folder), [], "nothing")


@check
def keeps_the_clock_over_the_change_of_it():
    folder = fresh()
    start = at(20, 9, month=3)
    series(WeeklyPattern(interval=1, weekdays=[FRIDAY], first_day_of_week=MONDAY), 3, folder=folder, start=start, end=at(20, 10, month=3))
    seen = shown(folder, at(1, 0, month=3), at(30, 0, month=4))
    same([i.start for i in seen], [start, at(27, 9, month=3), at(3, 9, month=4)], "starts")
    same([i.start.astimezone(UTC).hour for i in seen], [8, 8, 7], "hours of UTC")


def invited(**fields):
    made = item(required_attendees=[State.peer.primary_smtp_address], **fields)
    made.save(send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    return made


def request_of(made):
    return State.peer.inbox.get(subject=made.subject)


def copy_of(made):
    return State.peer.calendar.get(subject=made.subject)


@check
def invites():
    made = invited(body="agenda", location="Hall")
    request = request_of(made)
    assert isinstance(request, MeetingRequest), request
    same((request.start, request.end, request.location), (made.start, made.end, "Hall"), "request")
    same((request.meeting_request_type, request.is_out_of_date), ("NewMeetingRequest", False), "state")
    copy = copy_of(made)
    same((copy.my_response_type, copy.legacy_free_busy_status, copy.uid), ("NoResponseReceived", "Tentative", again(made).uid), "copy")
    same(request.associated_calendar_item_id.id, copy.id, "associated")
    same(State.me.sent.filter(subject=made.subject).count(), 1, "sent")


@check
def accepts():
    made = invited()
    request_of(made).accept(body="gladly")
    same((copy_of(made).my_response_type, copy_of(made).legacy_free_busy_status), ("Accept", "Busy"), "copy")
    answer = State.me.inbox.get(subject="Accepted: " + made.subject)
    assert isinstance(answer, MeetingResponse), answer
    same(again(made).required_attendees[0].response_type, "Accept", "tracked")
    same(State.peer.inbox.filter(subject=made.subject).count(), 0, "the request is gone")


@check
def accepts_tentatively():
    made = invited()
    copy_of(made).tentatively_accept(body="maybe")
    same(again(made).required_attendees[0].response_type, "Tentative", "tracked")


@check
def declines():
    made = invited()
    request_of(made).decline(body="no")
    same(again(made).required_attendees[0].response_type, "Decline", "tracked")
    same(State.peer.calendar.filter(subject=made.subject).count(), 0, "copy")


@check
def cancels():
    made = invited()
    again(made).cancel(new_body="not this time")
    told = State.peer.inbox.get(subject="Canceled: " + made.subject)
    assert isinstance(told, MeetingCancellation), told
    assert State.peer.calendar.get(subject="Canceled: " + made.subject).is_cancelled
    same(State.me.calendar.filter(subject=made.subject).count(), 0, "own")


@check
def moves_meetings():
    made = invited()
    request_of(made).accept()
    mine = again(made)
    mine.start, mine.end = at(2, 9), at(2, 10)
    mine.save(update_fields=["start", "end"], send_meeting_invitations=SEND_ONLY_TO_ALL)
    copy = copy_of(made)
    same((copy.start, copy.my_response_type), (at(2, 9), "NoResponseReceived"), "copy")
    same(request_of(made).meeting_request_type, "FullUpdate", "update")


@check
def deletes_meetings():
    made = invited()
    again(made).delete(send_meeting_cancellations=SEND_TO_ALL_AND_SAVE_COPY)
    assert State.peer.calendar.get(subject="Canceled: " + made.subject).is_cancelled


@check
def answers_a_series():
    boundary = NumberedPattern(start=EWSDate(2026, 12, 1), number=3)
    made = invited(recurrence=Recurrence(pattern=DailyPattern(interval=1), boundary=boundary))
    request_of(made).accept()
    copy = copy_of(made)
    same((copy.type, copy.recurrence.boundary.number), ("RecurringMaster", 3), "copy")
    second = list(State.peer.fetch([copy.occurrence(index=2)]))[0]
    second.decline()
    same(len([i for i in State.peer.calendar.view(start=at(1, 0), end=at(31, 0)) if i.subject == made.subject]), 2, "left")
    mine = list(State.me.fetch([again(made).occurrence(index=2)]))[0]
    same(mine.required_attendees[0].response_type, "Decline", "tracked")


@check
def refuses_own_answers():
    made = invited()
    raises(ResponseMessageError, lambda: again(made).accept())


@check
def tells_conflicts():
    base = at(15, 9)
    first, second = saved(start=base, end=at(15, 11)), saved(start=at(15, 10), end=at(15, 12))
    back = again(first)
    assert back.conflicting_meeting_count >= 1, back.conflicting_meeting_count
    assert any(i.id == second.id for i in back.conflicting_meetings)


@check
def moves_one_occurrence_of_a_meeting():
    boundary = NumberedPattern(start=EWSDate(2026, 12, 1), number=3)
    made = invited(recurrence=Recurrence(pattern=DailyPattern(interval=1), boundary=boundary))
    second = list(State.me.fetch([again(made).occurrence(index=2)]))[0]
    second.start, second.end = at(2, 15), at(2, 16)
    second.save(update_fields=["start", "end"], send_meeting_invitations=SEND_ONLY_TO_ALL)
    theirs = list(State.peer.fetch([copy_of(made).occurrence(index=2)]))[0]
    same((theirs.start, theirs.type), (at(2, 15), "Exception"), "theirs")


@check
def keeps_an_exception_through_changes_of_the_series():
    folder = fresh()
    master = again(series(folder=folder))
    second = shown(folder)[1]
    second.subject = "own"
    second.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    master = again(master)
    master.location = "Hall"
    master.save(update_fields=["location"], send_meeting_invitations=SEND_TO_NONE)
    seen = shown(folder)
    same([(i.subject == "own", i.location) for i in seen[:3]], [(False, "Hall"), (True, "Hall"), (False, "Hall")], "occurrences")


@check
def keeps_change_keys_of_a_series_together():
    master = series()
    second = list(State.me.fetch([master.occurrence(index=2)]))[0]
    same(second.changekey, again(master).changekey, "before")
    second.subject = "own"
    second.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    same(list(State.me.fetch([master.occurrence(index=1)]))[0].changekey, again(master).changekey, "after")


@check
def views_long_series_far_from_their_start():
    folder = fresh()
    boundary = NoEndPattern(start=EWSDate(2001, 1, 1))
    saved(folder=folder, start=at(1, 9, month=1, year=2001), end=at(1, 10, month=1, year=2001),
          recurrence=Recurrence(pattern=DailyPattern(interval=1), boundary=boundary))
    same(len(shown(folder, at(1, 0), at(8, 0))), 7, "a week")


@check
def moves_and_copies_items():
    made, folder = saved(), fresh()
    made.move(to_folder=folder)
    same([i.subject for i in shown(folder)], [made.subject], "moved")
    made.copy(to_folder=State.me.calendar)
    same(State.me.calendar.filter(subject=made.subject).count(), 1, "copied")


@check
def deletes_many():
    folder = fresh()
    for day in range(1, 6):
        saved(folder=folder, start=at(day, 9), end=at(day, 10))
    folder.all().delete(send_meeting_cancellations=SEND_TO_NONE)
    same(shown(folder), [], "left")


@check
def makes_many_at_once():
    folder = fresh()
    many = [item(folder=folder, start=at(day, 9), end=at(day, 10)) for day in range(1, 21)]
    made = State.me.bulk_create(folder=folder, items=many, send_meeting_invitations=SEND_TO_NONE)
    same((len(made), len(shown(folder))), (20, 20), "made")


@check
def sorts_by_start():
    folder = fresh()
    for day in (3, 1, 2):
        saved(folder=folder, start=at(day, 9), end=at(day, 10))
    same([i.start.day for i in folder.all().order_by("start")], [1, 2, 3], "order")
    same([i.start.day for i in folder.all().order_by("-start")], [3, 2, 1], "order")


@check
def synchronizes_masters():
    folder = fresh()
    list(folder.sync_items())
    master = series(folder=folder)
    same([(kind, i.id) for kind, i in folder.sync_items()], [("create", master.id)], "create")
    occurrence = shown(folder)[0]
    occurrence.subject = "own"
    occurrence.save(send_meeting_invitations=SEND_TO_NONE)
    same([(kind, i.id) for kind, i in folder.sync_items()], [("update", master.id)], "update")


def free_busy(people, first, last, view):
    protocol = State.me.protocol
    asked = [(one, "Required", False) for one in people]
    return list(protocol.get_free_busy_info(asked, start=first, end=last, merged_free_busy_interval=60, requested_view=view))


@check
def knows_when_people_are_busy():
    made = saved(start=at(28, 9), end=at(28, 10), location="Hall")
    day = at(28, 0), at(29, 0)
    own, other, nobody = free_busy([State.me, State.peer.primary_smtp_address, "nobody@example.test"], *day, "DetailedMerged")
    same((own.view_type, own.merged), ("DetailedMerged", "0" * 9 + "2" + "0" * 14), "own view")
    # Other checks have appointments on that day.
    [event] = [event for event in own.calendar_events if event.details.subject == made.subject]
    same((event.start, event.end, event.busy_type), (made.start, made.end, "Busy"), "event")
    same(event.details.location, "Hall", "details")
    same((other.view_type, len(other.merged)), ("FreeBusyMerged", 24), "another's view")
    same(type(nobody).__name__, "ErrorMailRecipientNotFound", "nobody")


@check
def knows_when_people_work():
    own = free_busy([State.me], at(28, 0), at(29, 0), "FreeBusy")[0]
    period = own.working_hours[0]
    same((period.weekdays, period.start.hour, period.end.hour), ([1, 2, 3, 4, 5], 8, 17), "hours")
    zones = list(State.me.protocol.get_timezones(return_full_timezone_data=True))
    same(bool(own.working_hours_timezone.to_server_timezone(zones, 2026)), True, "a zone of the server's")


@check
def views_an_instant():
    folder = fresh()
    one = saved(folder=folder)
    for moment, seen in ((at(1, 9), 1), (at(1, 9, 30), 1), (at(1, 10), 1), (at(1, 8, 59), 0), (at(1, 10, 1), 0)):
        same(len(list(folder.view(start=moment, end=moment))), seen, "at %s" % moment)
    same(shown(folder)[0].id, one.id, "item")


@check
def views_days_on_their_days():
    folder = fresh()
    saved(folder=folder, start=EWSDate(2026, 12, 24), end=EWSDate(2026, 12, 24), is_all_day=True)
    same(len(shown(folder, at(24, 0), at(25, 0))), 1, "the day")
    same(len(shown(folder, at(22, 0), at(23, 23))), 0, "before")
    same(len(shown(folder, at(25, 1), at(27, 0))), 0, "after")


@check
def views_what_lasts_over_the_window():
    folder = fresh()
    saved(folder=folder, start=at(1, 9), end=at(20, 9))
    same(len(shown(folder, at(5, 0), at(6, 0))), 1, "in the middle of it")


def expanded(*wanted):
    """The days of series in two years, by a view, which their last occurrences must agree with. All from one day on."""
    folder, first = fresh(), at(1, 9, month=wanted[0][1].start.month, year=wanted[0][1].start.year)
    until = first.replace(year=first.year + 2)
    many = [item(folder=folder, start=first, end=first.replace(hour=10), recurrence=Recurrence(pattern=pattern, boundary=boundary))
            for pattern, boundary in wanted]
    made = State.me.bulk_create(folder=folder, items=many, send_meeting_invitations=SEND_TO_NONE)
    days = {one.subject: [] for one in many}
    for one in folder.view(start=first, end=until).only("subject", "start"):
        days[one.subject].append((one.start.year, one.start.month, one.start.day))
    for master in State.me.fetch(made):
        last = master.last_occurrence
        if last is not None and last.start < until:
            same((last.start.year, last.start.month, last.start.day), days[master.subject][-1], "last of %s" % master.recurrence)
    return [days[one.subject] for one in many]


@check
def expands_every_pattern_to_every_boundary():
    start = EWSDate(2026, 12, 1)
    ends = (NumberedPattern(start=start, number=3), EndDatePattern(start=start, end=EWSDate(2027, 2, 28)), NoEndPattern(start=start))
    table = [
        (DailyPattern(interval=30), [(2026, 12, 1), (2026, 12, 31), (2027, 1, 30)], 3),
        (WeeklyPattern(interval=4, weekdays=[WEDNESDAY], first_day_of_week=MONDAY), [(2026, 12, 2), (2026, 12, 30), (2027, 1, 27)], 4),
        (AbsoluteMonthlyPattern(interval=1, day_of_month=5), [(2026, 12, 5), (2027, 1, 5), (2027, 2, 5)], 3),
        (RelativeMonthlyPattern(interval=1, weekday=FRIDAY, week_number=2), [(2026, 12, 11), (2027, 1, 8), (2027, 2, 12)], 3),
        (AbsoluteYearlyPattern(day_of_month=4, month=1), [(2027, 1, 4), (2028, 1, 4)], 1),
        (RelativeYearlyPattern(weekday=MONDAY, week_number=1, month=2), [(2027, 2, 1), (2028, 2, 7)], 1),
    ]
    seen = iter(expanded(*[(pattern, end) for pattern, _, _ in table for end in ends]))
    for pattern, days, by_date in table:
        numbered, dated, endless = next(seen), next(seen), next(seen)
        same(numbered, days, "number, %s" % pattern)
        same((len(dated), dated), (by_date, endless[:by_date]), "date, %s" % pattern)
        same(endless[:len(days)], days, "none, %s" % pattern)


@check
def takes_the_last_day_for_one_that_a_month_lacks():
    count = NumberedPattern(start=EWSDate(2027, 1, 1), number=4)
    months, years = expanded((AbsoluteMonthlyPattern(interval=1, day_of_month=31), count), (AbsoluteYearlyPattern(day_of_month=29, month=2), count))
    same(months, [(2027, 1, 31), (2027, 2, 28), (2027, 3, 31), (2027, 4, 30)], "months")
    same(years, [(2027, 2, 28), (2028, 2, 29)], "years")


@check
def knows_working_days_and_last_days():
    count = NumberedPattern(start=EWSDate(2026, 12, 1), number=3)
    working, sundays = expanded(
        (RelativeMonthlyPattern(interval=1, weekday=WEEK_DAY, week_number=5), count),
        (RelativeMonthlyPattern(interval=2, weekday=SUNDAY, week_number=1), count),
    )
    same(working, [(2026, 12, 31), (2027, 1, 29), (2027, 2, 26)], "last working days")
    same(sundays, [(2026, 12, 6), (2027, 2, 7), (2027, 4, 4)], "first Sundays")


@check
def counts_weeks_by_their_first_day():
    count = NumberedPattern(start=EWSDate(2026, 12, 1), number=4)
    by_monday, by_sunday = expanded(*[
        (WeeklyPattern(interval=2, weekdays=[TUESDAY, SUNDAY], first_day_of_week=first), count) for first in (MONDAY, SUNDAY)
    ])
    same([day for _, _, day in by_monday], [1, 6, 15, 20], "weeks from Monday")
    same([day for _, _, day in by_sunday], [1, 13, 15, 27], "weeks from Sunday")


@check
def refuses_series_that_cannot_be():
    start = EWSDate(2026, 12, 1)
    sunday = WeeklyPattern(interval=1, weekdays=[SUNDAY], first_day_of_week=MONDAY)
    none = Recurrence(pattern=sunday, boundary=EndDatePattern(start=start, end=EWSDate(2026, 12, 2)))
    raises(ErrorRecurrenceHasNoOccurrence, lambda: saved(recurrence=none))
    daily = Recurrence(pattern=DailyPattern(interval=1), boundary=NumberedPattern(start=start, number=3))
    raises(ErrorOccurrenceTimeSpanTooBig, lambda: saved(end=at(2, 12), recurrence=daily))


@check
def changes_and_deletes_in_one_series():
    folder = fresh()
    master = series(folder=folder)
    seen = shown(folder)
    seen[1].location = "Yard"
    seen[1].save(update_fields=["location"], send_meeting_invitations=SEND_TO_NONE)
    seen[2].start, seen[2].end = at(3, 20), at(3, 21)
    seen[2].save(update_fields=["start", "end"], send_meeting_invitations=SEND_TO_NONE)
    seen[3].delete(send_meeting_cancellations=SEND_TO_NONE)
    whole = list(State.me.fetch([master]))[0]
    same([(o.original_start, o.start) for o in whole.modified_occurrences], [(at(2, 9), at(2, 9)), (at(3, 9), at(3, 20))], "modified")
    same([o.start for o in whole.deleted_occurrences], [at(4, 9)], "deleted")
    same([i.type for i in shown(folder)], ["Occurrence", "Exception", "Exception", "Occurrence"], "types")
    exception = shown(folder)[2]
    same((exception.original_start, exception.is_recurring), (at(3, 9), True), "exception")
    same(list(State.me.fetch([exception.recurring_master()]))[0].id, master.id, "master")


@check
def deletes_an_exception():
    folder = fresh()
    master = series(folder=folder)
    second = shown(folder)[1]
    second.subject = "own"
    second.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    shown(folder)[1].delete(send_meeting_cancellations=SEND_TO_NONE)
    whole = list(State.me.fetch([master]))[0]
    same((whole.modified_occurrences, [o.start for o in whole.deleted_occurrences]), (None, [at(2, 9)]), "lists")
    raises(ErrorCalendarOccurrenceIsDeletedFromRecurrence, lambda: list(State.me.fetch([master.occurrence(index=2)])))


@check
def makes_single_items_of_series_and_back():
    made = saved()
    boundary = NumberedPattern(start=EWSDate(2026, 12, 1), number=3)
    made.recurrence = Recurrence(pattern=DailyPattern(interval=1), boundary=boundary)
    made.save(update_fields=["recurrence"], send_meeting_invitations=SEND_TO_NONE)
    same(again(made).type, "RecurringMaster", "series")
    made.recurrence = None
    made.save(update_fields=["recurrence"], send_meeting_invitations=SEND_TO_NONE)
    back = again(made)
    same((back.type, back.start, back.recurrence), ("Single", at(1, 9), None), "single")


@check
def loses_occurrences_with_their_series():
    folder = fresh()
    master = series(folder=folder)
    second = shown(folder)[1]
    list(State.me.fetch([master]))[0].delete(send_meeting_cancellations=SEND_TO_NONE)
    same([type(i) for i in State.me.fetch([second])], [ErrorItemNotFound], "the second")


@check
def keeps_answers_where_only_the_place_changes():
    made = invited(location="Hall")
    request_of(made).accept()
    mine = again(made)
    mine.location = "Yard"
    mine.save(update_fields=["location"], send_meeting_invitations=SEND_ONLY_TO_ALL)
    copy = copy_of(made)
    same((copy.location, copy.my_response_type, copy.legacy_free_busy_status), ("Yard", "Accept", "Busy"), "copy")
    same(request_of(made).meeting_request_type, "InformationalUpdate", "update")


@check
def proposes_another_time():
    made = invited()
    request_of(made).tentatively_accept(body="later?", proposed_start=at(1, 14), proposed_end=at(1, 15))
    answer = State.me.inbox.get(subject="Tentative: " + made.subject)
    same((answer.proposed_start, answer.proposed_end), (at(1, 14), at(1, 15)), "proposal")
    same(again(made).start, at(1, 9), "nothing is moved by it")


@check
def cancels_one_occurrence():
    boundary = NumberedPattern(start=EWSDate(2026, 12, 1), number=3)
    made = invited(recurrence=Recurrence(pattern=DailyPattern(interval=1), boundary=boundary))
    list(State.me.fetch([again(made).occurrence(index=2)]))[0].delete(send_meeting_cancellations=SEND_TO_ALL_AND_SAVE_COPY)
    theirs = list(State.peer.fetch([copy_of(made).occurrence(i) for i in (1, 2, 3)]))
    same([i.is_cancelled for i in theirs], [False, True, False], "occurrences")
    same(len(again(made).deleted_occurrences), 1, "own")


@check
def answers_one_occurrence_tentatively():
    boundary = NumberedPattern(start=EWSDate(2026, 12, 1), number=3)
    made = invited(recurrence=Recurrence(pattern=DailyPattern(interval=1), boundary=boundary))
    request_of(made).accept()
    list(State.peer.fetch([copy_of(made).occurrence(index=3)]))[0].tentatively_accept()
    said = [i.required_attendees[0].response_type for i in State.me.fetch([again(made).occurrence(i) for i in (1, 3)])]
    same(said, ["Accept", "Tentative"], "tracked")
    theirs = list(State.peer.fetch([copy_of(made).occurrence(index=3)]))[0]
    same((theirs.type, theirs.my_response_type, theirs.legacy_free_busy_status), ("Exception", "Tentative", "Tentative"), "theirs")


@check
def takes_away_what_was_cancelled():
    made = invited()
    again(made).cancel()
    told = State.peer.inbox.get(subject="Canceled: " + made.subject)
    same((told.is_out_of_date, told.has_been_processed), (False, True), "told")
    State.peer.calendar.get(subject="Canceled: " + made.subject).delete(send_meeting_cancellations=SEND_TO_NONE)
    same(State.peer.calendar.filter(subject__contains=made.subject).count(), 0, "left")


@check
def knows_how_busy_people_are():
    states = (("Free", "0"), ("Tentative", "1"), ("Busy", "2"), ("OOF", "3"), ("WorkingElsewhere", "4"))
    for hour, (state, _) in enumerate(states):
        saved(start=at(8, 8 + hour, month=3), end=at(8, 9 + hour, month=3), legacy_free_busy_status=state)
    own = free_busy([State.me], at(8, 8, month=3), at(8, 13, month=3), "FreeBusyMerged")[0]
    same(own.merged, "".join(digit for _, digit in states), "merged")
    same([e.busy_type for e in own.calendar_events], [state for state, _ in states], "events")
    assert all(e.details is None for e in own.calendar_events)


@check
def knows_when_series_are_busy():
    made = series(WeeklyPattern(interval=1, weekdays=[MONDAY, WEDNESDAY], first_day_of_week=MONDAY), 4, start=at(1, 9, month=2), end=at(1, 10, month=2))
    assert made.recurrence is not None
    own = free_busy([State.me], at(1, 0, month=2), at(28, 0, month=2), "Detailed")[0]
    mine = [e for e in own.calendar_events if e.details.subject == made.subject]
    same([e.start.day for e in mine], [2, 4, 9, 11], "days")
    assert all(e.details.is_recurring and not e.details.is_exception for e in mine)


if __name__ == "__main__":
    sys.exit(main())
