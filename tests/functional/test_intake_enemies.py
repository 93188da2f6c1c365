"""POST /v1/events under attack: each is answered, nothing is left behind, and the next request is taken."""

import json
import random
import threading

import pytest
from web_intake import EVENT, TOKEN, entries, full, open_web

GOOD = json.dumps(EVENT, separators=(",", ":")).encode()


@pytest.fixture
def posting(shop):
    return open_web(shop, limits={"rate": "100000 per 1s"})


def test_keys_race_with_different_bodies(posting):
    """Many at once under few keys: of each key one body wins, and is there once."""
    shop, _, web = posting
    answers, gate = [], threading.Barrier(24)

    def push(number):
        event = {**EVENT, "id": f"b{number % 3}"}
        gate.wait()
        answers.append((number % 4, event["id"], web.post(event, Idempotency_Key=f"k{number % 4}")[0]))

    threads = [threading.Thread(target=push, args=[number]) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for key in range(4):
        assert len({body for at, body, status in answers if at == key and status == 202}) == 1, answers
    assert {status for *_, status in answers} <= {202, 422}
    assert len(entries(shop)) == 4


def broken(chance):
    """A body that was good, with a few bytes changed, taken out or doubled."""
    body = bytearray(chance.choice([GOOD, b"[" + GOOD + b"," + GOOD + b"]", json.dumps([full(), full()]).encode(),
                                    GOOD + b"\n" + GOOD]))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(body))
        part = body[at:at + chance.randint(0, 20)]
        end = at + chance.randint(0, 3)
        body[at:end] = chance.choice([b"", b"{", b"[", b'"', b"\\", b"\0", b"\xff", b"\xef\xbb\xbf",
                                      b"]", b"}", b"\n", b"1e999", b"\\ud800", bytes(part)])
    return bytes(body)


def test_broken_bodies(posting):
    """Whatever comes: an answer as it is described, in which as many are accepted as came into the stream."""
    shop, daemon, web = posting
    chance, accepted = random.Random(2026), 0
    kinds = ["application/json", "application/x-ndjson", "application/cloudevents+json",
             "application/cloudevents-batch+json"]
    for _ in range(400):
        status, _, told = web.post(broken(chance), chance.choice(kinds))
        assert status in (202, 400, 403), told
        accepted += told.get("accepted", status == 202)
        for item in told.get("items", [told]):
            assert "entry" in item or item["detail"], told
    assert len(entries(shop)) == accepted
    assert shop.dead() == []  # what was accepted is an event
    assert web.post(EVENT)[0] == 202
    assert "ERROR" not in daemon.log()


@pytest.mark.parametrize("name, value", [
    ("ce-type", "%00"), ("ce-type", "a" * 5000), ("ce-id", "%ff%fe"), ("ce-time", "%0d%0aX: y"),
    ("ce-source", "nudged"),
    ("ce-hops", "1"), ("ce-specversion", "0.3"), ("ce-" + "x" * 300, "y"), ("ce-data", "{}"), ("ce-customer", "7")])
def test_attributes(posting, name, value):
    shop, _, web = posting
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}", "ce-specversion": "1.0",
            "ce-type": "order.placed", "ce-id": "1", "ce-source": "/s", name: value}
    status, _, body = web.ask("POST", "/v1/events", b'{"customer":{"id":7}}', head)
    found = [event for _, event in entries(shop)]
    if status == 202:
        assert [event["data"] for event in found] == [{"customer": {"id": 7}}]
    else:
        assert status in (400, 403, 431), body
        assert found == []
