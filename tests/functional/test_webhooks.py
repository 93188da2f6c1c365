"""Webhooks through the real listener: each provider's own signature, what is forged, replayed, too old or
too large, and what becomes of events."""

import json
import re
import time

import pytest

import web_hooks
from conftest import wait_until
from web_hooks import SECRET, Hooks, hook_shop
from web_intake import entries


def open_shop(shop, *hooks, **keys):
    shop.redis()
    hook_shop(shop, *hooks, **keys)
    shop.one = shop.daemon().spawn()
    shop.web = Hooks(shop.one)
    return shop


def events(shop):
    return [event for _, event in entries(shop)]


def refused(shop, reason, count):
    wait_until(lambda: shop.one.figure("nudged_web_refused_total", reason=reason) == count,
               lambda: f"{reason} {count}, not {shop.one.figure('nudged_web_refused_total', reason=reason)}")


GOOD = [
    ("shopify", lambda: web_hooks.shopify("orders_create"), ["order.placed"]),
    ("shopify", lambda: web_hooks.shopify("customers_redact"), ["customer.erased"]),
    ("shopify", lambda: web_hooks.shopify("customers_email_marketing_consent_update"), ["customer.unsubscribed"]),
    ("shopify", lambda: web_hooks.shopify("shop_redact"), ["shop.redact_requested"]),
    ("woocommerce", lambda: web_hooks.woocommerce("order_created"), ["order.placed", "order.paid"]),
    ("segment", lambda: web_hooks.segment("order_completed"), ["order.placed"]),
    ("stripe", lambda: web_hooks.stripe("checkout_session_completed"), ["order.paid"]),
    ("generic", lambda: web_hooks.generic("order_placed"), ["order.placed"]),
]


def test_each_scheme(shop):
    open_shop(shop, "shopify", "woocommerce", "segment", "stripe", "generic")
    for number, (name, make, types) in enumerate(GOOD):
        before = len(events(shop))
        headers, body = make()
        assert shop.web.send(name, headers, body) == (200, f"{len(types)} taken, 0 known\n"), name
        assert [event["type"] for event in events(shop)[before:]] == types
        # the same again, by its id and by its body
        assert shop.web.send(name, headers, body)[1].startswith("0 taken, "), name
        # the same, by somebody else
        forged, body = web_forged(make)
        status, answer = shop.web.send(name, forged, body)
        assert status == 401 and json.loads(answer)["reason"] == "wrong-token", name
        refused(shop, "wrong-token", number + 1)
        assert len(events(shop)) == before + len(types)
    # each kind of refusal is one line of the log, however often
    assert shop.one.log().count("reason=wrong-token") == 1, shop.one.log()
    assert SECRET not in shop.one.log() and "ana@example.com" not in shop.one.log()


def web_forged(make):
    """What somebody makes who has not the secret."""
    before, web_hooks.SECRET = web_hooks.SECRET, "guessed"
    real = web_hooks.mac
    web_hooks.mac = lambda body, secret="guessed", hash_=web_hooks.hashlib.sha256: real(body, "guessed", hash_)
    try:
        return make()
    finally:
        web_hooks.SECRET, web_hooks.mac = before, real


def test_the_event_is_decided_like_any_other(shop):
    shop.smtp()
    shop.rules("{name: thanks, class: transactional, on: order.placed, send: mail}")
    shop.template("mail.text.liquid",
                  "---\nsubject: Thanks\n---\n{{ event.data.order.number }} {{ event.data.order.total }}\n")
    smtp = shop.started[-1]
    open_shop(shop, "shopify")
    now = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime())
    assert shop.web.send("shopify", *web_hooks.shopify("orders_create", X_Shopify_Triggered_At=now))[0] == 200
    mail = smtp.next_mail()
    assert "ana@example.com" in mail["To"] and "1001 63.31" in mail.get_content()
    shop.wait_idle()
    status, out, _ = shop.ctl("explain", "ana@example.com")
    assert status == 0 and re.search(r"  order\.placed \S+ from \S+\.myshopify\.com$", out, re.M), out


def test_a_repeated_delivery_is_known(shop):
    """By its id, and by topic and body where somebody gives it another id. The same body of another topic
    is none: Shopify tells one order under several."""
    open_shop(shop, "shopify")
    headers, body = web_hooks.shopify("orders_paid")
    assert shop.web.send("shopify", headers, body)[1] == "1 taken, 0 known\n"
    again = {**headers, "X-Shopify-Webhook-Id": "another", "X-Shopify-Triggered-At": "2026-03-03T10:00:00Z"}
    assert shop.web.send("shopify", again, body)[1] == "0 taken, 1 known\n"
    created = {**headers, "X-Shopify-Topic": "orders/create", "X-Shopify-Webhook-Id": "third"}
    assert shop.web.send("shopify", created, body)[1] == "1 taken, 0 known\n"
    same = headers["X-Shopify-Webhook-Id"]  # the id of the first, with another body
    assert shop.web.send("shopify", *web_hooks.shopify("carts_create", X_Shopify_Webhook_Id=same))[0] == 200
    assert shop.web.send("shopify", *web_hooks.shopify("customers_update", X_Shopify_Webhook_Id=same))[0] == 200
    refused(shop, "other-body", 1)
    assert len(events(shop)) == 2


def test_several_secrets_while_they_change(shop):
    open_shop(shop, "shopify", secret="# the new one\nfresh\n" + SECRET)
    for secret, status in ((SECRET, 200), ("fresh", 200), ("# the new one", 401), ("", 401), ("other", 401)):
        assert shop.web.send("shopify", *web_hooks.shopify("orders_create", secret))[0] == status, secret


BAD = [
    ("no signature", lambda h, b: ({k: v for k, v in h.items() if "Hmac" not in k}, b), 401, "no-token"),
    ("an empty one", lambda h, b: ({**h, "X-Shopify-Hmac-Sha256": ""}, b), 401, "wrong-token"),
    ("one in hex", lambda h, b: ({**h, "X-Shopify-Hmac-Sha256": web_hooks.mac(b).hexdigest()}, b), 401, "wrong-token"),
    ("one of the body without its end", lambda h, b: (h, b.rstrip()), 401, "wrong-token"),
    ("a byte more", lambda h, b: (h, b + b" "), 401, "wrong-token"),
    ("another topic than there is", lambda h, b: ({**h, "X-Shopify-Topic": "themes/publish"}, b), 200, "unknown-topic"),
    ("no topic", lambda h, b: ({k: v for k, v in h.items() if "Topic" not in k}, b), 400, "bad-body"),
]


def test_what_is_no_delivery(shop):
    open_shop(shop, "shopify")
    headers, body = web_hooks.shopify("orders_create")
    seen = {}
    for what, change, status, reason in BAD:
        answer = shop.web.send("shopify", *change(headers, body))
        assert answer[0] == status, (what, answer)
        seen[reason] = seen.get(reason, 0) + 1
    for reason, count in seen.items():
        refused(shop, reason, count)
        assert shop.one.log().count(f"reason={reason}") == 1
    assert shop.web.send("nobody", headers, body)[0] == 404
    assert shop.web.ask("GET", "/webhooks/shopify")[0] == 405
    assert events(shop) == []


def test_broken_bodies(shop):
    """Signed, and no events all the same."""
    open_shop(shop, "shopify", "generic")
    for body in (b"", b"{", b"[1,", b'{"a":1,"a":2}', b"\xff\xfe", b"[" * 200 + b"]" * 200, b'"x"', b"null", b"{}",
                 b'{"type":"order.placed"}', b'{"type":"order.placed","customer":{"id":{}}}', b'{"type":7}',
                 b'{"type":"order.placed","customer":{"id":7},"hops":9}',
                 b'{"type":"customer.erased","customer":{"id":7}}', b'{"type":"message.sent","customer":{"id":7}}'):
        head = {"Content-Type": "application/json", "X-Signature": "sha256=" + web_hooks.mac(body).hexdigest()}
        status, answer = shop.web.send("generic", head, body)
        assert status in (200, 400), (body, status, answer)
        assert "1 taken" not in answer or body.endswith(b'"hops":9}'), (body, answer)
    told = events(shop)
    assert [event.get("hops") for event in told] in ([], [None])
    assert shop.one.figure("nudged_web_up") == 1


def test_a_huge_body(shop):
    open_shop(shop, "shopify", limits={"body": "64KiB"})
    body = b'{"line_items":[' + b'{"title":"x"},' * 10000 + b"0]}"
    head = {"Content-Type": "application/json", "X-Shopify-Topic": "orders/create", "X-Shopify-Hmac-Sha256": "x"}
    assert shop.web.send("shopify", head, body)[0] == 413
    refused(shop, "body-size", 1)


def test_tolerance_of_clocks(shop):
    open_shop(shop, "stripe")
    now = int(time.time())
    for off, status in ((-290, 200), (-330, 401), (330, 401), (0, 200)):
        assert shop.web.send("stripe", *web_hooks.stripe("checkout_session_completed", at=now + off))[0] == status, off
    refused(shop, "replayed", 2)


def test_woocommerce_asks_whether_somebody_is_there(shop):
    open_shop(shop, "woocommerce", "shopify")
    headers, body = web_hooks.sample("woocommerce/ping")
    assert shop.web.send("woocommerce", headers, body) == (200, "somebody is there\n")
    assert shop.web.send("woocommerce", headers, body + b"&x=1")[0] == 401
    assert shop.web.send("shopify", headers, body)[0] == 401
    unsigned, order = web_hooks.sample("woocommerce/order_created")
    assert shop.web.send("woocommerce", unsigned, order)[0] == 401


def test_whom_nobody_knows(shop):
    open_shop(shop, "shopify")
    assert shop.web.send("shopify", *web_hooks.shopify("carts_create")) == (200, "0 taken, 0 known\n")
    refused(shop, "no-customer", 1)


def test_a_cart_is_theirs_who_orders_with_it(shop):
    """Where its token, and an order's id, are among the keys: neither cart nor refund names anybody."""
    shop.config["customer"] = {"keys": ["customer.id", "customer.email", "customer.cart", "customer.order"]}
    open_shop(shop, "shopify")
    for name in ("carts_create", "checkouts_create", "refunds_create", "orders_create"):
        assert shop.web.send("shopify", *web_hooks.shopify(name))[1] == "1 taken, 0 known\n"
    shop.wait_idle()
    shown = shop.ctl("customer", "show", "115310627314723954")[1]
    for type_ in ("cart.updated", "checkout.started", "order.refunded", "order.placed"):
        assert type_ in shown, shown


def test_redis_away(shop):
    open_shop(shop, "shopify")
    server = next(thing for thing in shop.started if hasattr(thing, "path") and hasattr(thing, "client"))
    server.stop()
    headers, body = web_hooks.shopify("orders_create")
    status, told, _ = shop.web.ask("POST", "/webhooks/shopify", body, headers)
    assert status == 503 and int(told["Retry-After"]) > 0
    server.start()
    shop.client = server.client
    wait_until(lambda: shop.web.send("shopify", headers, body)[1] == "1 taken, 0 known\n", shop.one.log)
    assert len(events(shop)) == 1


def test_redis_full(shop):
    """It is told so, and nothing of it is remembered: sent again it is taken."""
    open_shop(shop, "shopify")
    headers, body = web_hooks.shopify("orders_create")
    shop.client.config_set("maxmemory", "1mb")
    assert shop.web.send("shopify", headers, body)[0] == 503
    assert shop.client.keys("nudged:once:*") == []
    shop.client.config_set("maxmemory", "0")
    assert shop.web.send("shopify", headers, body)[1] == "1 taken, 0 known\n"
    assert len(events(shop)) == 1


def test_one_of_your_own_goes_first(shop):
    folder = shop.folder / "webhooks"
    folder.mkdir()
    (folder / "shopify.yaml").write_text("""\
verify: {scheme: token, header: X-Token}
types: [order.placed]
topic: '"any"'
topics: {any: {type: order.placed, customer: {id: body.who}}}
""")
    open_shop(shop, "shopify", ("shopify", {"path": "/webhooks/second"}))
    for name in ("shopify", "second"):
        assert shop.web.send(name, {"X-Token": SECRET}, b'{"who": "%s"}' % name.encode())[1] == "1 taken, 0 known\n"
        assert shop.web.send(name, {"X-Token": SECRET + "x"}, b'{"who": 8}')[0] == 401
    assert [event["customer"]["id"] for event in events(shop)] == ["shopify", "second"]


@pytest.mark.parametrize("hooks, text", [
    ([{"mapping": "shopfy", "secret_file": "s"}], "did you mean `shopify`"),
    ([{"mapping": "shopify"}], "needs a `secret_file`"),
    ([{"mapping": "ses"}], "needs a `topic_arn`"),
    ([{"mapping": "ses", "topic_arn": "arn:aws:sqs:eu-west-1:1:x"}], "is no topic of Amazon SNS"),
    ([{"mapping": "ses", "topic_arn": "arn:aws:sns:eu-west-1:1:x", "secret_file": "s"}], "has no secret"),
    ([{"mapping": "shopify", "secret_file": "s", "path": "/hooks/x"}], "cannot be a webhook's path"),
    ([{"mapping": "shopify", "secret_file": "s"}, {"mapping": "shopify", "secret_file": "s"}],
     "another webhook's path"),
    ([{"mapping": "shopify", "secret_fil": "s"}], "did you mean `secret_file`"),
    ([{"mapping": "postmark", "secret_file": "s"}], "is no secret for `basic`"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_check(shop, hooks, text):
    (shop.folder / "s").write_text("word\n")
    one = shop.daemon(web={"listen": "127.0.0.1:0", "webhooks": hooks})
    status, out, err = shop.ctl("check")
    assert status != 0 and text in out + err, out + err
    assert f"{one.name}.yaml:" in out + err and "^" in out + err
