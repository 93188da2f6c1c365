"""What is open to the web under systemd: nudged-web as nudged's child within its unit, and as a unit of its own with a
socket that systemd listens at."""

import base64
import hmac
import re
import socket
import tempfile

import pytest
from conftest import SOURCE
from systemd_world import Systemd, need_systemd

CONFIG = """
rules: rules
templates: templates
timers: {{settle: 0s}}
web:
  {where}
  tokens_file: {tokens}
  public_url: https://mail.shop.example
  token_keys_file: /run/credentials/nudged.service/token-keys
"""
KEY = "2026-11-29-70d0", bytes(range(32))
TOKEN = "DyXc0u3pQ1mH5b8ZrWn2Kf7T"
FUNCTIONS = r"""
until_true() {
    n=0
    until eval "$1"; do
        n=$((n + 1))
        [ $n -lt 300 ] || {
            echo "waited for: $1"; systemctl status --no-pager nudged-web.service nudged-web.socket; exit 1; }
        sleep 0.05
    done
}
post() { curl -sS -o /srv/out/answer -w '%{http_code}\n' --max-time ${2:-2} -H 'Content-Type: application/json' \
    -H "Authorization: Bearer TOKEN" -d '{"type":"order.placed","id":"'"$1"'","customer":{"id":7}}' \
    http://127.0.0.1:PORT/v1/events; }
page() { curl -sS -o /dev/null -w 'page %{http_code}\n' --max-time 5 http://127.0.0.1:PORTLINK; }
web_pid() { pgrep -x nudged-web | head -1; }
status_of() { grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$1/status"; }
"""
KEYS = "LoadCredential=token-keys:/etc/nudged/token-keys\n"
CHILD = r"""
systemctl start nudged.service
until_true '[ "$(post one)" = 202 ]'
status_of "$(web_pid)"
page
systemctl reload nudged.service
until_true '[ "$(grep -c "takes requests" /srv/out/nudged.service.log)" = 2 ]'
until_true '[ "$(post two)" = 202 ]'
systemctl stop nudged.service
systemctl show -p Result -p ExecMainStatus nudged.service
"""
UNIT = r"""
systemd-sysusers /etc/nudged/nudged-web.sysusers
systemd-tmpfiles --create /etc/nudged/nudged-web.tmpfiles
systemctl start nudged-web.socket
systemctl start nudged.service
until_true '[ "$(post one)" = 202 ]'
status_of "$(web_pid)"
page
echo "daemon $(stat -c %u /proc/$(pgrep -x nudged))"
before=$(web_pid)
systemctl reload nudged.service
until_true '[ -n "$(web_pid)" ] && [ "$(web_pid)" != "$before" ]'
until_true '[ "$(post two)" = 202 ]'
systemctl stop nudged.service # who comes now waits at systemd's socket
post three 40 &
sleep 1
systemctl start nudged.service || { systemctl status --no-pager nudged.service; exit 1; }
wait
systemctl stop nudged-web.socket
systemctl stop nudged-web.service
systemctl stop nudged.service
systemctl show -p Result -p ExecMainStatus nudged-web.service
"""


@pytest.fixture
def world():
    need_systemd()
    with tempfile.TemporaryDirectory(prefix="nudged-units-") as folder:
        world = Systemd(f"{folder}/w")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            world.port = free.getsockname()[1]
        yield world
        world.stop()


def install(world, where, tokens):
    etc = world.folder / "etc"
    (etc / "nudged.yaml").write_text(CONFIG.format(where=where, tokens=tokens))
    (etc / "tokens").write_text(f"{TOKEN} order.*\n")
    (etc / "tokens").chmod(0o600)
    (etc / "token-keys").write_text(f"{KEY[0]} {KEY[1].hex()}\n")
    (etc / "token-keys").chmod(0o600)
    for name in ("rules", "templates"):
        (etc / name).mkdir()


def link():
    """To unsubscribe; docs/unsubscribe.md has its form."""
    def mac(*parts):
        return hmac.digest(KEY[1], b"".join(parts), "sha256")

    text = b"id:7\0all"
    tag = mac(b"unsubscribe\0", KEY[0].encode(), b"\0", text)[:16]
    sealed = bytes(a ^ b for a, b in zip(text, mac(b"seal\0", tag, b"\0")))
    return f"/u/{KEY[0]}." + base64.urlsafe_b64encode(tag + sealed).decode().rstrip("=")


def run(world, script):
    told = {"LINK": link(), "TOKEN": TOKEN, "PORT": str(world.port)}
    return world.run(re.sub("|".join(told), lambda match: told[match[0]], FUNCTIONS + script))


def confined(said):
    lines = dict(line.split(None, 1) for line in said.splitlines() if ":\t" in line)
    assert int(lines["CapEff:"], 16) == 0 and int(lines["CapBnd:"], 16) == 0, said
    assert (lines["NoNewPrivs:"], lines["Seccomp:"]) == ("1", "2"), said
    return int(lines["Uid:"].split()[0])


def test_within_the_daemons_unit(world):
    world.unit("nudged.service", "LoadCredential=tokens:/etc/nudged/tokens\n" + KEYS)
    install(world, f"listen: 127.0.0.1:{world.port}", "/run/credentials/nudged.service/tokens")
    said = run(world, CHILD)
    confined(said)
    assert "page 200" in said, said
    assert "Result=success" in said and "ExecMainStatus=0" in said, said
    log = (world.folder / "out/nudged.service.log").read_text()
    assert "is not confined" not in log, log
    assert log.count("nudged-web takes requests") == 2, log


def test_a_unit_of_its_own(world):
    world.unit("nudged.service", "SupplementaryGroups=nudged-link\nReadWritePaths=/run/nudged-link\n" + KEYS)
    world.unit("nudged-web.service", "LoadCredential=tokens:/etc/nudged/tokens\n")
    world.unit("nudged-web.socket")
    unit = world.folder / "units/nudged-web.socket"
    unit.write_text(unit.read_text().replace("127.0.0.1:8025", f"127.0.0.1:{world.port}"))
    for path in world.folder.glob("units/nudged-web.socket.d/*"):
        path.unlink()
    for name in ("nudged-web.sysusers", "nudged-web.tmpfiles"):
        (world.folder / "etc" / name).write_text((SOURCE / "systemd" / name).read_text())
    install(world, "socket: /run/nudged-link/web.sock", "/run/credentials/nudged-web.service/tokens")
    said = run(world, UNIT)
    web, daemon = confined(said), int(said.split("daemon ")[1].split()[0])
    assert web >= 61184 and daemon >= 61184 and web != daemon, said
    assert said.split("daemon ")[1].split()[1] == "202", said
    assert "page 200" in said, said
    assert "Result=success" in said and "ExecMainStatus=0" in said, said
