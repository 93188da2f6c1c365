"""The log, as an operator reads it: one id from an event to its message's acceptance, as text, as JSON
and in the journal."""

import json
import os
import re
import subprocess

import pytest

from conftest import BUILD, SOURCE, wait_until

RULES = """
{name: welcome, class: transactional, on: hello, send: hello}
---
{name: later, class: transactional, on: later, again: parallel, wait: 100ms, send: hello}
---
{name: news, on: letter, send: hello}
"""


@pytest.fixture
def quiet(shop):
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: hello\n---\nhello\n")
    return shop


@pytest.fixture
def loud(quiet):
    quiet.config["log"] = {"level": "debug"}
    return quiet


def lines(daemon):
    """(level, sentence, fields, detail) of each line."""
    found = []
    for line in daemon.log().splitlines():
        _, level, text = re.fullmatch(r"(\S+) (\w+): (.*)", line).groups()
        fields = dict(re.findall(r' (\w+)=("(?:[^"\\]|\\.)*"|[^\s:]+(?::\S+)?)', text))
        found.append((level, re.split(r" \w+=|: ", text)[0], fields))
    return found


def of_event(daemon, event):
    return [(sentence, fields) for _, sentence, fields in lines(daemon) if fields.get("event") == event]


def hello(kind="hello", **more):
    return {"type": kind, "customer": {"id": 7, "email": "ana@shop.example"}, **more}


STEPS = ["an event was taken", "an event was decided", "a message was put into the outbox",
         "a message was taken", "a message was sent"]


def test_one_id_from_intake_to_the_answer(loud):
    daemon = loud.daemon().spawn()
    [entry] = loud.push(hello(id="order-17"))
    wait_until(lambda: len(of_event(daemon, "order-17")) == len(STEPS), daemon.log)
    steps = of_event(daemon, "order-17")
    assert [sentence for sentence, _ in steps] == STEPS
    taken, decided, put, given, sent = (fields for _, fields in steps)
    assert taken["entry"] == decided["entry"] == entry.decode() and taken["type"] == "hello"
    assert put["mid"] == given["mid"] == sent["mid"] and put["rule"] == sent["rule"] == "welcome"
    assert given["gateway"] == sent["gateway"] == "smtp" and sent["code"] == "250"
    assert "ana@" not in daemon.log()


def test_event_without_an_id(loud):
    """It has a name all the same, and so has what it did after a wait."""
    daemon = loud.daemon().spawn()
    loud.push(hello("later"))
    wait_until(lambda: any(sentence == STEPS[-1] for _, sentence, _ in lines(daemon)), daemon.log)
    [name] = {fields["event"] for _, sentence, fields in lines(daemon) if sentence in STEPS}
    assert re.fullmatch("[0-9a-f]{16}", name)
    assert [sentence for sentence, _ in of_event(daemon, name)] == STEPS


def test_retries_bear_the_id_too(loud):
    answers = ["451 4.3.0 later", "250 ok"]
    loud.mail.answers = lambda envelope: answers[0]
    daemon = loud.daemon().spawn()
    loud.push(hello(id="order-17"))
    wait_until(lambda: any(fields.get("kind") == "retry" for _, fields in of_event(daemon, "order-17")), daemon.log)
    [(sentence, fields)] = [each for each in of_event(daemon, "order-17") if "kind" in each[1]]
    assert sentence == "a message failed at its gateway" and fields["code"] == "451"


def test_info_is_quiet(quiet):
    """No line for an event or a message that went well."""
    daemon = quiet.daemon().spawn()
    before = len(lines(daemon))
    quiet.push(*(hello(id=n) for n in range(20)), hello("letter"))
    for _ in range(20):
        quiet.mail.next_mail()
    quiet.wait_idle()
    assert len(lines(daemon)) == before


def test_addresses_are_hashed(quiet):
    """By the same hash as in Redis, wherever they come from; in full where that is wanted."""
    quiet.mail.answers = lambda envelope: f"550 5.1.1 no {envelope.rcpt_tos[0]}, sorry: user ANA is unknown"
    quiet.config["log"] = {"messages": True, "level": "debug"}
    daemon = quiet.daemon().spawn()
    assert quiet.ctl("suppress", "add", "ana@shop.example")[0] == 0
    [known] = [key.decode() for key in quiet.client.hkeys("nudged:suppressed")]
    assert quiet.ctl("suppress", "rm", "ana@shop.example")[0] == 0
    quiet.push(hello(id="ana@shop.example"), hello("ana@shop.example"))
    wait_until(quiet.dead, "the dead letter")
    wait_until(lambda: "5.1.1" in daemon.log(), "the failure")
    assert "ana@" not in daemon.log()
    assert f": 550 5.1.1 no #{known[:16]}, sorry: user … is unknown" in daemon.log()
    wait_until(lambda: b"user \xe2\x80\xa6 is unknown" in (quiet.client.get("nudged:bulletin:one") or b""),
               "the bulletin")
    for told in (daemon.ask("GET", "/status")[1], quiet.ctl("status")[1], quiet.ctl("gateway")[1]):
        assert "user … is" in told and "ANA" not in told, told
    assert f" event=#{known[:16]} " in daemon.log()
    assert f" type=#{known[:16]}\n" in daemon.log()
    quiet.daemon("two", log={"addresses": True}).spawn()
    quiet.started[-1].stop()
    config = daemon.config.read_text().replace("level: debug", "level: debug\n  addresses: true")
    daemon.config.write_text(config)
    assert daemon.ask("POST", "/reload")[0] == 200
    quiet.client.delete("nudged:suppressed")
    quiet.push(hello(id="again"))
    wait_until(lambda: "no ana@shop.example, sorry" in daemon.log(), daemon.log)


# --- JSON ---


def test_json(loud):
    loud.config["log"]["format"] = "json"
    loud.mail.answers = lambda envelope: '554 5.6.0 "no" \u00e9\t\\ 1234567'
    daemon = loud.daemon().spawn()
    loud.push(hello(id='a "b" c'), "oops")
    wait_until(lambda: len(loud.dead()) == 2, "the dead letters")
    assert daemon.stop() == 0
    told = [json.loads(line) for line in daemon.log().splitlines()]
    assert all(list(line)[:3] == ["time", "level", "message"] for line in told)
    [dead] = [line for line in told if line["message"] == "a message became a dead letter"]
    assert dead["level"] == "warning" and dead["event"] == 'a "b" c' and dead["code"] == 554
    assert dead["reason"] == "refused" and dead["gateway"] == "smtp" and re.fullmatch("[0-9a-f]{32}", dead["mid"])
    assert dead["detail"].startswith('554 5.6.0 "no" ') and dead["detail"].endswith("\\ …")
    [event] = [line for line in told if line["message"] == "an event became a dead letter"]
    assert event["reason"] == "json-syntax" and "message_id" not in event
    assert [line["message"] for line in told][-1] == "stopped"


def test_format_changes_by_a_reload(quiet):
    daemon = quiet.daemon().spawn()
    daemon.config.write_text(daemon.config.read_text() + "log: {format: json}\n")
    assert daemon.ask("POST", "/reload")[0] == 200
    assert json.loads(daemon.log().splitlines()[-1])["message"] == "reloaded"
    assert daemon.status()["state"] == "running"


def test_unknown_format(quiet):
    quiet.config["log"] = {"format": "xml"}
    quiet.daemon()
    status, output, errors = quiet.ctl("check")
    assert status and "auto" in output + errors and "json" in output + errors


# --- the journal ---


class Journal:
    """A daemon whose standard error is the journal's, and what it sent there."""

    def __init__(self, shop):
        library = shop.folder / "journal_wire.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE / "tests/functional/journal_wire.c"],
                       check=True)
        self.wire, self.log = shop.folder / "wire", shop.folder / "stderr"
        self.daemon = shop.daemon()
        self.log.touch()
        own = self.log.stat()
        preload = " ".join(filter(None, [os.environ.get("LD_PRELOAD"), str(library)]))
        environment = {**os.environ, "LD_PRELOAD": preload, "JOURNAL_WIRE": str(self.wire),
                       "JOURNAL_STREAM": f"{own.st_dev}:{own.st_ino}", "ASAN_OPTIONS": "verify_asan_link_order=0"}
        with open(self.log, "ab") as log:
            self.daemon.process = subprocess.Popen([BUILD / "nudged", "--config", self.daemon.config],
                                                   stdout=log, stderr=log, env=environment)
        self.daemon.wait_healthy()

    def entries(self):
        text = self.wire.read_text() if self.wire.exists() else ""
        return [dict(line.split("=", 1) for line in entry.splitlines()) for entry in text.split("\n\n")[:-1]]

    def entry(self, message):
        found = [entry for entry in self.entries() if entry["MESSAGE"].startswith(message)]
        return found[0] if found else None


def has_systemd():
    return "systemd" in subprocess.run(["ldd", BUILD / "nudged"], capture_output=True, text=True).stdout


@pytest.mark.skipif(not has_systemd(), reason="built without libsystemd")
def test_journal(quiet):
    """Fields to ask for (`journalctl NUDGED_GATEWAY=smtp`), and the whole line for who reads."""
    quiet.mail.answers = lambda envelope: "554 5.6.0 no"
    journal = Journal(quiet)
    quiet.push(hello(id="order-17"))
    wait_until(lambda: journal.entry("a message became a dead letter"), "the dead letter")
    dead = journal.entry("a message became a dead letter")
    assert re.fullmatch(r"a message became a dead letter event=order-17 mid=[0-9a-f]{32} reason=refused "
                        r"gateway=smtp code=554 enhanced=5\.6\.0: 554 5\.6\.0 no", dead["MESSAGE"])
    assert dead["PRIORITY"] == "4" and dead["NUDGED_EVENT"] == "order-17" and dead["NUDGED_GATEWAY"] == "smtp"
    assert dead["NUDGED_REASON"] == "refused" and dead["NUDGED_CODE"] == "554"
    assert dead["NUDGED_DETAIL"] == "554 5.6.0 no" and dead["NUDGED_MID"] in dead["MESSAGE"]
    assert dead["CODE_FILE"].endswith("daemon/delivery/attempt_log.c") and int(dead["CODE_LINE"]) > 0
    assert dead["CODE_FUNC"] == "log_failure"
    running = journal.entry("running")
    assert running["PRIORITY"] == "6" and running["NUDGED_RULES"] == "3"
    assert dead["MESSAGE_ID"] != running["MESSAGE_ID"]
    assert "MESSAGE_ID" not in journal.entry("starting")
    assert journal.log.read_text() == ""  # nothing is told twice


HOSTILE = ["x\nNUDGED_GATEWAY=evil\nMESSAGE=all is well", "y\r\n\r\nPRIORITY=7", "z\x1b[2J\x00\x7f\u202e\u2028=\"{}",
           "\U0001f4a9" * 60, "w" * 255]


@pytest.mark.skipif(not has_systemd(), reason="built without libsystemd")
def test_journal_takes_no_field_of_strangers(quiet):
    """What shops and servers wrote is a value, on one line, however it is made, never longer than a line's bound."""
    quiet.mail.answers = lambda envelope: "554-5.6.0 no\r\n554 5.6.0 " + "NUDGED_RULE=evil " * 30
    quiet.config["log"] = {"level": "debug"}
    journal = Journal(quiet)
    quiet.push(*(hello(id=id) for id in HOSTILE), *(hello(type=id) for id in HOSTILE),
               {"type": HOSTILE[0], "customer": {"email": HOSTILE[0]}}, "\x00{" + "x" * 70000)
    quiet.wait_idle()
    wait_until(lambda: len(quiet.dead()) >= 6, "the dead letters")
    names = set()
    for entry in journal.wire.read_text(errors="surrogateescape").split("\n\n")[:-1]:
        fields = [line.partition("=") for line in entry.split("\n")]
        assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", name) and equals for name, equals, _ in fields), entry
        own = [name for name, _, _ in fields]
        assert len(own) == len(set(own)), entry
        values = [value for _, _, value in fields]
        assert all(len(one.encode(errors="surrogateescape")) <= 1024 and one.isprintable() for one in values), entry
        names |= set(own)
    assert {"MESSAGE", "NUDGED_EVENT", "NUDGED_DETAIL"} <= names and "evil" not in names


def test_json_lines_stay_lines(quiet):
    quiet.config["log"] = {"level": "debug", "format": "json"}
    daemon = quiet.daemon().spawn()
    quiet.push(*(hello(id=id) for id in HOSTILE), *(hello(type=id) for id in HOSTILE), "\x00{" + "x" * 70000)
    quiet.wait_idle()
    told = [json.loads(line) for line in daemon.log().splitlines()]
    assert all(set(map(type, line.values())) <= {str, int} and "time" in line and "message" in line for line in told)
    assert {HOSTILE[3], HOSTILE[4]} <= {line.get("event") for line in told}


def test_catalog():
    """Each MESSAGE_ID has its entry, for `journalctl --catalog`, and nothing else has."""
    ids = re.findall(r'#define LOG_ID_\w+\s+"([0-9a-f]{32})"', (SOURCE / "daemon/base/log_ids.h").read_text())
    catalog = (SOURCE / "systemd/nudged.catalog").read_text()
    assert sorted(re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.M)) == sorted(ids)
    assert len(set(ids)) == len(ids) >= 5
    for entry in re.split(r"^-- [0-9a-f]{32}$", catalog, flags=re.M)[1:]:
        assert re.match(r"\nSubject: .+\nDefined-By: nudged\nSupport: \S+\n\n.+", entry), entry
