"""Answers a challenge of NTLM with pyspnego, or spoils the answer. usage: ntlm_answer.py CONTEXT (JSON: challenge in base64, login,
password, how; `first`: the client's first message instead). Prints the message in base64. See ../suite/door/ntlm.rs."""
import base64
import json
import struct
import sys

import spnego

CONTEXT = json.loads(sys.argv[1])


def field(message, at):
    length, _, offset = struct.unpack_from("<HHI", message, at)
    return offset, length


def main():
    how = CONTEXT["how"]
    password = "wrong" if how == "wrong" else CONTEXT["password"]
    client = spnego.client(CONTEXT["login"], password, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    # Always the same, and covered by the integrity code of the answer.
    first = client.step()
    message = bytearray(first if how == "first" else client.step(base64.b64decode(CONTEXT["challenge"])))
    if how == "mic":
        message[72] ^= 1
    elif how == "stripped":
        message[72:88] = bytes(16)
    elif how == "v1":
        struct.pack_into("<HH", message, 20, 24, 24)
    elif how == "anonymous":
        struct.pack_into("<HH", message, 36, 0, 0)
    elif how == "user":
        offset, length = field(message, 36)
        message[offset:offset + length] = "x".encode("utf-16-le") * (length // 2)
    print(base64.b64encode(bytes(message)).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
