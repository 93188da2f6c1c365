"""Which events deliveries become, by the mappings that come with nudged: samples of the shape in which
each provider sends them; and what `nudgectl webhook` and `check` say of mappings."""

import json
import subprocess

import pytest

from conftest import BUILD, SOURCE

SAMPLES = sorted((SOURCE / "tests" / "webhooks").glob("*/*.http"))
MAPPINGS = sorted(path.stem for path in (SOURCE / "webhooks").glob("*.yaml"))


def run(*arguments, cwd=None):
    done = subprocess.run([BUILD / "nudgectl", "webhook", *map(str, arguments)], capture_output=True, text=True,
                          cwd=cwd)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_sample(path):
    status, out, err = run("--json", path.parent.name, path)
    expected = path.with_suffix(".json")
    if not expected.exists():
        assert (status, out) == (0, "it only asks whether somebody is there\n"), err
        return
    wanted, made = json.loads(expected.read_text()), json.loads(out)
    made["left_out"] = sorted({item["part"] for item in made["left_out"]})
    assert made == wanted, err
    assert status == (0 if wanted["events"] else 1)


def test_every_mapping_has_samples():
    assert MAPPINGS == sorted({path.parent.name for path in SAMPLES})


def test_ids_in_a_body_are_never_the_events():
    """But where a mapping says so: of Shopify's deliveries the header is the id, whatever the body's is."""
    for path in SAMPLES:
        if path.parent.name not in ("shopify", "woocommerce"):
            continue
        head = dict(line.split(": ", 1) for line in path.read_text().partition("\n\n")[0].splitlines())
        delivery = head.get("X-Shopify-Webhook-Id", head.get("X-WC-Webhook-Delivery-ID"))
        events = json.loads(run("--json", path.parent.name, path)[1])["events"] if path.stem != "ping" else []
        for event in events:
            assert event["id"] == delivery or "-" in event["id"], path  # "refund-…": the mapping's word


def test_headers_beside_a_body(tmp_path):
    (tmp_path / "body.json").write_text('{"shop_id": 1, "shop_domain": "x"}')
    status, out, err = run("shopify", tmp_path / "body.json", "X-Shopify-Topic: shop/redact", "x-shopify-webhook-id: 7")
    assert status == 0 and '"shop.redact_requested"' in out and '"7"' in out, err
    status, out, err = run("shopify", tmp_path / "body.json", "X-Shopify-Topic: shop/other")
    assert (status, out) == (1, "nothing comes of it\n1 not let through: no topic `shop/other`\n")
    status, out, err = run("shopify", tmp_path / "body.json")
    assert status == 65 and 'header("X-Shopify-Topic"): no such header' in err


def test_a_topic_with_another_topics_body_is_nothing(tmp_path):
    """The signature covers no topic: an order under the topic of an erasure erases nobody."""
    order = (SOURCE / "tests/webhooks/shopify/orders_create.http").read_text()
    for topic in ("customers/redact", "customers/data_request", "shop/redact", "refunds/create", "carts/create",
                  "checkouts/create", "customers/create", "fulfillments/create", "orders/cancelled", "orders/paid",
                  "orders/updated", "customers_email_marketing_consent/update"):
        (tmp_path / "x.http").write_text(order.replace("orders/create", topic))
        assert json.loads(run("--json", "shopify", tmp_path / "x.http")[1])["events"] == [], topic
    redact = (SOURCE / "tests/webhooks/shopify/customers_data_request.http").read_text()
    (tmp_path / "x.http").write_text(redact.replace("customers/data_request", "customers/redact"))
    assert json.loads(run("--json", "shopify", tmp_path / "x.http")[1])["events"] == []


OWN = """\
verify: {scheme: hmac-sha256, header: X-Sig}
types: [order.placed]
topic: body.kind
topics:
  placed: {type: order.placed, customer: {id: body.who}}
"""
FAULTS = [
    ("scheme: hmac-sha256", "scheme: hmac-sha257", "1:18", "scheme", "hmac-sha256"),
    ("header: X-Sig", "prefix: x", "1:9", "needs `header`", "X-Signature"),
    ("type: order.placed", "type: order.plced", "5:18", "not among the `types`", "did you mean `order.placed`"),
    ("body.kind", "bdy.kind", "3:8", "bdy", "did you mean `body`"),
    ("body.who", "body.who +", "5:", "", ""),
    ("topics:", "topcs:", "4:1", "unknown key `topcs`", "did you mean `topics`"),
    ("customer: {id", "custmer: {id", "5:32", "unknown key `custmer`", "did you mean `customer`"),
    ("[order.placed]", "[order.placed, message.sent]", "2:23", "nudged alone", "feedback"),
    ("customer: {id: body.who}", "feedback: bounced", "5:", "", ""),
    ("{id: body.who}", "{id: shopify}", "5:47", "shopify", "both quotes"),
    ("customer: {id: body.who}", "if: body.who + 1", "5:", "", ""),
    ("customer: {id: body.who}", "if: size(body.who)", "5:", "must be true or false", "compare"),
    ("  placed: {", "  placed: [], x: {", "5:", "", ""),
]


@pytest.mark.parametrize("old, new, place, text, hint", FAULTS, ids=[row[1] for row in FAULTS])
def test_faults_have_a_place(tmp_path, old, new, place, text, hint):
    assert OWN.count(old) == 1
    (tmp_path / "own.yaml").write_text(OWN.replace(old, new))
    (tmp_path / "x.json").write_text("{}")
    status, _, err = run("./own.yaml", "x.json", cwd=tmp_path)
    assert status == 78 and f"./own.yaml:{place}" in err and "^" in err, err
    assert text in err and hint in err, err


def test_one_of_your_own(tmp_path):
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "x.json").write_text('{"kind": "placed", "who": 7, "id": "body"}')
    status, out, err = run("--json", "./own.yaml", "x.json", cwd=tmp_path)
    event = json.loads(out)["events"][0]
    assert len(event.pop("id")) == 32  # of topic and body
    assert event == {"type": "order.placed", "source": "own", "customer": {"id": 7}}, err
    again = json.loads(run("--json", "./own.yaml", "x.json", cwd=tmp_path)[1])["events"][0]["id"]
    (tmp_path / "x.json").write_text('{"kind": "placed", "who": 7, "id": "bodz"}')
    other = json.loads(run("--json", "./own.yaml", "x.json", cwd=tmp_path)[1])["events"][0]["id"]
    assert again != other and len(other) == 32


def test_a_name_that_there_is_none_of(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    status, _, err = run("shopfy", "x.json", cwd=tmp_path)
    assert status == 78 and "there is no mapping `shopfy`" in err and "did you mean `shopify`" in err
