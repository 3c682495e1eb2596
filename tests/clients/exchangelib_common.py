"""What the scripts that drive a server with exchangelib share: the accounts and their connections."""
import json
import sys

from checks import check, run, same, word  # noqa: F401
from exchangelib import BASIC, DELEGATE, Account, Configuration, Credentials, Message

CONTEXT = json.loads(sys.argv[1])


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


def message(**fields):
    fields.setdefault("subject", word("subject "))
    fields.setdefault("folder", State.folder)
    return Message(account=State.me, **fields)


def raises(error, function):
    try:
        result = function()
    except error as raised:
        return raised
    raise AssertionError("%s expected, got %r" % (error.__name__, result))


def main():
    """Runs every check in turn; the exit status."""
    status = run("exchangelib")
    State.me.protocol.close()
    State.peer.protocol.close()
    return status
