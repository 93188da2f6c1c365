"""A daemon that Redis no longer knows: it does nothing until it is registered again, and ends where
another has entered meanwhile that does not agree with it."""

import signal

import pytest

from conftest import is_stopped, refusals, wait_until

RULES = "{name: hello, class: transactional, on: hello, send: hello}"


@pytest.fixture
def hello_shop(shop):
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: Hello {{ n }}\n---\nx")
    return shop


def hello(number):
    return {"type": "hello", "id": f"h{number}", "n": number,
            "customer": {"id": number, "email": f"c{number}@example.com"}}


def secret(shop, name):
    path = shop.folder / name
    path.write_text(name * 4)
    return str(path)


def test_flushed(hello_shop):
    """It enters anew, with what must agree, its lease, its rule set; and goes on."""
    shop, client = hello_shop, hello_shop.client
    daemon = shop.daemon().spawn()

    def kept():
        rules = client.hgetall("nudged:rules")
        rules.pop(b"alone", None)
        meta = client.hgetall("nudged:meta")
        meta.pop(b"forgotten", None)  # the keeper's, at its next round
        return meta, client.hgetall("nudged:sets"), rules

    before = kept()
    client.flushall()
    client.hset("nudged:meta", "forgotten", 0)  # whoever is first after it
    wait_until(lambda: kept() == before, "all to be written anew")
    wait_until(lambda: "has entered anew" in daemon.log(), "it to be told")
    assert client.get("nudged:instance:one") == before[0][b"epoch"]
    wait_until(lambda: client.exists("nudged:events"), "the groups")
    shop.push(hello(1))
    assert shop.mail.next_mail()["Subject"] == "Hello 1"
    shop.wait_idle()
    status, out, _ = shop.ctl("check")
    assert status == 0, out


def test_another_secret_enters_after_a_flush(hello_shop):
    """The first daemon does nothing any more under its own secret, and ends at its renewal."""
    shop, client = hello_shop, hello_shop.client
    first = shop.daemon("first", secret_file=secret(shop, "first-secret"))
    first.spawn()
    first.process.send_signal(signal.SIGSTOP)  # the second one is faster
    client.flushall()
    second = shop.daemon("second", secret_file=secret(shop, "second-secret")).spawn()
    fingerprint = client.hget("nudged:meta", "secret")
    first.process.send_signal(signal.SIGCONT)
    shop.push(*[hello(number) for number in range(50)])
    assert first.ended() == 78
    [line] = [line for line in first.log().splitlines() if "error" in line and "secret" in line]
    assert "the fingerprint of `secret_file`" in line
    shop.wait_idle()
    assert len(shop.mail.all_mails()) == 50
    assert client.hget("nudged:meta", "secret") == fingerprint
    # Every document was written by the one that is registered.
    epoch = client.get("nudged:instance:second")
    assert all(epoch in client.get(key) for key in client.scan_iter("nudged:customer:*"))
    assert second.stop() == 0


def test_a_lease_that_cannot_be_had_again(hello_shop):
    """With an event in hand: it is told once, tried again later and later, and SIGTERM ends it."""
    shop, client = hello_shop, hello_shop.client
    daemon = shop.daemon(drain="1s").spawn("commit=stop@1,lease-renew=fail")
    shop.push(hello(1))
    wait_until(lambda: is_stopped(daemon), "the daemon to stand still")
    client.delete("nudged:instance:one")
    daemon.process.send_signal(signal.SIGCONT)
    wait_until(lambda: refusals(client, "LEASE") >= 5, "it to be refused")
    assert daemon.stop() == 0
    assert daemon.log().count("LEASE") == 0
    assert len(daemon.log().splitlines()) < 12, daemon.log()
    shop.daemon().spawn()
    assert shop.mail.next_mail()["Subject"] == "Hello 1"


def test_a_lease_that_somebody_deletes(hello_shop):
    """It is there again before its time, and what was pushed is decided."""
    shop, client = hello_shop, hello_shop.client
    daemon = shop.daemon().spawn()
    client.delete("nudged:instance:one")
    shop.push(hello(1))
    assert shop.mail.next_mail()["Subject"] == "Hello 1"
    shop.wait_idle()
    assert daemon.log().count("the lease of this daemon had run out") == 1
    assert "LEASE" not in daemon.log()


def test_lease_that_outlasts_any(hello_shop):
    """Redis' clock was set back: a dead daemon's lease would hold for hours, and holds nothing."""
    shop, client = hello_shop, hello_shop.client
    shop.config["instance"] = "one"
    client.xgroup_create("nudged:events", "nudged", "0", mkstream=True)
    shop.push(hello(1))
    client.xreadgroup("nudged", "dead:5", {"nudged:events": ">"})
    client.set("nudged:instance:dead", 5, px=3_600_000)
    shop.daemon().spawn()
    assert shop.mail.next_mail()["Subject"] == "Hello 1"
    shop.wait_idle()
