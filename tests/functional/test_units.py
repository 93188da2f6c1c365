"""The daemon as its unit starts it: under every restriction that stands there it does its whole work,
and what is restricted fails."""

import json
import shutil
import tempfile

import pytest

from conftest import SOURCE
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
RULE = "{name: hello, class: transactional, on: order.placed, again: parallel, " \
       "steps: [{send: hello}, {wait: 1s}, {send: hello}]}\n"
EVENT = {"type": "order.placed", "id": "o-1", "customer": {"id": 1, "email": "ana@example.com"}}

# For who has a unit of its own: what it is handed stands beside the daemon's settings.
WEB = """
web: {socket: /run/nudged-link/web.sock, tokens_file: /run/credentials/nudged-web.service/tokens}
"""
TOKEN = "DyXc0u3pQ1mH5b8ZrWn2Kf7T"

WAIT = r"""
until_true() {
    n=0
    until eval "$1"; do n=$((n + 1)); [ $n -lt 1200 ] || { echo "waited for: $1"; exit 1; }; sleep 0.05; done
}
start() { systemctl start "$1" || { systemctl status --no-pager "$1"; exit 1; }; }
tell() {
    grep -E '^(Uid|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Seccomp_filters):' "/proc/$1/status"
    awk '$5 == "/" { print "root", $6 }' "/proc/$1/mountinfo"
}
"""

# Starts the unit, pushes, waits for the mails, reloads, looks at the process, stops.
SCRIPT = WAIT + r"""
start nudged.service
pid=$(systemctl show --value -p MainPID nudged.service)
nudgectl push events.jsonl
until_true '[ "$(ls /var/lib/nudged/mail/new 2>/dev/null | wc -l)" = 2 ]'
nudgectl status >/dev/null
systemctl reload nudged.service
nudgectl explain 1 | grep -c hello
tell "$pid"
systemctl stop nudged.service
systemctl show -p Result -p ExecMainStatus nudged.service
"""

# nudged-web is started by who connects to its socket, and posts what becomes two mails.
WEB_SCRIPT = WAIT + r"""
systemd-sysusers /srv/out/nudged-web.sysusers
systemd-tmpfiles --create /srv/out/nudged-web.tmpfiles
start nudged.service
start nudged-web.socket
curl -sS --max-time 10 -H "Authorization: Bearer $(cat token)" -H 'Content-Type: application/json' \
    --data-binary @events.jsonl http://127.0.0.1:8025/v1/events ||
    { systemctl status --no-pager nudged-web.service nudged-web.socket; ls -la /run/nudged; exit 1; }
until_true '[ "$(ls /var/lib/nudged/mail/new 2>/dev/null | wc -l)" = 2 ]'
echo
tell "$(systemctl show --value -p MainPID nudged-web.service)"
systemctl stop nudged-web.socket nudged-web.service nudged.service
systemctl show -p Result -p ExecMainStatus nudged-web.service
"""


@pytest.fixture
def world():
    need_systemd()
    with tempfile.TemporaryDirectory(prefix="nudged-unit-") as folder:
        world = Systemd(f"{folder}/w")
        yield world
        world.stop()


def install(world, more=""):
    world.unit("nudged.service", "LoadCredential=secret:/etc/nudged/secret\n" + more)
    etc = world.folder / "etc"
    (etc / "nudged.yaml").write_text(CONFIG)
    (etc / "secret").write_text("a secret of the shop of 30 bytes\n")
    (etc / "secret").chmod(0o600)
    for name in ("rules", "templates"):
        (etc / name).mkdir()
    (etc / "rules/rules.yaml").write_text(RULE)
    (etc / "templates/hello.text.liquid").write_text("---\nsubject: hello\n---\nhello\n")
    (world.folder / "out/events.jsonl").write_text(json.dumps(EVENT) + "\n")


def assert_restricted(said):
    lines = dict(line.split(None, 1) for line in said.splitlines() if ":\t" in line or line.startswith("root"))
    assert "Uid:" in lines, said
    assert int(lines["Uid:"].split()[0]) >= 61184, said  # DynamicUser
    for capabilities in ("CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"):
        assert int(lines[capabilities], 16) == 0, said
    assert lines["NoNewPrivs:"] == "1" and lines["Seccomp:"] == "2", said
    assert int(lines["Seccomp_filters:"]) >= 5, said
    assert lines["root"].startswith("ro"), said
    assert "Result=success" in said and "ExecMainStatus=0" in said, said


def test_the_daemon_works_under_its_unit(world):
    install(world)
    assert_restricted(world.run(SCRIPT))


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_nudged_web_works_under_its_unit(world):
    install(world, "SupplementaryGroups=nudged-link\nReadWritePaths=/run/nudged-link\n")
    for name in ("nudged-web.sysusers", "nudged-web.tmpfiles"):
        shutil.copy(SOURCE / "systemd" / name, world.folder / "out")
    world.unit("nudged-web.service", "LoadCredential=tokens:/etc/nudged/tokens\n")
    world.unit("nudged-web.socket")
    (world.folder / "etc/nudged.yaml").write_text(CONFIG + WEB)
    (world.folder / "etc/tokens").write_text(f"{TOKEN} order.*\n")
    (world.folder / "etc/tokens").chmod(0o600)
    (world.folder / "out/token").write_text(TOKEN)
    assert_restricted(world.run(WEB_SCRIPT))
