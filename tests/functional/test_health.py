"""Who is to blame: a gateway that does not work is left alone, one that refuses everybody buries and
suppresses nobody, and neither a refused recipient nor a stale list ever stops the others."""

import re
import zlib

import pytest

from conftest import wait_until
from fault_server import CLOSE, FaultHttp, FaultSmtp, answer, by_recipient

DENIED = "554 5.7.1 relaying denied"
GONE = "550 5.1.1 no such user"
BARE = "550 User unknown"


@pytest.fixture
def serve(shop):
    """Starts the daemon with these gateways, `a`, `b`, in their order."""
    shop.redis()
    shop.template("hello.text.liquid", "---\nsubject: hello\n---\nhello\n")

    def start(*servers, rules=None, failpoints="breaker=fail", **keys):
        names = "ab"[:len(servers)]
        kind = "sms" if isinstance(servers[0], FaultHttp) else "email"
        for server in servers:
            shop.add(server)
        for name in names:
            shop.template(f"{name}.json.liquid", '{"to":{{ message.to | json }}}')
        shop.rules(rules or f"{{name: hello, class: transactional, on: hello, send: {{template: hello, via: {kind}}}}}")
        shop.config["gateways"] = {
            name: server.gateway(**{"connections": 1, **keys}) for name, server in zip(names, servers)}
        shop.config["channels"] = {kind: list(names)}
        return shop.daemon().spawn(failpoints)

    shop.serve = start
    return shop


def hello(name, more=""):
    return {"type": "hello", "id": f"{name}{more}",
            "customer": {"id": name, "email": f"{name}@example.com",
                         "phone": f"+35850{zlib.crc32(name.encode()) % 10**7:07}"}}


def hellos(name, count, start=0):
    return [hello(f"{name}{i}") for i in range(start, start + count)]


def suppressed(shop):
    return shop.client.hlen("nudged:suppressed")


def gateway(daemon, number=0):
    return daemon.status()["gateways"][number]


def whats(shop, name):
    return [what for _, what, _ in shop.trace(f"id:{name}")]


# --- refusals ---


@pytest.mark.parametrize("kind, script", [
    (FaultSmtp, {"rcpt": by_recipient({"no": "550 5.7.1 this mailbox takes no mail from you"})}),
    (FaultSmtp, {"rcpt": by_recipient({"no": "552 5.2.2 mailbox full"})}),
    (FaultSmtp, {"dot": by_recipient({"no": "554 5.7.1 looks like spam"})})])
def test_a_refused_recipient_is_a_dead_letter_and_stops_nobody(serve, kind, script):
    server = kind(script)
    daemon = serve.serve(server)
    for i in range(6):
        serve.push(hello(f"no{i}"), hello(f"yes{i}"))
        wait_until(lambda: len(server.taken("yes")) == i + 1, "the one that is taken")
    wait_until(lambda: len(serve.dead()) == 6, "the dead letters")
    assert {letter["reason"] for letter in serve.dead()} == {b"refused"}
    assert gateway(daemon)["breaker"] == "closed" and suppressed(serve) == 0


def test_a_gateway_that_denies_everybody_buries_nobody(serve):
    """The five of the row go back into the outbox, and all go out when it is mended."""
    server = FaultSmtp({"rcpt": DENIED})
    daemon = serve.serve(server)
    serve.push(*hellos("c", 8))
    wait_until(lambda: gateway(daemon)["breaker"] == "open", "the breaker")
    assert gateway(daemon)["why"] == "refusals"
    wait_until(lambda: serve.dead() == [], "the dead letters to be messages again")
    server.well()
    wait_until(lambda: len(server.taken()) == 8, "all of them")
    assert sorted(mail.to for mail in server.taken()) == [f"c{i}@example.com" for i in range(8)]
    assert serve.dead() == [] and suppressed(serve) == 0
    serve.wait_idle()
    assert gateway(daemon)["breaker"] == "closed"


def test_who_is_denied_by_one_gateway_goes_by_the_next(serve):
    a, b = FaultSmtp({"rcpt": DENIED}), FaultSmtp()
    serve.serve(a, b, connections=16)
    serve.push(*hellos("c", 12))
    wait_until(lambda: len(b.taken()) == 12, "all by the second one")
    assert serve.dead() == []


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_an_api_that_refuses_everybody_buries_nobody(serve, status):
    a, b = FaultHttp({"answer": answer(status)}), FaultHttp()
    serve.serve(a, b, connections=16)
    serve.push(*hellos("c", 10))
    wait_until(lambda: len(set(b.keys())) == 10, "all by the second one")
    wait_until(lambda: serve.dead() == [], "no dead letters")


def test_the_bound_is_a_setting(serve):
    server = FaultSmtp({"rcpt": DENIED})
    daemon = serve.serve(server, suspect=3)
    serve.push(*hellos("c", 2))
    wait_until(lambda: len(serve.dead()) == 2, "two dead letters")
    serve.push(hello("c0", "again"))
    wait_until(lambda: len(serve.dead()) == 3, "another of a recipient that is in the row")
    assert gateway(daemon)["breaker"] == "closed"
    serve.push(hello("c2"))
    wait_until(lambda: gateway(daemon)["breaker"] == "open" and serve.dead() == [], "the blame")


# --- mailboxes ---


def test_a_stale_list_never_opens_the_breaker(serve):
    server = FaultSmtp({"rcpt": by_recipient({"gone": GONE})})
    daemon = serve.serve(server)
    serve.push(*hellos("gone", 30), *hellos("good", 5))
    wait_until(lambda: len(server.taken("good")) == 5, "the good ones behind it")
    wait_until(lambda: suppressed(serve) == 30, "each of it suppressed")
    assert gateway(daemon)["breaker"] == "closed"
    assert server.count("rcpt", "gone") == 30


def test_bounces_of_an_address_that_was_accepted_are_the_gateways(serve):
    """It has lost its list of mailboxes: who was suppressed by its word is so no more."""
    server = FaultSmtp()
    daemon = serve.serve(server)
    serve.push(hello("known"))
    wait_until(lambda: len(server.taken()) == 1, "one that is accepted")
    server.on("rcpt", GONE)
    serve.push(*hellos("c", 4))
    wait_until(lambda: suppressed(serve) == 4, "suppressions")
    serve.push(hello("known", "again"))
    wait_until(lambda: gateway(daemon)["breaker"] == "open", "the breaker")
    wait_until(lambda: suppressed(serve) == 0 and serve.dead() == [], "nobody suppressed, nobody dead")
    server.well()
    wait_until(lambda: len(server.taken()) == 6, "all of them")
    assert suppressed(serve) == 0


def test_a_bare_550_is_suppressed_once_another_is_accepted(serve):
    server = FaultSmtp({"rcpt": by_recipient({"gone": BARE})})
    serve.serve(server)
    serve.push(hello("gone"))
    wait_until(lambda: len(serve.dead()) == 1, "the dead letter")
    assert serve.dead()[0]["reason"] == b"bounced" and suppressed(serve) == 0
    serve.push(hello("good"))
    wait_until(lambda: suppressed(serve) == 1, "the suppression")
    serve.push(hello("gone", "again"))
    wait_until(lambda: "refused" in whats(serve, "gone"), "the refusal")
    assert server.count("rcpt", "gone") == 1


def test_a_relay_that_denies_with_a_bare_550_suppresses_nobody(serve):
    server = FaultSmtp({"rcpt": "550 relaying denied"})
    daemon = serve.serve(server)
    serve.push(*hellos("c", 6))
    wait_until(lambda: gateway(daemon)["breaker"] == "open", "the breaker")
    server.well()
    wait_until(lambda: len(server.taken()) == 6, "all of them")
    serve.wait_idle()
    assert suppressed(serve) == 0 and serve.dead() == []


# --- health ---


@pytest.mark.parametrize("kind, script", [
    (FaultSmtp, {"dot": "451 4.3.0 later"}), (FaultSmtp, {"rcpt": "452 4.3.1 no room"}),
    (FaultSmtp, {"rcpt": CLOSE}), (FaultHttp, {"answer": answer(503)})])
def test_a_gateway_that_fails_everybody_is_left_alone(serve, kind, script):
    """Each message that it put off is tried again; those that come later go by the next one."""
    a, b = kind(script), kind()
    daemon = serve.serve(a, b, connections=16)
    serve.push(*hellos("c", 10))
    wait_until(lambda: gateway(daemon)["breaker"] == "open", "the breaker")
    assert gateway(daemon)["why"] == "health"
    serve.push(*hellos("l", 5))
    later = (lambda: len(b.taken("l"))) if kind is FaultSmtp else lambda: len(set(b.keys()))
    wait_until(lambda: later() >= 5, "the later ones by the second one")
    assert serve.dead() == []


@pytest.mark.parametrize("reply", ["450 4.2.0 greylisted", "451 4.7.1 greylisted, come back", "450 try later"])
def test_greylisting_is_no_fault(serve, reply):
    a, b = FaultSmtp({"rcpt": by_recipient({"grey": reply})}), FaultSmtp()
    daemon = serve.serve(a, b, connections=16)
    serve.push(*hellos("grey", 12))
    wait_until(lambda: daemon.status()["later"] == 12, "all put off")
    assert gateway(daemon)["breaker"] == "closed"
    serve.push(hello("good"))
    wait_until(lambda: a.taken("good"), "another one by it")


def test_one_recipient_is_no_crowd(serve):
    """Whatever happens to one address says little of the gateway."""
    server = FaultSmtp({"dot": by_recipient({"one": CLOSE})})
    daemon = serve.serve(server)
    for i in range(12):
        serve.push({**hello("one", i), "n": i})
    wait_until(lambda: daemon.status()["held"] + daemon.status()["later"] == 12, "all of its messages")
    assert gateway(daemon)["breaker"] == "closed"


def test_it_comes_back_by_a_probe_to_somebody_else(serve):
    """The one that met the fault waits for longer than the breaker: it is not the probe."""
    server = FaultSmtp({"mail": "550 5.7.1 not you"})
    daemon = serve.serve(server)
    serve.push(hello("first"))
    wait_until(lambda: gateway(daemon)["breaker"] == "open", "the breaker")
    server.well()
    serve.push(hello("second"))
    wait_until(lambda: len(server.taken()) == 2, "both")
    assert [mail.to for mail in server.taken()] == ["second@example.com", "first@example.com"]
    assert gateway(daemon)["breaker"] == "closed" and "why" not in gateway(daemon)


def test_status_tells_the_last_failure_and_why(serve):
    server = FaultSmtp({"rcpt": lambda step: f"553 5.1.8 <{step.recipient}> 0712345678 your domain"})
    daemon = serve.serve(server)
    assert "failure" not in gateway(daemon)
    serve.push(hello("ana"))
    wait_until(lambda: gateway(daemon)["breaker"] == "open", "the breaker")
    told = gateway(daemon)
    assert (told["why"], told["failure"]["code"], told["failure"]["enhanced"]) == ("gateway-fault", 553, "5.1.8")
    assert re.fullmatch(r"553 5\.1\.8 <#[0-9a-f]{16}> … your domain", told["failure"]["text"])
    assert 0 <= told["probe_in_ms"] <= 5000
    assert " ago: " in serve.ctl("status")[1]


def test_an_outage_and_an_opt_out(serve):
    """While its gateway is away a customer declines: nothing goes out when it is back; others' does."""
    server = FaultSmtp({"banner": "421 4.3.2 away"})
    serve.config["mail"]["unsubscribe_mailto"] = "out@shop.example"
    serve.template("news.text.liquid", "---\nsubject: news\n---\n{{ unsubscribe_url }}\n")
    daemon = serve.serve(server, rules="{name: news, on: hello, send: news, topic: offers}")
    for name in ("stays", "leaves"):
        serve.push({**hello(name), "customer": {**hello(name)["customer"], "accepts_marketing": True}})
    wait_until(lambda: daemon.status()["later"] == 2, "both to wait")
    serve.push({"type": "customer.unsubscribed", "customer": {"id": "leaves"}})
    wait_until(lambda: "withdrawn" in whats(serve, "leaves"), "the withdrawal")
    server.well()
    wait_until(lambda: server.taken("stays"), "the other one's")
    serve.wait_idle()
    assert server.count("rcpt", "leaves") == 0


def test_a_reload_changes_nothing_of_an_open_breaker(serve):
    server = FaultSmtp({"mail": "550 5.7.1 not you"})
    daemon = serve.serve(server, failpoints="")
    serve.push(hello("first"))
    wait_until(lambda: gateway(daemon)["breaker"] == "open", "the breaker")
    assert daemon.ask("POST", "/reload")[0] == 200
    assert gateway(daemon)["breaker"] == "open"
    server.well()
    wait_until(lambda: server.taken(), "the mail")
    assert serve.dead() == []
