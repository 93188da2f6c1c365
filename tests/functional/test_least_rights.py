"""A Redis in which nudged may do no more than README says, over TLS, as a user of its own."""

import os
import re
import subprocess
import sys
import time

import pytest

import certificates
from conftest import PATIENCE, wait_until
from real_servers import free_port
from redis_rights import commands_in_readme, commands_known, in_readme, in_table, named_in_code

# Between them they run nearly every script of the daemon, and the commands of nudgectl that ask Redis.
SCENARIOS = ["test_codes.py", "test_customer_erase.py", "test_piles.py", "test_suppress.py", "test_uncertain.py"]
RULE = "{name: hello, class: transactional, on: order.placed, again: parallel, " \
       "steps: [{send: hello}, {wait: 1s}, {send: hello}]}\n"


def as_user(shop, password="first"):
    """A Redis with a user of the least rights, and a configuration that logs in as that."""
    server = shop.redis()
    shop.client.execute_command("ACL", "SETUSER", "nudged", "on", f">{password}", *in_readme())
    (shop.folder / "password").write_text(f"{password}\n")
    (shop.folder / "password").chmod(0o600)
    shop.config["redis"] = {"url": server.url, "user": "nudged", "password_file": "password"}
    shop.rules(RULE)
    shop.template("hello.text.liquid", "---\nsubject: hello\n---\nhello\n")
    shop.mails = shop.smtp().mails
    return server


def order(number):
    return {"type": "order.placed", "id": f"o-{number}", "customer": {"id": number, "email": f"c{number}@example.com"}}


def wait_mails(shop, number):
    """Both mails of the order."""
    to = [shop.mails.get(timeout=PATIENCE).rcpt_tos[0] for _ in range(2)]
    assert to == [f"c{number}@example.com"] * 2


def test_over_tls_with_a_certificate(shop):
    """rediss://, a certificate that Redis asks for, a user of its own; then the password changes."""
    server = as_user(shop)
    folder, port = certificates.make(shop.folder / "certs"), free_port()
    for name, value in (("ca-cert-file", "ca.pem"), ("cert-file", "good.pem"), ("key-file", "good.key")):
        shop.client.config_set(f"tls-{name}", str(folder / value))
    shop.client.config_set("tls-auth-clients", "yes", "tls-port", port)
    shop.config["redis"] |= {"url": f"rediss://127.0.0.1:{port}", "server_name": "localhost",
                             **{f"{name}_file": f"certs/{file}" for name, file in
                                (("ca", "ca.pem"), ("cert", "good.pem"), ("key", "good.key"))}}
    daemon = shop.daemon().spawn()
    shop.push(order(1))
    wait_mails(shop, 1)
    status, out, errors = shop.ctl("explain", "1")
    assert (status, errors) == (0, "") and "hello" in out
    shop.client.execute_command("ACL", "SETUSER", "nudged", "resetpass", ">second")
    (shop.folder / "password").write_text("second\n")
    shop.client.execute_command("CLIENT", "KILL", "USER", "nudged")
    shop.push(order(2))
    wait_mails(shop, 2)
    assert server.denied() == []
    assert "second" not in daemon.log()


# What is taken away, and what gives it back.
RIGHTS = [("-evalsha", "+evalsha"), ("-xreadgroup", "+xreadgroup"), ("-mget", "+mget"), ("-zrange", "+zrange"),
          ("resetkeys", "~nudged:*")]


def denials(shop):
    return sum(entry["count"] for entry in shop.client.acl_log())


@pytest.mark.parametrize("taken, given", RIGHTS)
def test_a_right_that_is_taken_away(shop, taken, given):
    """Nothing is lost: it is told, tried again at leisure, and goes on with the right."""
    as_user(shop)
    daemon = shop.daemon().spawn()
    shop.push(order(1))
    wait_mails(shop, 1)
    shop.client.execute_command("ACL", "SETUSER", "nudged", taken)
    shop.push(order(2))
    wait_until(lambda: re.search("NOPERM|permission|can't run this|denies", daemon.log()),
               lambda: f"a word of it:\n{daemon.log()}")
    tries, second = denials(shop), time.monotonic() + 1
    wait_until(lambda: time.monotonic() > second, "a second")
    assert denials(shop) - tries < 50
    assert len(daemon.log().splitlines()) < 40, daemon.log()
    shop.client.execute_command("ACL", "SETUSER", "nudged", given)
    wait_mails(shop, 2)


@pytest.mark.parametrize("taken, lacking", [
    (["-xadd", "-hset", "-xgroup|create"], ["+hset", "+xadd", "+xgroup|create"]), (["resetkeys"], ["~nudged:*"]),
    (["resetkeys", "%R~nudged:*"], ["~nudged:*"]), (["-evalsha"], ["+evalsha"]), (["-script|load"], ["+script|load"])])
def test_no_start_without_a_right(shop, taken, lacking):
    """All that lacks is told at once, in the words that give it, and nothing is begun."""
    as_user(shop)
    shop.client.execute_command("ACL", "SETUSER", "nudged", *taken)
    daemon = shop.daemon().spawn(wait=False)
    assert daemon.ended() == 78
    told = re.search(r"lacks rights that nudged needs: (.*)", daemon.log())
    assert told and told[1].split()[:len(lacking)] == lacking, daemon.log()
    assert shop.client.keys() == []


def test_every_right_is_asked_for(shop):
    """All that can lack is named, however many arguments the commands of this server take."""
    as_user(shop)
    left = ["get", "set", "evalsha", "script|load"]
    shop.client.execute_command("ACL", "SETUSER", "nudged", "-@all", *(f"+{command}" for command in left))
    daemon = shop.daemon().spawn(wait=False)
    assert daemon.ended() == 78
    told = re.search(r"lacks rights that nudged needs: (.*)", daemon.log())
    assert told and told[1].split() == [f"+{name}" for name in in_table() if name not in [*left, "info"]], daemon.log()
    assert "has too few rights (README's ACL SETUSER gives" in daemon.log()


def test_a_right_that_is_taken_away_is_told(shop):
    """By name, in the log once, and in `health`; it goes on with the right."""
    as_user(shop)
    daemon = shop.daemon().spawn()
    shop.client.execute_command("ACL", "SETUSER", "nudged", "-pttl", "-type")
    shop.push(order(1))
    wait_until(lambda: daemon.ask("GET", "/health")[1].endswith("+pttl +type\n"), lambda: daemon.ask("GET", "/health"))
    assert daemon.ask("GET", "/health") == (503, "running\ndegraded: Redis denies this daemon's user +pttl +type\n")
    shop.client.execute_command("ACL", "SETUSER", "nudged", "+pttl")
    wait_until(lambda: daemon.ask("GET", "/health")[1].endswith("user +type\n"), lambda: daemon.ask("GET", "/health"))
    shop.client.execute_command("ACL", "SETUSER", "nudged", "+type")
    wait_mails(shop, 1)
    wait_until(lambda: daemon.ask("GET", "/health") == (200, "ok\n"), lambda: daemon.ask("GET", "/health"))
    assert daemon.log().count("what it needs") == 2, daemon.log()


def test_a_redis_that_cannot_say(shop):
    """It starts, says so, and does its work; what lacks is known when it is needed."""
    as_user(shop)
    shop.client.execute_command("ACL", "SETUSER", "nudged", "-zadd")
    daemon = shop.daemon().spawn(failpoints="rights-untold=fail")
    wait_until(lambda: daemon.log().count("this Redis cannot be asked for rights") == 1, daemon.log)
    shop.push(order(1))
    wait_until(lambda: daemon.ask("GET", "/health") == (
        503, "running\ndegraded: Redis denies this daemon's user a command\n"), lambda: daemon.ask("GET", "/health"))


def test_the_rights_are_those_that_the_code_names(shop):
    """A command that is named without the right to it, or a right that nothing needs."""
    shop.redis()
    assert commands_in_readme() == named_in_code(commands_known(shop.client))
    assert sorted(commands_in_readme()) == sorted(in_table() + in_table("wished"))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_with_the_least_rights(scenario):
    """Each test of the file, with a daemon and a nudgectl that have these rights alone; the server
    has written down what was denied."""
    environment = {**os.environ, "NUDGED_REDIS_RIGHTS": " ".join(in_readme())}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-x",
         os.path.join(os.path.dirname(__file__), scenario)],
        env=environment, capture_output=True, text=True, timeout=20 * PATIENCE, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
