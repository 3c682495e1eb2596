"""What the scripts that drive DavMail as a CalDAV and CardDAV server share: a WebDAV client that reads what it is sent,
and EWS requests of our own, beside DavMail, that look at what is stored."""
import base64
import http.client
import time
import urllib.parse
import uuid
import xml.etree.ElementTree as xml
from xml.sax.saxutils import escape

from davmail_common import CONTEXT

DEADLINE = 60
DAV, CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
CARD, SERVER = "{urn:ietf:params:xml:ns:carddav}", "{http://calendarserver.org/ns/}"
TYPES = "{http://schemas.microsoft.com/exchange/services/2006/types}"
MESSAGES = "{http://schemas.microsoft.com/exchange/services/2006/messages}"


class State:
    gateway = None


def word(prefix="x"):
    return "%s%s" % (prefix, uuid.uuid4().hex[:10])


def until(function, what):
    """What a function gives, as soon as that is something."""
    end = time.monotonic() + DEADLINE
    while True:
        found = function()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("not seen in time: " + what)
        time.sleep(0.1)


def basic(who):
    return "Basic " + base64.b64encode(("%(login)s:%(password)s" % CONTEXT[who]).encode()).decode()


# WebDAV

class Answer:
    def __init__(self, answer):
        self.status, self.headers = answer.status, answer.headers
        self.octets = answer.read()
        self.text = self.octets.decode()

    def etag(self):
        return self.headers["ETag"]

    def name(self):
        """What the resource is called by the server."""
        return urllib.parse.unquote(self.headers["Location"].rsplit("/", 1)[-1])

    def responses(self):
        """Of a multistatus, by the last name of each path: its properties by their XML names."""
        found = {}
        for response in xml.fromstring(self.octets).findall(DAV + "response"):
            name = urllib.parse.unquote(response.find(DAV + "href").text).rstrip("/").rsplit("/", 1)[-1]
            status = response.find(".//" + DAV + "status")
            found[name] = {prop.tag: prop for prop in response.findall("%spropstat/%sprop/*" % (DAV, DAV))}
            found[name]["status"] = status.text if status is not None else ""
        return found


def home(who="me"):
    return "/users/%s/" % CONTEXT[who]["address"]


def dav(method, path, body=None, who="me", wanted=None, **headers):
    """One request to DavMail; a path that does not begin with / is below the person's own folders."""
    path = urllib.parse.quote(path if path.startswith("/") else home(who) + path, safe="/@")
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers["Authorization"] = basic(who)
    connection = http.client.HTTPConnection("127.0.0.1", State.gateway.ports["caldav"], timeout=120)
    try:
        connection.request(method, path, body.encode() if body is not None else None, headers)
        answer = Answer(connection.getresponse())
    finally:
        connection.close()
    if wanted is not None and answer.status != wanted:
        raise AssertionError("%s %s: %d, not %d\n%s" % (method, path, answer.status, wanted, answer.text))
    return answer


def properties(path, *names, who="me", depth="0"):
    body = '<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" ' \
        'xmlns:S="http://calendarserver.org/ns/"><D:prop>%s</D:prop></D:propfind>' % "".join("<%s/>" % n for n in names)
    return dav("PROPFIND", path, body, who, 207, Depth=depth).responses()


def ctag(folder="calendar", who="me"):
    return properties(folder, "S:getctag", who=who)[folder][SERVER + "getctag"].text


def query(start=None, end=None, kind="VEVENT", folder="calendar", who="me"):
    """calendar-query: what is in a range, by name."""
    span = '<C:time-range start="%s" end="%s"/>' % (start, end) if start else ""
    body = '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>' \
        '<C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="%s">%s' \
        '</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>' % (kind, span)
    return dav("REPORT", folder + "/", body, who, 207, Depth="1").responses()


def multiget(*names, folder="calendar", who="me"):
    hrefs = "".join("<D:href>%s%s/%s</D:href>" % (home(who), folder, escape(name)) for name in names)
    body = '<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>' \
        '<C:calendar-data/></D:prop>%s</C:calendar-multiget>' % hrefs
    return dav("REPORT", folder + "/", body, who, 207, Depth="1").responses()


# iCalendar and vCard

class Part:
    """A component: its kind, its properties as (name, parameters, value), the components in it."""

    def __init__(self, kind):
        self.kind, self.lines, self.parts = kind, [], []

    def all(self, name):
        return [(parameters, value) for key, parameters, value in self.lines if key == name]

    def get(self, name):
        found = self.all(name)
        if len(found) > 1:
            raise AssertionError("%d times %s in %s" % (len(found), name, self.kind))
        return found[0][1] if found else None

    def having(self, name, value):
        """The parameters of each property with a value."""
        found = [parameters for parameters, text in self.all(name) if text.lower() == value.lower()]
        if not found:
            raise AssertionError("no %s:%s: %r" % (name, value, self.lines))
        return found

    def inner(self, kind):
        return [part for part in self.parts if part.kind == kind]


def read(text):
    stack = [Part("")]
    for line in text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "").split("\n"):
        if not line.strip():
            continue
        head, value = line.split(":", 1)
        while head.count('"') % 2:
            more, value = value.split(":", 1)
            head += ":" + more
        name, *parameters = head.split(";")
        if name == "BEGIN":
            stack[-1].parts.append(Part(value))
            stack.append(stack[-1].parts[-1])
        elif name == "END":
            stack.pop()
        else:
            parameters = dict((p.upper().split("=", 1) if "=" in p else (p, "")) for p in parameters)
            stack[-1].lines.append((name.upper(), parameters, value))
    if len(stack) != 1:
        raise AssertionError("not closed: " + text)
    return stack[0].parts[0]


def events(text):
    return read(text).inner("VEVENT")


def get(name, who="me", folder="calendar"):
    """The events that DavMail tells of a resource, the series itself first."""
    return events(dav("GET", "%s/%s" % (folder, name), who=who, wanted=200).text)


BERLIN = (
    "BEGIN:VTIMEZONE", "TZID:Europe/Berlin",
    "BEGIN:DAYLIGHT", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "TZNAME:CEST", "DTSTART:19700329T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT",
    "BEGIN:STANDARD", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "TZNAME:CET", "DTSTART:19701025T030000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD", "END:VTIMEZONE",
)


def calendar(*components):
    """A calendar of components, which are lists of lines without BEGIN and END."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//gateway//EN", *BERLIN]
    for component in components:
        lines += ["BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *component, "END:VEVENT"]
    return "\r\n".join(lines + ["END:VCALENDAR", ""])


def at(day, hour, minute=0, month=12, name="DTSTART"):
    return "%s;TZID=Europe/Berlin:2026%02d%02dT%02d%02d00" % (name, month, day, hour, minute)


# EWS

ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' \
    'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" ' \
    'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Header>' \
    '<t:RequestServerVersion Version="Exchange2016"/></s:Header><s:Body>%s</s:Body></s:Envelope>'


def ews(body, who="me"):
    url = urllib.parse.urlsplit(CONTEXT["url"])
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=120)
    try:
        head = {"Content-Type": "text/xml; charset=utf-8", "Authorization": basic(who)}
        connection.request("POST", url.path, (ENVELOPE % body).encode(), head)
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    answer = xml.fromstring(text)
    codes = {code.text for code in answer.iter(MESSAGES + "ResponseCode")}
    if codes != {"NoError"}:
        raise AssertionError("%s\n%s" % (body, text))
    return answer


class Stored:
    """An item as EWS tells of it."""

    def __init__(self, element, who):
        self.element, self.who = element, who
        self.kind = element.tag.replace(TYPES, "")
        found = element.find(TYPES + "ItemId")
        self.id, self.key = found.get("Id"), found.get("ChangeKey")

    def text(self, *path):
        return self.element.findtext("/".join(TYPES + name for name in path))

    def all(self, *path):
        return self.element.findall("/".join(TYPES + name for name in path))

    def told(self, *names):
        return tuple(self.text(name) for name in names)

    def attendees(self):
        """Addresses with their answers."""
        return {
            attendee.findtext("%sMailbox/%sEmailAddress" % (TYPES, TYPES)).lower():
                attendee.findtext(TYPES + "ResponseType")
            for attendee in self.all("RequiredAttendees", "Attendee") + self.all("OptionalAttendees", "Attendee")
        }

    def again(self):
        also = {"CalendarItem": OF_EVENTS, "MeetingRequest": OF_MESSAGES, "MeetingResponse": OF_MESSAGES,
                "MeetingCancellation": OF_MESSAGES, "Contact": OF_CONTACTS}
        return stored(self.id, self.who, also.get(self.kind, ()))


def items(answer, who):
    parents = list(answer.iter(TYPES + "Items")) + list(answer.iter(MESSAGES + "Items"))
    return [Stored(element, who) for parent in parents for element in parent]


SHAPE = '<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:BodyType>Text</t:BodyType>' \
    '<t:AdditionalProperties>%s</t:AdditionalProperties></m:ItemShape>'
OF_EVENTS = ("calendar:UID", "calendar:IsOrganizer")
OF_MESSAGES = ("calendar:UID", "meeting:IsOutOfDate", "meeting:ResponseType")
OF_CONTACTS = ("contacts:CompanyName", "contacts:Birthday")


def stored(item, who="me", also=()):
    shape = SHAPE % "".join('<t:FieldURI FieldURI="%s"/>' % name for name in ("item:Body", *also))
    return items(ews('<m:GetItem>%s<m:ItemIds><t:ItemId Id="%s"/></m:ItemIds></m:GetItem>' % (shape, item), who),
        who)[0]


def listed(folder, who="me", view=""):
    answer = ews(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>%s'
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="%s"/></m:ParentFolderIds></m:FindItem>' % (view, folder), who)
    return items(answer, who)


def shown(subject, who="me", first="2026-12-01", last="2027-01-01"):
    """What a view of the calendar shows under a subject, by EWS, in full."""
    view = '<m:CalendarView StartDate="%sT00:00:00Z" EndDate="%sT00:00:00Z"/>' % (first, last)
    return [item.again() for item in listed("calendar", who, view) if subject in (item.text("Subject") or "")]


def found(subject, folder="calendar", who="me"):
    """Items of a folder whose subject holds a text, without a view."""
    return [item.again() for item in listed(folder, who) if subject in (item.text("Subject") or "")]


def one(found):
    if len(found) != 1:
        raise AssertionError("%d items, not one: %r" % (len(found), [item.text("Subject") for item in found]))
    return found[0]


def change(item, field, element):
    """Sets a field of a calendar item by EWS, and tells nobody."""
    ews('<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone" '
        'MessageDisposition="SaveOnly"><m:ItemChanges><t:ItemChange><t:ItemId Id="%s"/><t:Updates><t:SetItemField>'
        '<t:FieldURI FieldURI="%s"/><t:CalendarItem>%s</t:CalendarItem></t:SetItemField></t:Updates></t:ItemChange>'
        '</m:ItemChanges></m:UpdateItem>' % (item.id, field, element), item.who)


def delete(item, kind="HardDelete"):
    ews('<m:DeleteItem DeleteType="%s" SendMeetingCancellations="SendToNone" AffectedTaskOccurrences="AllOccurrences">'
        '<m:ItemIds><t:ItemId Id="%s"/></m:ItemIds></m:DeleteItem>' % (kind, item.id), item.who)
