"""What who runs it sees: the log's lines, and the figures as docs/operations.md says them."""

import re
import threading

import pytest

from conftest import SOURCE, wait_until
from test_at_once import begun as begun_at_once


@pytest.fixture
def hello(shop):
    shop.redis()
    shop.rules("{name: hello, class: transactional, on: hello, send: hello}")
    shop.template("hello.text.liquid", "---\nsubject: hello\n---\nhello\n")
    return shop


def say_hello(shop, count, first=0):
    shop.push(*({"type": "hello", "id": n, "customer": {"id": n, "email": f"ana{n}@example.com"}}
                for n in range(first, first + count)))


def warnings(daemon):
    """Each warning without its time and the ids of messages and entries."""
    lines = re.findall(r"^\S+ warning: (.*)$", daemon.log(), re.M)
    return [re.sub(r" (mid|entry|event)=[^\s:]+", "", line) for line in lines]


# --- the log ---


def test_bad_events_do_not_flood_the_log(hello):
    hello.smtp()
    daemon = hello.daemon().spawn()
    hello.push(*({"n": n} for n in range(1000)), {"type": "x"}, "oops", "oops", *({"n": n} for n in range(1000, 2000)))
    wait_until(lambda: hello.client.xlen("nudged:dead") == 2003, "the dead letters")
    told = warnings(daemon)
    assert len(told) == 3
    assert [re.search(r"^an event became a dead letter reason=(\S+): ", line)[1] for line in told] == [
        "no-type", "no-customer", "json-syntax"]
    assert daemon.stop() == 0
    assert [re.sub(r"within \S+ s:", "within:", line) for line in warnings(daemon)[3:]] == [
        "… and 1,999 more like it within: dead events reason=no-type",
        "… and 1 more like it within: dead events reason=json-syntax"]
    assert daemon.log().endswith(" info: stopped\n")


def test_failures_at_a_gateway_are_told_once_for_each_kind(hello):
    mail = hello.smtp()
    mail.answers = lambda envelope: (
        "550 5.7.9 ana <%s> 0712345678 no" % envelope.rcpt_tos[0] if "ana7@" in envelope.rcpt_tos[0]
        else "451 4.3.0 %s later" % envelope.rcpt_tos[0])
    daemon = hello.daemon().spawn()
    first = "a message failed at its gateway kind=retry gateway=smtp code=451 enhanced=4.3.0: "
    say_hello(hello, 1)
    wait_until(lambda: warnings(daemon), "the first failure")
    assert len(warnings(daemon)) == 1
    assert re.match(re.escape(first) + r"451 4\.3\.0 #[0-9a-f]{16} later", warnings(daemon)[0])
    say_hello(hello, 5, first=1)
    wait_until(lambda: daemon.status()["later"] == 6, "the others")
    assert len(warnings(daemon)) == 1
    assert daemon.stop() == 0
    assert [re.sub(r"within \S+ s:", "within:", line) for line in warnings(daemon)[1:]] == [
        "… and 5 more like it within: messages kind=retry gateway=smtp code=451 enhanced=4.3.0"]
    assert "ana0@" not in daemon.log() and "0712345678" not in daemon.log()


def test_a_refused_connection_is_told_at_once(hello):
    mail = hello.smtp()
    mail.stop()
    hello.started.remove(mail)
    daemon = hello.daemon().spawn()
    say_hello(hello, 1)
    wait_until(lambda: warnings(daemon), "the first failure")
    [line] = warnings(daemon)
    assert re.search(r"^a message failed at its gateway kind=unavailable gateway=smtp code=0: .+", line)
    assert hello.dead() == []


def test_dead_letters_of_a_kind_are_told_once(hello):
    mail = hello.smtp()
    mail.answers = lambda envelope: "554 5.6.0 no"
    daemon = hello.daemon().spawn()
    say_hello(hello, 4)
    wait_until(lambda: hello.client.xlen("nudged:dead") == 4, "the dead letters")
    told = "reason=refused gateway=smtp code=554 enhanced=5.6.0"
    assert warnings(daemon) == [f"a message became a dead letter {told}: 554 5.6.0 no"]
    assert daemon.stop() == 0
    second = re.sub(r"within \S+ s:", "within:", warnings(daemon)[1])
    assert second == f"… and 3 more like it within: dead messages {told}"


def test_dead_letters_without_an_attempt_are_told_once(hello):
    """Of a channel that was removed, when their time is over."""
    mail = hello.smtp()
    mail.answers = lambda envelope: "451 4.3.0 later"
    one = hello.daemon().spawn()
    say_hello(hello, 3)
    wait_until(lambda: one.status()["later"] == 3, "the retries")
    assert one.stop() == 0
    for mid in hello.client.zrange("nudged:later", 0, -1):
        hello.client.hset(b"nudged:message:" + mid, "give_up", 1)
        hello.client.zadd("nudged:later", {mid: 1})
    hello.config["gateways"]["file"] = {"kind": "maildir", "path": str(hello.folder / "mail")}
    hello.rules("{name: hello, class: transactional, on: nothing, send: {template: hello, via: sms}}")
    two = hello.daemon("two", channels={"sms": "file"}).spawn()
    wait_until(lambda: hello.client.xlen("nudged:dead") == 3, "the dead letters")
    assert two.stop() == 0
    told = "reason=no-channel gateway=-"
    assert [re.sub(r"within \S+ s:", "within:", line) for line in warnings(two)] == [
        f"a message became a dead letter {told}", f"… and 2 more like it within: dead messages {told}"]


@pytest.mark.parametrize("spoil, told, more", [
    (lambda client, mid: client.hset("nudged:begun:email:transactional", mid, "1 two:1"),
     "a message was settled by somebody else", "messages settled by somebody else"),
    (lambda client, mid: client.delete(f"nudged:message:{mid}"),
     "a message's record was deleted while it was being sent, its result is dropped result=done",
     "messages whose record was deleted while they were being sent")])
def test_dropped_results_are_told_once(hello, spoil, told, more):
    mail = hello.smtp(connections=3)
    begun, answer = threading.Semaphore(0), threading.Event()

    def answers(envelope):
        begun.release()
        answer.wait(60)
        return "250 taken"

    mail.slow()
    mail.answers = answers
    daemon = hello.daemon().spawn()
    say_hello(hello, 3)
    for _ in range(3):
        assert begun.acquire(timeout=60)
    for mid in begun_at_once(hello):
        spoil(hello.client, mid)
    answer.set()
    wait_until(lambda: warnings(daemon), "the first line")
    assert daemon.stop() == 0
    assert [re.sub(r"within \S+ s:", "within:", line) for line in warnings(daemon)] == [
        told, f"… and 2 more like it within: {more}"]


@pytest.mark.parametrize("wanted", [True, False])
def test_sent_messages_are_logged_where_that_is_wanted(hello, wanted):
    mail = hello.smtp()
    hello.config["log"] = {"messages": wanted}
    daemon = hello.daemon().spawn()
    say_hello(hello, 2)
    mail.next_mail()
    mail.next_mail()
    hello.wait_idle()
    assert daemon.stop() == 0
    sent = re.findall(r" info: a message was sent event=\d mid=\S+ rule=hello template=hello channel=email "
                      r"gateway=smtp to=#[0-9a-f]{16} code=250: 250 taken$", daemon.log(), re.M)
    assert len(sent) == (2 if wanted else 0)
    assert wanted or "was sent" not in daemon.log()
    assert warnings(daemon) == []


# --- the figures ---


def test_every_figure_is_documented(hello):
    """Name, type and meaning of each, in the order in which /metrics gives them."""
    page = (SOURCE / "docs/reference.md").read_text()
    told = re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram) \| ([\w,]*) \| (.+) \|$", page, re.M)
    figures = hello.daemon().spawn().ask("GET", "/metrics")[1]
    helps = dict(re.findall(r"^# HELP (\w+) (.+)$", figures, re.M))
    types = re.findall(r"^# TYPE (\w+) (\w+)$", figures, re.M)
    assert len(types) >= 19
    assert [(name, kind, helps[name]) for name, kind in types] == [
        (name, kind, meaning) for name, kind, _, meaning in told]
    assert {name for name, kind in types if kind == "counter"} == {
        name for name, _ in types if name.endswith("_total")}


def test_paths_of_the_admin_socket_are_documented(hello):
    """Each answers as the page says, but for the one that ends the daemon, which comes last."""
    page = (SOURCE / "docs/operations.md").read_text()
    requests = re.findall(r"^\| `(GET|POST) (/\w+)` \|", page, re.M)
    assert requests[-1] == ("POST", "/stop")
    daemon = hello.daemon().spawn()
    for method, path in requests:
        assert daemon.ask(method, path)[0] == 200, path
    assert daemon.ended() == 0
    routes = re.findall(r'\{"(GET|POST)", "(/\w+)",', (SOURCE / "daemon/app/admin_pages.c").read_text())
    assert sorted(set(routes)) == sorted(requests)
