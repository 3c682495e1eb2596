// Drives calendars with ews-javascript-api, unmodified: appointments, series, a meeting of two people, who is free when. One line for
// each check, exit status 1 when one fails.
//
// usage: ewsjs_calendar.js CONTEXT, a JSON document: {"url", "me": {"address", "login", "password"}, "peer": {...}}
// Both mailboxes belong to this run alone. See ../suite/clients/programs.rs, which starts it with NODE_PATH set.
"use strict";
const assert = require("assert");
const ews = require("ews-javascript-api");

const context = JSON.parse(process.argv[2]);
const checks = [];
const check = (name, run) => checks.push({ name, run });
ews.EwsLogging.DebugLogEnabled = false;

function connect(who) {
  const service = new ews.ExchangeService(ews.ExchangeVersion.Exchange2013_SP1);
  service.Credentials = new ews.WebCredentials(context[who].login, context[who].password);
  service.Url = new ews.Uri(context.url);
  return service;
}

const me = connect("me");
const peer = connect("peer");
const calendar = ews.WellKnownFolderName.Calendar;
const inbox = ews.WellKnownFolderName.Inbox;
const all = () => new ews.PropertySet(ews.BasePropertySet.FirstClassProperties);
const at = (text) => ews.DateTime.Parse(text);
const moment = (time) => new Date(time.TotalMilliSeconds).toISOString().slice(0, 16);

function appointment(subject, start, end) {
  const made = new ews.Appointment(me);
  made.Subject = subject;
  made.Body = new ews.MessageBody(ews.BodyType.Text, "words of " + subject);
  made.Start = at(start);
  made.End = at(end);
  made.Location = "Hall";
  return made;
}

async function view(service, start, end) {
  const found = await service.FindAppointments(calendar, new ews.CalendarView(at(start), at(end)));
  return found.Items;
}

let single;
check("saves, reads and changes an appointment", async () => {
  single = appointment("single", "2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z");
  await single.Save(ews.SendInvitationsMode.SendToNone);
  const read = await ews.Appointment.Bind(me, single.Id, all());
  assert.strictEqual(read.Subject, "single");
  assert.strictEqual(moment(read.Start), "2026-12-07T09:00");
  assert.strictEqual(read.Location, "Hall");
  assert.strictEqual(read.AppointmentType, ews.AppointmentType.Single);
  assert.strictEqual(read.IsReminderSet, true);
  read.Location = "Room 1";
  read.LegacyFreeBusyStatus = ews.LegacyFreeBusyStatus.Tentative;
  await read.Update(ews.ConflictResolutionMode.AutoResolve, ews.SendInvitationsOrCancellationsMode.SendToNone);
  const again = await ews.Appointment.Bind(me, single.Id, all());
  assert.strictEqual(again.Location, "Room 1");
  assert.strictEqual(again.LegacyFreeBusyStatus, ews.LegacyFreeBusyStatus.Tentative);
});

let series;
check("saves a series and shows its occurrences", async () => {
  series = appointment("series", "2026-12-08T09:00:00Z", "2026-12-08T09:30:00Z");
  const pattern = new ews.Recurrence.DailyPattern(at("2026-12-08T09:00:00Z"), 1);
  pattern.NumberOfOccurrences = 5;
  series.Recurrence = pattern;
  await series.Save(ews.SendInvitationsMode.SendToNone);
  const seen = await view(me, "2026-12-08T00:00:00Z", "2026-12-20T00:00:00Z");
  assert.deepStrictEqual(seen.map((one) => moment(one.Start).slice(8)), ["08T09:00", "09T09:00", "10T09:00", "11T09:00", "12T09:00"]);
  const master = await ews.Appointment.Bind(me, series.Id, all());
  assert.strictEqual(master.AppointmentType, ews.AppointmentType.RecurringMaster);
  assert.strictEqual(master.Recurrence.NumberOfOccurrences, 5);
});

check("changes one occurrence and deletes another", async () => {
  const second = await ews.Appointment.BindToOccurrence(me, series.Id, 2, all());
  second.Subject = "other";
  await second.Update(ews.ConflictResolutionMode.AlwaysOverwrite, ews.SendInvitationsOrCancellationsMode.SendToNone);
  const third = await ews.Appointment.BindToOccurrence(me, series.Id, 3, all());
  await third.Delete(ews.DeleteMode.MoveToDeletedItems, ews.SendCancellationsMode.SendToNone);
  const seen = await view(me, "2026-12-08T00:00:00Z", "2026-12-20T00:00:00Z");
  assert.deepStrictEqual(seen.map((one) => one.Subject), ["series", "other", "series", "series"]);
  const master = await ews.Appointment.Bind(me, series.Id, all());
  assert.strictEqual(master.ModifiedOccurrences.Count, 1);
  assert.strictEqual(master.DeletedOccurrences.Count, 1);
});

let meeting;
check("invites, is accepted and hears of it", async () => {
  meeting = appointment("plan", "2026-12-15T13:00:00Z", "2026-12-15T14:00:00Z");
  meeting.RequiredAttendees.Add(context.peer.address);
  await meeting.Save(ews.SendInvitationsMode.SendToAllAndSaveCopy);
  const arrived = (await peer.FindItems(inbox, new ews.ItemView(5))).Items;
  assert.strictEqual(arrived.length, 1);
  const request = await ews.MeetingRequest.Bind(peer, arrived[0].Id);
  assert.strictEqual(request.Subject, "plan");
  assert.strictEqual(moment(request.Start), "2026-12-15T13:00");
  const tentative = (await view(peer, "2026-12-15T00:00:00Z", "2026-12-16T00:00:00Z"))[0];
  assert.strictEqual(tentative.LegacyFreeBusyStatus, ews.LegacyFreeBusyStatus.Tentative);
  await request.Accept(true);
  const accepted = await ews.Appointment.Bind(peer, tentative.Id, all());
  assert.strictEqual(accepted.MyResponseType, ews.MeetingResponseType.Accept);
  assert.strictEqual(accepted.LegacyFreeBusyStatus, ews.LegacyFreeBusyStatus.Busy);
  const own = await ews.Appointment.Bind(me, meeting.Id, all());
  assert.strictEqual(own.RequiredAttendees.GetEnumerator()[0].ResponseType, ews.MeetingResponseType.Accept);
});

const attendees = () => [new ews.AttendeeInfo(context.me.address), new ews.AttendeeInfo(context.peer.address)];
const days = (start, end) => new ews.TimeWindow(at(start), at(end));

check("knows when somebody is busy", async () => {
  const options = new ews.AvailabilityOptions();
  options.RequestedFreeBusyView = ews.FreeBusyViewType.DetailedMerged;
  options.MergedFreeBusyInterval = 60;
  const window = days("2026-12-15T00:00:00Z", "2026-12-16T00:00:00Z");
  const told = await me.GetUserAvailability(attendees(), window, ews.AvailabilityData.FreeBusy, options);
  const [own, other] = [0, 1].map((at) => told.AttendeesAvailability.__thisIndexer(at));
  assert.strictEqual(own.ViewType, ews.FreeBusyViewType.DetailedMerged);
  assert.strictEqual(own.CalendarEvents.length, 1);
  assert.strictEqual(own.CalendarEvents[0].Details.Subject, "plan");
  assert.strictEqual(own.CalendarEvents[0].FreeBusyStatus, ews.LegacyFreeBusyStatus.Busy);
  assert.strictEqual(own.MergedFreeBusyStatus.length, 24);
  assert.strictEqual(own.MergedFreeBusyStatus[13], ews.LegacyFreeBusyStatus.Busy);
  assert.strictEqual(own.WorkingHours.DaysOfTheWeek.length, 5);
  // Of others it is told when, not what.
  assert.strictEqual(other.ViewType, ews.FreeBusyViewType.FreeBusyMerged);
  assert.strictEqual(other.CalendarEvents.length, 1);
  assert.ok(!other.CalendarEvents[0].Details);
});

check("tells of nobody in his own place", async () => {
  const nobody = new ews.AttendeeInfo("nobody@example.test");
  const window = days("2026-12-15T00:00:00Z", "2026-12-16T00:00:00Z");
  const told = await me.GetUserAvailability([nobody, ...attendees()], window, ews.AvailabilityData.FreeBusy);
  const all = [0, 1, 2].map((at) => told.AttendeesAvailability.__thisIndexer(at));
  assert.strictEqual(all[0].ErrorCode, ews.ServiceError.ErrorMailRecipientNotFound);
  assert.deepStrictEqual(all.slice(1).map((one) => one.ErrorCode), [ews.ServiceError.NoError, ews.ServiceError.NoError]);
});

check("suggests times for a meeting", async () => {
  const options = new ews.AvailabilityOptions();
  options.MeetingDuration = 60;
  options.MaximumSuggestionsPerDay = 20;
  options.GoodSuggestionThreshold = 30;
  options.MinimumSuggestionQuality = ews.SuggestionQuality.Good;
  const window = days("2026-12-15T00:00:00Z", "2026-12-17T00:00:00Z");
  const told = await me.GetUserAvailability(attendees(), window, ews.AvailabilityData.FreeBusyAndSuggestions, options);
  assert.strictEqual(told.AttendeesAvailability.Count, 2);
  const [first, second] = Array.from(told.Suggestions);
  assert.strictEqual(first.Quality, ews.SuggestionQuality.Excellent);
  const times = first.TimeSuggestions.map((one) => moment(one.MeetingTime).slice(11));
  assert.ok(times.includes("09:00") && !times.includes("13:00") && !times.includes("12:30"), times.join());
  assert.ok(first.TimeSuggestions.every((one) => one.IsWorkTime && one.Conflicts.length === 2));
  assert.strictEqual(second.TimeSuggestions.length, 17);
});

check("cancels the meeting", async () => {
  const own = await ews.Appointment.Bind(me, meeting.Id, all());
  await own.CancelMeeting("sorry");
  const seen = await view(peer, "2026-12-15T00:00:00Z", "2026-12-16T00:00:00Z");
  assert.strictEqual(seen[0].LegacyFreeBusyStatus, ews.LegacyFreeBusyStatus.Free);
  assert.strictEqual((await view(me, "2026-12-15T00:00:00Z", "2026-12-16T00:00:00Z")).length, 0);
});

(async () => {
  let failed = 0;
  for (const { name, run } of checks) {
    try {
      await run();
      console.log("ok ews-javascript-api: " + name);
    } catch (error) {
      failed += 1;
      console.log("FAILED ews-javascript-api: " + name + "\n" + (error && (error.stack || error.Message || error)));
    }
  }
  process.exitCode = failed ? 1 : 0;
})();
