"""Amazon SES by SNS: a server of this machine is sns.eu-west-1.amazonaws.com, to the daemon alone; its
certificate signs, confirmation is asked of it, and of nobody else."""

import base64
import http.server
import json
import os

import ssl
import subprocess
import threading

import pytest

import web_hooks
from conftest import PATIENCE, SOURCE, wait_until
from test_webhook_feedback import did, mailing, sent, suppressed

HOST = "sns.eu-west-1.amazonaws.com"
ARN = "arn:aws:sns:eu-west-1:123456789012:bounces"
PEM = f"https://{HOST}/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"
CONFIRM = f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37fb687f5d51"
SIGNED = {"Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
          "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn",
                                       "Type"]}


def openssl(*words, stdin=None):
    return subprocess.run(["openssl", *map(str, words)], input=stdin, check=True, capture_output=True).stdout


class Sns:
    """The web side of SNS, and what signs its messages."""

    def __init__(self, folder):
        self.folder, self.asked, self.answers = folder, [], {}
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "tls.key", "-out",
                folder / "tls.pem", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-days", "30")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "sign.key", "-out",
                folder / "sign.pem", "-subj", "/CN=sns.amazonaws.com", "-days", "30")
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner.asked.append(self.path)
                status, headers, body = owner.answer(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def answer(self, path):
        for begin, answer in self.answers.items():
            if path.startswith(begin):
                return answer
        if path.endswith(".pem"):
            return 200, {}, (self.folder / "sign.pem").read_bytes()
        return 200, {}, b"<ConfirmSubscriptionResponse/>"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(PATIENCE)

    def message(self, type_, text, version="1", **changed):
        """Signed as it stands, with what is changed."""
        told = {"Type": type_, "MessageId": "22b80b92-fdea", "TopicArn": ARN, "Message": text,
                "Timestamp": "2026-03-02T10:00:00.655Z", "SignatureVersion": version, "SigningCertURL": PEM}
        asks = {"Token": "2336412f37fb687f5d51", "SubscribeURL": CONFIRM}
        told |= {"Subject": "x"} if type_ == "Notification" else asks
        told |= changed
        names = SIGNED.get(type_, SIGNED["SubscriptionConfirmation"])
        signed = "".join(f"{name}\n{told[name]}\n" for name in names).encode()
        hash_ = "-sha1" if version == "1" else "-sha256"
        signature = openssl("dgst", hash_, "-sign", self.folder / "sign.key", stdin=signed)
        told["Signature"] = base64.b64encode(signature).decode()
        return {"Content-Type": "text/plain; charset=UTF-8"}, json.dumps(told).encode()

    def event(self, name, mid, **keys):
        body = json.loads(web_hooks.with_mid(web_hooks.sample(f"ses/{name}")[1], mid))
        return self.message("Notification", body["Message"], **keys)


@pytest.fixture
def sns(shop, monkeypatch):
    library = shop.folder / "names_here.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, SOURCE / "tests/functional/names_here.c", "-ldl"],
                   check=True)
    server = shop.add(Sns(shop.folder))
    shop.redis()
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("NAMES_HERE", str(server.server.server_port))
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
    monkeypatch.setattr(shop, "redis", lambda: None)
    mailing(shop, ("ses", {"topic_arn": ARN}), sns_ca_file=str(shop.folder / "tls.pem"))
    return server


def test_feedback(shop, sns):
    mid = sent(shop, 1)
    headers, body = sns.event("bounce", mid)
    assert shop.web.send("ses", headers, body) == (200, "1 taken, 0 known\n")
    assert shop.web.send("ses", headers, body) == (200, "0 taken, 1 known\n")
    assert suppressed(shop) == 1 and did(shop, 1)[-1][0] == "returned"
    two = sent(shop, 2)
    assert shop.web.send("ses", *sns.event("complaint", two, version="2")) == (200, "1 taken, 0 known\n")
    assert suppressed(shop) == 2
    assert sns.asked == [PEM.removeprefix(f"https://{HOST}")]  # fetched once
    headers, body = sns.event("bounce", mid)
    assert shop.web.send("ses", headers, body.replace(b"5.1.1", b"5.1.2"))[0] == 401


def test_a_subscription_is_confirmed(shop, sns):
    assert shop.web.send("ses", *sns.message("SubscriptionConfirmation", "You have chosen"))[0] == 200
    assert sns.asked[-1].startswith("/?Action=ConfirmSubscription&TopicArn=")
    assert "a subscription of Amazon SNS is confirmed" in shop.one.log()
    asked = len(sns.asked)
    assert shop.web.send("ses", *sns.message("UnsubscribeConfirmation", "You have left"))[0] == 200
    assert len(sns.asked) == asked  # nobody subscribes again


EVIL = [
    {"SigningCertURL": "https://evil.example/SimpleNotificationService-1.pem"},
    {"SigningCertURL": PEM.replace("https", "http")},
    {"SigningCertURL": PEM.replace(HOST, f"{HOST}:8443")},
    {"SigningCertURL": PEM.replace(HOST, f"{HOST}@127.0.0.1")},
    {"SigningCertURL": PEM.replace(HOST, f"{HOST}.evil.example")},
    {"SigningCertURL": PEM.replace(HOST, HOST.upper())},
    {"SigningCertURL": PEM.replace("amazonaws", "аmazonaws")},
    {"SigningCertURL": PEM.replace("eu-west-1", "eu-west-2")},
    {"SigningCertURL": "file:///etc/passwd"},
    {"SigningCertURL": "http://169.254.169.254/latest/meta-data/SimpleNotificationService-1.pem"},
    {"SigningCertURL": f"https://{HOST}/../SimpleNotificationService-1.pem"},
    {"SigningCertURL": f"https://{HOST}/?SimpleNotificationService-1.pem"},
    {"TopicArn": "arn:aws:sns:eu-west-1:666666666666:bounces"},
    {"Signature": ""}, {"SignatureVersion": "3"},
]


@pytest.mark.parametrize("changed", EVIL, ids=lambda changed: next(iter(changed.values()))[:60])
def test_nobody_else_is_asked(shop, sns, changed):
    headers, body = sns.event("bounce", sent(shop, 1))
    body = json.dumps({**json.loads(body), **changed}).encode()
    assert shop.web.send("ses", headers, body)[0] == 401
    assert (sns.asked == [] or "SignatureVersion" in changed) and suppressed(shop) == 0


def test_confirmations_of_nobody_else(shop, sns):
    for url in (CONFIRM.replace("https", "http"), CONFIRM.replace(HOST, "127.0.0.1"),
                CONFIRM.replace(HOST, f"a@{HOST}"),
                CONFIRM.replace("ConfirmSubscription", "DeleteTopic"), CONFIRM + "&Action=DeleteTopic",
                CONFIRM.replace(ARN, ARN + "2"), CONFIRM.replace(HOST, f"{HOST}.evil.example")):
        assert shop.web.send("ses", *sns.message("SubscriptionConfirmation", "x", SubscribeURL=url))[0] == 401, url
    assert sns.asked == [PEM.removeprefix(f"https://{HOST}")]


def test_redirects_and_rubbish(shop, sns):
    """What leads elsewhere is not followed; what is no certificate, or has no end, is none."""
    mid = sent(shop, 1)
    for status, headers, body, answer in ((302, {"Location": "https://127.0.0.1/x.pem"}, b"", 401),
                                          (200, {}, b"<html>", 401),
                                          (200, {}, b"-----BEGIN CERTIFICATE-----\n" + b"x" * 200000, 503),
                                          (404, {}, b"", 401), (500, {}, b"", 503),
                                          (200, {}, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                                           401)):
        sns.answers = {"/SimpleNotificationService": (status, headers, body)}
        assert shop.web.send("ses", *sns.event("bounce", mid))[0] == answer, (status, headers, body[:30])
    assert not any("x.pem" in path for path in sns.asked)
    assert suppressed(shop) == 0
    # a certificate that signed nothing is not kept for a day
    sns.answers = {}
    assert shop.web.send("ses", *sns.event("bounce", mid))[1] == "1 taken, 0 known\n"


def test_another_authority(shop, sns):
    """A server that the daemon does not know to be Amazon's is not believed."""
    sns.answers = {}
    config = shop.one.config.read_text().replace("tls.pem", "sign.pem")
    shop.one.config.write_text(config)
    log = shop.one.log()
    assert shop.ctl("reload")[0] == 0
    wait_until(lambda: shop.one.log().count("the web") > log.count("the web") or True, "the reload")
    wait_until(lambda: shop.web.send("ses", *sns.event("bounce", sent(shop, 1)))[0] == 503, shop.one.log)
    assert sns.asked == []
