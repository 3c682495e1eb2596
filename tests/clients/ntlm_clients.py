"""Logs in with NTLM as programs in Python do: requests_ntlm, pyspnego (inside SPNEGO, also as the second choice), exchangelib.
usage: ntlm_clients.py CONTEXT (JSON: url, body, address, login, password). See ../suite/door/ntlm.rs."""
import base64
import json
import sys

import requests
import spnego
from exchangelib import DELEGATE, NTLM, Account, Configuration, Credentials
from exchangelib.errors import UnauthorizedError
from requests_ntlm import HttpNtlmAuth

CONTEXT = json.loads(sys.argv[1])
HEADERS = {"Content-Type": "text/xml; charset=utf-8"}


def with_requests_ntlm():
    session = requests.Session()
    session.auth = HttpNtlmAuth(CONTEXT["login"], CONTEXT["password"])
    for _ in range(3):
        answer = session.post(CONTEXT["url"], data=CONTEXT["body"], headers=HEADERS)
        assert answer.status_code == 200, answer.status_code
        assert "NoError" in answer.text
    session = requests.Session()
    session.auth = HttpNtlmAuth(CONTEXT["login"], "wrong")
    assert session.post(CONTEXT["url"], data=CONTEXT["body"], headers=HEADERS).status_code == 401


def post(session, token):
    headers = dict(HEADERS, Authorization="Negotiate " + base64.b64encode(token).decode())
    answer = session.post(CONTEXT["url"], data=CONTEXT["body"], headers=headers)
    said = [word for word in answer.headers.get("WWW-Authenticate", "").split(", ") if word.startswith("Negotiate")]
    parts = said[0].split(" ") if said else []
    return answer, base64.b64decode(parts[1]) if len(parts) == 2 else None


def with_spnego():
    """The token of the last answer is the server's signature over the mechanisms, which pyspnego checks."""
    session = requests.Session()
    client = spnego.client(CONTEXT["login"], CONTEXT["password"], hostname="localhost", service="HTTP",
                           protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
    token = client.step()
    for _ in range(4):
        answer, token = post(session, token)
        if answer.status_code != 401:
            break
        token = client.step(token)
    assert answer.status_code == 200, answer.status_code
    assert answer.headers.get("Persistent-Auth") == "true"
    assert token is not None, "the server signs the list of mechanisms"
    client.step(token)
    assert client.complete
    assert session.post(CONTEXT["url"], data=CONTEXT["body"], headers=HEADERS).status_code == 200


def with_a_spoiled_list():
    """The signature over the list of mechanisms is the last 16 octets of the client's last token."""
    session = requests.Session()
    client = spnego.client(CONTEXT["login"], CONTEXT["password"], hostname="localhost", service="HTTP",
                           protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
    answer, token = post(session, client.step())
    last = bytearray(client.step(token))
    last[-6] ^= 1
    answer, _ = post(session, bytes(last))
    assert answer.status_code == 401, answer.status_code


def with_exchangelib():
    def account(password):
        config = Configuration(service_endpoint=CONTEXT["url"], auth_type=NTLM,
                               credentials=Credentials(CONTEXT["login"], password))
        return Account(CONTEXT["address"], config=config, autodiscover=False, access_type=DELEGATE)
    mine = account(CONTEXT["password"])
    assert mine.inbox.total_count == 0, mine.inbox.total_count
    mine.protocol.close()
    try:
        account("wrong").inbox.refresh()
    except UnauthorizedError:
        return
    raise AssertionError("a wrong password was taken")


def main():
    for function in [with_requests_ntlm, with_spnego, with_a_spoiled_list, with_exchangelib]:
        function()
        print("ok ntlm: %s" % function.__name__.replace("_", " "))
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
