"""`nudgectl customer import`: what `export` gave goes back, by the rules of joining; and a shop's existing
customers, as events."""

import json

import pytest
from conftest import wait_until
from subjects import ANA, event, events_seen, make_known, open_shop, push


@pytest.fixture
def moved(shop):
    """Ana's export of one installation, and another one, on other keys and with another secret."""
    smtp = open_shop(shop)
    old = shop.daemon("old").spawn()
    make_known(shop)
    push(shop, event("order.placed", {"id": 7}))
    smtp.next_mail()
    push(shop, event("cart.updated", {"id": 7}, cart={"total": 5}))
    shop.wait_idle()
    assert shop.ctl("suppress", "add", "ana.pop@example.com", "--reason", "asked")[0] == 0
    status, out, _ = shop.ctl("customer", "export", "id:7")
    assert status == 0
    assert old.stop() == 0
    shop.config["state"] = str(shop.folder / "other")
    shop.config["redis"]["prefix"] = "other"
    shop.new = shop.daemon("new").spawn()
    shop.smtp_server = smtp
    path = shop.folder / "ana.json"
    path.write_text(out)
    shop.exported = json.loads(out)
    return shop, path


def bring(shop, *arguments, **more):
    return shop.ctl("customer", "import", *map(str, arguments), config=shop.new.config, **more)


def other_document(shop, key="id:7"):
    text = shop.client.get(f"other:customer:{key}")
    return json.loads(text) if text else None


def push_other(shop, *events):
    for pushed in events:
        shop.client.xadd("other:events", {"event": json.dumps(pushed)})
    wait_until(lambda: shop.client.xlen("other:events") == 0, "all to be decided")


def profile(found):
    return {name: value for _, layer in reversed(found["profile"]) for name, value in layer.items()}


def test_to_another_installation(moved):
    shop, path = moved
    status, out, err = bring(shop, path)
    assert (status, out, err) == (0, "imported id:7, 1 not written to\n", "")
    found, was = other_document(shop), shop.exported["document"]
    for member in ("profile", "said", "counts", "totals", "keys"):
        assert {k: v for k, v in found.items() if k == member} == {k: v for k, v in was.items() if k == member} or \
            member == "keys" and found["keys"][1:] == was["keys"][1:]
    assert [mid for mid, *_ in found["sends"]] == [mid for mid, *_ in was["sends"]]
    assert "journeys" not in found and "open" not in found
    assert found["first"] == was["first"]
    # She is known by both keys, what she said holds, and a topic that was declined is.
    push_other(shop, event("customer.updated", {"email": ANA["email"], "city": "Cluj"}))
    assert profile(other_document(shop))["city"] == "Cluj"
    assert shop.client.hlen("other:suppressed") == 1
    assert len(shop.client.hvals("other:said")) == 3
    # Once more it adds nothing.
    assert bring(shop, "-", stdin=path.read_text() + "\n" * 300_000)[0] == 0
    assert bring(shop, path)[:2] == (0, "id:7 is known here with this already\n")
    assert other_document(shop)["counts"] == found["counts"]


def test_journeys_come_along_where_that_is_said(moved):
    shop, path = moved
    text = json.loads(path.read_text())
    text["suppressed"] = []
    for journey in text["document"]["journeys"]:
        journey["at"] = journey["started"] + 1  # due
    path.write_text(json.dumps(text))
    assert bring(shop, "--journeys", path)[:2] == (0, "imported id:7, 1 journey\n")
    assert shop.smtp_server.next_mail()["Subject"] == "cart"
    wait_until(lambda: "journeys" not in other_document(shop), "the journey to end")


def test_journeys_may_follow(moved):
    """What was imported without them; once, and not where the journeys come from, and none that ended meanwhile."""
    shop, path = moved
    assert bring(shop, path)[0] == 0
    counts = other_document(shop)["counts"]
    assert bring(shop, path)[:2] == (0, "id:7 is known here with this already\n")
    assert bring(shop, "--journeys", path)[:2] == (0, "imported id:7, 1 journey\n")
    found = other_document(shop)
    assert [journey["rule"] for journey in found["journeys"]] == ["cart"] and found["counts"] == counts
    push_other(shop, event("order.placed", {"id": 7}))  # ends it
    assert "journeys" not in other_document(shop)
    assert bring(shop, "--journeys", path)[:2] == (0, "id:7 is known here with this already\n")
    assert "journeys" not in other_document(shop)


def test_journeys_that_were_imported_and_ended_stay_ended(moved):
    shop, path = moved
    assert bring(shop, path)[0] == 0
    push_other(shop, event("order.placed", {"id": 7}))  # an `until` of what is not here yet
    assert bring(shop, "--journeys", path)[0] == 0
    assert "journeys" not in other_document(shop)


def test_nothing_older_goes_over_something_newer(moved):
    """What is known here by newer events stands; of yes and no by consent the no; counts add up."""
    shop, path = moved
    push_other(shop, event("order.placed", {"id": 7, "first_name": "Anna", "accepts_marketing": False}))
    push_other(shop, event("customer.created", {"id": 9, "email": ANA["email"]}))
    status, _, err = bring(shop, path)
    assert status == 0
    assert "email:ana.pop@example.com is another person's here, and stays theirs" in err
    found = other_document(shop)
    assert profile(found)["first_name"] == "Anna" and profile(found)["accepts_marketing"] is False
    assert {row["type"]: row["n"] for row in found["counts"]} == {"order.placed": 2, "cart.updated": 2}
    push_other(shop, event("customer.updated", {"email": ANA["email"], "city": "Cluj"}))
    assert profile(other_document(shop, "id:9"))["city"] == "Cluj"


def test_who_was_erased_stays_away(moved):
    shop, path = moved
    push_other(shop, event("customer.created", ANA))
    assert shop.ctl("customer", "erase", "id:7", "--yes", config=shop.new.config)[0] == 0
    status, out, err = bring(shop, path)
    assert (status, out) == (1, "") and "id:7 was erased at 20" in err and "--after-erasure" in err
    assert other_document(shop) is None
    assert bring(shop, path, "--after-erasure")[0] == 0
    assert profile(other_document(shop))["first_name"] == "Ana"


def test_what_is_wrong_is_told_with_its_place(moved):
    shop, path = moved
    whole = json.dumps(shop.exported)
    lines = shop.folder / "lines.jsonl"
    newer = {**shop.exported, "format": 2}
    broken = {**shop.exported, "document": {"format": 9}}
    lines.write_text("\n".join([json.dumps(newer), json.dumps(broken), '{"format": 1}', "7", whole]) + "\n")
    status, out, err = bring(shop, lines)
    assert status == 65 and out.startswith("imported id:7")
    for number, why in ((1, "the export has the format 2, and this program knows 1"), (2, "format"),
                        (3, "no export"), (4, "on a line")):
        assert any(f"lines.jsonl:{number}:" in line and why in line for line in err.splitlines()), (number, err)
    assert bring(shop, shop.folder / "none.json")[0] == 66
    assert shop.ctl("customer", "import")[0] == 64


def test_profiles_are_events(moved):
    """A shop's existing customers: JSON lines or CSV, each an event of its own, once."""
    shop, _ = moved
    lines = "".join(json.dumps({"id": n, "email": f"c{n}@example.com", "accepts_marketing": n % 2 == 0}) + "\n"
                    for n in range(1000, 1100))
    status, out, err = bring(shop, "-", stdin=lines + '{"name": "nobody"}\n')
    assert (status, out) == (65, "100 profiles pushed, as customer.updated\n")
    assert "(standard input):101:1: error: " in err
    table = shop.folder / "customers.csv"
    table.write_text("id,email,first_name,accepts_marketing\n2000,b@example.com,\"Pop, Bob\",true\n2001,,Eve,false\n")
    assert bring(shop, table)[:2] == (0, "2 profiles pushed, as customer.updated\n")
    assert bring(shop, table)[0] == 0
    wait_until(lambda: shop.client.xlen("other:events") == 0, "all to be decided")
    assert profile(other_document(shop, "id:1001")) == {
        "id": 1001, "email": "c1001@example.com", "accepts_marketing": False}
    assert profile(other_document(shop, "id:2000")) == {
        "id": "2000", "email": "b@example.com", "first_name": "Pop, Bob", "accepts_marketing": True}
    assert events_seen(other_document(shop, "id:2001")) == 1


MOVING = """
{name: news, topic: news, on: news.out, limit: 2 per 7d, send: news}
---
{name: cart, class: transactional, on: cart, again: restart, until: order, wait: 1h, send: news}
---
{name: third, class: transactional, on: order, if: 'customer.count("order") == 3', send: news}
---
{name: gold, class: transactional, on: order, if: 'customer.points >= 30', limit: 1 per 30d, send: news}
---
{name: once, on: [order, cart], topic: news, if: 'customer.city == "Cluj"', holdout: 50, send: news}
"""


def test_decisions_are_the_same_at_both(shop):
    """What an event would do after the move is what it would have done before: counts, limits, caps, fields, words."""
    open_shop(shop, policy={"cap": "3 per 7d"}, topics={"news": "opt-out"},
              customer={"fields": {"points": {"default": 0, "on": "order", "set": "points + 10"}}})
    shop.rules(MOVING)
    old = shop.daemon("old").spawn()
    me = {"id": 7, "email": ANA["email"], "accepts_marketing": True, "city": "Cluj"}
    push(shop, event("news.out", me), event("order", me), event("order", me), event("cart", me))
    push(shop, event("customer.unsubscribed", {"id": 8, "email": "bob@example.com"}))
    text = shop.ctl("customer", "export", "7")[1]
    assert old.stop() == 0
    shop.config["state"], shop.config["redis"]["prefix"] = str(shop.folder / "other"), "other"
    shop.new = shop.daemon("new").spawn()
    assert bring(shop, "--journeys", "-", stdin=text)[1] == "imported id:7, 1 journey\n"

    def would(config, kind):
        told = shop.ctl("explain", "7", "--event", "-", "--json", stdin=json.dumps({"type": kind, "id": kind}),
                        config=config)[1]
        lines = [json.loads(line) for line in told.splitlines()]
        done = [(item.get("rule"), item["what"], item.get("why"), item.get("no")) for item in lines[0]["did"]]
        return done, [(line["message"], line["to"]) for line in lines[1:]]

    for kind in ("news.out", "order", "cart"):
        before = would(old.config, kind)
        assert before[0] and would(shop.new.config, kind) == before, kind
