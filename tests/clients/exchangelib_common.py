"""What the scripts that drive a server with exchangelib share: the accounts, the list of checks, how they are run."""
import json
import sys
import time
import traceback
import uuid

from exchangelib import BASIC, DELEGATE, Account, Configuration, Credentials, Message

CONTEXT = json.loads(sys.argv[1])
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def account(who, auth_type=BASIC):
    person = CONTEXT[who]
    config = Configuration(
        service_endpoint=CONTEXT["url"],
        credentials=Credentials(person["login"], person["password"]),
        auth_type=auth_type,
    )
    return Account(person["address"], config=config, autodiscover=False, access_type=DELEGATE)


class State:
    """What later checks use of earlier ones."""
    me = peer = folder = None


def word(prefix="x"):
    return "%s%s" % (prefix, uuid.uuid4().hex[:10])


def message(**fields):
    fields.setdefault("subject", word("subject "))
    fields.setdefault("folder", State.folder)
    return Message(account=State.me, **fields)


def same(left, right, what="value"):
    if left != right:
        raise AssertionError("%s: %r is not %r" % (what, left, right))


def raises(error, function):
    try:
        result = function()
    except error as raised:
        return raised
    raise AssertionError("%s expected, got %r" % (error.__name__, result))


def main():
    """Runs every check in turn; the exit status."""
    failed = 0
    for function in CHECKS:
        name = function.__name__.replace("_", " ")
        begun = time.monotonic()
        try:
            function()
        except Exception:
            failed += 1
            print("FAILED exchangelib: %s\n%s" % (name, traceback.format_exc()))
        else:
            print("ok exchangelib: %s (%.1f s)" % (name, time.monotonic() - begun))
        sys.stdout.flush()
    print("exchangelib: %d checks, %d failed" % (len(CHECKS), failed))
    State.me.protocol.close()
    State.peer.protocol.close()
    return 1 if failed else 0
