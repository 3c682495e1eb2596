"""Lets clients find a server from an address and a password alone, in a network and a mount namespace of its own (`unshare -n -m`):
nginx with a certificate on 443 and a redirect on 80, a resolver on 53, a resolv.conf and a CA that exist there only.

usage: autodiscover_net.py CONTEXT (JSON: folder, conf (nginx's part, as shipped), address, password, node, script).
See ../suite/door/autodiscover.rs."""
import datetime
import json
import os
import socket
import subprocess
import sys
import threading
import time

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
    path = os.path.join(FOLDER, "resolv.conf")
    with open(path, "w") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", path, os.path.realpath("/etc/resolv.conf")], check=True)
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
server { listen 443 ssl; ssl_certificate %(folder)s/own.pem; ssl_certificate_key %(folder)s/own.pem;
%(part)s }
server { listen 80; location / { return 302 https://mail.%(domain)s/autodiscover/autodiscover.xml; } } }
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


def with_exchangelib(what):
    """In a process of its own: it keeps what it has found."""
    program = """
import sys
from exchangelib import DELEGATE, Account, Credentials
from exchangelib.autodiscover.cache import autodiscover_cache
autodiscover_cache.clear()
account = Account(sys.argv[1], credentials=Credentials(sys.argv[1], sys.argv[2]), autodiscover=True, access_type=DELEGATE)
assert account.primary_smtp_address == sys.argv[1], account.primary_smtp_address
assert account.inbox.total_count is not None
print(account.protocol.service_endpoint)
"""
    ca = os.path.join(FOLDER, "ca.pem")
    environment = dict(os.environ, REQUESTS_CA_BUNDLE=ca, SSL_CERT_FILE=ca, HOME=FOLDER, TMPDIR=FOLDER)
    found = subprocess.run([sys.executable, "-c", program, CONTEXT["address"], CONTEXT["password"]], env=environment,
                           capture_output=True, text=True, timeout=240)
    assert found.returncode == 0, "%s: %s%s" % (what, found.stdout, found.stderr)
    print("ok exchangelib, by %s: %s" % (what, found.stdout.strip()))
    sys.stdout.flush()
    return found.stdout.strip()


def with_ewsjs(what):
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
    environment = dict(os.environ, NODE_PATH=CONTEXT["node"], NODE_EXTRA_CA_CERTS=os.path.join(FOLDER, "ca.pem"))
    found = subprocess.run(["node", "-e", program, CONTEXT["address"], CONTEXT["password"]], env=environment,
                           capture_output=True, text=True, timeout=240)
    assert found.returncode == 0, "%s: %s%s" % (what, found.stdout, found.stderr)
    print("ok ews-javascript-api, by %s: %s" % (what, found.stdout.strip()))
    sys.stdout.flush()


def main():
    mail, sought = "mail." + DOMAIN, "autodiscover." + DOMAIN
    certificate([mail, sought, DOMAIN])
    network()
    child = nginx()
    try:
        ways = {
            "autodiscover.domain": {(sought, "A"): "127.0.0.1"},
            "the domain": {(DOMAIN, "A"): "127.0.0.1"},
            "a service record": {("_autodiscover._tcp." + DOMAIN, "SRV"): "0 0 443 %s." % mail, (mail, "A"): "127.0.0.1"},
        }
        for what, zone in ways.items():
            ZONE.clear()
            ZONE.update(zone)
            ZONE[mail, "A"] = "127.0.0.1"
            assert with_exchangelib(what) == "https://%s/EWS/Exchange.asmx" % mail
            if what != "a service record":
                with_ewsjs(what)
    finally:
        child.terminate()
        child.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
