"""A small identity provider: makes keys, their public set, and tokens. usage: tokens.py CONTEXT (JSON: jwks, address). Writes the
key set to the file `jwks`, prints a JSON list of {what, token, good}. See ../suite/door/token.rs."""
import base64
import json
import sys
import time

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CONTEXT = json.loads(sys.argv[1])
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value, length=None):
    return encode(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def token(sign, head, **changes):
    claims = {"iss": "https://id.example.test", "aud": "https://mail.example.test", "exp": int(time.time()) + 600,
              "scp": "EWS.AccessAsUser.All", "upn": CONTEXT["address"]}
    claims.update(changes)
    claims = {name: value for name, value in claims.items() if value is not None}
    signed = "%s.%s" % (encode(json.dumps(head).encode()), encode(json.dumps(claims).encode()))
    return "%s.%s" % (signed, encode(sign(signed.encode())))


def rs256(key):
    return lambda signed: key.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def es256(signed):
    r, s = decode_dss_signature(EC.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def hs256(signed):
    """The old trick: the public key taken for a secret."""
    code = hmac.HMAC(number(RSA.public_key().public_numbers().n).encode(), hashes.SHA256())
    code.update(signed)
    return code.finalize()


def main():
    public, point = RSA.public_key().public_numbers(), EC.public_key().public_numbers()
    keys = [{"kty": "RSA", "kid": "r", "n": number(public.n), "e": number(public.e)},
            {"kty": "EC", "kid": "e", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)}]
    with open(CONTEXT["jwks"], "w") as file:
        json.dump({"keys": keys}, file)
    right, r, e = rs256(RSA), {"alg": "RS256", "kid": "r"}, {"alg": "ES256", "kid": "e"}
    past = int(time.time()) - 600
    tokens = [
        ("RS256", token(right, r), True),
        ("ES256", token(es256, e), True),
        ("without a key's name", token(right, {"alg": "RS256"}), True),
        ("by a name of the bearer's own choice", token(right, r, upn=None, preferred_username=CONTEXT["address"]), False),
        ("nobody with another's address", token(right, r, upn="mallory", email=CONTEXT["address"], email_verified=True), False),
        ("several audiences", token(right, r, aud=["x", "https://mail.example.test"]), True),
        ("a foreign key", token(rs256(FOREIGN), r), False),
        ("none", token(lambda signed: b"", {"alg": "none"}), False),
        ("HS256", token(hs256, {"alg": "HS256", "kid": "r"}), False),
        ("expired", token(right, r, exp=past), False),
        ("not yet", token(right, r, nbf=int(time.time()) + 600), False),
        ("for ever", token(right, r, exp=None), False),
        ("another issuer", token(right, r, iss="https://far.test"), False),
        ("another audience", token(right, r, aud="https://far.test"), False),
        ("without scope", token(right, r, scp="openid"), False),
        ("an ID token", token(right, r, at_hash="x"), False),
        ("nobody", token(right, r, upn="nobody@example.test"), False),
    ]
    print(json.dumps([{"what": what, "token": text, "good": good} for what, text, good in tokens]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
