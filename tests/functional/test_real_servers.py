"""Real Postfix, Exim, Dovecot and nginx: TLS, logins, and each message exactly once. What arrives is
read by Python's own reader."""

import collections
import email
import email.policy

import pytest

import certificates
from conftest import SmtpServer, wait_until
from real_servers import Exim, Nginx, Postfix, Submission

RULES = "{name: hello, class: transactional, on: hello, send: hello}"
TEMPLATE = "---\nsubject: hello {{ customer.id }}\n---\n<p>Ehdot: äöå, {{ customer.first_name }}</p>\n"


def hello(number, address=None, **more):
    return {"type": "hello", "id": f"h{number}", **more,
            "customer": {"id": number, "email": address or f"ok{number}@mail.example", "first_name": "Zoë Ünï"}}


@pytest.fixture
def real(shop):
    shop.redis()
    shop.rules(RULES)
    shop.template("hello.html.liquid", TEMPLATE)
    shop.certs = certificates.make(shop.folder / "tls")
    return shop


class Passed:
    """Submission before a plain SMTP server: what that got."""

    def __init__(self, shop, tls, **more):
        self.sink = shop.add(SmtpServer())
        self.server = shop.add(Submission(shop.folder, shop.certs, self.sink.port, tls, **more))
        self.gateway, self.log, self.got = self.server.gateway, self.server.log, []

    def boxes(self):
        while not self.sink.mails.empty():
            self.got.append(self.sink.mails.get())
        return [envelope.content for envelope in self.got]


def start(shop, kind, tls, **more):
    if kind is Submission:
        return Passed(shop, tls, **more)
    return shop.add(kind(shop.folder, shop.certs, tls, **more))


@pytest.mark.parametrize("tls", ["starttls", "smtps"])
@pytest.mark.parametrize("kind", [Postfix, Exim, Submission])
def test_mail_arrives_logged_in(real, kind, tls):
    server = start(real, kind, tls)
    real.config["gateways"] = {"relay": server.gateway(real, user="nudged", password="s3cret")}
    daemon = real.daemon().spawn()
    real.push(hello(1), hello(2))
    wait_until(lambda: len(server.boxes()) == 2 or real.dead(), lambda: f"two mails\n{daemon.log()}{server.log()}")
    real.wait_idle()
    mails = [email.message_from_bytes(data, policy=email.policy.default) for data in server.boxes()]
    assert sorted(mail["Subject"] for mail in mails) == ["hello 1", "hello 2"]
    for mail in mails:
        assert "Ehdot: äöå, Zoë Ünï" in mail.get_body(("plain",)).get_content()
        assert not [defect for part in mail.walk() for defect in part.defects]
    assert "nudged" in server.log()


@pytest.mark.parametrize("kind", [Postfix, Exim, Submission])
@pytest.mark.parametrize("certificate, password", [("good", "wrong"), ("expired", "s3cret"), ("other", "s3cret")])
def test_wrong_password_or_certificate_is_the_gateways(real, kind, certificate, password):
    """Nothing leaves, nobody is charged or dead; it goes out once that is mended."""
    server = start(real, kind, "starttls", certificate=certificate)
    gateway = server.gateway(real, user="nudged", password=password)
    real.config["gateways"] = {"relay": gateway}
    daemon = real.daemon().spawn()
    real.push(hello(1))
    wait_until(lambda: daemon.status()["gateways"][0]["breaker"] == "open",
               lambda: f"the breaker\n{daemon.log()}{server.log()}")
    assert server.boxes() == [] and real.dead() == []
    assert real.client.hlen("nudged:suppressed") == 0


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_nginx_gets_each_message_once(real, secure):
    """Over TLS it offers HTTP/2. 500 messages with bodies small and large; nginx answers before it has read them."""
    nginx = real.add(Nginx(real.folder, "client_max_body_size 1m; location / { return 202; }",
                           real.certs if secure else None))
    real.rules("{name: text, class: transactional, on: hello, send: {template: hello, via: sms, to: dest}, "
               "on_uncertain: hold}")
    real.template("hello.text.liquid", "---\nsubject: x\n---\n{% for i in (1..lines) %}line {{ i }} of a long text\n"
                                       "{% endfor %}")
    real.template("api.json.liquid", '{"text": {{ message.text | json }}}')
    real.config["gateways"] = {"api": nginx.gateway(connections=8)}
    real.config["channels"] = {"sms": "api"}
    daemon = real.daemon().spawn()
    real.push(*[hello(n, dest=f"+358{n}", lines=3000 if n % 10 == 0 else 1) for n in range(500)])
    wait_until(lambda: daemon.status()["sent"] == 500 or real.dead(), lambda: f"500 sent\n{daemon.log()}{nginx.log()}")
    real.wait_idle()
    requests = nginx.requests()
    assert set(collections.Counter(request["key"] for request in requests).values()) == {1}
    assert len(requests) == 500 and daemon.status()["held"] == 0
