"""status and top as a person sees them: in terminals of a size, with a daemon that comes and goes."""

import functools
import json
import re
import shutil
import signal
import subprocess

import pytest

from conftest import BUILD, PATIENCE, RedisServer, wait_until
from desk import desk  # noqa: F401, the fixture of all tests
from terminal import Terminal

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux")


@pytest.fixture
def open_terminal(tmp_path):
    opened = []

    def open_one(columns=80, lines=24, **environment):
        opened.append(Terminal(tmp_path, columns, lines, **environment))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.stop()


@pytest.fixture
def office(desk):  # noqa: F811
    """A shop whose relay is not there: receipts wait."""
    desk.redis()
    desk.rules("name: receipt\nclass: transactional\non: order.placed\nsend: welcome\n"
               "---\nname: news\non: letter\nsend: welcome\n")
    desk.template("welcome.html.liquid", "---\nsubject: hello\n---\n<p>Hello</p>\n")
    desk.config["gateways"] = {"relay": {"kind": "smtp", "host": "127.0.0.1", "port": 1, "tls": "never"},
                               "spare": {"kind": "maildir", "path": "mail"}}
    desk.config["channels"] = {"email": "relay", "sms": "spare"}
    desk.one = desk.daemon("office").spawn()
    desk.ctl = functools.partial(desk.ctl, config=desk.one.config)
    return desk


def order(number):
    return {"type": "order.placed", "customer": {"id": str(number), "email": f"c{number}@example.com"}}


def in_trouble(office):
    """Orders whose receipts wait, a rule and a gateway that are paused, a dead letter, an uncertain message."""
    assert office.ctl("gateway", "pause", "spare")[0] == office.ctl("rule", "pause", "news")[0] == 0
    office.push(*(order(number) for number in range(30)), "no event")
    office.client.zadd("nudged:uncertain", {"m1": 1})
    wait_until(lambda: office.ctl("status")[1].count("\n!") >= 4 and "left alone" in office.ctl("status")[1], "trouble")


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40), (60, 12)])
def test_status_fits_the_terminal(office, open_terminal, columns, lines):
    in_trouble(office)
    terminal = open_terminal(columns, lines)
    terminal.run(office, "status")
    screen = terminal.wait(lambda screen: screen.endswith("\n0 $"), "the status")
    shown = screen.split("\n")
    assert shown[0].startswith("daemon    running as office, nudged ") and ", 2 rules, read " in shown[0], screen
    assert max(map(len, shown)) <= columns and len(shown) <= lines
    assert "!  the gateway relay is left alone: " in screen
    for command in ("nudgectl gateway test relay --to …", "nudgectl gateway resume spare")[:1 if lines < 24 else 2]:
        assert command in screen, screen
    if lines < 24:
        return
    for line in (r"^events    [\d.]+/(s|min) decided; 0 wait$", r"^timers    0 customers wait; none is due$",
                 r"^messages  0\.0/s sent; \d+ in the outbox( \(the oldest for \d+s\))?, \d+ for another try$",
                 r"^held      1 uncertain, 1 dead letter \(the newest \d+s ago\), 1 rule paused$",
                 r"^GATEWAY  KIND     STATE  ",
                 r"^relay    smtp     (left alone|probed) +0 +0 +\d+ +0  \d+s ago: no co",
                 r"^spare    maildir  paused "):
        assert re.search(line, screen, re.M), (line, screen)
    if lines >= 40:
        for what in ("the rule news is paused by ", "1 uncertain message waits for your word",
                     "1 dead letter, the newest"):
            assert what in screen, screen
        assert re.search(r"^email    transactional +\d+ ", screen, re.M) and "sms      marketing " in screen


def test_status_says_all_where_there_is_no_terminal(office):
    in_trouble(office)
    status, out, err = office.ctl("status")
    assert (status, err) == (0, "") and "\x1b" not in out
    for command in ("gateway resume spare", "rule resume news", "uncertain", "dead"):
        assert re.search(rf"^!  .*  nudgectl {command}$", out, re.M), out
    told = json.loads(office.ctl("status", "--json")[1])
    assert not told["well"] and len(told["wrong"]) == out.count("\n!")
    assert told["messages"]["uncertain"] == told["messages"]["dead"] == 1
    assert {one["name"]: one["state"] for one in told["gateways"]}["spare"] == "paused"
    assert "@example.com" not in json.dumps(told) + out


def test_status_over_two_daemons(office):
    office.daemon("second").spawn()
    wait_until(lambda: "daemon    running as office, one of 2, " in office.ctl("status")[1], "both")
    told = json.loads(office.ctl("status", "--json")[1])
    assert [one["name"] for one in told["daemons"]] == ["office", "second"]
    out = office.ctl("status")[1]
    assert re.search(r"^DAEMON  VERSION  STATE    RULES  READ  EVENTS/S  MESSAGES/S$", out, re.M), out
    assert re.search(r"^second  \S+ +running      2 ", out, re.M)
    # Told by the other one, where that of this machine is gone.
    office.one.kill()
    office.one.lapse()
    wait_until(lambda: "that of this machine does not answer; 1 elsewhere" in office.ctl("status")[1], "one")


def test_a_bulletin_of_the_last_release_is_understood(office):
    digest = office.client.hget("nudged:sets", "office").split()[1]
    office.client.set("nudged:instance:old", 100, px=10_000)
    office.client.hset("nudged:sets", "old", b"100 " + digest)
    office.client.set("nudged:bulletin:old", json.dumps([
        {"name": "spare", "kind": "maildir", "breaker": "open", "why": "health", "sending": 3, "probe_in_ms": 5000,
         "failure": {"at": "2026-11-29T10:00:00Z", "code": 451, "enhanced": "", "text": "too busy"}}]))
    out = office.ctl("status")[1]
    assert "one of 2" in out and re.search(r"^spare    maildir  left alone        3 .* ago: too busy$", out, re.M), out
    out = office.ctl("gateway")[1]
    assert "    old: breaker open (health), a probe in 5s, 3 being sent\n" in out
    assert "      last failure 2026-11-29T10:00:00Z: too busy\n" in out


def test_status_has_colour_on_a_terminal_alone(office, open_terminal):
    terminal = open_terminal(120, 40)
    cases = (("", "", True), ("--color=never", "", False), ("", "NO_COLOR=1 ", False),
             ("--color=always", "NO_COLOR=1 ", True), ("", "TERM=dumb ", False))
    for number, (option, environment, wanted) in enumerate(cases):
        config = office.one.config
        terminal.keys("-l", f"clear; {environment}{BUILD}/nudgectl -c {config} status {option}; echo end {number}")
        terminal.keys("Enter")
        terminal.wait(lambda screen: screen.endswith(f"end {number}\n0 $"), "the end")
        assert ("\x1b[32mworks" in terminal.screen(colours=True)) == wanted, (option, environment)
    assert "\x1b[32mworks\x1b[0m" in office.ctl("--color", "always", "status")[1]
    assert office.ctl("status", "--color", "sometimes")[0] == 64
    assert "\x1b" not in office.ctl("status", "--color", "always", "--json")[1]


def test_findings_of_check_have_colour_on_a_terminal(office, open_terminal):
    """Place, level, caret and hint; the words are the same, and so they are in a pipe."""
    office.rules("name: receipt\nclass: transactional\non: order.placed\nsent: welcome\n", "broken.yaml")
    terminal = open_terminal(120, 40)
    terminal.run(office, "check")
    screen = terminal.wait(lambda screen: screen.endswith("\n1 $"), "the findings")
    status, out, _ = office.ctl("check")
    assert status == 1 and "\x1b" not in out
    assert all(line.rstrip() in screen for line in out.splitlines())
    coloured = terminal.screen(colours=True)
    for pattern in (r"\x1b\[1m\S+broken\.yaml:4:1: \x1b\[0?;?.*31m.*error:", r"\x1b\[32m +\^~~~"):
        assert re.search(pattern, coloured), (pattern, coloured)
    always = office.ctl("check", "--color", "always")[1]
    assert re.sub(r"\x1b\[[\d;]*m", "", always) == out


# --- top ---


def live(screen):
    return screen.rstrip().rsplit("\n", 1)[-1].startswith("q quits, space looks now ")


@pytest.mark.parametrize("end", ["q", "C-c"])
def test_top_comes_and_goes(office, open_terminal, end):
    """It fills the terminal, whatever its size becomes, and leaves what stood there before."""
    terminal = open_terminal()
    terminal.keys("-l", "clear; echo before")
    terminal.keys("Enter")
    config = office.one.config
    terminal.keys("-l", f"{BUILD}/nudgectl -c {config} top --interval 200ms; echo status $?")
    terminal.keys("Enter")
    terminal.wait(lambda screen: live(screen) and ", 2 rules, read " in screen, "top")
    assert len(terminal.lines()) == 24 and "before" not in terminal.screen()
    for columns, lines in ((120, 40), (60, 15), (80, 24), (20, 4)):
        terminal.resize(columns, lines)
        terminal.wait(lambda screen, lines=lines: len(screen.split("\n")) == lines or lines < 10, f"{columns}x{lines}")
        wait_until(lambda columns=columns: max(map(len, terminal.lines())) <= columns, "the width")
    terminal.resize(80, 24)
    terminal.wait(live, "top at its first size")
    terminal.keys(end)
    screen = terminal.wait(lambda screen: screen.endswith("$"), "the shell")
    assert "before" in screen and f"status {0 if end == 'q' else 130}" in screen and "GATEWAY" not in screen
    terminal.keys("-l", "echo se''en")
    terminal.keys("Enter")
    terminal.wait(lambda screen: "\nseen" in screen, "an echo: the terminal is as it was")
    assert "tmux" not in terminal.tmux("display-message", "-p", "#{cursor_flag}#{alternate_on}") and \
        terminal.tmux("display-message", "-p", "#{cursor_flag}#{alternate_on}").strip() == "10"


def test_top_shows_what_happens(office, open_terminal):
    terminal = open_terminal(120, 40)
    terminal.run(office, "top --interval 200ms")
    terminal.wait(live, "top")
    office.push(*(order(number) for number in range(200)))
    screen = terminal.wait(lambda screen: re.search(r"^relay +(left alone|probed) ", screen, re.M), "the gateway")
    assert "GATEWAY  STATE " in screen
    screen = terminal.wait(lambda screen: re.search(r"^receipt +\S+ +- +- +200 +0 +0$", screen, re.M), "the rule")
    assert re.search(r"^RULE +DECIDED/S +SENT/S +HELD BACK/S +DECIDED +SENT +HELD BACK$", screen, re.M)
    terminal.wait(lambda screen: re.search(r"^events +[1-9][\d.]*/s decided", screen, re.M), "the rate")
    terminal.keys("q")


def test_top_counts_those_of_all_daemons(office, open_terminal):
    """Rules and rates, also of one elsewhere; the bulletin of the last release has nothing of that."""
    digest = office.client.hget("nudged:sets", "office").split()[1]
    office.client.set("nudged:instance:old", 100, px=10_000)
    office.client.hset("nudged:sets", "old", b"100 " + digest)
    office.client.set("nudged:bulletin:old", json.dumps({"at": 1, "state": "running", "gateways": []}))
    office.push(*(order(number) for number in range(20)))
    office.idle()
    first, office.one = office.one, office.daemon("second").spawn()
    terminal = open_terminal(120, 40)
    terminal.run(office, "top --interval 200ms")
    terminal.wait(lambda screen: re.search(r"^receipt +- +- +- +20 +0 +0$", screen, re.M), "what the first one did")
    office.push(*(order(number) for number in range(20, 50)))
    terminal.wait(lambda screen: re.search(r"^receipt +[1-9]\S* +- +- +50 +0 +0$", screen, re.M), "what both did")
    terminal.wait(lambda screen: re.search(r"^events +[1-9][\d.]*/s decided", screen, re.M), "the rate of all")
    terminal.keys("q")
    assert first.stop() == 0


def test_top_when_the_daemon_goes_away(office, open_terminal):
    terminal = open_terminal()
    terminal.run(office, "top --interval 200ms")
    terminal.wait(lambda screen: live(screen) and "running as office" in screen, "top")
    assert office.one.stop() == 0
    terminal.wait(lambda screen: live(screen) and "none runs\nredis     answers\n!  no daemon answers at " in screen,
                  "that it is gone")
    office.one.spawn()
    terminal.wait(lambda screen: live(screen) and "running as office" in screen, "that it is back")
    terminal.keys("q")
    terminal.wait(lambda screen: screen.endswith("$"), "the shell")


def test_top_when_redis_hangs(office, open_terminal):
    """It says so, and hears its keys, long before a command gives up that was sent already."""
    server = next(thing for thing in office.started if isinstance(thing, RedisServer))
    terminal = open_terminal()
    terminal.run(office, "top --interval 200ms")
    terminal.wait(lambda screen: live(screen) and "\nredis     answers\n" in screen, "top")
    server.process.send_signal(signal.SIGSTOP)
    try:
        wait_until(lambda: "\nredis     is away\n" in terminal.screen(), terminal.screen, PATIENCE / 4)
        terminal.keys("q")
        wait_until(lambda: terminal.screen().endswith("$"), terminal.screen, PATIENCE / 4)
    finally:
        server.process.send_signal(signal.SIGCONT)


def test_top_is_stopped_and_goes_on(office, open_terminal):
    terminal = open_terminal()
    terminal.run(office, "top --interval 200ms")
    terminal.wait(live, "top")
    terminal.keys("C-z")
    screen = terminal.wait(lambda screen: screen.endswith("$"), "the shell")
    assert "Stopped" in screen and "GATEWAY" not in screen
    terminal.keys("-l", "fg")
    terminal.keys("Enter")
    terminal.wait(live, "top again")
    terminal.keys("q")
    terminal.wait(lambda screen: screen.endswith("$"), "the shell")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_top_restores_the_terminal_when_it_is_ended(office, open_terminal, number):
    terminal = open_terminal()
    terminal.keys("-l", "echo before")
    terminal.keys("Enter")
    config = office.one.config
    terminal.keys("-l", f"{BUILD}/nudgectl -c {config} top; echo status $?")
    terminal.keys("Enter")
    terminal.wait(live, "top")
    shell = int(terminal.tmux("display-message", "-p", "#{pane_pid}"))
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(shell)], capture_output=True, text=True,
                              check=True).stdout
    subprocess.run(["kill", f"-{number}", children.split()[0]], check=True)
    screen = terminal.wait(lambda screen: screen.endswith("$"), "the shell")
    assert "before" in screen and f"status {128 + number}" in screen and "GATEWAY" not in screen


def test_top_needs_a_terminal(office):
    status, out, err = office.ctl("top")
    assert (status, out) == (64, "") and err.startswith("nudgectl: `top` needs a terminal\nhint: `nudgectl status`")
    for interval in ("0", "soon", "2h", "50ms", ""):
        assert "--interval takes 100ms to 1h" in office.ctl("top", "--interval", interval)[2]


# --- long work ---


def test_bars_are_for_terminals(office, open_terminal, tmp_path):
    """A list of addresses, a list of codes: how far it is on a terminal, and only there."""
    many = tmp_path / "many.txt"
    many.write_text("".join(f"c{number}@example.com\n" for number in range(20000)))
    codes = tmp_path / "codes.txt"
    codes.write_text("".join(f"CODE-{number}\n" for number in range(50000)))
    status, _, err = office.ctl("suppress", "import", many)
    assert (status, err) == (0, "")
    status, _, err = office.ctl("codes", "load", "spring", codes)
    assert (status, err) == (0, "")
    terminal = open_terminal(100, 30)
    for command, label in ((f"suppress import {many}", "importing 100%"),
                           (f"codes load autumn {codes}", "loading 100%")):
        end = label.split()[0]
        terminal.run(office, command, f"; echo {end} ended $?")
        screen = terminal.wait(lambda screen, end=end: f"\n{end} ended 0\n" in screen, "the end")
        assert label in screen, screen


def test_help_fits_eighty_columns_and_has_examples():
    told = subprocess.run([BUILD / "nudgectl", "help"], capture_output=True, text=True, check=True,
                          timeout=PATIENCE).stdout
    names = re.findall(r"^  ([a-z][a-z-]+) ", told, re.M)
    for name in names:
        if name == "help":
            continue
        page = subprocess.run([BUILD / "nudgectl", name, "--help"], capture_output=True, text=True, check=True,
                              timeout=PATIENCE).stdout
        assert re.search(rf"^Examples?:\n(  .*\n)+\Z", page, re.M), page
        assert f"nudgectl {name}" in page.split("\nExample")[1], page
        assert max(map(len, page.splitlines()[1:])) <= 96, page
    assert max(map(len, told.splitlines())) <= 96
