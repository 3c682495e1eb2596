"""Asks a server's Autodiscover with exchangelib, unmodified. usage: exchangelib_autodiscover.py CONTEXT (JSON: url, address,
login, password). See ../suite/autodiscover.rs."""
import json
import sys

from exchangelib import BASIC, Configuration, Credentials
from exchangelib.autodiscover.protocol import AutodiscoverProtocol
from exchangelib.errors import AutoDiscoverFailed, ErrorNonExistentMailbox

CONTEXT = json.loads(sys.argv[1])


def protocol():
    config = Configuration(
        service_endpoint=CONTEXT["url"],
        credentials=Credentials(CONTEXT["login"], CONTEXT["password"]),
        auth_type=BASIC,
    )
    return AutodiscoverProtocol(config=config)


def main():
    settings = protocol().get_user_settings(user=CONTEXT["address"])
    assert settings.autodiscover_smtp_address == CONTEXT["address"], settings
    assert settings.ews_url.endswith("/EWS/Exchange.asmx"), settings
    assert settings.version is not None and settings.version.build.major_version == 15, settings
    print("ok exchangelib: settings of an address")
    try:
        protocol().get_user_settings(user="nobody@example.test").raise_errors()
    except (AutoDiscoverFailed, ErrorNonExistentMailbox) as error:
        print("ok exchangelib: nobody is refused as %s" % type(error).__name__)
        return 0
    raise AssertionError("somebody was found who does not exist")


if __name__ == "__main__":
    sys.exit(main())
