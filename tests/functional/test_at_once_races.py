"""Messages that begin at once, while all else happens to them: a call of many customers that is lost or killed, a Redis
that forgets, commands, an erasure, a pause, a no, a brake, a join, keys of a wrong type, a daemon that stands still."""

import collections
import signal

import pytest

from conftest import wait_until
from messages import message
from test_at_once import QUEUE, begun, entries, held, hello, hello_shop, ready, subjects  # noqa: F401

MANY = 60


@pytest.fixture
def wide_shop(hello_shop):  # noqa: F811
    """As many connections as customers come together."""
    hello_shop.config["gateways"]["smtp"]["connections"] = 64
    return hello_shop


def in_hand(shop, kind="transactional"):
    """Those that a sender has."""
    return len(begun(shop, f"email:{kind}"))


def uncertain(shop, number):
    return "uncertain" in [what for _, what, _ in shop.trace(f"id:{number}")]


def check_once(shop, kind="hello", count=MANY):
    """None is lost; a second copy is one of a message that was uncertain."""
    shop.wait_idle()
    copies = collections.Counter(subjects(shop))
    assert set(copies) == {f"hello {number}" for number in range(count)}
    assert not [subject for subject, n in copies.items() if n > 1 and not uncertain(shop, subject.split()[1])]
    assert not shop.client.keys("nudged:begun:*") and not shop.client.keys("nudged:body:*")
    assert shop.dead() == []


# ---- Many in a call ----


def test_answer_of_many_is_lost(wide_shop):
    """None of them was begun: each goes back, and out once."""
    ready(wide_shop, failpoints="commit-lost=fail@1")
    wide_shop.push(*[hello(number) for number in range(MANY)])
    check_once(wide_shop)
    assert entries(wide_shop) > 0  # those of the call that was lost


@pytest.mark.parametrize("place", ["begun=kill@7", "begun=kill@30", "commit-answered=kill@12", "sent=kill@9"])
def test_killed_among_many(wide_shop, place):
    """Some are with senders, some were not handed over yet, of some the daemon has heard."""
    daemon = ready(wide_shop, failpoints=place)
    wide_shop.push(*[hello(number) for number in range(MANY)])
    assert daemon.ended() == -signal.SIGKILL
    assert in_hand(wide_shop) > 0
    daemon.spawn()
    check_once(wide_shop)


def test_killed_among_many_that_are_held(wide_shop):
    """Under `hold` none goes out twice, and none is lost: who may have got one waits for a word."""
    daemon = ready(wide_shop, failpoints="sent=kill@9")
    wide_shop.push(*[hello(number, "offer") for number in range(MANY)])
    assert daemon.ended() == -signal.SIGKILL
    daemon.spawn()
    wide_shop.wait_idle()
    waiting = {wide_shop.client.hget(b"nudged:message:" + mid, "customer").decode().removeprefix("id:")
               for mid in wide_shop.client.zrange("nudged:uncertain", 0, -1)}
    first = collections.Counter(subjects(wide_shop))
    assert set(first.values()) == {1} and {f"hello {number}" for number in waiting} | set(first) == \
        {f"hello {number}" for number in range(MANY)}
    status, out, _ = wide_shop.ctl("uncertain", "ls", "100")
    assert status == 0 and len(waiting) > 1 and all(f"c{number}@example.com" in out for number in waiting)
    assert wide_shop.ctl("uncertain", "retry", "--all")[0] == 0
    wide_shop.wait_idle()
    assert sorted(subjects(wide_shop)) == sorted(f"hello {number}" for number in waiting)


def test_another_takes_many_over(wide_shop):
    daemon = ready(wide_shop, failpoints="begun=kill@5")
    wide_shop.push(*[hello(number) for number in range(MANY)])
    assert daemon.ended() == -signal.SIGKILL
    daemon.lapse()
    wide_shop.daemon("two").spawn()
    wait_until(lambda: in_hand(wide_shop) == 0, "the other daemon to take them over")
    check_once(wide_shop)


def test_stands_still_with_many(wide_shop):
    """Past its lease, with messages at the gateway: what it sends then was uncertain before."""
    words, gate, reached = held(wide_shop, "send-before-end")
    frozen = ready(wide_shop, failpoints=words.replace("@1", ""))
    wide_shop.push(*[hello(number) for number in range(MANY)])
    wait_until(lambda: in_hand(wide_shop) > 10 and reached.exists(), "many in hand")
    frozen.process.send_signal(signal.SIGSTOP)
    wide_shop.daemon("two").spawn()
    frozen.outlast()
    wait_until(lambda: in_hand(wide_shop) == 0, "the other daemon to take them over")
    gate.unlink()
    frozen.process.send_signal(signal.SIGCONT)
    check_once(wide_shop)
    wide_shop.push(hello(MANY))
    check_after = lambda: subjects(wide_shop) == [f"hello {MANY}"]  # noqa: E731
    wide_shop.wait_idle()
    assert check_after()


# ---- Redis ----


def with_a_sender(shop, kind="hello"):
    """A message is with its sender: (its daemon, the gate that holds it, its mid)."""
    words, gate, reached = held(shop, "send-before-end")
    daemon = ready(shop, failpoints=words)
    shop.push(hello(1, kind))
    wait_until(reached.exists, "the sender")
    [mid] = begun(shop, f"email:{'marketing' if kind == 'offer' else 'transactional'}")
    return daemon, gate, mid


def flush_scripts(shop):
    shop.client.script_flush()


def restart(shop):
    shop.started[0].stop(signal.SIGTERM)
    shop.client = shop.started[0].start().client


@pytest.mark.parametrize("fault", [flush_scripts, restart])
def test_redis_meanwhile(hello_shop, fault):  # noqa: F811
    daemon, gate, _ = with_a_sender(hello_shop)
    fault(hello_shop)
    gate.unlink()
    hello_shop.wait_idle()
    assert subjects(hello_shop) == ["hello 1"] and not hello_shop.client.keys("nudged:begun:*")
    assert [what for _, what, _ in hello_shop.trace("id:1")] == ["sends", "sent"]
    assert daemon.process.poll() is None


def test_redis_forgets_all_meanwhile(hello_shop):  # noqa: F811
    """Its lease is gone too: it goes out once, or where the daemon has seen that not at all, and nothing is left."""
    _, gate, _ = with_a_sender(hello_shop)
    hello_shop.client.flushall()
    gate.unlink()
    wait_until(lambda: hello_shop.client.exists("nudged:meta"), "what was lost to be written anew")
    hello_shop.push(hello(2))
    hello_shop.wait_idle()
    assert subjects(hello_shop) in (["hello 2"], ["hello 1", "hello 2"])
    assert not hello_shop.client.keys("nudged:message:*")


def test_a_key_of_a_wrong_type(hello_shop):  # noqa: F811
    """Messages go by the outbox; what is sent is settled once somebody has mended it."""
    key = f"nudged:begun:{QUEUE}"
    daemon = ready(hello_shop)
    hello_shop.client.set(key, "spoilt")
    hello_shop.push(hello())
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1"
    wait_until(lambda: f"{key} is a string, not a hash" in daemon.log(), "a word of it")
    hello_shop.client.delete(key)
    hello_shop.wait_idle()
    assert hello_shop.mail.mails.empty() and entries(hello_shop) == 1


def test_its_records_are_deleted(hello_shop):  # noqa: F811
    """By hand, while a sender has it: nothing is left behind."""
    _, gate, mid = with_a_sender(hello_shop)
    hello_shop.client.delete(f"nudged:message:{mid}", f"nudged:body:{mid}")
    gate.unlink()
    hello_shop.wait_idle()
    assert subjects(hello_shop) == ["hello 1"]
    wait_until(lambda: not hello_shop.client.keys("nudged:begun:*"), "what stood for it to go")


# ---- What is said or done meanwhile ----


def test_erased_meanwhile(hello_shop):  # noqa: F811
    """It had begun; of the customer nothing is left behind it."""
    _, gate, mid = with_a_sender(hello_shop)
    hello_shop.push({"type": "customer.erased", "id": "e1", "customer": {"id": 1}})
    wait_until(lambda: message(hello_shop.client, mid).get("mark") == "erasure", "the mark")
    gate.unlink()
    hello_shop.wait_idle()
    for pattern in ("message:*", "body:*", "begun:*", "trace:*", "customer:*", "to:*"):
        assert not hello_shop.client.keys(f"nudged:{pattern}"), pattern


def test_dropped_meanwhile(hello_shop):  # noqa: F811
    """By hand; its gateway puts it off: it ends, and a word brings it back."""
    hello_shop.mail.answers = lambda envelope: "451 4.2.0 later"
    _, gate, mid = with_a_sender(hello_shop)
    assert "a sender has it" in hello_shop.ctl("outbox", "drop", mid)[2]
    gate.unlink()
    wait_until(lambda: not hello_shop.client.exists(f"nudged:message:{mid}"), "its end")
    hello_shop.wait_idle()
    assert hello_shop.client.zcard("nudged:later") == 0 and not hello_shop.client.keys("nudged:begun:*")
    assert ("hello", "withdrawn", "dropped") in hello_shop.trace("id:1")


def test_refused_and_revived(hello_shop):  # noqa: F811
    hello_shop.mail.answers = lambda envelope: "554 no"
    daemon = ready(hello_shop)
    hello_shop.push(hello())
    wait_until(hello_shop.dead, "the dead letter")
    hello_shop.mail.answers = lambda envelope: "250 taken"
    hello_shop.mail.all_mails()
    assert hello_shop.ctl("dead", "retry", "--all")[0] == 0
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1"
    hello_shop.wait_idle()
    assert hello_shop.mail.mails.empty() and daemon.figure("nudged_messages_sent_total") == 1


def suppress(shop):
    assert shop.ctl("suppress", "add", "c1@example.com")[0] == 0


def pause_rule(shop):
    assert shop.ctl("rule", "pause", "offer")[0] == 0


def say_no(shop):
    """As another daemon has decided it, of another key of the same mailbox."""
    other = shop.daemon("two").spawn()
    shop.push({"type": "customer.unsubscribed", "id": "no", "customer": {"id": 2, "email": "c1@example.com"}})
    wait_until(lambda: shop.client.hlen("nudged:said") > 0, "the no")
    assert other.stop() == 0


@pytest.mark.parametrize("what, told", [
    (suppress, ("offer", "refused", "suppressed")), (pause_rule, ("offer", "passed-over", "paused")),
    (say_no, ("offer", "refused", "no-consent"))], ids=["suppressed", "paused", "said no"])
def test_between_decision_and_commit(hello_shop, what, told):  # noqa: F811
    """Its commit sees that; nothing was begun, and the connection that was kept is free again."""
    hello_shop.config["gateways"]["smtp"]["connections"] = 1
    words, gate, reached = held(hello_shop, "commit")
    ready(hello_shop, failpoints=words)
    hello_shop.push(hello(1, "offer"))
    wait_until(reached.exists, "the commit")
    what(hello_shop)
    gate.unlink()
    wait_until(lambda: told in hello_shop.trace("id:1"), lambda: f"{told}: {hello_shop.trace('id:1')}")
    assert in_hand(hello_shop, "marketing") == 0
    hello_shop.push(hello(3))
    assert hello_shop.mail.next_mail()["Subject"] == "hello 3"
    hello_shop.wait_idle()
    assert hello_shop.mail.mails.empty()


def test_brake_within_a_call(wide_shop):
    """Of many in a call it lets through as many as it may, and pauses the rule: the others wait, and none begins."""
    wide_shop.config["policy"] = {"brake": "7 per 1h"}
    ready(wide_shop)
    wide_shop.push(*[hello(number, "offer") for number in range(MANY)])
    wait_until(lambda: wide_shop.client.hexists("nudged:halted", "offer"), "the brake")
    wide_shop.wait_idle()
    assert len(subjects(wide_shop)) == 7
    last = [wide_shop.trace(f"id:{number}")[-1] for number in range(MANY)]
    waiting = last.count(("offer", "paused", "brake"))
    assert waiting > 0 and waiting + last.count(("offer", "passed-over", "paused")) == MANY - 7
    assert wide_shop.client.zcard("nudged:halt:offer") == waiting


def test_joined_meanwhile(hello_shop):  # noqa: F811
    """Two keys become one person while a sender has the guest's message: it is theirs, to its end."""
    words, gate, reached = held(hello_shop, "send-before-end")
    ready(hello_shop, failpoints=words)
    hello_shop.push({"type": "hello", "id": "guest", "customer": {"email": "c1@example.com"}})
    wait_until(reached.exists, "the sender")
    [mid] = begun(hello_shop)
    hello_shop.push({"type": "hello", "id": "known", "customer": {"id": 1, "email": "c1@example.com"}})
    wait_until(lambda: message(hello_shop.client, mid)["customer"] == "id:1", "the join")
    gate.unlink()
    hello_shop.wait_idle()
    assert sorted(subjects(hello_shop)) == ["hello", "hello 1"]
    told = [what for _, what, _ in hello_shop.trace("id:1")]
    assert told.count("sends") == told.count("sent") == 2 and "joined" in told
    assert not hello_shop.client.keys("nudged:begun:*") and not hello_shop.client.keys("nudged:trace:email:*")


def test_two_keys_in_a_batch(wide_shop):
    """Guests who are known, and events of theirs by either key, all at once: each message once, and one person each."""
    ready(wide_shop)
    wide_shop.push(*[{"type": "seen", "customer": {"email": f"c{number}@example.com"}} for number in range(20)])
    wide_shop.wait_idle()
    wide_shop.push(*[event for number in range(20) for event in (
        {"type": "hello", "id": f"a{number}", "customer": {"email": f"c{number}@example.com"}},
        {"type": "hello", "id": f"b{number}", "customer": {"id": number, "email": f"C{number}@example.com"}})])
    wide_shop.wait_idle()
    assert len(subjects(wide_shop)) == 40
    assert len(wide_shop.client.keys("nudged:customer:*")) == 20
    for number in range(20):
        told = [what for _, what, _ in wide_shop.trace(f"id:{number}")]
        assert told.count("sends") == told.count("sent") == 2


def test_stopped_with_a_commit_under_way(wide_shop):
    """What it begins is sent, or put back, before the daemon ends."""
    words, gate, reached = held(wide_shop, "commit")
    daemon = ready(wide_shop, failpoints=words)
    wide_shop.push(*[hello(number) for number in range(MANY)])
    wait_until(reached.exists, "the commit")
    daemon.process.send_signal(signal.SIGTERM)
    gate.unlink()
    assert daemon.ended() == 0
    assert not wide_shop.client.keys("nudged:begun:*")
    daemon.spawn()
    check_once(wide_shop)
    assert not [number for number in range(MANY) if uncertain(wide_shop, number)]


def test_answer_is_lost_as_it_stops(hello_shop):  # noqa: F811
    """Nothing of it was begun: what the commit has made this daemon's is put back before its end, and an offer is not
    held for a word."""
    words, gate, reached = held(hello_shop, "commit")
    daemon = ready(hello_shop, failpoints=f"{words},commit-lost=fail@1")
    hello_shop.push(*[hello(number, "offer") for number in range(4)])
    wait_until(reached.exists, "the commit")
    daemon.process.send_signal(signal.SIGTERM)
    gate.unlink()
    assert daemon.ended() == 0
    assert not hello_shop.client.keys("nudged:begun:*")
    daemon.spawn()
    check_once(hello_shop, count=4)
    assert hello_shop.client.zcard("nudged:uncertain") == 0
