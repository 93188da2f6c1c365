"""The dashboard over a real daemon: a real Prometheus collects the figures, and each query of each panel is asked
of it as Grafana asks."""

import json
import re
import socket
import subprocess
import urllib.parse
import urllib.request

import pytest

from conftest import PATIENCE, wait_until
from test_figures import event, port_of, with_figures
from test_monitoring import panels

RULES = """
{name: welcome, class: transactional, on: hello, send: hello}
---
{name: news, on: letter, send: hello}
---
{name: later, class: transactional, on: later, again: parallel, wait: 1s, send: hello}
---
{name: gone, class: transactional, on: gone, until: stop, again: parallel, wait: 1h, send: hello}
---
{name: held, on: held, send: hello}
"""


class Prometheus:
    """On a port of the machine's own, collecting five times a second."""

    def __init__(self, folder, target):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        config = folder / "prometheus.yaml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"},
            "scrape_configs": [{"job_name": "nudged", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}]}))
        self.log = open(folder / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)

    def ask(self, query):
        """The samples of now; None while it does not answer."""
        asked = urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{asked}",
                                        timeout=PATIENCE) as answer:
                told = json.load(answer)
        except OSError:
            return None
        assert told["status"] == "success"
        return told["data"]["result"]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


@pytest.fixture
def watched(shop):
    return with_figures(shop, RULES)


def do_all(shop, turn):
    """A little of everything that figures count."""
    numbers = range(100 * turn, 100 * turn + 10)
    shop.push(*(event("hello", number) for number in numbers), *(event("later", number) for number in numbers))
    shop.push(*(event("hello", number) for number in numbers))  # again
    shop.push(*(event("letter", number) for number in numbers))  # without consent
    shop.push("no event", *(event("gone", number) for number in numbers))
    shop.push(*({"type": "customer.erased", "customer": {"id": number}} for number in list(numbers)[:3]))


def asked(query):
    """As Grafana fills it in."""
    return query.replace("$__rate_interval", "60s").replace("$job", "nudged")


def test_each_query_has_an_answer(watched):
    shop = watched
    shop.mail.answers = lambda envelope: "550 5.1.1 nobody" if envelope.rcpt_tos[0].startswith("ana5") else "250 ok"
    daemon = shop.daemon().spawn()
    prometheus = shop.add(Prometheus(shop.folder, port_of(daemon)))
    wait_until(lambda: prometheus.ask('nudged_ready{job="nudged"}'),
               lambda: (shop.folder / "prometheus.log").read_text())
    for turn in range(1, 7):
        before = prometheus.ask("sum(nudged_events_decided_total)")[0]["value"][1]
        do_all(shop, turn)
        shop.wait_idle()
        wait_until(lambda before=before: prometheus.ask("sum(nudged_events_decided_total)")[0]["value"][1] != before,
                   "news")
    assert shop.ctl("rule", "pause", "held")[0] == 0
    wait_until(lambda: prometheus.ask("nudged_rule_paused"), "the pause")
    silent = []
    for panel in panels():
        for target in panel.get("targets", []):
            samples = prometheus.ask(asked(target["expr"]))
            numbers = [sample["value"][1] for sample in samples]
            if not samples or "NaN" in numbers:
                silent.append((panel["title"], target["expr"], numbers))
            for name in re.findall(r"{{(\w+)}}", target.get("legendFormat", "")):
                assert all(name in sample["metric"] for sample in samples), (panel["title"], name)
    assert silent == []


def test_the_choice_of_a_job(watched):
    """The variable's own query: which jobs have such a daemon."""
    daemon = watched.daemon().spawn()
    prometheus = watched.add(Prometheus(watched.folder, port_of(daemon)))
    wait_until(lambda: prometheus.ask('nudged_build_info{job="nudged"}'), "the first figures")
