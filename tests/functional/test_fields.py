"""Fields that are computed and set, and events that rules make, with daemons, a Redis and a mail
server: nothing is lost and nothing is done twice, whoever dies."""

import json

import pytest

from conftest import wait_until

RULES = """name: paid
on: order.paid
class: transactional
steps:
  - emit: {type: points.changed, data: {points: customer.points}}
  - if: customer.points >= 100 && customer.tier != "gold"
    then:
      - set: {medal: '"gold since " + string(customer.orders)'}
  - emit: {type: friend.paid, data: {who: customer.id, sum: order.total}, for: customer.referred_by}
---
name: balance
on: points.changed
class: transactional
if: customer.points >= 10
send: balance
---
name: reward
on: friend.paid
class: transactional
send: reward
"""

FIELDS = {"points": {"default": 0, "on": "order.paid", "set": "points + int(order.total)"},
          "orders": {"default": 0, "on": "order.paid", "set": "orders + 1"},
          "tier": {"default": "none", "on": "order.paid", "if": "points >= 200", "set": '"gold"'}}

SMTP_TEXT = "---\nsubject: '{}'\n---\nx"


def loyal_shop(shop):
    shop.redis()
    smtp = shop.smtp()
    shop.rules(RULES)
    shop.config["customer"] = {"fields": FIELDS}
    shop.template("balance.text.liquid", SMTP_TEXT.format("{{ points }} of {{ customer.points }} {{ customer.tier }}"))
    shop.template("reward.text.liquid", SMTP_TEXT.format("{{ who }} paid {{ sum }}, {{ customer.points }} points"))
    return smtp


def order(number, total, customer=7, **more):
    return {"type": "order.paid", "id": f"o{number}", "order": {"id": number, "total": total},
            "customer": {"id": customer, "email": f"c{customer}@example.com", **more}}


def signed_up(customer):
    return {"type": "customer.signed_up", "id": f"s{customer}",
            "customer": {"id": customer, "email": f"c{customer}@example.com"}}


def document(shop, key):
    return json.loads(shop.client.get(f"nudged:customer:{key}"))


def subjects(smtp):
    return sorted(mail["Subject"] for mail in smtp.all_mails())


def test_a_purchase_counts_for_two(shop):
    """What one event comes to, for the customer and for who had recommended it to them."""
    smtp = loyal_shop(shop)
    shop.daemon().spawn()
    shop.push(signed_up(8))
    shop.wait_idle()
    shop.push(order(1, 120.5, referred_by=8), order(2, 90, referred_by=8))
    shop.wait_idle()
    assert document(shop, "id:7")["fields"] == {"points": 210, "orders": 2, "tier": "gold", "medal": "gold since 1"}
    assert "fields" not in document(shop, "id:8")
    assert subjects(smtp) == ["120 of 120 none", "210 of 210 gold", "7 paid 120.5, 0 points", "7 paid 90, 0 points"]
    assert any(b'"friend.paid"' in line for line in shop.client.lrange("nudged:trace:id:8", 0, -1))
    assert shop.dead() == []
    code, out, _ = shop.ctl("explain", "7")
    assert code == 0 and "sets: points = 210" in out and "paid emits: points.changed" in out


def test_nobody_is_told(shop):
    """Who is not known, oneself, and nobody at all: dropped, and the trace says so."""
    smtp = loyal_shop(shop)
    shop.daemon().spawn()
    shop.push(order(1, 5, referred_by=99), order(2, 5, referred_by=7), order(3, 5, customer=6))
    shop.wait_idle()
    refused = [what for what in shop.trace("id:7") if what[1] == "refused"]
    assert refused == [("paid", "refused", "no-such-customer")] * 2
    assert [what for what in shop.trace("id:6") if what[1] == "refused"] == [("paid", "refused", "no-such-customer")]
    assert shop.client.exists("nudged:customer:id:99") == 0
    assert shop.dead() == [] and subjects(smtp) == ["10 of 10 none"]
    shop.push(signed_up(99))
    shop.wait_idle()
    shop.push(order(4, 5, referred_by=99))
    shop.wait_idle()
    assert "7 paid 5, 0 points" in subjects(smtp)


def test_known_by_an_event_of_the_same_batch(shop):
    """Who signs up right before their friend's order, and is decided twice, as they name nobody that is
    known; and two who name each other."""
    smtp = loyal_shop(shop)
    shop.rules(RULES + """---
name: joined
on: customer.signed_up
steps: [{emit: {type: friend.joined, for: customer.referred_by}}]
""")
    shop.push(*[event for n in range(20) for event in (
        {"type": "customer.signed_up", "id": f"s{n}",
         "customer": {"id": f"f{n}", "email": f"f{n}@example.com", "referred_by": "nobody"}},
        order(n, 5, customer=f"c{n}", referred_by=f"f{n}"))])
    shop.push(order(98, 5, customer="left", referred_by="right"), order(99, 5, customer="right", referred_by="left"))
    shop.daemon().spawn()
    shop.wait_idle()
    rewards = [subject for subject in subjects(smtp) if subject.startswith("c")]
    assert rewards == sorted(f"c{n} paid 5, 0 points" for n in range(20))


@pytest.mark.parametrize("where", ["commit", "commit-answered"])
def test_killed_at_its_commit(shop, where):
    """The daemon dies with the decision made, or with it committed and the answer not read."""
    smtp = loyal_shop(shop)
    shop.daemon().spawn()
    shop.push(signed_up(8))
    shop.wait_idle()
    shop.started[-1].stop()
    dying = shop.daemon("dying").spawn(failpoints=f"{where}=kill@1")
    shop.push(order(1, 120, referred_by=8))
    assert dying.ended() == -9
    dying.lapse()
    shop.daemon("heir").spawn()
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "the heir to decide", 60)
    shop.wait_idle()
    assert document(shop, "id:7")["fields"]["points"] == 120
    assert subjects(smtp) == ["120 of 120 none", "7 paid 120, 0 points"]
    assert len([line for line in shop.client.lrange("nudged:trace:id:8", 0, -1) if b"friend.paid" in line]) == 1


def test_redelivery(shop):
    """The same event again, by the stream and by a copy of it in the list."""
    smtp = loyal_shop(shop)
    shop.daemon().spawn()
    shop.push(signed_up(8))
    shop.wait_idle()
    shop.push(order(1, 120, referred_by=8), order(1, 120, referred_by=8))
    shop.client.lpush("nudged:inbox", json.dumps(order(1, 120, referred_by=8)))
    shop.wait_idle()
    assert document(shop, "id:7")["fields"]["points"] == 120
    assert subjects(smtp) == ["120 of 120 none", "7 paid 120, 0 points"]


def test_two_daemons(shop):
    """Many orders of few customers, decided by two at once: each counts once."""
    loyal_shop(shop)
    shop.rules("{name: r, on: other, send: balance}")
    for name in ("one", "two"):
        shop.daemon(name).spawn()
    shop.push(*[order(n, 1, customer=n % 3) for n in range(300)])
    shop.wait_idle()
    for customer in range(3):
        fields = document(shop, f"id:{customer}")["fields"]
        assert (fields["points"], fields["orders"]) == (100, 100)


def test_join(shop):
    """A guest's word on a field gives way to the account's newer one, which the trace tells."""
    loyal_shop(shop)
    shop.daemon().spawn()
    guest = {"type": "order.paid", "id": "g1", "order": {"id": "g", "total": 30},
             "customer": {"email": "c7@example.com"}}
    account = {"type": "order.paid", "id": "g2", "order": {"id": "h", "total": 5}, "customer": {"id": 7}}
    shop.push(guest)
    shop.wait_idle()
    shop.push(account)
    shop.wait_idle()
    shop.push({"type": "seen", "id": "g3", "customer": {"id": 7, "email": "c7@example.com"}})
    shop.wait_idle()
    assert document(shop, "id:7")["fields"]["points"] == 5
    lines = [json.loads(line) for line in shop.client.lrange("nudged:trace:id:7", 0, -1)]
    told = [item.get("fault") for line in lines for item in line["did"] if item.get("why") == "field-joined"]
    assert told == ["points = 30"]


def test_reload(shop):
    """Fields come, go and change with a reload; what stands in them stays."""
    loyal_shop(shop)
    shop.rules("{name: r, on: look, if: customer.points > 0, class: transactional, send: balance}")
    daemon = shop.daemon().spawn()
    shop.push(order(1, 5))
    shop.wait_idle()
    config = daemon.config.read_text()
    daemon.config.write_text(config.replace("points + int(order.total)", "points + 100"))
    assert shop.ctl("reload")[0] == 0
    shop.push(order(2, 5))
    shop.wait_idle()
    assert document(shop, "id:7")["fields"]["points"] == 105
    daemon.config.write_text(config.replace("points + int(order.total)", "points + + 1"))
    code, _, errors = shop.ctl("reload")
    assert code != 0 or "points" in errors
    shop.push(order(3, 5))
    shop.wait_idle()
    assert document(shop, "id:7")["fields"]["points"] == 205


def test_who_says_nudged(shop):
    """An event is nudged's own by its entry, not by what it says; neither through the list."""
    smtp = loyal_shop(shop)
    shop.daemon().spawn()
    shop.push(signed_up(8))
    shop.wait_idle()
    claim = {"type": "message.complained", "source": "nudged", "id": "x.complained",
             "customer": {"key": "id:8", "id": 9}, "message": {"id": "x"}}
    shop.push(claim)
    shop.client.lpush("nudged:inbox", json.dumps({**claim, "id": "y.complained", "customer": {"key": "id:8"}}))
    shop.wait_idle()
    assert "said" not in document(shop, "id:8")
    assert document(shop, "id:9")["counts"] if "counts" in document(shop, "id:9") else True
    assert [letter["reason"] for letter in shop.dead()] == [b"no-customer"]
    shop.push({"type": "friend.paid", "source": "nudged", "id": "z", "customer": {"id": 8}, "who": 1, "sum": 2})
    shop.wait_idle()
    assert subjects(smtp) == ["1 paid 2, 0 points"]


def test_before_the_upgrade(shop):
    """What the last release wrote of its own has no mark, and is understood all the same: in the
    stream, and as a dead letter that goes back. From an hour after the upgrade on it would be a shop's."""
    loyal_shop(shop)
    own = {"type": "message.complained", "source": "nudged", "id": "x.complained", "hops": 1,
           "customer": {"key": "id:8"}, "message": {"id": "x"}}
    shop.daemon().spawn()
    shop.push(signed_up(8))
    shop.wait_idle()
    assert shop.client.hget("nudged:meta", "own") == b"0"
    shop.started[-1].stop()
    shop.client.hdel("nudged:meta", "own")
    shop.push(own)
    dead = shop.client.xadd("nudged:dead", {"kind": "event", "reason": "poison", "detail": "", "customer": "",
                                            "body": json.dumps({**own, "id": "y.complained"})})
    shop.daemon("new").spawn()
    shop.wait_idle()
    assert document(shop, "id:8")["said"]["all"][0] == "no"
    assert shop.ctl("dead", "retry", dead.decode())[0] == 0
    shop.wait_idle()
    assert shop.dead() == []
    identities = document(shop, "id:8")["seen"]
    assert len(identities) >= 4
    until = int(shop.client.hget("nudged:meta", "own"))
    now = shop.client.time()[0] * 1000
    assert now < until <= now + 3601_000


def test_dead_letters_keep_the_mark(shop):
    """One that rules made and that found no place goes back as what it is."""
    smtp = loyal_shop(shop)
    shop.rules("""name: flood
on: order.paid
steps: [%s]
---
name: reward
on: friend.paid
class: transactional
if: sum == 33
send: reward
""" % ", ".join(f"{{emit: {{type: friend.paid, data: {{who: '1', sum: '{n}'}}}}}}" for n in range(1, 34)))
    shop.daemon().spawn()
    shop.push(order(1, 5))
    shop.wait_idle()
    (letter,) = shop.dead()
    assert (letter["kind"], letter["reason"], letter["own"]) == (b"event", b"too-many-events", b"id:7")
    assert subjects(smtp) == []
    assert shop.ctl("dead", "retry", "--all")[0] == 0
    shop.wait_idle()
    assert subjects(smtp) == ["1 paid 33, 5 points"]


def test_the_last_releases_document(shop):
    """A document without the new members reads as before, and gets them."""
    loyal_shop(shop)
    shop.redis
    shop.client.set("nudged:customer:id:7", json.dumps(
        {"version": "1-1-1", "format": 3, "profile": [[1, {"id": 7, "email": "c7@example.com"}]]},
        separators=(",", ":")))
    shop.daemon().spawn()
    shop.push(order(1, 5))
    shop.wait_idle()
    after = document(shop, "id:7")
    assert after["fields"]["points"] == 5 and set(after["fields_at"]) == {"points", "orders"}


def test_eval_and_preview(shop):
    """nudgectl knows fields and their defaults."""
    loyal_shop(shop)
    (shop.folder / "event.json").write_text(json.dumps(order(1, 12)))
    shop.daemon()
    assert shop.ctl("eval", "customer.points + 1")[1].strip() == "1"
    assert shop.ctl("eval", "customer.points", "--event", str(shop.folder / "event.json"))[1].strip() == "12"
    code, out, errors = shop.ctl("preview", "reward", "--event", str(shop.folder / "event.json"))
    assert code == 0 and "0 points" in out + errors or "12 points" in out + errors


def test_types_of_events_yaml_are_counted(shop):
    """Also before any rule asks for them."""
    loyal_shop(shop)
    (shop.folder / "rules" / "events.yaml").write_text(
        "order.paid: {sample: {customer: {id: 7, email: a@b.example, referred_by: 8}, order: {id: o, total: 1}}}\n"
        "page.viewed: {sample: {page: a}}\n"
        "points.changed: {sample: {points: 1}}\nfriend.paid: {sample: {who: 1, sum: 2}}\n")
    daemon = shop.daemon().spawn()
    view = lambda n: {"type": "page.viewed", "id": f"v{n}", "page": "a",
                      "customer": {"id": 7, "email": "c7@example.com"}}
    shop.push(*map(view, range(3)))
    shop.wait_idle()
    smtp = shop.started[1]
    shop.rules('{name: fourth, on: page.viewed, class: transactional, if: customer.count("page.viewed") == 4,'
               ' send: balance}', "later.yaml")
    assert shop.ctl("reload")[0] == 0, daemon.log()
    shop.push(view(3))
    shop.wait_idle()
    assert subjects(smtp) == ["of 0 none"]


def test_check(shop):
    """A misspelt bare name, a name of the event's own, and a field with two owners."""
    loyal_shop(shop)
    (shop.folder / "rules" / "events.yaml").write_text(
        "order.paid: {sample: {orders: 3, customer: {id: 7, email: a@b.example, referred_by: 8, tier: x},"
        " order: {id: o, total: 1}}}\n")
    shop.config["customer"]["fields"] = {**FIELDS, "spent": {"default": 0, "on": "order.paid", "set": "spend + 1"}}
    shop.daemon()
    code, out, errors = shop.ctl("check")
    told = out + errors
    assert code == 1
    assert "unknown name `spend`" in told and "did you mean `spent`?" in told
    assert "`orders` is what `order.paid` calls something of its own" in told and "event.data.orders" in told
    assert "the field `tier` is what events say" in told
