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
    client.pipeline().delete(name).lpush(name, "not what it should be").execute()  # the daemon would make it again
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


@pytest.mark.parametrize("key", ["meta", "rules", "sets", "gone"])
def test_keys_of_the_registration(hello_shop, key):
    """A daemon that has entered goes on without them, and writes them anew when it can."""
    shop, client, name = hello_shop, hello_shop.client, f"nudged:{key}"
    daemon = shop.daemon().spawn()
    before = client.hgetall(name)
    client.delete(name)
    client.lpush(name, "not what it should be")
    told = lambda: daemon.ask("GET", "/health")
    wait_until(lambda: told() == (200, f"degraded: {name} is a list, not a hash\n"), "it to be told")
    shop.push(hello(1))
    shop.mail.next_mail()
    shop.wait_idle()
    client.delete(name)
    wait_until(lambda: before.items() <= client.hgetall(name).items(), "it to be written anew")
    assert daemon.stop() == 0


@pytest.mark.parametrize("key", ["channels", "outbox:email:marketing"])
def test_wrong_at_the_start(hello_shop, key):
    """What does not need the key is done, what does waits for it."""
    shop, client, name = hello_shop, hello_shop.client, f"nudged:{key}"
    client.set(name, "not what it should be")
    daemon = shop.daemon().spawn()
    wait_until(lambda: daemon.ask("GET", "/health")[1].startswith(f"degraded: {name} is a string"),
               "it to be told")
    shop.push(hello(1))
    if key == "channels":
        shop.mail.next_mail()
    client.delete(name)
    shop.wait_idle()
    if key != "channels":
        shop.mail.next_mail()
    assert shop.dead() == []
    assert daemon.stop() == 0


def test_wrong_meta_at_the_start(hello_shop):
    """Nothing is begun before what must agree can be compared."""
    shop, client = hello_shop, hello_shop.client
    client.set("nudged:meta", "not what it should be")
    daemon = shop.daemon().spawn(wait=False)
    wait_until(lambda: "nudged:meta is a string, not a hash" in daemon.log(), "it to be told")
    assert daemon.ask("GET", "/health")[0] == 503
    client.delete("nudged:meta")
    daemon.wait_healthy()
    shop.push(hello(1))
    shop.mail.next_mail()
