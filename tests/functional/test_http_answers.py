"""What an HTTP API says by its answers: what becomes of the message, what it is called there, and that nobody is
shown a secret."""

import json

import pytest

from conftest import wait_until
from fault_server import FaultHttp, answer

RULES = """
{name: text, class: transactional, on: text, send: {template: text, via: sms, to: dest}, on_uncertain: hold}
---
{name: known, class: transactional, on: message.sent, if: 'message.gateway_id == "p-77"',
 send: {template: text, via: other, to: '"+1"'}}
"""
ANSWERS = {
    "sent": "answer.body.ok == true",
    "unavailable": "answer.body.error == 'busy'",
    "retry": "answer.body.error == 'later'",
    "bounced": "answer.body.error == 'gone'",
    "gateway": "answer.body.error == 'key'",
    "refused": "answer.body.error == 'no'",
    "id": "answer.body.id",
    "words": "answer.body.text",
}
SECRET = "123:s3cr-et/T000"


@pytest.fixture
def api(shop):
    shop.redis()
    shop.rules(RULES)
    shop.template("text.text.liquid", "---\nsubject: x\n---\nhello\n")
    for name in ("api", "other"):
        shop.template(f"{name}.json.liquid", '{"text": {{ message.text | json }}}')
    (shop.folder / "secret").write_text(SECRET + "\n")
    (shop.folder / "secret").chmod(0o600)
    shop.api = shop.add(FaultHttp())
    shop.other = shop.add(FaultHttp())
    shop.config["gateways"] = {
        "api": {"kind": "http", "url": f"http://127.0.0.1:{shop.api.port}/bot{{{{ secret }}}}/send?k={{{{ secret }}}}",
                "secret_file": str(shop.folder / "secret"), "connections": 1, "answers": dict(ANSWERS),
                "headers": {"Authorization": "Bearer {{ secret }}", "X-Who": "{{ customer.name }}",
                            "X-Empty": "{{ customer.none }}"}},
        "other": {"kind": "http", "url": f"http://127.0.0.1:{shop.other.port}/"},
    }
    shop.config["channels"] = {"sms": "api", "other": "other"}
    shop.config["log"] = {"level": "debug", "messages": True}
    return shop


def text(number=1):
    return {"type": "text", "id": f"t{number}", "customer": {"id": number, "name": "Zoë\tÜnï"}, "dest": "+358"}


def did(shop, what):
    return next((line for line in shop.trace("id:1") if line[1] == what), None)


@pytest.mark.parametrize("body, what, why", [
    ({"ok": True, "id": "p-77"}, "sent", ""),
    ({"error": "busy", "text": "not now"}, "unavailable", "HTTP 200 not now"),
    ({"error": "later", "text": "soon"}, "retry", "HTTP 200 soon"),
    ({"error": "gone"}, "bounced", 'HTTP 200 {"error": "gone"}'),
    ({"error": "key"}, "gateway-fault", 'HTTP 200 {"error": "key"}'),
    ({"error": "no"}, "dead", 'HTTP 200 {"error": "no"}'),
    ({"error": "what"}, "uncertain", 'HTTP 200 {"error": "what"}'),
    (b"<html>", "uncertain", "HTTP 200 <html>"),
])
def test_each_answer(api, body, what, why):
    api.api.on("answer", answer(200, body))
    daemon = api.daemon().spawn()
    api.push(text())
    line = wait_until(lambda: did(api, what), lambda: f"{what}: {api.trace('id:1')}\n{daemon.log()}")
    assert why in line[2]


def test_what_the_api_calls_a_message(api):
    api.api.on("answer", answer(200, {"ok": True, "id": "p-77"}))
    daemon = api.daemon().spawn()
    api.push(text())
    wait_until(lambda: api.other.requests, lambda: f"the rule on message.sent\n{daemon.log()}")
    assert "id=p-77" in daemon.log()
    _, shown, _ = api.ctl("explain", "id:1")
    assert " id=p-77" in shown


def test_places_are_filled(api):
    daemon = api.daemon().spawn()
    api.push(text())
    [request] = wait_until(lambda: list(api.api.requests), daemon.log)
    head = {name.lower(): value for name, value in dict(request.headers).items()}
    assert request.path == f"/bot{SECRET}/send?k=123%3As3cr-et%2FT000"
    assert head["authorization"] == f"Bearer {SECRET}"
    assert head["x-who"] == "Zoë Ünï" and "x-empty" not in head


def test_nobody_is_shown_a_secret(api):
    """The API's own words have it, and so would the URL."""
    api.api.on("answer", answer(200, {"error": "no", "text": f"wrong: {SECRET} and 123%3As3cr-et%2FT000"}))
    daemon = api.daemon().spawn()
    api.push(text())
    wait_until(lambda: api.dead(), daemon.log)
    _, printed, _ = api.ctl("explain", "id:1")
    _, dead, _ = api.ctl("dead", "ls") if api.ctl("dead", "ls")[0] == 0 else api.ctl("dead")
    everything = daemon.log() + printed + dead + str(api.dead()) + json.dumps(daemon.status())
    assert "wrong: *** and ***" in everything
    assert "s3cr-et" not in everything
