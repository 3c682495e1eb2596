"""The list of checks of a script, what they compare with, and how they are run: one line for each, exit status 1 when one fails."""
import sys
import time
import traceback
import uuid

CHECKS = []
NEEDED = []


def check(function):
    CHECKS.append(function)
    return function


def needed(function):
    """A check without which the others need not be tried."""
    NEEDED.append(function)
    return check(function)


def word(prefix="x"):
    return "%s%s" % (prefix, uuid.uuid4().hex[:10])


def same(left, right, what="value"):
    if left != right:
        raise AssertionError("%s: %r is not %r" % (what, left, right))


def run(client):
    """Runs every check in turn; the exit status."""
    failed = 0
    for function in CHECKS:
        name, begun = function.__name__.replace("_", " "), time.monotonic()
        try:
            function()
        except Exception:
            failed += 1
            print("FAILED %s: %s\n%s" % (client, name, traceback.format_exc()))
            if function in NEEDED:
                break
        else:
            print("ok %s: %s (%.1f s)" % (client, name, time.monotonic() - begun))
        sys.stdout.flush()
    print("%s: %d checks, %d failed" % (client, len(CHECKS), failed))
    return 1 if failed else 0
