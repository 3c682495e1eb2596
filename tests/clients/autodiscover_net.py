"""Lets clients find a server from an address and a password alone, in a network and a mount namespace of its own (`unshare -n -m`):
nginx with a certificate on 443 and a redirect on 80, a resolver on 53, a resolv.conf and a CA that exist there only.

usage: autodiscover_net.py CONTEXT (JSON: folder, conf (nginx's part, as shipped), upstream, address, password, moved (an
address that is elsewhere, of the same person), which clients: node (the folder of its modules), evolution (the Python that
drives it)). See ../suite/door/autodiscover.rs."""
import datetime
import json
import os
import socket
import subprocess
import sys
import threading
import time

import autodiscover_replay
import dns.message
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CONTEXT = json.loads(sys.argv[1])
FOLDER = CONTEXT["folder"]
DOMAIN = CONTEXT["address"].split("@")[1]
MOVED = CONTEXT["moved"].split("@")[1]
MAIL, SOUGHT = "mail." + DOMAIN, "autodiscover." + DOMAIN
EWS = "https://%s/EWS/Exchange.asmx" % MAIL
CA = os.path.join(FOLDER, "ca.pem")
# What the resolver knows; the rest does not exist.
ZONE = {}


def certificate(names):
    """A CA and a certificate of it, as files."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def make(subject, issuer, key, signer, extensions):
        name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    ca = make("test CA", "test CA", ca_key, ca_key,
              [(x509.BasicConstraints(True, None), True), (usage, True),
               (x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)])
    own = make(names[0], "test CA", key, ca_key,
               [(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False),
                (x509.BasicConstraints(False, None), True),
                (x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False)])
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for name, text in [("ca.pem", ca), ("own.pem", own + pem)]:
        with open(os.path.join(FOLDER, name), "wb") as file:
            file.write(text)


def resolve(query):
    answer = dns.message.make_response(query)
    question = query.question[0]
    name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
    known = [record for (owner, _), record in ZONE.items() if owner == name]
    if not known:
        answer.set_rcode(3)
    elif (name, kind) in ZONE:
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, ZONE[name, kind]))
    return answer


def serve_udp(server):
    while True:
        octets, peer = server.recvfrom(4096)
        server.sendto(resolve(dns.message.from_wire(octets)).to_wire(), peer)


def network():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Whoever looks up names for the kinds of addresses that a machine has itself does not count those of the loopback.
    subprocess.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"], check=True)
    path = os.path.join(FOLDER, "resolv.conf")
    with open(path, "w") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", path, os.path.realpath("/etc/resolv.conf")], check=True)
    # For clients that go by the system's.
    subprocess.run(["mount", "--bind", CA, os.path.realpath("/etc/ssl/certs/ca-certificates.crt")], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=serve_udp, args=(server,), daemon=True).start()


def nginx():
    temporary = "".join("%s_temp_path %s/%s;\n" % (kind, FOLDER, kind)
                        for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    text = """user root; daemon off; pid %(folder)s/pid; error_log %(folder)s/error.log;
events {}
http { access_log %(folder)s/access.log; %(temporary)s
%(upstream)s
server { listen 127.0.0.1:443 ssl; ssl_certificate %(folder)s/own.pem; ssl_certificate_key %(folder)s/own.pem;
%(part)s }
server { listen 80;
location ~* ^/autodiscover/autodiscover[.](xml|svc)$ { return 302 https://mail.%(domain)s$request_uri; } } }
""" % {"folder": FOLDER, "temporary": temporary, "upstream": CONTEXT["upstream"], "part": CONTEXT["conf"], "domain": DOMAIN}
    with open(os.path.join(FOLDER, "nginx.conf"), "w") as file:
        file.write(text)
    child = subprocess.Popen(["/usr/sbin/nginx", "-p", FOLDER, "-e", "error.log", "-c", os.path.join(FOLDER, "nginx.conf")])
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", 443)).close()
            return child
        except OSError:
            assert child.poll() is None, open(os.path.join(FOLDER, "error.log")).read()
    raise AssertionError("nginx does not listen")


def with_exchangelib(what, address):
    """In a process of its own: it keeps what it has found."""
    program = """
import sys
from exchangelib import DELEGATE, Account, Credentials
from exchangelib.autodiscover.cache import autodiscover_cache
autodiscover_cache.clear()
address, login, password = sys.argv[1:]
account = Account(address, credentials=Credentials(login, password), autodiscover=True, access_type=DELEGATE)
assert account.primary_smtp_address == login, account.primary_smtp_address
assert account.inbox.total_count is not None
print(account.protocol.service_endpoint)
"""
    environment = dict(os.environ, REQUESTS_CA_BUNDLE=CA, SSL_CERT_FILE=CA, HOME=FOLDER, TMPDIR=FOLDER)
    arguments = [address, CONTEXT["address"], CONTEXT["password"]]
    assert run("exchangelib", what, [sys.executable, "-c", program] + arguments, environment) == EWS


def run(name, what, command, environment):
    """What a client says in the end, which must succeed."""
    begun = time.monotonic()
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert found.returncode == 0, "%s, by %s: %s%s" % (name, what, found.stdout, found.stderr)
    said = found.stdout.strip()
    print("ok %s, by %s (%.1f s): %s" % (name, what, time.monotonic() - begun, said.replace("\n", "; ")))
    sys.stdout.flush()
    return said


def with_ewsjs(what, address):
    if not CONTEXT["node"]:
        return
    program = """
const ews = require("ews-javascript-api");
const [address, password] = process.argv.slice(1);
const service = new ews.ExchangeService(ews.ExchangeVersion.Exchange2013_SP1);
service.Credentials = new ews.WebCredentials(address, password);
service.AutodiscoverUrl(address, () => true)
  .then(() => ews.Folder.Bind(service, ews.WellKnownFolderName.Inbox))
  .then((folder) => { console.log(service.Url.toString(), folder.DisplayName); })
  .catch((error) => { console.error(error); process.exit(1); });
"""
    environment = dict(os.environ, NODE_PATH=CONTEXT["node"], NODE_EXTRA_CA_CERTS=CA)
    said = run("ews-javascript-api", what, ["node", "-e", program, address, CONTEXT["password"]], environment)
    assert said.startswith(EWS), said


def with_evolution(what, address):
    if not CONTEXT["evolution"]:
        return
    context = {"me": {"address": address, "login": address, "password": CONTEXT["password"]}, "expected": EWS,
               "guesses": what == "the domain"}
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "evolution_setup.py")
    # Here is no way out, and still everybody is reached.
    environment = dict(os.environ, GIO_USE_NETWORK_MONITOR="base")
    run("Evolution", what, [CONTEXT["evolution"], script, json.dumps(context)], environment)


def replayed(what, clients, address):
    """What those find that are not here."""
    for client in clients:
        found = client(autodiscover_replay.Wire(CA), address, CONTEXT["password"]).found()
        assert found == EWS, "%s, by %s: %s" % (client.name, what, found)
        print("ok %s, replayed, by %s: %s" % (client.name, what, found))
    sys.stdout.flush()


def main():
    certificate([MAIL, SOUGHT, DOMAIN, "autodiscover." + MOVED])
    network()
    child = nginx()
    everybody, thunderbird = autodiscover_replay.CLIENTS, autodiscover_replay.Thunderbird
    followers = [thunderbird, autodiscover_replay.Kde, autodiscover_replay.OutlookForMac]
    me, moved = CONTEXT["address"], CONTEXT["moved"]
    # The hosts that there are besides MAIL, who looks for the server of which address, and who is replayed. Of 127.0.0.2
    # only port 80 is served.
    ways = {
        "autodiscover.domain": ({SOUGHT: "127.0.0.1"}, me, [with_exchangelib, with_ewsjs, with_evolution], everybody),
        "the domain": ({DOMAIN: "127.0.0.1"}, me, [with_exchangelib, with_ewsjs, with_evolution], everybody),
        "a redirect": ({SOUGHT: "127.0.0.2"}, me, [with_exchangelib, with_ewsjs], followers),
        "a service record": ({}, me, [with_exchangelib, with_evolution], [thunderbird]),
        "another address": ({"autodiscover." + MOVED: "127.0.0.1", SOUGHT: "127.0.0.1"}, moved,
                            [with_exchangelib, with_ewsjs, with_evolution], followers),
    }
    try:
        for what, (hosts, address, clients, others) in ways.items():
            ZONE.clear()
            ZONE.update({(host, "A"): place for host, place in hosts.items()})
            ZONE[MAIL, "A"] = "127.0.0.1"
            if not hosts:
                ZONE["_autodiscover._tcp." + DOMAIN, "SRV"] = "0 0 443 %s." % MAIL
            for client in clients:
                client(what, address)
            replayed(what, others, address)
    finally:
        child.terminate()
        child.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
