"""Lets Evolution set an account up from an address and a password alone, as its assistant does, without its window: what
the assistant asks is evolution-ews' lookup, and what that finds is written into the sources of an account, which is then
opened.

usage: evolution_setup.py CONTEXT, a JSON document: {"me": {"address", "login", "password"}, "expected": the URL to find,
"guesses": whether a wrong password is tried before}. See autodiscover_net.py, which starts it in a network of its own.
"""
import ctypes
import sys

from evolution_common import COLLECTION, CONTEXT, check, log_in, main, needed, opened, registry, same, wait

import gi

gi.require_version("ECal", "2.0")
from gi.repository import ECal, EDataServer  # noqa: E402

FOLDER = "/usr/lib/evolution/"
# EConfigLookupSourceKind and EConfigLookupResultKind.
SOURCE_COLLECTION, SOURCE_ACCOUNT, SOURCE_TRANSPORT = 1, 2, 4
RESULT_COLLECTION = 1
POINTER, TEXT = ctypes.c_void_p, ctypes.c_char_p


def function(library, name, result, *arguments):
    found = getattr(library, name)
    found.restype, found.argtypes = result, arguments
    return found


class Assistant:
    """What is behind the assistant's window: no introspection knows it, so it is called as C would."""
    def __init__(self):
        util = ctypes.CDLL(FOLDER + "libevolution-util.so.0", mode=ctypes.RTLD_GLOBAL)
        server, objects = ctypes.CDLL("libedataserver-1.2.so.27"), ctypes.CDLL("libgobject-2.0.so.0")
        load = function(server, "e_module_load_file", POINTER, TEXT)
        assert load((FOLDER + "modules/module-ews-configuration.so").encode())
        self.parameters = function(server, "e_named_parameters_new", POINTER)
        self.put = function(server, "e_named_parameters_set", None, POINTER, TEXT, TEXT)
        self.run = function(util, "e_config_lookup_run", None, POINTER, POINTER, POINTER, POINTER, POINTER)
        self.busy = function(util, "e_config_lookup_get_busy", ctypes.c_int, POINTER)
        self.results = function(util, "e_config_lookup_dup_results", POINTER, POINTER, ctypes.c_int, TEXT)
        self.configure = function(util, "e_config_lookup_result_configure_source", ctypes.c_int,
                                  POINTER, POINTER, POINTER)
        self.lookup = function(util, "e_config_lookup_new", POINTER, POINTER)(hash(registry()))
        # A GObject's address is what its hash is in Python.
        self.sources = {SOURCE_COLLECTION: EDataServer.Source.new_with_uid(COLLECTION, None),
                        SOURCE_ACCOUNT: EDataServer.Source.new(None, None),
                        SOURCE_TRANSPORT: EDataServer.Source.new(None, None)}
        # The assistant has its field for the user's name filled in so.
        for source in self.sources.values():
            source.get_extension(EDataServer.SOURCE_EXTENSION_AUTHENTICATION).set_user(CONTEXT["me"]["address"])
        kind = ctypes.CFUNCTYPE(POINTER, POINTER, ctypes.c_int, POINTER)
        self.asked = kind(lambda _, kind, __: hash(self.sources[kind]) if kind in self.sources else None)
        connect = function(objects, "g_signal_connect_data", ctypes.c_ulong,
                           POINTER, TEXT, kind, POINTER, POINTER, ctypes.c_int)
        connect(self.lookup, b"get-source", self.asked, None, None, 0)

    def look(self, address, password):
        """The results of the lookup, which runs in threads of its own."""
        parameters = self.parameters()
        self.put(parameters, b"email-address", address.encode())
        self.put(parameters, b"password", password.encode())
        self.run(self.lookup, parameters, None, None, None)
        wait(lambda: not self.busy(self.lookup), "the end of the lookup")
        found, node = [], self.results(self.lookup, RESULT_COLLECTION, b"ews")
        while node:
            data, node = ctypes.cast(node, ctypes.POINTER(POINTER))[0:2]
            found.append(data)
        return found


ASSISTANT = Assistant()


def finds_nothing_with_a_wrong_password():
    same(ASSISTANT.look(CONTEXT["me"]["address"], "wrong"), [], "what is found")


if CONTEXT["guesses"]:
    check(finds_nothing_with_a_wrong_password)


@needed
def finds_the_server():
    found = ASSISTANT.look(CONTEXT["me"]["address"], CONTEXT["me"]["password"])
    same(len(found), 1, "what is found")
    account = ASSISTANT.sources[SOURCE_COLLECTION]
    assert ASSISTANT.configure(found[0], ASSISTANT.lookup, hash(account))
    lines = account.to_string()[0].splitlines()
    for line in ("Hosturl=" + CONTEXT["expected"], "BackendName=ews", "Email=" + CONTEXT["me"]["address"]):
        assert line in lines, (line, lines)
    account.set_display_name(CONTEXT["me"]["address"])
    registry().create_sources_sync([account], None)


@check
def opens_what_it_has_found():
    wait(lambda: registry().ref_source(COLLECTION), "the account")
    same(log_in(registry().ref_source(COLLECTION), CONTEXT["me"]["password"]), None, "the login")
    client = opened("Calendar", "Calendar", lambda source: ECal.Client.connect_sync(
        source, ECal.ClientSourceType.EVENTS, 0xFFFFFFFF, None))
    assert client.is_online()


if __name__ == "__main__":
    sys.exit(main("set up from an address"))
