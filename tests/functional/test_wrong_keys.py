"""Keys of Redis that hold something of a wrong type: what needs them stops, nothing is acknowledged
and nothing half written, `health` tells of it, and all goes on when they are mended."""

import pytest

from conftest import wait_until

RULES = """
name: hello
class: marketing
on: hello
send: hello
---
name: later
class: transactional
on: [hello]
again: parallel
steps: [{wait: 1d}, {send: hello}]
"""


@pytest.fixture
def hello_shop(shop):
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: Hello\n---\nx")
    return shop


def hello(number):
    return {"type": "hello", "id": f"h{number}",
            "customer": {"id": number, "email": f"c{number}@example.com",
                         "accepts_marketing": True}}


SHARED = ["due", "taken", "said", "suppressed", "events", "outbox:email:marketing"]


@pytest.mark.parametrize("key", SHARED)
def test_shared_key_of_a_wrong_type(hello_shop, key):
    shop, client, name = hello_shop, hello_shop.client, f"nudged:{key}"
    daemon = shop.daemon().spawn()
    assert daemon.ask("GET", "/health") == (200, "ok\n")
    shop.push(hello(1))
    shop.mail.next_mail()
    shop.wait_idle()
    client.delete(name)
    client.lpush(name, "not what it should be")
    if key != "events":
        shop.push(hello(2))
    told = lambda: daemon.ask("GET", "/health")
    wait_until(lambda: told()[1].startswith(f"degraded: {name} is a list, not a "), "it to be told")
    assert told()[0] == 200
    assert daemon.status()["wrong_keys"] == [told()[1].strip().removeprefix("degraded: ")]
    if key != "events":  # nothing of it is written, nothing acknowledged
        assert client.xlen("nudged:events") == 1
    assert not client.exists("nudged:customer:id:2", "nudged:trace:id:2")
    assert [name for name in client.scan_iter("nudged:message:*")] == []
    client.delete(name)
    if key == "events":
        shop.push(hello(2))
    assert shop.mail.next_mail()["To"] == "c2@example.com"
    shop.wait_idle()
    assert client.zscore("nudged:due", "id:2") is not None
    assert [what for _, what, _ in shop.trace("id:2")] == ["waits", "sends", "sent"]
    assert shop.dead() == []
    assert told()[1].startswith("degraded: ")  # for an hour
