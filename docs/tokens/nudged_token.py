"""Reads the tokens in links that nudged mailed (docs/unsubscribe.md). Python 3.8 or newer, nothing else.

    keys = read_keys(open("/etc/nudged/token-keys").read())
    fields = read_token(keys, "unsubscribe", token)   # ["id:7", "offers"], or None
"""

import base64
import hashlib
import hmac
import json
import sys
import time

FIELDS = {"unsubscribe": 2, "preferences": 1, "confirm": 3}


def read_keys(text, secret=None):
    """The keys of token_keys_file; `secret`: the bytes of secret_file, for mails of former releases."""
    keys = {}
    for line in text.splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            keys[words[0]] = bytes.fromhex(words[1])
    if secret is not None:
        keys["1"] = secret.rstrip(b"\r\n")
    return keys


def decode(text):
    """The bytes of base64url without padding; None where it has another spelling."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except ValueError:
        return None
    return data if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text else None


def sign(key, *parts):
    return hmac.new(key, b"\0".join(parts), hashlib.sha256).digest()


def unseal(key, tag, sealed):
    stream = b"".join(hmac.new(key, b"seal\0" + tag + bytes([i]), hashlib.sha256).digest()
                      for i in range(len(sealed) // 32 + 1))
    return bytes(a ^ b for a, b in zip(sealed, stream))


def read_token(keys, purpose, token, now_ms=None):
    """The fields of a token that one of the keys signed for this purpose; None: it is void, or expired.

    unsubscribe: the customer's key, the topic ("all": all); preferences: the customer's key;
    confirm: the customer's key, the topics with commas between, until when (ms since 1970)."""
    name, *parts = token.split(".")
    parts = [decode(part) for part in parts]
    key = keys.get(name)
    if key is None or None in parts or len(parts) != (2 if name == "1" else 1):
        return None
    if name == "1":
        text, mac = parts
    else:
        mac, text = parts[0][:16], unseal(key, parts[0][:16], parts[0][16:])
    right = sign(key, purpose.encode(), name.encode(), text)
    if not hmac.compare_digest(mac, right if name == "1" else right[:16]):
        return None
    fields = text.decode().split("\0")
    if len(fields) != FIELDS[purpose]:
        return None
    if purpose == "confirm" and int(fields[2]) <= (time.time() * 1000 if now_ms is None else now_ms):
        return None
    return fields


if __name__ == "__main__":  # KEYS [SECRET]: of each line "PURPOSE TOKEN" the fields as JSON, or null
    SECRET = open(sys.argv[2], "rb").read() if len(sys.argv) > 2 else None
    KEYS = read_keys(open(sys.argv[1], encoding="utf-8").read(), SECRET)
    for row in sys.stdin:
        asked = row.rstrip("\n").split(" ", 1)
        print(json.dumps(read_token(KEYS, *asked), ensure_ascii=False, separators=(",", ":")))
