"""Figures as Prometheus asks for them: over the port of the machine's own, with labels, and what the
dashboard and the alert rules make of them."""

import http.client
import json
import re
import socket
import subprocess

import pytest

from conftest import Gate, RedisServer, wait_until

RULES = """
{name: welcome, class: transactional, on: hello, send: hello}
---
{name: news, on: letter, send: hello}
---
{name: later, class: transactional, on: later, again: parallel, wait: 1s, send: hello}
"""


def with_figures(shop, rules):
    """What these rules send goes out, and its figures are told to who asks."""
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(rules)
    shop.template("hello.text.liquid", "---\nsubject: hello\n---\nhello\n")
    shop.config["metrics"] = {"listen": "127.0.0.1:0"}
    return shop


@pytest.fixture
def watched(shop):
    return with_figures(shop, RULES)


def event(kind, number, **customer):
    return {"type": kind, "id": f"{kind}-{number}",
            "customer": {"id": number, "email": f"ana{number}@example.com", **customer}}


def port_of(daemon):
    return int(re.search(r" info: figures are served listen=\S+:(\d+)$", daemon.log(), re.M)[1])


def ask(daemon, path, method="GET", host="127.0.0.1", **headers):
    """(status, type, text) of an answer over TCP."""
    connection = http.client.HTTPConnection(host, port_of(daemon), timeout=30)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()
    finally:
        connection.close()


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


# --- the port ---


def test_port(watched):
    """GET of four pages, and nothing else, for requests that mean this machine."""
    daemon = watched.daemon().spawn()
    port = port_of(daemon)
    status, kind, text = ask(daemon, "/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "\nnudged_ready 1\n" in text
    for path in ("/health", "/ready", "/live"):
        assert ask(daemon, path)[::2] == (200, "ok\n")
    for host in (f"localhost:{port}", "LOCALHOST", f"127.0.0.1:{port}", "127.9.9.9", f"[::1]:{port}"):
        assert ask(daemon, "/live", Host=host)[0] == 200, host
    for host in ("shop.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.example",
                 "192.168.0.1", "[::2]", ""):
        status, _, text = ask(daemon, "/metrics", Host=host)
        assert (status, "nudged_" in text) == (421, False), host
    for path in ("/status", "/reload", "/stop", "/", "/metrics/"):
        assert ask(daemon, path)[0] == 404
    assert ask(daemon, "/stop", "POST")[0] == ask(daemon, "/reload", "POST")[0] == 404
    assert ask(daemon, "/metrics", "POST")[0] == 405
    assert ask(daemon, "/metrics", "DELETE")[0] == 405
    assert daemon.status()["metrics"] == f"127.0.0.1:{port}"


def dialogue(daemon, *requests):
    """What one connection answers to all of them, sent at once: (status line, headers, body), bodies as the
    length says, until the other side closes or all are answered."""
    with socket.create_connection(("127.0.0.1", port_of(daemon)), timeout=30) as connection:
        connection.sendall("".join(requests).replace("\n", "\r\n").encode())
        stream, answers = connection.makefile("rb"), []
        while len(answers) < len(requests) and (line := stream.readline()):
            headers = {}
            while (header := stream.readline().rstrip()):
                name, _, value = header.decode().partition(": ")
                headers[name] = value
            head = requests[len(answers)].startswith("HEAD")
            length = int(headers.get("Content-Length", -1))  # without one: until the end
            body = stream.read(0 if head else length)
            answers.append((line.decode().rstrip(), headers, body.decode()))
        if answers[-1][1].get("Connection") == "close":
            assert stream.read() == b""
    return answers


def test_http(watched):
    """HEAD has GET's length and no body, so what comes next on the connection is the next answer; what is not
    for a method says what is (RFC 9110, 9.3.2, 15.5.6)."""
    daemon = watched.daemon().spawn()
    tail = " HTTP/1.1\nHost: localhost\n\n"
    answers = dialogue(daemon, f"HEAD /live{tail}", f"GET /live{tail}", f"HEAD /metrics{tail}", f"HEAD /nowhere{tail}",
                       f"OPTIONS /metrics{tail}", f"TRACE /live{tail}", f"PUT /live{tail}", f"GET /live{tail}")
    assert [int(line.split()[1]) for line, _, _ in answers] == [200, 200, 200, 404, 405, 405, 405, 200]
    assert [body for _, _, body in answers[:2]] == ["", "ok\n"]
    assert answers[0][1]["Content-Length"] == answers[1][1]["Content-Length"] == "3"
    assert int(answers[2][1]["Content-Length"]) > 10000
    assert answers[2][1]["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert [headers.get("Allow") for _, headers, _ in answers[3:7]] == [None, *["GET, HEAD"] * 3]
    assert answers[4][2] == "error: only by GET, HEAD\n"
    [(line, headers, body)] = dialogue(daemon, "GET /live HTTP/1.0\n\n")
    assert line.split()[1] == "200" and body == "ok\n"
    [(_, headers, _)] = dialogue(daemon, "GET /live HTTP/1.1\nHost: localhost\nConnection: close\n\n")
    assert headers["Connection"] == "close"
    assert dialogue(daemon, f"PROPFIND /live{tail}")[0][0].split()[1] == "501"
    assert dialogue(daemon, "HEAD /live HTTP/1.1\nHost: shop.example\n\n")[0][0].split()[1] == "421"


def test_port_of_ipv6(watched):
    watched.config["metrics"] = {"listen": "[::1]:0"}
    daemon = watched.daemon().spawn()
    assert re.search(r"listen=\[::1\]:\d+$", daemon.log(), re.M)
    assert ask(daemon, "/ready", host="::1")[0] == 200


def test_no_port_is_open_unasked(watched):
    del watched.config["metrics"]
    daemon = watched.daemon().spawn()
    assert "figures are served" not in daemon.log()
    assert daemon.status()["metrics"] == ""


@pytest.mark.parametrize("listen, fault", [
    ("0.0.0.0:9464", "not an address of this machine alone: `0.0.0.0:9464`"),
    ("[::]:9464", "not an address of this machine alone"),
    ("[::ffff:127.0.0.1]:9464", "not an address of this machine alone"),
    ("192.168.1.7:9464", "not an address of this machine alone"),
    ("127.0.0.1", "an address without a port"),
    ("[::1]", "an address without a port"),
    (":9464", "not an address and a port"),
    ("metrics.shop.example:9464", "not an address and a port"),
    ("127.0.0.1:94640", "not an address and a port")])
def test_other_addresses_are_refused(watched, listen, fault):
    """By check, and in the same words at a start, with the place in the file."""
    watched.config["metrics"] = {"listen": listen}
    daemon = watched.daemon()
    status, output, errors = watched.ctl("check")
    assert status != 0 and fault in output + errors and "127.0.0.1:9464 or [::1]:9464" in output + errors
    daemon.spawn(wait=False)
    assert daemon.ended() == 78
    assert fault in daemon.log() and "one.yaml:" in daemon.log()


def test_port_that_is_taken(watched):
    first = watched.daemon().spawn()
    listen = f"127.0.0.1:{port_of(first)}"
    second = watched.daemon("two", metrics={"listen": listen}, state=str(watched.folder / "other"))
    second.spawn(wait=False)
    assert second.ended() != 0
    assert "Address already in use" in second.log() and "a port of its own" in second.log()


def test_many_connections(watched):
    """Who opens connections and says nothing takes no more than a few of the daemon's descriptors, and
    nobody who waits is forgotten."""
    daemon = watched.daemon().spawn()
    before = daemon.figure("process_open_fds")
    idle = [socket.create_connection(("127.0.0.1", port_of(daemon))) for _ in range(75)]
    wait_until(lambda: daemon.figure("process_open_fds") >= before + 60, "most of them to be taken")
    assert daemon.figure("process_open_fds") <= before + 66
    for connection in idle:
        connection.close()
    assert ask(daemon, "/ready")[0] == 200
    wait_until(lambda: daemon.figure("process_open_fds") <= before + 2, "all of them to be gone")


def test_ready_and_live(watched):
    """Ready is who takes events; live is who answers, whatever Redis does."""
    daemon = watched.daemon().spawn()
    next(thing for thing in watched.started if isinstance(thing, RedisServer)).stop()
    wait_until(lambda: ask(daemon, "/ready")[0] == 503, "no Redis")
    assert ask(daemon, "/ready")[2] in ("no Redis\n", "no lease\n")
    assert ask(daemon, "/live")[::2] == (200, "ok\n")
    assert daemon.figure("nudged_redis_up") == daemon.figure("nudged_ready") == 0


# --- what is told ---


def test_labels(watched):
    """Who sent what through which gateway, and why something was not."""
    daemon = watched.daemon().spawn()
    watched.push(*(event("hello", n) for n in range(3)), event("letter", 7), event("unheard.of", 7), "oops")
    wait_until(lambda: daemon.figure("nudged_messages_sent_total") == 3, "the messages")
    wait_until(lambda: daemon.figure("nudged_events_dead_total", reason="json-syntax") == 1, "the letter")
    assert daemon.figure("nudged_messages_sent_total", rule="welcome", channel="email", gateway="smtp") == 3
    assert daemon.figure("nudged_messages_decided_total", rule="welcome", channel="email") == 3
    assert daemon.figure("nudged_messages_refused_total", rule="news", reason="no-consent") == 1
    assert daemon.figure("nudged_journeys_started_total", rule="welcome") == 3
    assert daemon.figure("nudged_events_read_total", type="hello") == 3
    assert daemon.figure("nudged_events_read_total", type="letter") == 1
    assert daemon.figure("nudged_events_read_total", type="other") == 2
    assert daemon.figure("nudged_events_read_total") == 6
    assert daemon.figure("nudged_attempts_total", gateway="smtp", result="sent") == 3
    assert "unheard" not in daemon.ask("GET", "/metrics")[1]
    assert daemon.figure("nudged_gateway_breaker", gateway="smtp", state="closed") == 1
    assert daemon.figure("nudged_gateway_breaker") == 1


def test_histograms(watched):
    daemon = watched.daemon().spawn()
    watched.push(event("hello", 1), event("later", 2))
    wait_until(lambda: daemon.figure("nudged_messages_sent_total") == 2, "the messages")
    text = daemon.ask("GET", "/metrics")[1]

    def sample(name):
        return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)[1])

    assert sample("nudged_decide_seconds_count") >= 3
    assert sample("nudged_render_seconds_count") == 2
    assert sample('nudged_send_seconds_count{gateway="smtp"}') == 2
    assert sample("nudged_redis_seconds_count") > 5
    assert sample("nudged_loop_pause_seconds_count") > 5
    assert 0 < sample("nudged_loop_pause_seconds_sum") < 30
    assert sample("nudged_event_to_acceptance_seconds_count") == 1  # the other one waited
    assert 0 < sample("nudged_event_to_acceptance_seconds_sum") < 30
    assert 0 < sample("nudged_decide_seconds_sum") < 30


def test_levels(watched):
    """What waits is told by every daemon, and is the same at each."""
    watched.config["gateways"]["smtp"]["port"] = 1
    daemon, other = watched.daemon().spawn(), watched.daemon("two").spawn()
    watched.push(event("hello", 1), event("later", 2), "oops")
    for each in (daemon, other):
        wait_until(lambda: each.figure("nudged_outbox_later") == 2, "the messages to wait")
        wait_until(lambda: each.figure("nudged_dead_letters") == 1, "the dead letter")
        assert each.figure("nudged_outbox_messages", channel="email", **{"class": "transactional"}) == 0
        assert each.figure("nudged_event_lag_seconds") == each.figure("nudged_events_waiting") == 0
        assert each.figure("nudged_generation") >= 1
    assert daemon.figure("nudged_generation") == other.figure("nudged_generation")


def test_lag_of_events_and_timers(watched):
    """How long the oldest have waited: for a daemon that has read an event and stands still."""
    stuck, gate = watched.daemon(), Gate(watched)
    stuck.spawn(failpoints=f"batch-read={gate.action}")
    watched.push(event("hello", 1))
    gate.wait()
    daemon = watched.daemon("two").spawn()
    seconds, micro = watched.client.time()  # later than the event: it is waited for
    watched.client.zadd("nudged:due", {"id:99": seconds * 1000 + micro // 1000})
    wait_until(lambda: daemon.figure("nudged_event_lag_seconds") > 0.5, "the event's lag")
    wait_until(lambda: daemon.figure("nudged_timer_lag_seconds") > 0.5, "the timer's lag")
    assert daemon.figure("nudged_events_waiting") == daemon.figure("nudged_timers") == 1
    gate.open()
    wait_until(lambda: daemon.figure("nudged_event_lag_seconds") == 0, "no event to wait")
    wait_until(lambda: daemon.figure("nudged_timer_lag_seconds") == 0, "no timer to wait")


def test_reload(watched):
    """What a reload keeps goes on counting, what it takes away is not told any more; a refused one is
    told."""
    daemon = watched.daemon().spawn()
    watched.push(event("hello", 1), event("letter", 2))
    wait_until(lambda: daemon.figure("nudged_messages_sent_total") == 1, "the message")
    wait_until(lambda: daemon.figure("nudged_messages_refused_total", rule="news") == 1, "the refusal")
    first = daemon.figure("nudged_last_reload_timestamp_seconds")
    watched.rules("{name: welcome, class: transactional, on: hello, send: hello}")
    assert daemon.ask("POST", "/reload")[0] == 200
    text = daemon.ask("GET", "/metrics")[1]
    assert 'rule="news"' not in text and 'type="letter"' not in text
    assert daemon.figure("nudged_messages_sent_total", rule="welcome") == 1
    assert daemon.figure("nudged_rules") == 1
    assert daemon.figure("nudged_last_reload_success") == 1
    wait_until(lambda: daemon.ask("POST", "/reload")[0] == 200
               and daemon.figure("nudged_last_reload_timestamp_seconds") > first, "a later time")
    watched.rules("{name: welcome, on: [}")
    assert daemon.ask("POST", "/reload")[0] == 409
    assert daemon.figure("nudged_last_reload_success") == 0
    assert daemon.figure("nudged_reloads_failed_total") == 1
    assert daemon.figure("nudged_messages_sent_total", rule="welcome") == 1


def test_paused_rules(watched):
    daemon = watched.daemon().spawn()
    assert watched.ctl("rule", "pause", "news")[0] == 0
    watched.client.hset("nudged:halted", "welcome", json.dumps({"at": 1, "by": "brake"}))
    watched.client.hset("nudged:halted", "of-others", json.dumps({"at": 1, "by": "ana@example.com"}))
    wait_until(lambda: daemon.figure("nudged_rule_paused") == 3, "three paused rules")
    assert daemon.figure("nudged_rule_paused", rule="news", by="hand") == 1
    assert daemon.figure("nudged_rule_paused", rule="welcome", by="brake") == 1
    assert daemon.figure("nudged_rule_paused", rule="other", by="hand") == 1
    watched.client.delete("nudged:halted")
    wait_until(lambda: daemon.figure("nudged_rule_paused") == 0, "none")


def test_process(watched):
    daemon = watched.daemon().spawn()
    seconds, micro = watched.client.time()
    assert abs(daemon.figure("process_start_time_seconds") - (seconds + micro / 1e6)) < 120
    assert daemon.figure("process_cpu_seconds_total") > 0
    assert daemon.figure("process_resident_memory_bytes") > 1 << 20
    assert daemon.figure("process_virtual_memory_bytes") > daemon.figure("process_resident_memory_bytes")
    assert 5 < daemon.figure("process_open_fds") < daemon.figure("process_max_fds")
    [version] = re.findall(r'^nudged_build_info\{version="(.+)"\} 1$', daemon.ask("GET", "/metrics")[1], re.M)
    assert watched.ctl("--version")[1].strip().endswith(version)


def test_promtool_takes_the_figures(watched):
    """With something under every kind of label."""
    watched.smtp()
    daemon = watched.daemon().spawn()
    watched.push(event("hello", 1), event("letter", 2), "oops")
    wait_until(lambda: daemon.figure("nudged_attempts_total") >= 1, "an attempt")
    assert watched.ctl("rule", "pause", "news")[0] == 0
    wait_until(lambda: daemon.figure("nudged_rule_paused") == 1, "the paused rule")
    assert promtool("check", "metrics", text=ask(daemon, "/metrics")[2]) == (0, "")
