"""A shop whose daemon takes webhooks, and providers that send them: each signs as the real one does."""

import base64
import hashlib
import hmac
import json
import subprocess
import time

from conftest import SOURCE
from web_intake import Web

SECRET = "hush-hush-hush"
SAMPLES = SOURCE / "tests" / "webhooks"


def sample(name):
    """(headers, body) of a delivery of tests/webhooks."""
    head, _, body = (SAMPLES / f"{name}.http").read_text().partition("\n\n")
    return dict(line.split(": ", 1) for line in head.splitlines()), body.encode()


def hook_shop(shop, *hooks, secret=SECRET, **web):
    """The web section with these webhooks: (mapping, keys of its own)."""
    path = shop.folder / "secret"
    path.write_text(secret + "\n")
    path.chmod(0o600)
    shop.config["archive"] = {"folder": "archive"}
    listed = [{"mapping": name, **({} if "topic_arn" in own else {"secret_file": str(path)}), **own}
              for name, own in (hook if isinstance(hook, tuple) else (hook, {}) for hook in hooks)]
    shop.config["web"] = {"listen": "127.0.0.1:0", "webhooks": listed, **web}
    return shop


class Hooks(Web):
    def send(self, name, headers, body):
        """(status, the answer's text)"""
        status, _, answer = self.ask("POST", f"/webhooks/{name}", body, headers)
        return status, answer.decode()


def mac(body, secret=SECRET, hash_=hashlib.sha256):
    return hmac.new(secret.encode(), body, hash_)


def shopify(name, secret=SECRET, **changed):
    headers, body = sample(f"shopify/{name}")
    signed = base64.b64encode(mac(body, secret).digest()).decode()
    return {**headers, "X-Shopify-Hmac-Sha256": signed, **{k.replace("_", "-"): v for k, v in changed.items()}}, body


def woocommerce(name, secret=SECRET):
    headers, body = sample(f"woocommerce/{name}")
    return {**headers, "X-WC-Webhook-Signature": base64.b64encode(mac(body, secret).digest()).decode()}, body


def segment(name, secret=SECRET):
    headers, body = sample(f"segment/{name}")
    return {**headers, "X-Signature": mac(body, secret, hashlib.sha1).hexdigest()}, body


def generic(name, secret=SECRET):
    headers, body = sample(f"generic/{name}")
    return {**headers, "X-Signature": "sha256=" + mac(body, secret).hexdigest()}, body


def stripe(name, secret=SECRET, at=None):
    headers, body = sample(f"stripe/{name}")
    at = int(time.time()) if at is None else at
    return {**headers, "Stripe-Signature": f"t={at},v1={mac(b'%d.' % at + body, secret).hexdigest()},v0=00"}, body


def with_mid(body, mid):
    """The same about that message of ours."""
    return body.replace(b"0123456789abcdef0123456789abcdef", mid.encode())


def mailgun(name, mid, secret=SECRET, at=None, token=None):
    headers, body = sample(f"mailgun/{name}")
    at = str(int(time.time()) if at is None else at)
    token = token or hashlib.sha256(body + mid.encode() + name.encode()).hexdigest()[:50]
    told = json.loads(with_mid(body, mid))
    told["signature"] = {"timestamp": at, "token": token, "signature": mac((at + token).encode(), secret).hexdigest()}
    return headers, json.dumps(told).encode()


def basic(name, mid, login):
    headers, body = sample(name)
    return {**headers, "Authorization": "Basic " + base64.b64encode(login.encode()).decode()}, with_mid(body, mid)


def bearer(name, mid, token):
    headers, body = sample(name)
    return {**headers, "Authorization": f"Bearer {token}"}, with_mid(body, mid)


class SendGrid:
    """Signs as SendGrid does: ECDSA over P-256, by openssl."""

    def __init__(self, folder):
        self.key = folder / "sendgrid.pem"
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
        der = self.openssl("ec", "-in", self.key, "-pubout", "-outform", "DER")
        self.public = base64.b64encode(der).decode()

    @staticmethod
    def openssl(*arguments, stdin=None):
        return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout

    def sign(self, body, at=None):
        at = str(int(time.time()) if at is None else at)
        made = self.openssl("dgst", "-sha256", "-sign", self.key, stdin=at.encode() + body)
        return {"Content-Type": "application/json",
                "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(made).decode(),
                "X-Twilio-Email-Event-Webhook-Timestamp": at}

    def events(self, mid, *events, at=None):
        body = json.dumps([{"email": "ana@example.com", "timestamp": 1, "mid": mid, **event}
                           for event in events]).encode()
        return self.sign(body, at), body
