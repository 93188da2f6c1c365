"""The alert rules and the dashboard that come with nudged, by Prometheus' own tools."""

import json
import re
import subprocess

import yaml

from conftest import SOURCE

RULES = SOURCE / "monitoring/prometheus-alerts.yaml"
DASHBOARD = SOURCE / "monitoring/grafana-dashboard.json"
ALERTS = {rule["alert"]: rule for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]}


def figures():
    """Name and type of each, as the reference has them."""
    page = (SOURCE / "docs/reference.md").read_text()
    return dict(re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram) \| [\w,]* \| .+ \|$", page, re.M))


def promtool(*arguments, **options):
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, **options)
    return done.returncode, done.stdout + done.stderr


# --- alerts ---


def test_promtool_takes_the_rules():
    status, told = promtool("check", "rules", RULES)
    assert status == 0, told
    assert f"{len(ALERTS)} rules found" in told


def at(name, values, instance="a", **labels):
    told = ",".join(f'{key}="{value}"' for key, value in {"instance": instance, "job": "n", **labels}.items())
    return {"series": f"{name}{{{told}}}", "values": values}


BUCKET = "nudged_event_to_acceptance_seconds_bucket"

# What is seen each minute; the labels of the alert at that time, or None: it is silent.
CASES = [
    ("NudgedNoDaemon", [at("nudged_ready", "0x30")], "10m", {}),
    ("NudgedNoDaemon", [], "10m", {}),
    ("NudgedNoDaemon", [at("nudged_ready", "0x30"), at("nudged_ready", "1x30", "b")], "10m", None),
    ("NudgedNoDaemon", [at("nudged_ready", "1x5 0x30")], "6m", None),
    ("NudgedNotReady", [at("nudged_ready", "0x30"), at("nudged_ready", "1x30", "b")], "10m",
     {"instance": "a", "job": "n"}),
    ("NudgedRedisAway", [at("nudged_redis_up", "1 0x30")], "5m", {"instance": "a", "job": "n"}),
    ("NudgedRedisAway", [at("nudged_redis_up", "1x30")], "5m", None),
    ("NudgedEventLag", [at("nudged_event_lag_seconds", "61+60x30"), at("nudged_event_lag_seconds", "60+60x30", "b")],
     "5m", {"job": "n"}),
    ("NudgedEventLag", [at("nudged_event_lag_seconds", "0 90 0 90 0 90")], "5m", None),
    ("NudgedTimerLag", [at("nudged_timer_lag_seconds", "130+60x30")], "10m", {"job": "n"}),
    ("NudgedTimerLag", [at("nudged_timer_lag_seconds", "31x30")], "10m", None),
    ("NudgedBacklogGrows", [at("nudged_outbox_messages", "0+50x90", channel="email", **{"class": "marketing"}),
                            at("nudged_outbox_messages", "0+50x90", channel="sms", **{"class": "marketing"}),
                            at("nudged_outbox_later", "0x90")], "90m", {"job": "n"}),
    ("NudgedBacklogGrows", [at("nudged_outbox_messages", "9000-50x90", channel="email", **{"class": "marketing"}),
                            at("nudged_outbox_later", "0x90")], "90m", None),
    ("NudgedOutboxFull", [at("nudged_outbox_full", "3x30")], "10m", {"job": "n"}),
    ("NudgedOutboxFull", [at("nudged_outbox_full", "0x30")], "10m", None),
    ("NudgedGatewayOpen", [at("nudged_gateway_breaker", "0x30", gateway="smtp", state="closed"),
                           at("nudged_gateway_breaker", "1 0 1 0 1 0 1 0 1 0", gateway="smtp", state="open")], "9m",
     {"gateway": "smtp", "state": "closed", "instance": "a", "job": "n"}),
    ("NudgedGatewayOpen", [at("nudged_gateway_breaker", "1x30", gateway="smtp", state="closed")], "9m", None),
    ("NudgedGatewayFails", [at("nudged_attempts_total", "0+10x60", gateway="smtp", result="retry"),
                            at("nudged_attempts_total", "0+10x60", gateway="smtp", result="sent")], "30m",
     {"gateway": "smtp", "job": "n"}),
    ("NudgedGatewayFails", [at("nudged_attempts_total", "0+1x60", gateway="smtp", result="retry"),
                            at("nudged_attempts_total", "0+10x60", gateway="smtp", result="sent"),
                            at("nudged_attempts_total", "0+10x60", gateway="smtp", result="cut")], "30m", None),
    ("NudgedGatewayFails", [at("nudged_attempts_total", "0 1x60", gateway="smtp", result="retry"),
                            at("nudged_attempts_total", "0x61", gateway="smtp", result="sent")], "30m", None),
    ("NudgedSlow", [at(BUCKET, "0x60", le="30"), at(BUCKET, "0+60x60", le="300"),
                    at(BUCKET, "0+60x60", le="+Inf")], "30m", {"job": "n"}),
    ("NudgedSlow", [at(BUCKET, "0+60x60", le="0.1"), at(BUCKET, "0+60x60", le="+Inf")], "30m", None),
    ("NudgedDeadLetters", [at("nudged_dead_letters", "100+1x90")], "80m", {"job": "n"}),
    ("NudgedDeadLetters", [at("nudged_dead_letters", "100-1x90")], "80m", None),
    ("NudgedUncertain", [at("nudged_outbox_uncertain", "1x30"), at("nudged_outbox_uncertain", "1x30", "b")], "10m",
     {"job": "n"}),
    ("NudgedUncertain", [at("nudged_outbox_uncertain", "0 1 0 0 0 0 0 0 0 0 0")], "10m", None),
    ("NudgedBrake", [at("nudged_rule_paused", "1x30", rule="news", by="brake"),
                     at("nudged_rule_paused", "1x30", rule="cart", by="hand")], "2m",
     {"rule": "news", "by": "brake", "job": "n"}),
    ("NudgedBrake", [at("nudged_rule_paused", "1x30", rule="cart", by="hand")], "2m", None),
    ("NudgedReloadFailed", [at("nudged_last_reload_success", "1 0x30")], "2m", {"instance": "a", "job": "n"}),
    ("NudgedReloadFailed", [at("nudged_last_reload_success", "1x30")], "2m", None),
    ("NudgedRulesDiffer", [at("nudged_generation", "1 2x30"), at("nudged_generation", "1x31", "b")], "20m",
     {"job": "n"}),
    ("NudgedRulesDiffer", [at("nudged_generation", "1 2x30"), at("nudged_generation", "1 1 2x30", "b")], "20m", None),
    ("NudgedBehind", [at("nudged_channels_behind", "1x30")], "20m", {"instance": "a", "job": "n"}),
    ("NudgedBehind", [at("nudged_channels_behind", "1 0 1x10 0 1x10")], "20m", None),
    ("NudgedWebDown", [at("nudged_web_configured", "1x30"), at("nudged_web_up", "1 0x30")], "10m",
     {"instance": "a", "job": "n"}),
    ("NudgedWebDown", [at("nudged_web_configured", "1x30"), at("nudged_web_up", "1 0 0 1x30")], "10m", None),
    ("NudgedWebDown", [at("nudged_web_configured", "0x30"), at("nudged_web_up", "0x30")], "10m", None),
    ("NudgedReplicasBehind", [at("nudged_web_refused_total", "0x5 1+1x30", reason="replicas-behind")], "15m",
     {"instance": "a", "job": "n"}),
    ("NudgedReplicasBehind", [at("nudged_web_refused_total", "0+9x30", reason="daemon")], "15m", None),
    ("NudgedReplicasBehind", [at("nudged_web_refused_total", "0x5 1x30", reason="replicas-behind")], "20m", None),
    ("NudgedArchive", [at("nudged_archive_lost_total", "0x10 5x20")], "12m", {"instance": "a", "job": "n"}),
    ("NudgedArchive", [at("nudged_archive_lost_total", "5x30")], "12m", None),
]


def test_alerts(tmp_path):
    """Each rings when it should, and is silent when it should. Texts are looked at by promtool check."""
    plain = [{key: value for key, value in rule.items() if key != "annotations"} for rule in ALERTS.values()]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "n", "rules": plain}]}))
    tests = [{"interval": "1m", "input_series": series,
              "alert_rule_test": [{"alertname": name, "eval_time": time, "exp_alerts": [] if labels is None else [
                  {"exp_labels": {**labels, "severity": ALERTS[name]["labels"]["severity"]}}]}]}
             for name, series, time, labels in CASES]
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": tests}))
    status, told = promtool("test", "rules", tmp_path / "test.yaml")
    assert status == 0, told
    assert {name for name, *_, labels in CASES if labels is not None} == set(ALERTS)


def test_alerts_are_documented():
    """Each has its place in the page, in this order, and texts for who is woken."""
    page = (SOURCE / "docs/monitoring.md").read_text()
    assert re.findall(r"^### (Nudged\w+)$", page, re.M) == list(ALERTS)
    for rule in ALERTS.values():
        assert set(rule["annotations"]) == {"summary", "description"}
        assert rule["labels"]["severity"] in ("critical", "warning")


# --- names ---


def names(expression):
    return set(re.findall(r"\b(?:nudged|process)_\w+", expression))


def known():
    found = set()
    for name, kind in figures().items():
        found |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return found


def panels():
    def walk(panels):
        for panel in panels:
            yield panel
            yield from walk(panel.get("panels", []))

    return list(walk(json.loads(DASHBOARD.read_text())["panels"]))


def queries():
    return [target["expr"] for panel in panels() for target in panel.get("targets", [])]


def test_names_that_are_used_exist():
    asked = set().union(*map(names, queries()), *(names(rule["expr"]) for rule in ALERTS.values()))
    assert len(asked) > 30
    assert asked <= known()


def test_names_in_the_page_exist():
    page = (SOURCE / "docs/monitoring.md").read_text()
    assert {name for name in re.findall(r"`((?:nudged|process)_\w+)", page)} <= known() | set(figures())


# --- the dashboard ---


def test_dashboard_is_whole():
    """What Grafana wants of a file that is imported: ids of their own, a grid without overlaps, every
    source a variable."""
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["title"] == "nudged" and dashboard["id"] is None and dashboard["uid"] == "nudged"
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))
    places = [(panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y) for panel in panels()
              for x in range(panel["gridPos"]["w"]) for y in range(panel["gridPos"]["h"])]
    assert len(places) == len(set(places)) and max(x for x, _ in places) < 24
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    assert variables == {"source", "job"}
    for panel in panels():
        assert panel["title"]
        if panel["type"] != "row":
            assert panel["description"] and panel["targets"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}


def test_promtool_takes_the_queries(tmp_path):
    rules = [{"record": f"n:{number}", "expr": query.replace("$__rate_interval", "5m")}
             for number, query in enumerate(queries())]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "n", "rules": rules}]}))
    status, told = promtool("check", "rules", tmp_path / "rules.yaml")
    assert status == 0, told


def test_queries_ask_one_job():
    """Wherever a query names a figure, it is that of the job that was chosen."""
    for query in queries():
        for match in re.finditer(r"\b(?:nudged|process)_\w+(.{0,12})", query):
            assert match[1].startswith('{job=~"$job"'), query
