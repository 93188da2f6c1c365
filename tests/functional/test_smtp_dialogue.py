"""Gateway smtp with servers that refuse, and real ones: what a refusal costs, what is not sent at all."""

import re

import pytest

import certificates
from conftest import wait_until
from fault_proxy import FaultProxy
from fault_server import CLOSE, GOOD, RESET, FaultSmtp, at_byte, by_recipient, first, server_context, wait
from real_servers import Exim, Postfix, Submission

POST = "пошта.example".encode("idna").decode()
RULES = "{name: hello, class: transactional, on: hello, send: hello}"
TEMPLATE = "---\nsubject: hello {{ customer.id }}\n---\n<p>hello {{ customer.first_name }}</p>\n"


def hello(number, address=None):
    return {"type": "hello", "id": f"h{number}",
            "customer": {"id": number, "email": address or f"ok{number}@mail.example", "first_name": "Zoë"}}


@pytest.fixture
def mails(shop):
    shop.redis()
    shop.rules(RULES)
    shop.template("hello.html.liquid", TEMPLATE)
    return shop


def start(kind, shop):
    """The server, and a function: how many mails it took."""
    certs = certificates.make(shop.folder / "tls")
    if kind is Submission:
        relay = shop.add(FaultSmtp({"rcpt": by_recipient({"gone": "550 5.1.1 no such user"})}))
        return shop.add(Submission(shop.folder, certs, relay.port)), lambda: len(relay.taken())
    server = shop.add(kind(shop.folder, certs))
    return server, lambda: sum(len(server.box(f"ok{number}")) for number in range(30))


@pytest.mark.parametrize("kind", [Postfix, Exim, Submission])
def test_refused_recipients_cost_no_connection(mails, kind):
    """Every third address is gone; all others arrive, over one connection."""
    server, arrived = start(kind, mails)
    proxy = mails.add(FaultProxy(server.port))
    mails.config["gateways"] = {"relay": server.gateway(mails, user="nudged", password="s3cret", connections=1,
                                                        port=proxy.port)}
    mails.daemon().spawn()
    mails.push(*[hello(n, f"gone{n}@mail.example" if n % 3 == 0 else None) for n in range(30)])
    wait_until(lambda: arrived() == 20, lambda: f"20 mails, not {arrived()}\n{server.log()}")
    mails.wait_idle()
    assert [letter["reason"] for letter in mails.dead()] == 10 * [b"bounced"]
    assert proxy.connections == 1, server.log()


def test_a_stale_list_gets_a_new_connection_in_time(mails):
    """Postfix slows down whoever is refused ten times, and ends it after twenty."""
    postfix = mails.add(Postfix(mails.folder, login=False,
                                main="smtpd_error_sleep_time = 1s\nsmtpd_hard_error_limit = 20\n"))
    mails.config["gateways"] = {"relay": postfix.gateway(mails, connections=1)}
    mails.daemon().spawn()
    mails.push(*[hello(n, f"gone{n}@mail.example") for n in range(40)], hello(100))
    wait_until(lambda: postfix.box("ok100"), lambda: f"the good one\n{postfix.log()}")
    mails.wait_idle()
    assert mails.client.hlen("nudged:suppressed") == 40
    assert "too many errors" not in postfix.log()


def test_too_big_is_dead_at_once(mails):
    postfix = mails.add(Postfix(mails.folder, login=False, main="message_size_limit = 20000\n"))
    mails.template("long.html.liquid",
                   "---\nsubject: long\n---\n{% for i in (1..2000) %}<p>line {{ i }}</p>{% endfor %}\n")
    mails.rules("{name: long, class: transactional, on: long, send: long}", "long.yaml")
    mails.config["gateways"] = {"relay": postfix.gateway(mails)}
    mails.daemon().spawn()
    mails.push({**hello(1), "type": "long"}, hello(2))
    wait_until(lambda: mails.dead() and postfix.box("ok2"), lambda: f"a dead letter and a mail\n{postfix.log()}")
    [letter] = mails.dead()
    assert b"longer than the server takes" in letter["detail"] and b"20000" in letter["detail"]
    assert postfix.box("ok1") == [] and mails.client.hlen("nudged:suppressed") == 0


def test_addresses_in_utf8(mails):
    """A server with SMTPUTF8 is asked; to one without it the address is never shown."""
    offers = mails.add(FaultSmtp(extensions=("PIPELINING", "8BITMIME", "SMTPUTF8")))
    lacks = mails.add(FaultSmtp())
    mails.config["gateways"] = {"offers": offers.gateway()}
    daemon = mails.daemon().spawn()
    mails.push(hello(1, "анна@пошта.example"))
    mails.wait_idle()
    [mail] = offers.taken()
    assert mail.to == f"анна@{POST}" and "SMTPUTF8" in mail.options
    daemon.stop()
    other = mails.daemon("other", gateways={"lacks": lacks.gateway()}, channels={"email": "lacks"}).spawn()
    mails.push(hello(2, "анна@пошта.example"), hello(3, "anna@пошта.example"))
    mails.wait_idle()
    [letter] = mails.dead()
    assert b"needs SMTPUTF8" in letter["detail"]
    assert [mail.to for mail in lacks.taken()] == [f"anna@{POST}"]
    assert lacks.count("rcpt", "анна") == 0 and other.status()["gateways"][0]["breaker"] == "closed"


def test_nothing_is_sent_without_the_login(mails):
    """The breaker opens, nobody is charged; it goes out once the server offers AUTH."""
    server = mails.add(FaultSmtp())
    password = mails.folder / "password"
    password.write_text("s3cret\n")
    mails.config["gateways"] = {"relay": server.gateway(user="shop", password_file=str(password))}
    daemon = mails.daemon().spawn()
    mails.push(hello(1))
    wait_until(lambda: daemon.status()["gateways"][0]["breaker"] == "open", "the breaker")
    assert server.count("mail") == 0 and mails.dead() == []
    assert "offers no AUTH" in daemon.log()
    server.auth = "PLAIN LOGIN"
    wait_until(lambda: server.taken("ok1@"), lambda: f"the mail\n{daemon.log()}")
    assert server.taken("ok1@")[0].login == ("shop", "s3cret")


def test_a_farewell_between_two_mails_is_no_attempt(mails):
    """421 behind the answer: the next mail goes over a new connection, and is not charged."""
    server = mails.add(FaultSmtp({"dot": first(["250 2.0.0 taken\n421 4.4.2 idle", "250 2.0.0 taken"])}))
    mails.config["gateways"] = {"relay": server.gateway(connections=1)}
    daemon = mails.daemon().spawn()
    mails.push(hello(1), hello(2))
    mails.wait_idle()
    assert len(server.taken()) == 2 and server.connections == 2
    assert daemon.status()["sent"] == 2 and mails.dead() == []


@pytest.mark.parametrize("tls", ["starttls", "smtps"])
def test_tls_connections_are_kept_and_renewed(mails, tls):
    """A refused recipient, a farewell, an end without a word, a reset: nobody is charged, all arrive."""
    certs = certificates.make(mails.folder / "tls")
    ends = ["250 2.0.0 taken", ("250 2.0.0 taken\n421 4.4.2 idle", CLOSE), ("250 2.0.0 taken", CLOSE),
            ("250 2.0.0 taken", RESET), "250 2.0.0 taken"]
    server = mails.add(FaultSmtp({"dot": first(ends), "rcpt": by_recipient({"gone": "550 5.1.1 no"})},
                                 tls=server_context(certs, "good"), smtps=tls == "smtps"))
    mails.config["gateways"] = {"relay": server.gateway(connections=1, host="localhost", tls=tls,
                                                        ca_file=str(certs / "ca.pem"))}
    daemon = mails.daemon().spawn()
    mails.push(hello(0, "gone@mail.example"), *[hello(n) for n in range(1, 8)])
    mails.wait_idle()
    assert sorted(mail.to for mail in server.mails) == [f"ok{n}@mail.example" for n in range(1, 8)]
    assert server.connections == 4 and daemon.status()["sent"] == 7
    assert [letter["reason"] for letter in mails.dead()] == [b"bounced"]


@pytest.mark.parametrize("tls", ["never", "starttls"])
def test_a_large_mail_to_a_slow_reader(mails, tls):
    """It stops after each part; the mail arrives whole, once."""
    certs = certificates.make(mails.folder / "tls")
    server = mails.add(FaultSmtp({"body": at_byte(100000, (wait(2), GOOD))}, receive_buffer=1 << 17,
                                 tls=server_context(certs, "good") if tls == "starttls" else None))
    mails.template("long.text.liquid",
                   "---\nsubject: long\n---\n"
                   "{% for i in (1..9000) %}.line {{ i }} of a long mail, all of them with dots\n"
                   "{% endfor %}")
    mails.rules("{name: long, class: transactional, on: long, send: long}", "long.yaml")
    more = {"ca_file": str(certs / "ca.pem")} if tls == "starttls" else {}
    mails.config["gateways"] = {"relay": server.gateway(host="localhost", tls=tls, **more)}
    daemon = mails.daemon().spawn()
    mails.push({**hello(1), "type": "long"})
    wait_until(lambda: daemon.status()["sent"] == 1 or mails.dead(), lambda: f"the mail\n{daemon.log()}")
    [mail] = wait_until(server.taken, "the server to note what it has said")
    assert len(mail.content) > 400000
    text = mail.parsed.get_content()
    assert text.splitlines()[8999] == ".line 9000 of a long mail, all of them with dots"


def test_keywords_count_in_any_case(mails):
    """A server may write STARTTLS and AUTH as it likes (RFC 5321, 4.1.1.1)."""
    certs = certificates.make(mails.folder / "tls")
    offers = first(["250-fault.example\n250 StartTLS", "250-fault.example\n250-pipelining\n250 auth plain Login"])
    server = mails.add(FaultSmtp({"ehlo": offers}, tls=server_context(certs, "good")))
    password = mails.folder / "password"
    password.write_text("s3cret\n")
    mails.config["gateways"] = {"relay": server.gateway(host="localhost", tls="starttls", ca_file=str(certs / "ca.pem"),
                                                        user="shop", password_file=str(password), connections=1)}
    daemon = mails.daemon().spawn()
    mails.push(hello(1))
    wait_until(server.taken, lambda: f"the mail\n{daemon.log()}")
    assert [mail.login for mail in server.mails] == [("shop", "s3cret")] and server.connections == 1


def test_words_of_a_server_reach_no_terminal(mails):
    server = mails.add(FaultSmtp({"dot": b"554 5.6.0 \x1b]0;owned\x07 \xe2\x80\xaemoc \xff\x00 end\r\n"}))
    mails.config["gateways"] = {"relay": server.gateway()}
    daemon = mails.daemon().spawn()
    mails.push(hello(1))
    wait_until(mails.dead, "a dead letter")
    mails.wait_idle()
    _, output, _ = mails.ctl("dead")
    _, explained, _ = mails.ctl("explain", "1")
    for text in (output, explained, daemon.log(), mails.dead()[0]["detail"].decode()):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", text)
    assert "5.6.0 ]0;owned" in mails.dead()[0]["detail"].decode()
