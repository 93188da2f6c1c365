"""Events of types that nothing reads: they leave the stream without a decision, where nothing that is known of their
customer asks for one."""

import json

from conftest import Gate, wait_until

RULES = """
name: welcome
class: transactional
on: customer.created
send: welcome
"""
UNTIL = """
name: pay
class: transactional
on: cart.updated
again: restart
until: [order.paid]
steps: [{wait: 30d}, {send: welcome}]
"""


def begin(shop, rules=RULES, **config):
    shop.redis()
    shop.smtp()
    shop.rules(rules)
    shop.template("welcome.text.liquid", "---\nsubject: hello\n---\nhello")
    shop.config.update(config)
    return shop.daemon()


def created(number=7):
    return {"type": "customer.created", "id": f"c{number}",
            "customer": {"id": number, "email": f"c{number}@example.com"}}


def viewed(event, **customer):
    return {"type": "page.viewed", "id": event, "customer": {"id": 7, **customer}, "page": "/tea"}


def document(shop):
    return shop.client.get("nudged:customer:id:7")


def unread(daemon):
    return daemon.figure("nudged_events_unread_total")


def known(shop, daemon):
    """Customer 7 has a document by now."""
    daemon.spawn()
    shop.push(created())
    shop.wait_idle()
    return document(shop)


def test_nothing_changes(shop):
    """Of whom no more than an id is said: counted, and in the archive, once; no line of the trace, no write. A
    repetition is as new as the first."""
    daemon = begin(shop, archive={"folder": "archive"})
    before = known(shop, daemon)
    lines = shop.client.llen("nudged:trace:id:7")
    shop.push(viewed("v1"), viewed("v2"), viewed("v1"), created(8), viewed("v3"))
    shop.wait_idle()
    assert document(shop) == before and shop.client.llen("nudged:trace:id:7") == lines
    assert unread(daemon) == 4 and daemon.status()["decided"] == 6
    assert daemon.figure("nudged_events_read_total", type="other") == 4
    files = (shop.folder / "state" / "archive").glob("events-*")
    archived = [json.loads(line)["event"]["id"] for path in files for line in path.read_text().splitlines()]
    assert sorted(archived) == ["c7", "c8", "v1", "v1", "v2", "v3"]
    assert shop.client.xpending("nudged:events", "nudged")["pending"] == 0


def test_what_is_told_is_kept(shop):
    """Who is not known, a profile that is new, another key: these are decided."""
    daemon = begin(shop).spawn()
    shop.push(viewed("v1"))
    shop.wait_idle()
    assert document(shop) and unread(daemon) == 0
    shop.push(viewed("v2", first_name="Ana"), viewed("v3", email="ana@example.com"))
    shop.wait_idle()
    assert b"Ana" in document(shop) and b"ana@example.com" in document(shop) and unread(daemon) == 0
    shop.push(viewed("v4"))
    shop.wait_idle()
    assert unread(daemon) == 1


def test_a_profile_said_again(shop):
    """That it was said is all that is new: the profile has its time, by which an older word stays the older one."""
    daemon = begin(shop).spawn()
    shop.push({**created(), "time": "2025-01-01T10:00:00Z"})
    profile = {"email": "c7@example.com", "first_name": "Ana \"A\"", "tags": [{"a": 1.5}, None]}
    shop.push({**viewed("v1", **profile), "time": "2026-01-01T10:00:00Z"})
    shop.wait_idle()
    before = json.loads(document(shop))
    shop.push(*({**viewed(event, **profile), "time": f"2026-01-01T{hour}:00:00Z"}
                for event, hour in (("v2", 11), ("v3", 13), ("v4", 12))))
    shop.wait_idle()
    after = json.loads(document(shop))
    assert unread(daemon) == 3
    assert after.pop("version") != before.pop("version")
    assert after["profile"][0][0] - before["profile"][0][0] == 3 * 3600_000
    before["profile"][0][0] = after["profile"][0][0]
    assert after == before and shop.client.pttl("nudged:customer:id:7") > 0
    shop.push({**viewed("v5", first_name="Old"), "time": "2026-01-01T12:30:00Z"},
              {**viewed("v6", **{**profile, "email": "other@example.com"}), "time": "2026-01-01T14:00:00Z"})
    shop.wait_idle()
    assert unread(daemon) == 3 and "Old" not in str(json.loads(document(shop))["profile"])
    assert b"other@example.com" in document(shop)


def test_a_key_that_leads_elsewhere(shop):
    """An address that is another's by now is decided about."""
    daemon = begin(shop)
    known(shop, daemon)
    event = viewed("v1", email="c7@example.com")
    [redirect] = shop.client.keys("nudged:to:*")
    shop.client.delete(redirect)
    shop.push(event)
    shop.wait_idle()
    assert unread(daemon) == 0 and shop.client.get(redirect) == b"id:7"
    shop.push({**event, "id": "v2"})
    shop.wait_idle()
    assert unread(daemon) == 1


def test_a_document_is_kept(shop):
    """One that has lived a day of its time is kept as long as ever."""
    daemon = begin(shop, customer={"keep": "10d"})
    known(shop, daemon)
    day = 86400_000
    shop.client.pexpire("nudged:customer:id:7", 9 * day - 5000)
    shop.push(viewed("v1"))
    shop.wait_idle()
    assert unread(daemon) == 0
    shop.push(viewed("v2"))
    shop.wait_idle()
    assert unread(daemon) == 1
    assert shop.client.pttl("nudged:customer:id:7") > 9 * day + day // 2


def test_what_a_gone_rule_waits_for_is_read(shop):
    """A message of a rule that is there no more ends by what its `until` named."""
    daemon = begin(shop, UNTIL).spawn()
    shop.push({"type": "cart.updated", "id": "k1", "customer": {"id": 7, "email": "a@example.com"}})
    shop.wait_idle()
    assert b"order.paid" in document(shop)
    shop.rules(RULES)
    assert daemon.ask("POST", "/reload")[0] == 200
    shop.push({"type": "order.paid", "id": "p1", "customer": {"id": 7}})
    shop.wait_idle()
    assert unread(daemon) == 0 and ("pay", "ended", "until") in shop.trace("id:7")


def test_words_are_read(shop):
    daemon = begin(shop)
    known(shop, daemon)
    shop.push({"type": "customer.unsubscribed", "id": "u1", "customer": {"id": 7}},
              {"type": "watch.added", "id": "w1", "customer": {"id": 7}, "product": {"sku": "TEA-1"}})
    shop.wait_idle()
    assert unread(daemon) == 0


def test_a_killed_daemon_loses_none(shop):
    """Archived, and not acknowledged: the next one does it."""
    daemon = begin(shop)
    known(shop, daemon)
    daemon.stop()
    gate = Gate(shop)
    daemon.spawn(failpoints=f"unread={gate.action}@1")
    shop.push(viewed("v1"), created(8))
    gate.wait()
    daemon.kill()
    assert shop.client.xlen("nudged:events") == 2
    daemon.spawn()
    shop.wait_idle()
    assert unread(daemon) == 1 and shop.client.exists("nudged:customer:id:8")


def test_a_document_of_a_wrong_type(shop):
    """It is decided for, which says so."""
    daemon = begin(shop).spawn()
    shop.client.rpush("nudged:customer:id:7", "no document")
    shop.push(viewed("v1"))
    wait_until(lambda: shop.dead(), "a dead letter")
    assert unread(daemon) == 0
