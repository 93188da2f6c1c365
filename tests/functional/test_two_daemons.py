"""Two daemons on one Redis and the same customers, their commits interleaved by
fail-points: no lost update, no double message."""

import json

from conftest import is_stopped, wait_until

RULES = """
name: third
class: transactional
on: order.placed
if: customer.count("order.placed") == 3
send: third
---
name: each
class: transactional
on: order.placed
send: each
"""


def order(number, customer=7):
    return {"type": "order.placed", "id": f"o{number}", "order": {"id": number},
            "customer": {"id": customer, "email": f"c{customer}@example.com", f"seen{number}": True}}


def two_daemons(shop):
    shop.redis()
    smtp = shop.smtp()
    shop.rules(RULES)
    for name in ("third", "each"):
        shop.template(f"{name}.text.liquid", "---\nsubject: '{{ message.rule }} {{ order.id }}'\n---\nx")
    return smtp


def fields(document):
    """What is known of the customer, whichever layer of the profile it stands in."""
    return {name for _, layer in document["profile"] for name in layer}


def test_commit_between_read_and_commit(shop):
    """One daemon stops between reading the document and committing; the other commits; the
    first sees it, decides again, and nothing is lost."""
    smtp = two_daemons(shop)
    gate = shop.folder / "gate"
    gate.write_text("")
    reached = shop.folder / "gate.reached"
    slow = shop.daemon("slow").spawn(failpoints=f"commit=wait:{gate}@1")
    shop.push(order(1))
    wait_until(reached.exists, "the first daemon at its commit")
    fast = shop.daemon("fast").spawn()
    shop.push(order(2))
    wait_until(lambda: shop.client.xlen("nudged:events") == 1, "the second daemon's commit")
    gate.unlink()
    shop.wait_idle()
    document = json.loads(shop.client.get("nudged:customer:id:7"))
    assert document["counts"][0]["n"] == 2
    assert {"seen1", "seen2"} <= fields(document)
    shop.push(order(3))
    shop.wait_idle()
    subjects = sorted(mail["Subject"] for mail in smtp.all_mails())
    assert subjects == ["each 1", "each 2", "each 3", "third 3"]
    assert sum(daemon.figure("nudged_commits_again_total") for daemon in (slow, fast)) >= 1


def test_frozen_daemon_commits_nothing_stale(shop):
    """A daemon is stopped (SIGSTOP) before its commit until its lease is over and another
    has done its work: awake again, its commit is refused."""
    smtp = two_daemons(shop)
    frozen = shop.daemon("frozen").spawn(failpoints="commit=stop@1")
    shop.push(order(1))
    wait_until(lambda: is_stopped(frozen), "the daemon to stop itself")
    frozen.lapse()
    shop.daemon("other").spawn()
    assert smtp.next_mail()["Subject"] == "each 1"  # taken over when the lease was over
    frozen.process.send_signal(18)  # SIGCONT
    shop.push(order(2), order(3))
    shop.wait_idle()
    subjects = sorted(mail["Subject"] for mail in smtp.all_mails())
    # Each of the two may have been decided first, by one daemon or the other.
    assert subjects in (["each 2", "each 3", "third 2"], ["each 2", "each 3", "third 3"])
    assert json.loads(shop.client.get("nudged:customer:id:7"))["counts"][0]["n"] == 3


def test_many_events_of_few_customers(shop):
    """Both work on the same ten customers at once; every third order has one message."""
    smtp = two_daemons(shop)
    shop.daemon("one", events={"batch": 7}).spawn()
    shop.daemon("two", events={"batch": 5}).spawn()
    shop.push(*[order(f"{customer}-{n}", customer) for n in range(40) for customer in range(10)])
    shop.wait_idle()
    mails = [mail["Subject"].split()[0] for mail in smtp.all_mails()]
    assert (mails.count("each"), mails.count("third")) == (400, 10)
    for customer in range(10):
        document = json.loads(shop.client.get(f"nudged:customer:id:{customer}"))
        assert document["counts"][0]["n"] == 40
        assert len([name for name in fields(document) if name.startswith("seen")]) == 40
