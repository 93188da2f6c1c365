"""The daemon as its unit starts it: under every restriction that stands there it does its whole work,
and what is restricted fails."""

import json
import tempfile

import pytest

from systemd_world import Systemd, need_systemd

CONFIG = """
rules: rules
templates: templates
timers: {settle: 0s}
shop: {name: Ceai, timezone: Europe/Bucharest, locale: en}
mail: {from: Shop <mail@shop.example>}
secret_file: $CREDENTIALS_DIRECTORY/secret
metrics: {listen: "127.0.0.1:9464"}
"""
RULE = "{name: hello, class: transactional, on: order.placed, again: parallel, steps: [{send: hello}, {wait: 1s}, {send: hello}]}\n"
EVENT = {"type": "order.placed", "id": "o-1", "customer": {"id": 1, "email": "ana@example.com"}}

# Starts the unit, pushes, waits for the mails, reloads, looks at the process, stops.
SCRIPT = r"""
until_true() { n=0; until eval "$1"; do n=$((n + 1)); [ $n -lt 1200 ] || { echo "waited for: $1"; exit 1; }; sleep 0.05; done; }
systemctl start nudged.service || { systemctl status --no-pager nudged.service; exit 1; }
pid=$(systemctl show --value -p MainPID nudged.service)
nudgectl push events.jsonl
until_true '[ "$(ls /var/lib/nudged/mail/new 2>/dev/null | wc -l)" = 2 ]'
nudgectl status >/dev/null
systemctl reload nudged.service
nudgectl explain 1 | grep -c hello
grep -E '^(Uid|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Seccomp_filters):' "/proc/$pid/status"
awk '$5 == "/" { print "root", $6 }' "/proc/$pid/mountinfo"
systemctl stop nudged.service
systemctl show -p Result -p ExecMainStatus nudged.service
"""


@pytest.fixture
def world():
    need_systemd()
    with tempfile.TemporaryDirectory(prefix="nudged-unit-") as folder:
        world = Systemd(f"{folder}/w")
        yield world
        world.stop()


def install(world):
    world.unit("nudged.service", "LoadCredential=secret:/etc/nudged/secret\n")
    etc = world.folder / "etc"
    (etc / "nudged.yaml").write_text(CONFIG)
    (etc / "secret").write_text("a secret of the shop of 30 bytes\n")
    (etc / "secret").chmod(0o600)
    for name in ("rules", "templates"):
        (etc / name).mkdir()
    (etc / "rules/rules.yaml").write_text(RULE)
    (etc / "templates/hello.text.liquid").write_text("---\nsubject: hello\n---\nhello\n")
    (world.folder / "out/events.jsonl").write_text(json.dumps(EVENT) + "\n")


def test_the_daemon_works_under_its_unit(world):
    install(world)
    said = world.run(SCRIPT)
    lines = dict(line.split(None, 1) for line in said.splitlines() if ":\t" in line or line.startswith("root"))
    assert int(lines["Uid:"].split()[0]) >= 61184, said  # DynamicUser
    for capabilities in ("CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"):
        assert int(lines[capabilities], 16) == 0, said
    assert lines["NoNewPrivs:"] == "1" and lines["Seccomp:"] == "2", said
    assert int(lines["Seccomp_filters:"]) >= 5, said
    assert lines["root"].startswith("ro"), said
    assert "Result=success" in said and "ExecMainStatus=0" in said, said
