"""What Redis has of a message: a hash, or while it is begun at once and nothing was noted of it one string, in which
its length stands before each field (docs/redis.md)."""

import json
import struct

PACKED = ("customer", "give_up", "take", "channel", "class", "on_uncertain", "gateway", "topic", "hash", "said",
          "domain", "returns")


def unpacked(text):
    """Its fields, and what it says."""
    fields, at = {}, 0
    for name in PACKED:
        length = struct.unpack_from(">I", text, at)[0]
        fields[name] = text[at + 4:at + 4 + length]
        at += 4 + length
    return fields, text[at:]


def message(client, mid, prefix="nudged"):
    """Its fields as texts; none where there is no such message."""
    key = f"{prefix}:message:{mid.decode() if isinstance(mid, bytes) else mid}"
    script = "local h = redis.pcall('HGETALL', KEYS[1]) return h.err and redis.call('GET', KEYS[1]) or h"
    found = client.eval(script, 1, key)  # at one moment
    if isinstance(found, bytes):
        return {"state": "taken", "entry": "-"} | {name: value.decode() for name, value in unpacked(found)[0].items()
                                                   if value or name not in ("domain", "returns")}
    return {name.decode(): value.decode() for name, value in zip(found[::2], found[1::2])}


def body(client, mid):
    """What it says, as JSON is read."""
    key = mid.decode() if isinstance(mid, bytes) else mid
    if client.type(f"nudged:message:{key}") == b"string":
        return json.loads(unpacked(client.get(f"nudged:message:{key}"))[1])
    return json.loads(client.get(f"nudged:body:{key}"))


def all_messages(client):
    """The fields of each that is there still."""
    mids = [key.rpartition(b":")[2] for key in client.scan_iter("nudged:message:*")]
    return [fields for fields in (message(client, mid) for mid in mids) if fields]
