"""How clients that cannot be run here look for a server: where they ask in which order, with which words, and what they
read of the answer. Written down from what they are known to do, and asked here in their stead.

| client | why it is not run itself |
|---|---|
| Thunderbird 153 | needs its window |
| DavMail 6.0.1 | is given the server's URL: it has the request and its reader, which nothing in it calls |
| KDE (kdepim-runtime 22.12) | needs its dialog |
| Outlook for Mac, Apple Mail | need a Mac |

See autodiscover_net.py.
"""
import base64
import http.client
import json
import re
import ssl
import xml.etree.ElementTree as tree
from urllib.parse import quote, urlsplit

import dns.exception
import dns.resolver

OUTLOOK = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
POX = "/autodiscover/autodiscover.xml"
SCHEMAS = "http://schemas.microsoft.com/exchange/autodiscover/outlook/"
# Seconds; only a hang reaches it.
DEADLINE = 60


def question(address, declaration="", blank=""):
    """The POX request, with as many blanks as a client has between its elements."""
    lines = ["%s<Autodiscover xmlns=\"%srequestschema/2006\">" % (declaration, SCHEMAS), "<Request>",
             "<EMailAddress>%s</EMailAddress>" % address,
             "<AcceptableResponseSchema>%sresponseschema/2006a</AcceptableResponseSchema>" % SCHEMAS,
             "</Request>", "</Autodiscover>"]
    return blank.join(lines).encode()


class Wire:
    """What passes between a client and whoever it asks."""
    def __init__(self, ca):
        self.tls = ssl.create_default_context(cafile=ca)

    def ask(self, method, url, headers, body=None):
        """Status, header fields and body; none where nobody answers."""
        where = urlsplit(url)
        secure = where.scheme == "https"
        connection = (http.client.HTTPSConnection(where.netloc, timeout=DEADLINE, context=self.tls) if secure
                      else http.client.HTTPConnection(where.netloc, timeout=DEADLINE))
        try:
            connection.request(method, url[url.index(where.netloc) + len(where.netloc):], body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except OSError:
            return None
        finally:
            connection.close()


def service(domain):
    """The host that the domain's record names, or none."""
    try:
        records = dns.resolver.resolve("_autodiscover._tcp." + domain, "SRV")
    except dns.exception.DNSException:
        return None
    return sorted(records, key=lambda record: record.weight)[0].target.to_text(omit_final_dot=True)


def protocols(body):
    """The protocols of an answer, in its order."""
    root = tree.fromstring(body)
    assert root.tag == "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}Autodiscover", root.tag
    account = root.find("%sResponse/%sAccount" % (OUTLOOK, OUTLOOK))
    assert account is not None, body
    return [(protocol.findtext(OUTLOOK + "Type"), protocol) for protocol in account.findall(OUTLOOK + "Protocol")]


class Client:
    name = None
    content_type = "text/xml; charset=utf-8"
    agent = None
    # Whether credentials go with the first request, or with the one behind a refusal.
    preemptive = True

    def __init__(self, wire, address, password):
        self.wire, self.address = wire, address
        self.login = "Basic " + base64.b64encode(("%s:%s" % (address, password)).encode()).decode()

    @property
    def domain(self):
        return self.address.split("@")[1]

    def headers(self, *more):
        fields = {"Content-Type": self.content_type, "Accept": "*/*"}
        if self.agent:
            fields["User-Agent"] = self.agent
        return dict(fields, **dict(more))

    def post(self, url):
        """The body of a good answer, or none."""
        if not self.preemptive:
            bare = self.wire.ask("POST", url, self.headers(), self.body())
            if bare is None:
                return None
            status, fields, _ = bare
            assert status == 401 and fields.get_all("WWW-Authenticate"), (self.name, url, status)
        answer = self.wire.ask("POST", url, self.headers(("Authorization", self.login)), self.body())
        return answer if answer and answer[0] == 200 else None

    def redirected(self, url):
        """Where a request without credentials over HTTP is sent on to, or none."""
        answer = self.wire.ask("POST", url, self.headers(), self.body())
        if answer is None or answer[0] not in (301, 302, 307):
            return None
        target = answer[1]["Location"]
        return target if target.startswith("https:") else None

    def found(self, hops=2):
        """The URL that it takes for the server's, or none. Under another address it is still logged in as the first."""
        for url in self.places():
            answer = url and self.post(url)
            if not answer:
                continue
            is_xml = answer[2].startswith(b"<?xml")
            moved = is_xml and tree.fromstring(answer[2]).findtext(".//%sRedirectAddr" % OUTLOOK)
            if not moved:
                return self.read(answer)
            assert hops, "sent from address to address"
            self.address = moved
            return self.found(hops - 1)
        return None


class Thunderbird(Client):
    """ExchangeAutoDiscover.sys.mjs: four at once, of which the first in this order wins that has an answer."""
    name = "Thunderbird"
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"

    def body(self):
        return question(self.address, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n    ", "\n      ")

    def places(self):
        yield "https://autodiscover.%s%s" % (self.domain, POX)
        yield "https://%s%s" % (self.domain, POX)
        # The redirect makes a GET of the POST, without credentials: that must fail, or nothing is asked again.
        target = self.redirected("http://autodiscover.%s%s" % (self.domain, POX))
        if target:
            assert self.wire.ask("GET", target, self.headers())[0] == 401, target
            yield target
        host = service(self.domain)
        yield host and "https://%s%s" % (host, POX)

    def read(self, answer):
        """EwsUrl of the last of EXHTTP and EXCH, or else ASUrl. WEB is passed over where it names no web mail."""
        url = None
        for kind, protocol in protocols(answer[2]):
            if kind in ("EXHTTP", "EXCH"):
                url = protocol.findtext(OUTLOOK + "EwsUrl") or protocol.findtext(OUTLOOK + "ASUrl")
        return url


class DavMail(Client):
    """AutoDiscoverMethod.java: reads lines, and no XML; the content type must be the very one."""
    name = "DavMail"
    content_type = "text/xml; charset=UTF-8"
    preemptive = False

    def body(self):
        return question(self.address)

    def places(self):
        # Those of older versions, which asked.
        yield "https://%s%s" % (self.domain, POX)
        yield "https://autodiscover.%s%s" % (self.domain, POX)

    def read(self, answer):
        assert answer[1]["Content-Type"] == "text/xml; charset=utf-8", answer[1]["Content-Type"]
        line = next(line for line in answer[2].decode().splitlines() if "<EwsUrl>" in line or "</EwsUrl>" in line)
        return line[line.index("<EwsUrl>") + len("<EwsUrl>"):line.index("</EwsUrl>")]


class Kde(Client):
    """ASUrl, or else EwsUrl, of either."""
    name = "KDE"
    preemptive = False

    def body(self):
        return question(self.address, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")

    def places(self):
        for scheme in ("https", "http"):
            for host in (self.domain, "autodiscover." + self.domain):
                url = "%s://%s%s" % (scheme, host, POX)
                yield self.redirected(url) if scheme == "http" else url

    def read(self, answer):
        found = protocols(answer[2])
        urls = [protocol.findtext(OUTLOOK + name) for name in ("ASUrl", "EwsUrl") for _, protocol in found]
        return next(url for url in urls if url)


class OutlookForMac(Client):
    """EwsUrl of EXPR, else of EXCH; follows a redirect of autodiscover.<domain>, of which it asks its user."""
    name = "Outlook for Mac"
    preemptive = False

    def body(self):
        return question(self.address, "<?xml version=\"1.0\" encoding=\"utf-8\"?>")

    def places(self):
        yield "https://%s%s" % (self.domain, POX)
        yield "https://autodiscover.%s%s" % (self.domain, POX)
        answer = self.wire.ask("GET", "http://autodiscover.%s%s" % (self.domain, POX), self.headers())
        yield answer and answer[0] == 302 and answer[1]["Location"]

    def read(self, answer):
        kinds = dict(protocols(answer[2]))
        for kind in ("EXPR", "EXCH"):
            assert kinds[kind].findtext(OUTLOOK + "OOFUrl"), kind
        return kinds["EXPR"].findtext(OUTLOOK + "EwsUrl") or kinds["EXCH"].findtext(OUTLOOK + "EwsUrl")


class AppleMail(Client):
    """The JSON form, without credentials."""
    name = "Apple Mail"

    def places(self):
        for host in ("autodiscover." + self.domain, self.domain):
            yield "https://%s/autodiscover/autodiscover.json?Email=%s&Protocol=EWS" % (host, quote(self.address))

    def post(self, url):
        answer = self.wire.ask("GET", url, {"Accept": "application/json"})
        return answer if answer and answer[0] == 200 else None

    def read(self, answer):
        assert re.match("application/json", answer[1]["Content-Type"])
        return json.loads(answer[2])["Url"]


CLIENTS = (Thunderbird, DavMail, Kde, OutlookForMac, AppleMail)
