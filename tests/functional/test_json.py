"""--json: one object, or one a line; keys are snake_case, times are numbers; whatever is asked."""

import json
import re

import pytest

from conftest import wait_until
from desk import desk  # noqa: F401, the fixture of all tests


@pytest.fixture
def office(desk):  # noqa: F811
    """With a dead letter, a suppressed address, a list of codes, a trace."""
    desk.redis()
    desk.started = [thing for thing in desk.started if not hasattr(thing, "spawn")]
    desk.one = desk.daemon("office").spawn()
    (desk.folder / "codes.txt").write_text("A\nB\n")
    (desk.folder / "list.txt").write_text("a@example.com\nb@example.com\n")
    (desk.folder / "rules/ping.test.yaml").write_text(
        "test: ping is sent\ngiven: [{event: {type: ping, customer: {id: '7', phone: '+40721000001'}}}]\n"
        "expect: [{sent: ping}]\n")
    desk.push({"type": "customer.signed_up", "customer": {"id": "7", "email": "ana@example.com", "tier": "gold"},
               "basket": {"total": 5, "items": []}}, "no event")
    wait_until(lambda: desk.client.xlen("nudged:dead") == 1, "the letter")
    desk.wait_idle()
    return desk


def rows(office, *arguments, stdin=None, statuses=(0,)):
    status, out, err = office.ctl(*arguments, "--json", stdin=stdin)
    assert status in statuses, (arguments, status, out, err)
    assert "\x1b" not in out and out.endswith("}\n"), (arguments, out)
    return [json.loads(line) for line in out.splitlines()]


def keys_of(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from keys_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys_of(item)


COMMANDS = [
    (["push"], "{}", {"pushed": 1, "refused": 0, "failed": 0, "unreadable": 1}),
    (["check"], None, {"errors": 0, "rules": 2}),
    (["preview", "welcome"], None, {"template": "welcome", "channel": "email", "form": "text"}),
    (["preview", "ping", "--as", "eml"], None, {"form": "eml"}),
    (["preview", "welcome", "--send-to", "me@shop.example"], None, {"result": "sent", "gateway": "file"}),
    (["eval", "1 + 1"], None, {"value": 2}),
    (["eval", "duration('3s')"], None, {"text": 'duration("3s")'}),
    (["eval", "1 + 1 > 1", "--trace"], None, {"value": True}),
    (["test"], None, {"name": "ping is sent", "passed": True, "sent": 1, "missed": []}),
    (["explain", "7"], None, {}),
    (["dead"], None, {"kind": "event"}),
    (["dead", "drop", "--all"], None, {"dropped": 2, "refused": 0, "left": 0, "dry_run": 0}),
    (["suppress", "add", "ana@example.com"], None, {"added": 1, "there_already": 0, "wrong": 0}),
    (["suppress"], None, {"reason": "by-hand"}),
    (["suppress", "rm", "ana@example.com"], None, {"removed": 1, "not_there": 0}),
    (["suppress", "import", "list.txt"], None, {"added": 2, "wrong": 0}),
    (["gateway"], None, {"name": "file", "paused": False}),
    (["gateway", "pause", "file"], None, {"gateway": "file", "paused": True, "changed": True}),
    (["gateway", "resume", "file"], None, {"gateway": "file", "paused": False, "changed": True}),
    (["gateway", "test", "file", "--to", "me@shop.example"], None, {"result": "sent"}),
    (["codes", "load", "spring", "codes.txt"], None, {"name": "spring", "read": 2, "new": 2, "left": 2}),
    (["codes"], None, {"name": "spring", "left": 2, "loaded": 2}),
    (["rule"], None, {"name": "ping", "paused": False}),
    (["rule", "pause", "welcome"], None, {"rule": "welcome", "paused": True, "changed": True}),
    (["rule", "resume", "welcome"], None, {"rule": "welcome", "paused": False, "changed": True}),
    (["reload"], None, {"reloaded": True}),
    (["status"], None, {"answers": True}),
    (["stop"], None, {"stopping": True}),
]


def test_what_each_command_prints(office, monkeypatch):
    monkeypatch.chdir(office.folder)
    for arguments, stdin, wanted in COMMANDS:
        told = rows(office, *arguments, stdin=stdin)
        assert wanted.items() <= told[0].items(), (arguments, told[0])
        for key, item in keys_of(told):
            assert re.fullmatch(r"[a-z][a-z0-9_]*", key) or arguments[0] in ("gateway", "explain"), (arguments, key)
            if key == "at" or key.endswith("_at"):
                assert isinstance(item, int) and item > 1700000000000, (arguments, key, item)
    assert office.one.ended() == 0


def test_faults_stay_on_standard_error(office):
    for arguments, status in ((["eval", "1 +"], 1), (["preview", "nothing"], 1), (["rule", "pause", "nothing"], 1),
                              (["gateway", "pause", "nothing"], 1), (["dead", "show", "1-1"], 1),
                              (["codes", "load", "a", "none.txt"], 66)):
        done = office.ctl(*arguments, "--json")
        assert (done[0], done[1]) == (status, "") and done[2], arguments
    office.rules("name: [\n")
    status, out, err = office.ctl("check", "--json")
    found = json.loads(out)
    assert (status, err, found["errors"], "rules" in found) == (1, "", 1, False)
    assert found["found"][0]["level"] == "error" and found["found"][0]["line"] > 0
    assert found["found"][0]["file"].endswith("rules.yaml")
    assert office.ctl("reload", "--json")[:2] == (1, "")


def test_a_test_that_fails(office):
    (office.folder / "rules/ping.test.yaml").write_text(
        "test: nothing\ngiven: [{event: {type: ping, customer: {id: '7', phone: '+40721000001'}}}]\n"
        "expect: [{not_sent: ping}]\n")
    [row] = rows(office, "test", statuses=(1,))
    assert not row["passed"] and len(row["missed"]) == 1 and "ping" in row["missed"][0]
    assert office.ctl("test", "--json", "--tap")[0] == 64
