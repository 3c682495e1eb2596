"""What the scripts that drive a server through DavMail share: a DavMail process and its log.

usage of each: SCRIPT CONTEXT, a JSON document: {"url", "davmail": archive, "folder": for its files,
"me": {"address", "login", "password"}, "peer": {...}}. Starts DavMail on free loopback ports and stops it.
One line for each check, exit status 1 when one fails. See ../suite/clients/programs.rs, which starts them.
"""
import json
import os
import socket
import subprocess
import sys
import time

from checks import check, run, same  # noqa: F401

CONTEXT = json.loads(sys.argv[1])
STARTING = 90


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gateway:
    """A DavMail process that speaks the named protocols, each on a port of its own."""

    def __init__(self, *protocols, **more):
        self.ports = {name: free_port() for name in protocols}
        self.more = more

    def settings(self):
        values = {
            "davmail.server": "true",
            "davmail.mode": "EWS",
            "davmail.url": CONTEXT["url"],
            "davmail.allowRemote": "false",
            "davmail.bindAddress": "127.0.0.1",
            "davmail.disableUpdateCheck": "true",
            "davmail.logFilePath": os.path.join(CONTEXT["folder"], "davmail.log"),
            "log4j.rootLogger": "WARN",
            "log4j.logger.davmail": "INFO",
            "log4j.logger.httpclient.wire": "WARN",
            "log4j.logger.org.apache.http.wire": "WARN",
        }
        for name in ("imap", "smtp", "caldav", "ldap", "pop"):
            values["davmail.%sPort" % name] = self.ports.get(name, "")
        values.update(("davmail." + name, value) for name, value in self.more.items())
        return "".join("%s=%s\n" % pair for pair in values.items())

    def __enter__(self):
        os.makedirs(CONTEXT["folder"], exist_ok=True)
        path = os.path.join(CONTEXT["folder"], "davmail.properties")
        with open(path, "w") as file:
            file.write(self.settings())
        self.output = open(os.path.join(CONTEXT["folder"], "davmail.out"), "w")
        self.process = subprocess.Popen(
            ["java", "-Djava.awt.headless=true", "-jar", CONTEXT["davmail"], "-server", path],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output,
        )
        end = time.monotonic() + STARTING
        while True:
            try:
                for port in self.ports.values():
                    socket.create_connection(("127.0.0.1", port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.__exit__()
                    raise RuntimeError("DavMail does not listen: " + open(self.output.name).read())
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()


def main():
    """Runs every check in turn; the exit status. What DavMail logged last is shown if one failed."""
    status = run("DavMail")
    if status:
        with open(os.path.join(CONTEXT["folder"], "davmail.log"), errors="replace") as log:
            print("".join(log.readlines()[-60:]))
    return status
