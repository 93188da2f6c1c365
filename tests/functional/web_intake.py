"""A shop whose daemon takes events over the web, and what tests say to it."""

import base64
import hashlib
import hmac
import http.client
import json
import re
import time

from conftest import PATIENCE, wait_until
from web_raw import SECURE

TOKEN = "DyXc0u3pQ1mH5b8ZrWn2Kf7T"
CONSENT = "c0nsentC0nsentC0nsentC0nsent"
KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
TOKENS = f"""\
# the shop's backend
{TOKEN}  order.* cart.* customer.updated watch.* product.*
{CONSENT}  customer.unsubscribed, customer.subscribed, customer.erased
{KEY}  order.*
"""
EVENT = {"type": "order.placed", "id": "order-1001-placed", "customer": {"id": 7, "email": "ana@shop.example"},
         "order": {"name": "#1001", "total": 64.9, "currency": "EUR"}}


def full(**attributes):
    """An event as a CloudEvent."""
    return {"specversion": "1.0", "id": "c1", "source": "/shop", "type": "order.placed",
            "data": {"customer": {"id": 7}}, **attributes}


def web_shop(shop, tokens=TOKENS, **web):
    """The web section, with a file of tokens."""
    path = shop.folder / "tokens"
    path.write_text(tokens)
    path.chmod(0o600)
    shop.config["archive"] = {"folder": "archive"}
    shop.config["web"] = {"listen": "127.0.0.1:0", "tokens_file": str(path), **web}
    return shop


def web_port(daemon):
    """Where its nudged-web listens: the port was the kernel's choice."""
    found = wait_until(lambda: re.findall(r"127\.0\.0\.1:(\d+)", daemon.log()), daemon.log)
    return int(found[-1])


class Web:
    def __init__(self, daemon, context=None):
        self.port = web_port(daemon)
        SECURE.pop(self.port, None)
        if context:
            SECURE[self.port] = context
        wait_until(lambda: self.is_open(), daemon.log)

    def is_open(self):
        try:
            return self.ask("GET", "/live")[0] == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, headers=()):
        """(status, headers, body as bytes)"""
        connection = (http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=SECURE[self.port])
                      if self.port in SECURE else
                      http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE))
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def post(self, body, kind="application/json", token=TOKEN, **headers):
        """(status, headers, what the answer says)"""
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        head = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if token:
            head["Authorization"] = f"Bearer {token}"
        status, told, answer = self.ask("POST", "/v1/events", body.encode() if isinstance(body, str) else body,
                                        {name: value for name, value in head.items() if value is not None})
        return status, told, json.loads(answer) if answer else None


def open_web(shop, **web):
    """Its daemon, that keeps all events so that what was posted can be looked at, and the way to it."""
    shop.redis()
    web_shop(shop, **web)
    daemon = shop.daemon().spawn()
    return shop, daemon, Web(daemon)


def sign(body, name="delivery-1", at=None, key=KEY):
    """The headers of Standard Webhooks 1.0."""
    at = int(time.time()) if at is None else at
    mac = hmac.new(base64.b64decode(key.removeprefix("whsec_")), f"{name}.{at}.".encode() + body, hashlib.sha256)
    return {"webhook_id": name, "webhook_timestamp": str(at),
            "webhook_signature": "v1," + base64.b64encode(mac.digest()).decode()}


def entries(shop):
    """The events that came into the stream, once all are decided: (entry, event), from the archive."""
    shop.wait_idle()
    lines = [line for path in sorted((shop.folder / "state" / "archive").glob("events-*"))
             for line in path.read_text().splitlines()]
    return [(record["entry"], record["event"]) for record in map(json.loads, lines)]
