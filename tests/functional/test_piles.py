"""`nudgectl dead`, `outbox` and `uncertain`: one grammar over what waits for an operator."""

import json
import os
import pty
import re
import signal
import subprocess
import threading

import pytest

from conftest import BUILD, wait_until

BODY = {"rule": "news", "template": "news", "to": "c1@example.com", "decided": 1000, "expires": 3601000,
        "event": {"type": "hello", "id": "h1", "source": "", "time": "2026-03-01T08:00:00Z", "data": {}}}
RULES = "name: receipt\nclass: transactional\non: paid\nsend: receipt\n"


@pytest.fixture
def desk(shop):
    """A shop whose daemon does not run."""
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("receipt.text.liquid", "---\nsubject: receipt\n---\nHello\n")
    shop.daemon()
    return shop


def letter(shop, number, body=None, entry="*", **more):
    fields = {"kind": "message", "reason": "refused", "detail": "554 no", "customer": f"id:{number}",
              "mid": f"m{number}", "channel": "email", "class": "transactional", "topic": "news", "gateway": "relay",
              "on_uncertain": "resend", "give_up": "5", **more, "body": json.dumps({**BODY, **(body or {})})}
    return shop.client.xadd("nudged:dead", fields, id=entry).decode()


def message(shop, mid, state, number=1, **more):
    shop.client.hset(f"nudged:message:{mid}", mapping={
        "state": state, "customer": f"id:{number}", "channel": "email", "class": "transactional", "topic": "news",
        "on_uncertain": "hold", "attempts": 0, "give_up": 4_700_000_000_000, "gateway": "relay", **more})
    shop.client.set(f"nudged:body:{mid}", json.dumps({**BODY, "to": f"c{number}@example.com"}))


def test_ls_shows_what_is_selected(desk):
    one = letter(desk, 1)
    letter(desk, 2, {"rule": "cart"}, reason="gave-up", channel="sms")
    letter(desk, 3, {"template": "late"}, gateway="spare")
    status, out, err = desk.ctl("dead")
    assert (status, err) == (0, "") and len(out.splitlines()) == 6
    assert re.search(rf"^{one}  message  refused: 554 no\n    \S+Z  news to c1@example.com \(id:1\) by relay$", out,
                     re.M)
    assert all(len(line) <= 80 for line in out.splitlines())

    def mids(*options):
        return [json.loads(line)["mid"] for line in desk.ctl("dead", "ls", "--json", *options)[1].splitlines()]

    assert mids() == ["m3", "m2", "m1"]
    assert mids("--rule", "news") == ["m3", "m1"]
    assert mids("--reason", "gave-up") == ["m2"] == mids("--channel=sms")
    assert mids("--gateway", "spare") == ["m3"] == mids("--template", "late")
    assert mids("--customer", "1") == ["m1"] == mids("--customer", "id:1")
    assert mids("--rule", "news", "--gateway", "relay") == ["m1"]
    assert mids("--after", "1h") == ["m3", "m2", "m1"] == mids("--before", "0s")
    assert mids("--older-than", "1h") == [] == mids("--after", "2999-01-01T00:00:00Z")
    assert desk.ctl("dead", "ls", "--rule", "none")[1] == "no dead letters of that kind\n"
    assert desk.ctl("dead", "ls", "1", "--rule", "news")[1].endswith("\nand 1 more\n")


def test_ls_has_no_bound_but_its_output(desk):
    pipe = desk.client.pipeline()
    for number in range(1234):
        pipe.xadd("nudged:dead", {"kind": "message", "mid": f"m{number}", "reason": "x", "body": "{}"})
    pipe.execute()
    out = desk.ctl("dead", "ls")[1]
    assert len(out.splitlines()) == 101 and out.endswith("\nand 1184 more\n")
    assert len(desk.ctl("dead", "ls", "5000", "--json")[1].splitlines()) == 1234


def test_show(desk):
    one = letter(desk, 1, {"data": {"name": "A\u202eB\x1b[2J"}})
    status, out, err = desk.ctl("dead", "show", one)
    assert (status, err) == (0, "")
    assert out.startswith(f"{one}\n  at           20") and "\n  reason       refused\n" in out
    assert '\n      "rule": "news",\n' in out and "\x1b" not in out and "\u202e" not in out
    assert desk.ctl("dead", "show", "m1")[1] == out  # by its message
    assert json.loads(desk.ctl("dead", "show", "m1", "--json")[1])["id"] == one
    status, out, err = desk.ctl("dead", "show", "1-1", "none")
    assert (status, out) == (1, "") and err == (
        "nudgectl: none: there is no such letter\nnudgectl: 1-1: there is no such letter\n")


def test_the_outbox(desk):
    desk.client.sadd("nudged:channels", "email", "sms")
    for number, (mid, state) in enumerate([("a", "queued"), ("b", "taken"), ("c", "later"), ("d", "uncertain")], 1):
        message(desk, mid, state, number, owner="one:7", attempts=number - 1)
    for mid in ("a", "b"):
        desk.client.xadd("nudged:outbox:email:transactional", {"mid": mid})
    desk.client.zadd("nudged:later", {"c": 4_000_000_000_000})
    desk.client.zadd("nudged:uncertain", {"d": 1_772_352_000_000})
    status, out, err = desk.ctl("outbox")
    assert (status, err) == (0, "")
    assert re.fullmatch(r"""a  queued, since \S+Z
    news to c1@example.com \(id:1\) by relay
b  taken by the daemon one, since \S+Z, tried 1 time
    news to c2@example.com \(id:2\) by relay
c  later, until 2096-10-02T07:06:40Z, tried 2 times
    news to c3@example.com \(id:3\) by relay
""", out)
    desk.client.hset("nudged:message:c", mapping={"held": 1, "domain": "example.com"})
    desk.client.zadd("nudged:held:email:transactional:example.com", {"c": 1})
    assert "Z, tried 2 times, held: no room for example.com\n" in desk.ctl("outbox")[1]
    assert desk.ctl("uncertain")[1] == (
        "d  since 2026-03-01T08:00:00Z\n    news to c4@example.com (id:4) by relay\n")
    assert desk.ctl("outbox", "ls", "--reason", "later")[1].startswith("c  later")
    assert "  state        later\n" in desk.ctl("outbox", "show", "c")[1]
    assert desk.ctl("outbox", "show", "d")[2] == "nudgectl: d: it is not in the outbox\n"
    status, out, err = desk.ctl("outbox", "retry", "--all")
    assert (status, out) == (1, "1 retried, 2 not\n")
    assert err == "nudgectl: a: it is queued: nothing holds it back\nnudgectl: b: a sender has it\n"
    assert desk.client.zscore("nudged:later", "c") < 4_000_000_000_000
    assert desk.ctl("outbox", "drop", "--customer", "1", "--dry-run") == (0, "1 would be dropped\n", "")
    assert desk.client.exists("nudged:message:a")
    status, out, err = desk.ctl("outbox", "drop", "--all")
    assert (status, out) == (1, "2 dropped, 1 not\n")
    assert err == "nudgectl: b: a sender has it: it ends unless that delivers it\n"
    assert [row["mid"] for row in desk.dead()] == [b"a", b"c"]
    assert not desk.client.exists("nudged:held:email:transactional:example.com")
    assert desk.client.hget("nudged:message:b", "mark") == b"dropped"
    assert "  dropped: by hand" in desk.ctl("explain", "1")[1] or " dropped: by hand" in desk.ctl("explain", "1")[1]


def test_dry_run_writes_nothing(desk):
    for number in range(1, 4):
        letter(desk, number, hash=f"h{number}")
    desk.client.hset("nudged:suppressed", "h2", "{}")
    before = {key: desk.client.dump(key) for key in desk.client.keys()}
    status, out, err = desk.ctl("dead", "retry", "--all", "--dry-run")
    assert (status, out) == (1, "2 would be retried, 1 not\n") and "its address is suppressed" in err
    assert desk.ctl("dead", "drop", "--all", "--dry-run") == (0, "3 would be dropped\n", "")
    assert {key: desk.client.dump(key) for key in desk.client.keys()} == before


def test_many_refusals_are_told_together(desk):
    for number in range(150):
        letter(desk, number, hash=f"h{number}")
        if number % 3:
            desk.client.hset("nudged:suppressed", f"h{number}", "{}")
    status, out, err = desk.ctl("dead", "retry", "--all")
    assert (status, out) == (1, "50 retried, 100 not\n")
    assert len(err.splitlines()) == 21
    assert err.endswith("nudgectl: 80 more: its address is suppressed; `nudgectl suppress rm` lifts that\n")
    assert desk.ctl("dead", "drop", "--all") == (0, "100 dropped\n", "")


@pytest.mark.parametrize("arguments, fault", [
    (["retry"],
     "`retry` takes dead letters by their id, or by what they have in common (--rule, --reason, …), or --all"),
    (["drop", "1-1", "--rule", "x"], "`drop` takes dead letters by their id"),
    (["show"], "`show` takes them by their id"),
    (["ls", "--all"], "--all goes with `retry` or `drop`"),
    (["ls", "--dry-run"], "--dry-run goes with `retry` or `drop`"),
    (["resend", "--all"], "`ls`, `show`, `retry` or `drop` is expected, not `resend`"),
])
def test_wrong_command_line(desk, arguments, fault):
    status, out, err = desk.ctl("dead", *arguments)
    assert (status, out) == (64, "") and err.startswith(f"nudgectl dead: {fault}")
    assert err.endswith("hint: `nudgectl help dead`\n")


def test_a_time_that_is_none(desk):
    assert desk.ctl("dead", "ls", "--before", "yesterday") == (
        1, "", "nudgectl: `--before yesterday`: that is no time\n"
        "hint: such as 2026-03-01, 2026-03-01T08:00:00Z, or 2h, 30m, 7d: so long ago\n")


def test_a_key_that_is_wrong(desk):
    letter(desk, 1)
    desk.client.set("nudged:later", "x")
    status, out, err = desk.ctl("dead", "retry", "--all")
    assert (status, out) == (1, "0 retried, 1 left as they were\n")
    assert "WRONGKEY nudged:later is a string, not a zset\nhint: what was done is done" in err
    desk.client.delete("nudged:later", "nudged:dead")
    desk.client.set("nudged:dead", "x")
    for arguments in (["ls"], ["retry", "--all"], ["show", "1-1"], ["drop", "1-1"]):
        status, _, err = desk.ctl("dead", *arguments)
        assert status == 1 and "WRONGTYPE" in err
    assert desk.client.xlen("nudged:events") == 0


def test_garbage_in_letters(desk):
    """Fields of any bytes, or none: shown without harm, and never half retried."""
    desk.client.xadd("nudged:dead", {b"\x1b[2J\xff": b"\x00\x1b]0;x\x07", b"kind": b"message", b"body": b"\xff\xfe"})
    desk.client.xadd("nudged:dead", {"some": "thing"})
    desk.client.xadd("nudged:dead", {"kind": "message", "mid": "m\x1b[2J", "body": "[1,2", "reason": "a\nb"})
    desk.client.xadd("nudged:dead", {"kind": "event", "body": "[]"})
    for arguments in (["ls"], ["ls", "--json"], ["ls", "--rule", "x"]):
        status, out, err = desk.ctl("dead", *arguments)
        assert (status, err) == (0, "") and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)
    for entry, _ in desk.client.xrange("nudged:dead"):
        status, out, err = desk.ctl("dead", "show", entry.decode())
        assert (status, err) == (0, "") and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)
    status, out, err = desk.ctl("dead", "retry", "--all")
    assert (status, out) == (1, "1 retried, 3 not\n")
    assert desk.client.xlen("nudged:events") == 1 and not desk.client.exists("nudged:later")


def spawn(shop, *arguments):
    """nudgectl on a terminal of 80 columns: (process, what it showed so far)."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([BUILD / "nudgectl", "--config", shop.folder / "one.yaml", *arguments], stdin=follower,
                               stdout=follower, stderr=follower, env={**os.environ, "TERM": "xterm"})
    os.close(follower)
    shown = bytearray()

    def read():
        try:
            while data := os.read(leader, 4096):
                shown.extend(data)
        except OSError:
            pass
        os.close(leader)

    reader = threading.Thread(target=read)
    reader.start()
    return process, shown, reader


def many(shop, count):
    pipe = shop.client.pipeline(transaction=False)
    for number in range(count):
        pipe.xadd("nudged:dead", {
            "kind": "message", "reason": "refused", "customer": f"id:{number}", "mid": f"m{number}", "channel": "email",
            "class": "transactional", "topic": "receipt", "on_uncertain": "resend", "hash": f"h{number}",
            "said": f"s{number}", "body": json.dumps({**BODY, "rule": "receipt", "template": "receipt"})})
        if number % 1000 == 999:
            pipe.execute()
    pipe.execute()


def test_an_interrupt_loses_nothing(desk):
    """Ctrl-C in the middle: each letter is a letter or a message, and the same command goes on."""
    many(desk, 20000)
    process, shown, reader = spawn(desk, "dead", "retry", "--all")
    wait_until(lambda: desk.client.zcard("nudged:later") > 300, "it to be under way")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    reader.join()
    text = shown.decode()
    assert "\r\x1b[K" in text or "\r" in text
    [(done, left)] = re.findall(r"(\d+) retried, (\d+) left as they were\r\n", text)
    assert "interrupted; the same command goes on with the rest" in text
    assert int(done) + int(left) == 20000 and int(left) > 0
    assert desk.client.xlen("nudged:dead") == int(left)
    assert desk.client.zcard("nudged:later") == int(done) == desk.client.xlen("nudged:events")
    status, out, err = desk.ctl("dead", "retry", "--all")
    assert (status, out, err) == (0, f"{left} retried\n", "")
    assert desk.client.zcard("nudged:later") == 20000 == desk.client.xlen("nudged:events")


def test_two_operators_at_once(desk):
    """Each letter goes back once."""
    many(desk, 3000)
    both = [subprocess.Popen([BUILD / "nudgectl", "--config", desk.folder / "one.yaml", "dead", "retry", "--all"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]
    done = [int(re.match(r"(\d+) retried", out)[1]) for out in said]
    assert sum(done) == 3000, said
    assert desk.client.zcard("nudged:later") == 3000 == desk.client.xlen("nudged:events")


def test_what_the_rule_or_template_of_is_gone(desk):
    """The message goes as far as its template is here; of a rule that is gone its letter knows enough."""
    letter(desk, 1, {"rule": "gone", "template": "receipt", "to": "c1@example.com"}, hash="h1")
    letter(desk, 2, {"rule": "gone", "template": "gone", "to": "c2@example.com"}, hash="h2")
    assert desk.ctl("dead", "retry", "--all")[0] == 0
    desk.started[-1].spawn()
    assert desk.mail.next_mail()["To"] == "c1@example.com"
    wait_until(lambda: desk.client.hget("nudged:message:m2", "lacks"), "the other to wait for its template")
    assert desk.ctl("outbox")[1].startswith("m2  later, until ")
    assert "a daemon lacks its template" in desk.ctl("outbox")[1]
