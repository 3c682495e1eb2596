// Drives a server with ews-javascript-api, unmodified: one line for each check, exit status 1 when one fails.
//
// usage: ewsjs_client.js CONTEXT, a JSON document: {"url", "me": {"address", "login", "password"}, "peer": {...}}
// Both mailboxes belong to this run alone. See ../suite/clients.rs, which starts it with NODE_PATH set.
"use strict";
const assert = require("assert");
const ews = require("ews-javascript-api");

const context = JSON.parse(process.argv[2]);
const checks = [];
const check = (name, run) => checks.push({ name, run });
const word = (prefix) => prefix + " " + Math.random().toString(36).slice(2, 10);

function connect(who) {
  const service = new ews.ExchangeService(ews.ExchangeVersion.Exchange2013_SP1);
  service.Credentials = new ews.WebCredentials(context[who].login, context[who].password);
  service.Url = new ews.Uri(context.url);
  return service;
}

const me = connect("me");
const peer = connect("peer");
const inbox = new ews.FolderId(ews.WellKnownFolderName.Inbox);
const drafts = new ews.FolderId(ews.WellKnownFolderName.Drafts);
const sent = new ews.FolderId(ews.WellKnownFolderName.SentItems);
const top = new ews.FolderId(ews.WellKnownFolderName.MsgFolderRoot);
const firstClass = () => new ews.PropertySet(ews.BasePropertySet.FirstClassProperties);

async function code(promise) {
  try {
    await promise;
  } catch (error) {
    return ews.ServiceError[error.ErrorCode];
  }
  return "no error";
}

async function withSubject(service, folder, subject) {
  const filter = new ews.SearchFilter.IsEqualTo(ews.ItemSchema.Subject, subject);
  return (await service.FindItems(folder, filter, new ews.ItemView(10))).Items;
}

async function draft(subject, folder = drafts) {
  const message = new ews.EmailMessage(me);
  message.Subject = subject;
  message.Body = new ews.MessageBody(ews.BodyType.Text, "words of " + subject);
  message.ToRecipients.Add(context.peer.address);
  await message.Save(folder);
  return message;
}

check("binds the inbox", async () => {
  const folder = await ews.Folder.Bind(me, ews.WellKnownFolderName.Inbox);
  assert.strictEqual(folder.DisplayName, "Inbox");
  assert.ok(folder.Id.UniqueId);
  assert.strictEqual(folder.TotalCount, 0);
  assert.strictEqual(me.ServerInfo.MajorVersion, 15);
});

check("refuses a wrong password", async () => {
  const wrong = connect("me");
  wrong.Credentials = new ews.WebCredentials(context.me.login, "not it");
  await assert.rejects(ews.Folder.Bind(wrong, ews.WellKnownFolderName.Inbox), /401|Unauthorized/i);
});

check("finds the folders", async () => {
  const found = await me.FindFolders(top, new ews.FolderView(100));
  assert.ok(found.TotalCount >= 8, "only " + found.TotalCount);
  const names = found.Folders.map((f) => f.DisplayName);
  for (const name of ["Inbox", "Drafts", "Sent Items", "Calendar"]) assert.ok(names.includes(name), names.join());
});

let folder;
check("creates, renames and binds a folder", async () => {
  folder = new ews.Folder(me);
  folder.DisplayName = word("Js");
  await folder.Save(top);
  const bound = await ews.Folder.Bind(me, folder.Id);
  assert.strictEqual(bound.DisplayName, folder.DisplayName);
  bound.DisplayName = word("Renamed");
  await bound.Update();
  folder = await ews.Folder.Bind(me, folder.Id);
  assert.strictEqual(folder.DisplayName, bound.DisplayName);
});

check("saves and loads a message", async () => {
  const subject = word("Saved");
  const message = await draft(subject);
  const loaded = await ews.EmailMessage.Bind(me, message.Id, firstClass());
  assert.strictEqual(loaded.Subject, subject);
  assert.strictEqual(loaded.Body.Text.trim(), "words of " + subject);
  assert.strictEqual(loaded.IsDraft, true);
  assert.strictEqual(loaded.ToRecipients.GetEnumerator()[0].Address, context.peer.address);
  loaded.Subject = word("Changed");
  loaded.Importance = ews.Importance.High;
  await loaded.Update(ews.ConflictResolutionMode.AutoResolve);
  await message.Load(firstClass());
  assert.strictEqual(message.Subject, loaded.Subject);
  assert.strictEqual(message.Importance, ews.Importance.High);
});

check("keeps an extended property", async () => {
  const property = new ews.ExtendedPropertyDefinition(
    ews.DefaultExtendedPropertySet.PublicStrings, "EwsdJs", ews.MapiPropertyType.String);
  const message = new ews.EmailMessage(me);
  message.Subject = word("Extended");
  message.SetExtendedProperty(property, "wörd");
  await message.Save(drafts);
  const loaded = await ews.EmailMessage.Bind(me, message.Id, new ews.PropertySet(ews.BasePropertySet.IdOnly, [property]));
  const value = { outValue: null };
  assert.ok(loaded.TryGetProperty(property, value), "no value");
  assert.strictEqual(value.outValue, "wörd");
  const found = await me.FindItems(drafts, new ews.SearchFilter.IsEqualTo(property, "wörd"), new ews.ItemView(5));
  assert.strictEqual(found.Items.length, 1);
});

check("finds by page, order and filter", async () => {
  const mark = word("Page");
  for (const n of [3, 1, 4, 2, 0]) {
    const message = new ews.EmailMessage(me);
    message.Subject = mark + " " + n;
    await message.Save(folder.Id);
  }
  const view = new ews.ItemView(2);
  view.OrderBy.Add(ews.ItemSchema.Subject, ews.SortDirection.Ascending);
  const seen = [];
  for (;;) {
    const page = await me.FindItems(folder.Id, view);
    assert.strictEqual(page.TotalCount, 5);
    seen.push(...page.Items.map((i) => i.Subject));
    if (!page.MoreAvailable) break;
    view.Offset = page.NextPageOffset;
  }
  assert.deepStrictEqual(seen, [0, 1, 2, 3, 4].map((n) => mark + " " + n));
  const contains = new ews.SearchFilter.ContainsSubstring(ews.ItemSchema.Subject, "GE " + mark.slice(5) + " 3",
    ews.ContainmentMode.Substring, ews.ComparisonMode.IgnoreCase);
  assert.strictEqual((await me.FindItems(folder.Id, contains, new ews.ItemView(10))).Items.length, 1);
});

check("loads properties of several items", async () => {
  const found = (await me.FindItems(folder.Id, new ews.ItemView(3))).Items;
  const responses = await me.LoadPropertiesForItems(found, firstClass());
  assert.strictEqual(responses.OverallResult, ews.ServiceResult.Success);
  assert.ok(found.every((i) => i.Subject.startsWith("Page")));
});

check("attaches, loads and deletes a file", async () => {
  const message = await draft(word("Attached"));
  message.Attachments.AddFileAttachment("note.txt", Buffer.from("attached words").toString("base64"));
  await message.Update(ews.ConflictResolutionMode.AlwaysOverwrite);
  const loaded = await ews.EmailMessage.Bind(me, message.Id, firstClass());
  assert.strictEqual(loaded.HasAttachments, true);
  const file = loaded.Attachments.Items[0];
  assert.strictEqual(file.Name, "note.txt");
  await file.Load();
  assert.strictEqual(Buffer.from(file.Base64Content, "base64").toString(), "attached words");
  loaded.Attachments.Remove(file);
  await loaded.Update(ews.ConflictResolutionMode.AlwaysOverwrite);
  const after = await ews.EmailMessage.Bind(me, message.Id, firstClass());
  assert.strictEqual(after.Attachments.Count, 0);
});

check("moves, copies and deletes", async () => {
  const subject = word("Moved");
  const message = await draft(subject);
  const copy = await message.Copy(folder.Id);
  const moved = await message.Move(folder.Id);
  assert.notStrictEqual(moved.Id.UniqueId, message.Id.UniqueId);
  assert.notStrictEqual(moved.Id.UniqueId, copy.Id.UniqueId);
  assert.strictEqual(await code(ews.EmailMessage.Bind(me, message.Id)), "ErrorItemNotFound");
  assert.strictEqual((await withSubject(me, folder.Id, subject)).length, 2);
  await moved.Delete(ews.DeleteMode.MoveToDeletedItems);
  const trash = new ews.FolderId(ews.WellKnownFolderName.DeletedItems);
  assert.strictEqual((await withSubject(me, trash, subject)).length, 1);
  await copy.Delete(ews.DeleteMode.HardDelete);
  assert.strictEqual((await withSubject(me, folder.Id, subject)).length, 0);
});

check("sends a draft", async () => {
  const subject = word("Draft");
  const message = await draft(subject);
  await message.Load(firstClass());
  await message.SendAndSaveCopy();
  const got = await withSubject(peer, inbox, subject);
  assert.strictEqual(got.length, 1);
  assert.strictEqual((await withSubject(me, sent, subject)).length, 1);
  const loaded = await ews.EmailMessage.Bind(peer, got[0].Id, firstClass());
  assert.strictEqual(loaded.From.Address, context.me.address);
  assert.strictEqual(loaded.Body.Text.trim(), "words of " + subject);
  loaded.IsRead = true;
  await loaded.Update(ews.ConflictResolutionMode.AutoResolve);
});

check("sends at once", async () => {
  const subject = word("Direct");
  const message = new ews.EmailMessage(me);
  message.Subject = subject;
  // The library writes text as it is: its users have to escape it.
  message.Body = new ews.MessageBody(ews.BodyType.HTML, "&lt;p&gt;Hello &lt;b&gt;there&lt;/b&gt;&lt;/p&gt;");
  message.ToRecipients.Add(context.peer.address);
  await message.SendAndSaveCopy();
  const got = await withSubject(peer, inbox, subject);
  assert.strictEqual(got.length, 1);
  const loaded = await ews.EmailMessage.Bind(peer, got[0].Id, firstClass());
  assert.strictEqual(loaded.Body.BodyType, ews.BodyType.HTML);
  assert.ok(loaded.Body.Text.includes("<b>there</b>"));
});

check("syncs folders", async () => {
  let changes = await me.SyncFolderHierarchy(top, firstClass(), null);
  assert.ok(changes.Count > 8);
  const extra = new ews.Folder(me);
  extra.DisplayName = word("Synced");
  await extra.Save(top);
  changes = await me.SyncFolderHierarchy(top, firstClass(), changes.SyncState);
  const made = changes.changes.filter((c) => c.FolderId.UniqueId === extra.Id.UniqueId);
  assert.deepStrictEqual(made.map((c) => ews.ChangeType[c.ChangeType]), ["Create"]);
  await extra.Delete(ews.DeleteMode.HardDelete);
  changes = await me.SyncFolderHierarchy(top, firstClass(), changes.SyncState);
  const gone = changes.changes.filter((c) => c.FolderId.UniqueId === extra.Id.UniqueId);
  assert.deepStrictEqual(gone.map((c) => ews.ChangeType[c.ChangeType]), ["Delete"]);
});

check("syncs items", async () => {
  const sync = (state) => me.SyncFolderItems(folder.Id, new ews.PropertySet(ews.BasePropertySet.IdOnly), null, 2,
    ews.SyncFolderItemsScope.NormalItems, state);
  let changes = await sync(null);
  let count = changes.Count;
  while (changes.MoreChangesAvailable) {
    changes = await sync(changes.SyncState);
    count += changes.Count;
  }
  assert.strictEqual(count, 5);
  await draft(word("Late"), folder.Id);
  changes = await sync(changes.SyncState);
  assert.deepStrictEqual(changes.changes.map((c) => ews.ChangeType[c.ChangeType]), ["Create"]);
});

check("subscribes and polls", async () => {
  const subscription = await me.SubscribeToPullNotifications([folder.Id], 5, null,
    ews.EventType.Created, ews.EventType.Modified, ews.EventType.Deleted, ews.EventType.Moved);
  assert.ok(subscription.Id && subscription.Watermark);
  const message = await draft(word("Watched"), folder.Id);
  const results = await subscription.GetEvents();
  const items = results.ItemEvents.filter((e) => e.ItemId.UniqueId === message.Id.UniqueId);
  assert.ok(items.some((e) => e.EventType === ews.EventType.Created), "no Created event");
  await subscription.Unsubscribe();
  assert.strictEqual(await code(subscription.GetEvents()), "ErrorSubscriptionNotFound");
});

check("resolves a name", async () => {
  const found = await me.ResolveName(context.peer.address, ews.ResolveNameSearchLocation.DirectoryOnly, true);
  assert.strictEqual(found.Count, 1);
  assert.strictEqual(found._getItem(0).Mailbox.Address, context.peer.address);
});

check("is told by a stream", async () => {
  const subscription = await me.SubscribeToStreamingNotifications([inbox], ews.EventType.NewMail);
  const connection = new ews.StreamingSubscriptionConnection(me, 1);
  connection.AddSubscription(subscription);
  const told = new Promise((resolve, reject) => {
    connection.OnNotificationEvent.push((_, args) => resolve(args.Events));
    connection.OnSubscriptionError.push((_, args) => reject(args.Exception));
  });
  connection.Open();
  const subject = word("Streamed");
  const message = new ews.EmailMessage(peer);
  message.Subject = subject;
  message.Body = new ews.MessageBody("x");
  message.ToRecipients.Add(context.me.address);
  await message.Send();
  const events = await told;
  assert.deepStrictEqual(events.map((event) => event.EventType), [ews.EventType.NewMail]);
  const found = await withSubject(me, inbox, subject);
  assert.strictEqual(events[0].ItemId.UniqueId, found[0].Id.UniqueId);
  connection.Close();
  await subscription.Unsubscribe();
});

check("keeps postal addresses", async () => {
  const contact = new ews.Contact(me);
  contact.GivenName = "Jana";
  contact.Surname = word("Nov");
  const home = new ews.PhysicalAddressEntry();
  Object.assign(home, { Street: "Lesní 1", City: "Brno", State: "JM", CountryOrRegion: "CZ", PostalCode: "602 00" });
  contact.PhysicalAddresses._setItem(ews.PhysicalAddressKey.Home, home);
  contact.EmailAddresses._setItem(ews.EmailAddressKey.EmailAddress1, new ews.EmailAddress("jana@elsewhere.test"));
  contact.PostalAddressIndex = ews.PhysicalAddressIndex.Home;
  await contact.Save(new ews.FolderId(ews.WellKnownFolderName.Contacts));
  const read = () => ews.Contact.Bind(me, contact.Id, firstClass());
  const loaded = await read();
  const stored = loaded.PhysicalAddresses._getItem(ews.PhysicalAddressKey.Home);
  assert.deepStrictEqual([stored.Street, stored.City, stored.State, stored.CountryOrRegion, stored.PostalCode],
    ["Lesní 1", "Brno", "JM", "CZ", "602 00"]);
  // A part of it that is changed in place is not sent by this library.
  await loaded.Delete(ews.DeleteMode.HardDelete);
});

check("keeps a list with its members", async () => {
  const group = new ews.ContactGroup(me);
  group.DisplayName = word("Group");
  group.Members.Add(new ews.GroupMember("one@elsewhere.test"));
  group.Members.Add(new ews.GroupMember("two@elsewhere.test"));
  await group.Save(new ews.FolderId(ews.WellKnownFolderName.Contacts));
  const read = () => ews.ContactGroup.Bind(me, group.Id, new ews.PropertySet(ews.BasePropertySet.FirstClassProperties,
    [ews.ContactGroupSchema.Members]));
  const addresses = (list) => list.Members.Items.map((member) => member.AddressInformation.Address);
  let stored = await read();
  assert.deepStrictEqual(addresses(stored), ["one@elsewhere.test", "two@elsewhere.test"]);
  stored.Members.Add(new ews.GroupMember("three@elsewhere.test"));
  stored.Members.RemoveAt(0);
  await stored.Update(ews.ConflictResolutionMode.AlwaysOverwrite);
  stored = await read();
  assert.deepStrictEqual(addresses(stored), ["two@elsewhere.test", "three@elsewhere.test"]);
  const expanded = await me.ExpandGroup(group.Id);
  assert.deepStrictEqual(expanded.Members.map((member) => member.Address), addresses(stored));
  await stored.Delete(ews.DeleteMode.HardDelete);
});

check("cleans up", async () => {
  await folder.Delete(ews.DeleteMode.HardDelete);
  const gone = await code(ews.Folder.Bind(me, folder.Id));
  assert.ok(["ErrorFolderNotFound", "ErrorItemNotFound"].includes(gone), gone);
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
