"""`nudgectl customer show` and `export`: all that is kept of a person, complete, and nobody else's."""

import json

from conftest import wait_until
from subjects import ANA, document, event, make_known, open_shop, push


def known_shop(shop):
    smtp = open_shop(shop)
    smtp.answers = lambda envelope: "451 later"
    shop.daemon().spawn()
    make_known(shop)
    push(shop, event("order.placed", {"id": 7}, order={"total": 12.50}))
    wait_until(lambda: shop.client.zcard("nudged:later") == 1, "a retry")
    shop.ctl("suppress", "add", "ana.pop@example.com", "--reason", "asked")
    push(shop, event("cart.updated", {"id": 7}, cart={"total": 5}))


def export(shop, who="id:7", *options):
    status, out, err = shop.ctl("customer", "export", who, *options)
    assert (status, err) == (0, "")
    return json.loads(out)


def test_all_of_it(shop):
    known_shop(shop)
    found = export(shop, "ana.pop@example.com", "--archive")
    assert (found["format"], found["customer"]) == (1, "id:7")
    assert found["keys"] == ["id:7", "email:ana.pop@example.com"]
    assert found["exported_time"].startswith("20") and found["known_since_time"].endswith("Z")
    profile = {row["name"]: row for row in found["profile"]}
    assert profile["first_name"]["value"] == "Ana" and profile["email"]["value"] == ANA["email"]
    assert profile["first_name"]["time"] and profile["first_name"]["at"]
    assert [(row["topic"], row["word"]) for row in found["words"]] == [("tips", "no")]
    assert {row["of"] for row in found["records"]} == {"id:7", "email:ana.pop@example.com", ANA["email"]}
    assert [(row["address"], row["reason"]) for row in found["suppressed"]] == [(ANA["email"], "asked")]
    [journey] = found["journeys"]
    assert journey["rule"] == "cart" and journey["until"] - journey["started"] == 3_600_000
    assert [row["body"]["to"] for row in found["messages"]] == [ANA["email"]]
    assert found["messages"][0]["state"] == "later"
    assert sorted(row["reason"] for row in found["dead"]) == ["bad-time", "json-syntax"]
    assert any(line.get("event", {}).get("type") == "order.placed" for line in found["trace"])
    assert found["trace"] == sorted(found["trace"], key=lambda line: line["at"])
    assert [row["event"]["data"]["cart"]["total"] for row in found["starts"]] == [5]
    assert found["document"] == document(shop)
    assert [row["event"]["type"] for row in found["archive"]] == [
        "cart.updated", "customer.created", "customer.unsubscribed", "order.placed", "cart.updated"]
    text = json.dumps(found)
    assert "bob" not in text.lower()
    for secret in [key.decode() for key in shop.client.hkeys("nudged:suppressed") + shop.client.hkeys("nudged:said")]:
        assert secret not in text
    assert shop.ctl("customer", "show", "7", "--json")[1].startswith('{\n  "format": 1,')


def test_for_people(shop):
    known_shop(shop)
    status, out, err = shop.ctl("customer", "show", "ANA.pop@example.com ")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "id:7" and lines[1].split() == ["also", "email:ana.pop@example.com"]
    assert lines[2].startswith("known since  20") and lines[3] == "consent      yes"
    for title in ("Profile", "Said to marketing", "Not written to", "Running", "Not sent yet", "Decided lately",
                  "Messages in all", "Events", "Dead letters", "Trace"):
        assert title in lines, title
    assert lines[-1].endswith("lines; all of them: `nudgectl explain id:7`")
    assert max(map(len, lines)) < 200


def test_nobody(shop):
    open_shop(shop)
    shop.daemon().spawn()
    for verb in ("show", "export", "erase"):
        status, out, err = shop.ctl("customer", verb, "id:9", *(["--yes"] if verb == "erase" else []))
        assert (status, out, err) == (1, "", "nudgectl: nothing is known of the customer id:9\n")
    assert shop.ctl("customer")[0] == 64
    assert shop.ctl("customer", "show")[0] == 64
    assert shop.ctl("customer", "forget", "7")[0] == 64
