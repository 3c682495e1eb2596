"""A desktop's session without the desktop: a home, XDG folders and a session bus of its own, on which there are the services that
a script names and no others, so that no keyring is asked.

A script calls `enter` before it imports what talks on the bus: it is run once more, inside.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

# Names the home, to the script and to everything that is started inside.
INSIDE = "EWSD_SANDBOX"
SERVICE = "/usr/share/dbus-1/services/%s.service"

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=%s</listen>
  <auth>EXTERNAL</auth>
  <servicedir>%s</servicedir>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"""


def enter(client, services, own, prepare, complaint):
    """Outside: makes the sandbox, runs the script in it, ends what that has left, removes it and ends.

    `own` are variables of the environment, `prepare` puts files into the home that it is given. A line of what was said inside for
    which `complaint` is true fails the script.
    """
    if INSIDE in os.environ:
        return
    place = tempfile.mkdtemp(prefix="ewsd-sandbox-")
    try:
        make(place, services)
        prepare(place)
        with open(log(place), "w") as output:
            status = subprocess.run(["dbus-run-session", "--config-file=" + place + "/bus.conf", "--", sys.executable] + sys.argv,
                                    env=environment(place, own), cwd=place, stderr=output, check=False).returncode
        lines = said(place)
        # What a library finds that it was not given: an answer of the server's that lacks something.
        amazed = [line for line in lines if complaint(line)]
        if amazed or status:
            sys.stdout.write("".join(amazed if amazed else lines))
            print("FAILED %s: its libraries complain, or its script failed" % client)
        sys.exit(1 if amazed else status)
    finally:
        end(place)
        shutil.rmtree(place, ignore_errors=True)


def home():
    """Inside: the home."""
    return os.environ[INSIDE]


def said(place=None):
    """The lines of what everything inside has had to say."""
    with open(log(place or home()), errors="replace") as file:
        return file.readlines()


def log(place):
    return place + "/said"


def make(place, services):
    for name in ("config", "data", "cache", "services"):
        os.mkdir(os.path.join(place, name))
    os.mkdir(place + "/run", 0o700)
    for service in services:
        shutil.copy(SERVICE % service, place + "/services")
    with open(place + "/bus.conf", "w") as file:
        file.write(BUS % (place + "/run", place + "/services"))


def environment(place, own):
    everyones = {"HOME": place, INSIDE: place, "NO_AT_BRIDGE": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8",
                 "XDG_CONFIG_HOME": place + "/config", "XDG_DATA_HOME": place + "/data", "XDG_CACHE_HOME": place + "/cache",
                 "XDG_RUNTIME_DIR": place + "/run", "TMPDIR": place + "/run"}
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("XDG_", "DBUS_")) and name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {**kept, **everyones, **own}


def end(place):
    """Ends what was started inside and has not left."""
    mark = ("%s=%s" % (INSIDE, place)).encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as file:
                if mark in file.read().split(b"\0"):
                    os.kill(int(pid), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass
