"""Bad input and bad surroundings: each with a clear error, nothing else delayed."""

import json
import re
import signal
import socket
import threading

import pytest

from conftest import wait_until

RULES = "{name: hello, class: transactional, on: hello, send: hello}"


def hello(number=1, **more):
    return {"type": "hello", "id": f"h{number}",
            "customer": {"id": number, "email": f"c{number}@example.com"}, **more}


@pytest.fixture
def hello_shop(shop):
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: hello {{ customer.id }}\n---\nhello\n")
    return shop


BAD = [
    ("json-syntax", '{"type": "hello", '),
    ("no-object", "[1, 2]"),
    ("no-type", json.dumps({"customer": {"id": 1}})),
    ("no-customer", json.dumps({"type": "hello"})),
    ("json-size", json.dumps(hello(text="x" * 1_000_000))),
    ("json-depth", '{"type":"hello","customer":{"id":1},"deep":' + "[" * 1000 + "]" * 1000 + "}"),
    ("json-utf8", b'{"type":"hello","customer":{"id":1},"bad":"\xff"}'),
    ("json-duplicate", '{"type":"hello","type":"hello","customer":{"id":1}}'),
    ("loop", json.dumps(hello(hops=9))),
]


def test_bad_events(hello_shop):
    hello_shop.daemon().spawn()
    hello_shop.push(*[event for _, event in BAD], hello(2))
    assert hello_shop.mail.next_mail()["Subject"] == "hello 2"
    hello_shop.wait_idle()
    letters = hello_shop.dead()
    assert [letter["reason"].decode() for letter in letters] == [reason for reason, _ in BAD]
    assert all(letter["detail"] and letter["kind"] == b"event" for letter in letters)
    assert letters[0]["body"] == BAD[0][1].encode()
    status, out, _ = hello_shop.ctl("dead", "ls")
    assert status == 0 and all(reason in out for reason, _ in BAD)


def test_entry_without_the_field(hello_shop):
    hello_shop.daemon().spawn()
    hello_shop.client.xadd("nudged:events", {"evnt": "{}"})
    hello_shop.push(hello(2))
    hello_shop.mail.next_mail()
    hello_shop.wait_idle()
    assert [letter["reason"] for letter in hello_shop.dead()] == [b"no-event"]


def test_template_that_fails_to_render(hello_shop):
    hello_shop.template("hello.text.liquid",
                        "---\nsubject: hello\n---\n{{ customer.id | divided_by: 0 }}\n")
    hello_shop.daemon().spawn()
    hello_shop.push(hello())
    hello_shop.wait_idle()
    [letter] = hello_shop.dead()
    assert letter["kind"] == b"message" and b"hello.text.liquid:4" in letter["detail"]


@pytest.mark.parametrize("rules, template, expected", [
    ("name: a\non: x\nuntill: y\nsend: hello\n", None, ["rules.yaml:3:1: error: unknown key `untill`"]),
    ("{name: a, on: x, send: helo}", None, ["error: rule `a` sends `helo`, and there is no such template"]),
    (RULES, "---\nsubject: x\n---\n{% if %}\n", ["hello.text.liquid:4:"]),
])
def test_broken_files_at_start(hello_shop, rules, template, expected):
    hello_shop.rules(rules)
    if template:
        hello_shop.template("hello.text.liquid", template)
    daemon = hello_shop.daemon().spawn(wait=False)
    assert daemon.ended() == 78  # EX_CONFIG
    for text in expected:
        assert text in daemon.log()
    status, out, _ = hello_shop.ctl("check")
    assert status == 1
    for text in expected:
        assert text in out


def test_gateway_that_is_not_there(hello_shop):
    """The attempt is made again later; the daemon goes on."""
    with socket.socket() as closed:  # bound and not listening: nobody else gets the port
        closed.bind(("127.0.0.1", 0))
        hello_shop.config["gateways"]["smtp"]["port"] = closed.getsockname()[1]
        daemon = hello_shop.daemon().spawn()
        hello_shop.push(hello())
        wait_until(lambda: hello_shop.client.zcard("nudged:later") == 1, "the retry")
        [mid] = hello_shop.client.zrange("nudged:later", 0, -1)
        assert hello_shop.client.hget(b"nudged:message:" + mid, "state") == b"later"
        assert daemon.status()["state"] == "running"
        assert hello_shop.dead() == []


def test_redis_that_is_not_there_at_start(hello_shop):
    server = hello_shop.started[0]
    server.stop()
    daemon = hello_shop.daemon().spawn(wait=False)
    wait_until(lambda: "no Redis, trying again" in daemon.log(), "the daemon to say so")
    assert daemon.ask("GET", "/health")[0] == 503
    server.start()
    hello_shop.client = server.client
    daemon.wait_healthy()
    hello_shop.push(hello())
    hello_shop.mail.next_mail()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_redis_gone_in_the_middle(hello_shop, how):
    server = hello_shop.started[0]
    hello_shop.daemon().spawn()
    hello_shop.push(*[hello(n) for n in range(300)])
    hello_shop.mail.next_mail()
    server.stop(how)
    server.start()
    hello_shop.client = server.client
    hello_shop.wait_idle()
    mails = [mail["Subject"] for mail in hello_shop.mail.all_mails()]
    assert len(set(mails)) >= 299  # one was read above
    hello_shop.push(hello(1000))
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1000"


def test_scripts_flushed_and_group_destroyed(hello_shop):
    hello_shop.daemon().spawn()
    hello_shop.push(hello(1))
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1"
    hello_shop.client.script_flush()
    hello_shop.push(hello(2))
    assert hello_shop.mail.next_mail()["Subject"] == "hello 2"
    hello_shop.wait_idle()
    hello_shop.client.xgroup_destroy("nudged:events", "nudged")
    hello_shop.push(hello(3))
    assert hello_shop.mail.next_mail()["Subject"] == "hello 3"


@pytest.mark.parametrize("lost", ["take-lost=fail@1", "commit-lost=fail@1", "settle-lost=fail@1"])
def test_an_answer_of_redis_is_lost(hello_shop, lost):
    """Done by Redis, and the daemon does not know: one message, and at once. With a rate it is
    taken from the outbox; test_at_once has the commit that begins it."""
    hello_shop.config["gateways"]["smtp"]["rate"] = "50 per 1s"
    hello_shop.daemon().spawn(failpoints=lost)
    hello_shop.push(hello())
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1"
    hello_shop.wait_idle()
    assert hello_shop.mail.mails.empty()
    assert [what for _, what, _ in hello_shop.trace("id:1")] == ["sends", "sent"]


def test_redis_without_persistence_is_refused(hello_shop):
    hello_shop.client.config_set("appendonly", "no")
    daemon = hello_shop.daemon().spawn(wait=False)
    assert daemon.ended() == 78
    assert "appendonly" in daemon.log()
    hello_shop.config["redis"]["accept_loss"] = True
    accepted = hello_shop.daemon("accepted").spawn()
    hello_shop.push(hello())
    hello_shop.mail.next_mail()
    assert accepted.stop() == 0


def test_poison(hello_shop):
    """An event that ends its reader again and again becomes a dead letter; the others
    go on."""
    daemon = hello_shop.daemon()
    hello_shop.push(hello(1))
    for _ in range(4):
        daemon.spawn(failpoints="commit=kill@1", wait=False)
        assert daemon.ended() == -signal.SIGKILL
    hello_shop.push(hello(2))
    daemon.spawn()
    assert hello_shop.mail.next_mail()["Subject"] == "hello 2"
    hello_shop.wait_idle()
    assert [letter["reason"] for letter in hello_shop.dead()] == [b"poison"]
    assert hello_shop.mail.mails.empty()


def test_uncertain_is_held_or_resent(hello_shop):
    """Killed after the gateway took the message, and before the daemon had noted that."""
    hello_shop.rules(RULES + "\n---\n{name: offer, on: offer, send: hello}")
    daemon = hello_shop.daemon().spawn(failpoints="send-answered=kill@1")
    marketing = {**hello(1), "type": "offer"}
    marketing["customer"]["accepts_marketing"] = True
    hello_shop.push(marketing)
    assert daemon.ended() == -signal.SIGKILL
    daemon.spawn(failpoints="send-answered=kill@1")
    wait_until(lambda: hello_shop.client.zcard("nudged:uncertain") == 1, "the message to be held")
    hello_shop.push(hello(2))
    assert daemon.ended() == -signal.SIGKILL
    daemon.spawn()
    hello_shop.wait_idle()
    subjects = [mail["Subject"] for mail in hello_shop.mail.all_mails()]
    assert subjects == ["hello 1", "hello 2", "hello 2"]
    ids = hello_shop.client.zrange("nudged:uncertain", 0, -1)
    assert len(ids) == 1


@pytest.mark.parametrize("spoilt", ["spoilt", '{"version":"7-7-7","rest', "[]"])
def test_timer_of_a_document_that_cannot_be_read(hello_shop, spoilt):
    """The timer is a dead letter, once; the log does not name the customer. Mended and set again,
    it goes on where it was."""
    hello_shop.rules("{name: late, class: transactional, on: hello, again: ignore, wait: 1h, send: hello}")
    daemon = hello_shop.daemon().spawn()
    key, due = "email:ana@example.com", "nudged:due"
    hello_shop.push({"type": "hello", "id": "1", "customer": {"email": "ana@example.com"}})
    wait_until(lambda: hello_shop.client.zcard(due) == 1, "the timer")
    document = hello_shop.client.get(f"nudged:customer:{key}")
    hello_shop.client.set(f"nudged:customer:{key}", spoilt)
    hello_shop.client.zadd(due, {key: 1})
    [letter] = wait_until(hello_shop.dead, "the dead letter")
    assert (letter["kind"], letter["customer"], letter["body"]) == (b"timer", key.encode(), b'{"due":1}')
    assert letter["detail"]
    hello_shop.wait_idle()
    assert hello_shop.client.zcard(due) == 0
    assert hello_shop.client.get(f"nudged:customer:{key}") == spoilt.encode()
    assert len(re.findall("cannot be decided, the timer becomes a dead letter customer=#[0-9a-f]{16} ",
                          daemon.log())) == 1
    assert "ana@" not in daemon.log()
    assert daemon.status()["dead"] == 1
    assert "timer given up" in hello_shop.ctl("explain", key)[1]
    assert "  timer  " in hello_shop.ctl("dead", "ls")[1]

    hello_shop.client.set(f"nudged:customer:{key}", document.replace(
        str(json.loads(document)["journeys"][0]["at"]).encode(), b"1000"))
    hello_shop.client.zadd(due, {key: 1})
    hello_shop.mail.next_mail()
    hello_shop.wait_idle()
    assert len(hello_shop.dead()) == 1


def test_record_that_is_deleted_while_it_is_sent(hello_shop):
    """By hand: nothing stays pending, the log says it once, and the next message goes on. A record
    that is no message any more settles as ever."""
    begun, answer = threading.Semaphore(0), threading.Semaphore(0)

    def answers(envelope):
        begun.release()
        answer.acquire()
        return "250 taken"

    hello_shop.mail.slow()
    hello_shop.mail.answers = answers
    daemon = hello_shop.daemon().spawn()
    for number, spoil in enumerate((hello_shop.client.delete,
                                    lambda key: hello_shop.client.set(key, "spoilt"))):
        hello_shop.push(hello(number))
        assert begun.acquire(timeout=60)
        [key] = hello_shop.client.scan_iter("nudged:message:*")
        spoil(key)
        answer.release()
        hello_shop.wait_idle()
        assert not hello_shop.client.exists(key)
    assert daemon.log().count("record was deleted while it was being sent") == 1
    assert hello_shop.dead() == []


def test_mailboxes_that_are_gone_are_a_stale_list(hello_shop):
    """Each bounce suppresses its address, however many there are in a row; the gateway goes on."""
    hello_shop.mail.answers = lambda envelope: "550 5.1.1 no such user"
    daemon = hello_shop.daemon().spawn()
    hello_shop.push(*[hello(n) for n in range(1, 31)])
    wait_until(lambda: hello_shop.client.hlen("nudged:suppressed") == 30, "the suppressions")
    hello_shop.wait_idle()
    hello_shop.push({**hello(1), "id": "again"})
    wait_until(lambda: ("hello", "refused", "suppressed") in hello_shop.trace("id:1"), "the refusal")
    assert daemon.status()["gateways"][0]["breaker"] == "closed"
