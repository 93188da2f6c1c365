"""A daemon that has nothing to do asks for nothing, and still sees at once what others do.

It counts as idle at once here (`beat-quiet`), and while it is, looks at nothing of its own accord (`beat-deaf`): what
it sees it was told by Redis."""

import json

import pytest

from conftest import PATIENCE, is_stopped, wait_until
from redis_rights import in_readme, in_table

IDLE = "beat-quiet=fail,beat-deaf=fail"
RULES = """
name: hello
class: transactional
on: order.placed
again: parallel
send: hello
---
name: later
class: transactional
on: cart.updated
again: restart
steps: [{wait: 2s}, {send: hello}]
"""


@pytest.fixture
def quiet(shop):
    shop.redis()
    shop.sink = shop.smtp()
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: hello {{ customer.id }}\n---\nhello\n")
    return shop


def event(number, what="order.placed"):
    return {"type": what, "id": f"{what}-{number}", "customer": {"id": number, "email": f"c{number}@example.com"}}


def watched(shop):
    return shop.client.info("stats")["tracking_total_keys"]


def rest(shop):
    """Until all keys of a daemon are watched: it looks at them once more, and no more then."""
    wait_until(lambda: watched(shop) > 20, lambda: f"all keys to be watched, {watched(shop)} are")


def is_sent(shop, number):
    assert shop.sink.mails.get(timeout=PATIENCE).rcpt_tos == [f"c{number}@example.com"]


def test_events_by_stream_and_list(quiet):
    quiet.daemon().spawn(IDLE)
    for number in range(3):
        rest(quiet)
        quiet.push(event(number))
        is_sent(quiet, number)
        rest(quiet)
        quiet.client.lpush("nudged:inbox", json.dumps(event(10 + number)))
        is_sent(quiet, 10 + number)


def test_many_by_the_list(quiet):
    quiet.daemon().spawn(IDLE)
    rest(quiet)
    for number in range(500):
        quiet.client.lpush("nudged:inbox", json.dumps(event(number)))
    for _ in range(500):
        quiet.sink.mails.get(timeout=PATIENCE)
    quiet.wait_idle()


def test_a_deadline(quiet):
    """Its own, and one that another daemon has decided, which is gone when the time has come."""
    one = quiet.daemon("one").spawn("beat-quiet=fail")
    rest(quiet)
    quiet.push(event(1, "cart.updated"))
    is_sent(quiet, 1)
    quiet.push(event(2, "cart.updated"))
    wait_until(lambda: quiet.client.zcard("nudged:due") == 1, "a deadline")
    quiet.daemon("two").spawn("beat-quiet=fail")
    one.stop()
    is_sent(quiet, 2)


def test_a_gateway_that_is_resumed(quiet):
    quiet.daemon().spawn(IDLE)
    quiet.ctl("gateway", "pause", "smtp")
    quiet.push(event(1))
    wait_until(lambda: quiet.client.xlen("nudged:outbox:email:transactional") == 1, "a message to wait")
    rest(quiet)
    quiet.ctl("gateway", "resume", "smtp")
    is_sent(quiet, 1)


def test_a_rule_that_is_paused(quiet):
    daemon = quiet.daemon().spawn(IDLE)
    for command, words in (("pause", "a rule is paused"), ("resume", "a rule goes on")):
        rest(quiet)
        quiet.ctl("rule", command, "hello")
        wait_until(lambda words=words: words in daemon.log(), daemon.log)


def test_a_dead_letter_that_is_sent_again(quiet):
    quiet.sink.answers = lambda envelope: "554 5.6.0 not this"
    quiet.daemon().spawn(IDLE)
    quiet.push(event(1))
    wait_until(lambda: len(quiet.dead()) == 1, "a dead letter")
    quiet.sink.answers = lambda envelope: "250 taken"
    rest(quiet)
    assert quiet.ctl("dead", "retry", "--all")[0] == 0
    is_sent(quiet, 1)


def test_connections_that_are_lost(quiet):
    """Each of the three, and all at once: it is told again of what changes."""
    quiet.daemon().spawn(IDLE)
    for number, name in enumerate(("nudged:changes", "nudged:intake", "nudged", None)):
        rest(quiet)
        for client in quiet.client.client_list():
            if client["name"] in (name, *([] if name else ("nudged:changes", "nudged:intake", "nudged"))):
                quiet.client.client_kill_filter(_id=client["id"])
        quiet.push(event(number))
        is_sent(quiet, number)
        rest(quiet)
        quiet.client.lpush("nudged:inbox", json.dumps(event(10 + number)))
        is_sent(quiet, 10 + number)


def test_rights_of_a_former_release(quiet):
    """A user that may not be told what changes: it looks once a second, and says so once."""
    wished = [f"-{command}" for command in in_table("wished")]
    quiet.client.execute_command("ACL", "SETUSER", "nudged", "on", ">first", *in_readme(), *wished, "resetchannels")
    (quiet.folder / "password").write_text("first\n")
    (quiet.folder / "password").chmod(0o600)
    quiet.config["redis"] |= {"user": "nudged", "password_file": "password"}
    daemon = quiet.daemon().spawn(IDLE)
    for number in range(2):
        quiet.client.lpush("nudged:inbox", json.dumps(event(number)))
        is_sent(quiet, number)
        quiet.client.client_kill_filter(user="nudged")
    quiet.push(event(2))
    is_sent(quiet, 2)
    assert daemon.log().count("does not tell this daemon what changes") == 1, daemon.log()
    assert watched(quiet) == 0


def test_all_is_deleted(quiet):
    """FLUSHALL: it enters anew, and hears again of what changes."""
    quiet.daemon().spawn(IDLE)
    rest(quiet)
    quiet.client.flushall()
    wait_until(lambda: quiet.client.exists("nudged:instance:one"), "the daemon to enter anew")
    rest(quiet)
    quiet.client.lpush("nudged:inbox", json.dumps(event(1)))
    is_sent(quiet, 1)
    quiet.push(event(2))
    is_sent(quiet, 2)


def test_what_a_dead_daemon_had(quiet):
    """Its events, though the one that is left waits for others at the time; and its retries."""
    one = quiet.daemon("one").spawn("batch-read=stop")
    quiet.push(event(1))
    wait_until(lambda: is_stopped(one), "the daemon to stop")
    two = quiet.daemon("two").spawn("beat-quiet=fail")
    rest(quiet)
    one.kill()
    one.lapse()
    is_sent(quiet, 1)
    assert two.stop() == 0
