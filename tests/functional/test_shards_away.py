"""nudgectl while some shards cannot be reached: one master of a cluster is dead, and has no replica. What can be
reached is shown and changed, one line says which shards cannot, and the same command completes it later."""

import json
import re
import subprocess

import pytest

from conftest import BUILD, wait_until
from redis_cluster import RedisCluster
from shards import Shards, shard_of

RULES = """
name: welcome
class: transactional
on: customer.signed_up
send: hello
---
name: later
class: transactional
on: later.asked
again: restart
wait: 1h
send: hello
"""
SHARDS, CUSTOMERS = 8, 24
EX_UNAVAILABLE = 69


@pytest.fixture
def shards(shop):
    cluster = shop.add(RedisCluster(shop.folder / "cluster", replicas=False,
                                    options=("--cluster-require-full-coverage", "no")).start())
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: '{{ customer.id }}'\n---\nx")
    return Shards(shop, SHARDS, cluster)


def signed_up(customer):
    return {"type": "customer.signed_up", "id": f"s{customer}",
            "customer": {"id": customer, "email": f"c{customer}@example.com"}}


class Away:
    """The node of shard 0 or, else, of another, with what is not reached by it."""

    def __init__(self, shards, of):
        self.shards = shards
        owners = [shards.cluster.owner(f"{prefix}:meta") for prefix in shards.prefixes]
        self.node = next(owner for owner in owners if (owner is owners[0]) == of)
        self.numbers = [number for number, owner in enumerate(owners) if owner is self.node]
        assert 0 < len(self.numbers) < SHARDS
        self.gone = [customer for customer in range(CUSTOMERS) if shard_of(f"id:{customer}", SHARDS) in self.numbers]
        self.there = [customer for customer in range(CUSTOMERS) if customer not in self.gone]

    def kill(self):
        self.node.kill()
        return self

    def start(self):
        self.node.start()
        self.shards.cluster.wait_ok()

    def check(self, told, complete=False):
        """The one line."""
        status, out, errors = told
        lines = errors.splitlines()
        assert status == EX_UNAVAILABLE, errors
        assert len(lines) == 1, errors
        numbers = list(map(int, re.match(r"nudgectl: shards? ([\d, and]+) of 8 cannot be reached \(.+\): ",
                                         lines[0])[1].replace(" and", ",").split(", ")))
        assert numbers == self.numbers
        assert lines[0].endswith("the same command again completes it") == complete
        return out


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def with_letters(shop, shards):
    """Each customer has a dead letter; the mail server took none."""
    smtp = shop.smtp(suspect=100)
    smtp.answers = lambda envelope: "554 5.6.0 no"
    daemon = shop.daemon().spawn()
    shards.push(*[signed_up(customer) for customer in range(CUSTOMERS)])
    wait_until(lambda: sum(shop.client.xlen(f"{prefix}:dead") for prefix in shards.prefixes) == CUSTOMERS,
               "the dead letters")
    shards.wait_idle()
    return daemon


@pytest.mark.parametrize("first", [True, False], ids=["with shard 0", "another"])
def test_what_can_be_reached_is_shown(shop, shards, first):
    with_letters(shop, shards)
    shop.ctl("suppress", "add", *[f"x{number}@example.com" for number in range(3)])
    away = Away(shards, first).kill()
    letters, suppressed, status, page, gone, address, *others = shop.ctl_side_by_side(
        ["dead", "ls", "--json", "50"], ["suppress", "ls", "--json"], ["status", "--json"],
        ["status", "--shards"], ["explain", str(away.gone[0])], ["explain", f"c{away.there[0]}@example.com"],
        ["outbox"], ["uncertain"], ["gateway"], ["rule"])
    listed = rows(away.check(letters))
    assert sorted(int(row["customer"][3:]) for row in listed) == away.there
    assert len(rows(away.check(suppressed))) == 3
    told = json.loads(away.check(status))
    assert [row["shard"] for row in told["shards"] if not row["reachable"]] == away.numbers
    assert told["messages"]["dead"] == len(away.there) and not told["well"]
    assert any("cannot be reached" in wrong["what"] for wrong in told["wrong"])
    assert [int(line.split()[0]) for line in away.check(page).splitlines() if line.endswith("cannot be reached")
            and line.split()[0].isdigit()] == away.numbers
    by_mid, by_id, there = shop.ctl_side_by_side(
        ["dead", "show", listed[0]["mid"]], ["dead", "show", listed[0]["id"]], ["explain", str(away.there[0])])
    for other in [*others, by_mid]:
        away.check(other)
    status, out, errors = by_id
    assert (status, errors) == (0, "")  # no other shard was asked
    status, out, errors = there
    assert (status, errors) == (0, "") and "welcome" in out
    status, out, errors = gone
    assert status == EX_UNAVAILABLE and errors.startswith(f"nudgectl: shard {shard_of(f'id:{away.gone[0]}', SHARDS)}: ")
    assert away.check(address).count("welcome")
    away.start()
    assert shop.ctl("dead", "ls", "--json", "50")[0] == 0


@pytest.mark.parametrize("first", [True, False], ids=["with shard 0", "another"])
def test_what_is_changed_is_completed_by_the_same_command(shop, shards, first):
    with_letters(shop, shards)
    away = Away(shards, first).kill()
    commands = [["suppress", "add", "x@example.com", "y@example.com"], ["gateway", "pause", "smtp"],
                ["rule", "pause", "later"], ["dead", "drop", "--all"]]
    outs = [away.check(told, complete=True) for told in shop.ctl_side_by_side(*commands)]
    assert outs == ["2 added\n", "smtp is paused\n", "later is paused\n", f"{len(away.there)} dropped\n"]
    away.start()
    for word in ("suppressed", "paused", "halted"):
        assert [number for number, prefix in enumerate(shards.prefixes)
                if not shop.client.exists(f"{prefix}:{word}")] == away.numbers
    outs = [shop.ctl(*command) for command in commands]
    assert outs == [(0, "2 added\n", ""), (0, "smtp is paused\n", ""), (0, "later is paused\n", ""),
                    (0, f"{len(away.gone)} dropped\n", "")]
    for prefix in shards.prefixes:
        assert shop.client.hlen(f"{prefix}:suppressed") == 2
        assert shop.client.exists(f"{prefix}:paused") and shop.client.exists(f"{prefix}:halted")
        assert not shop.client.xlen(f"{prefix}:dead")


def test_letters_that_are_named(shop, shards):
    """Those of a shard that is away stay as they are, and are no mistake of who named them."""
    with_letters(shop, shards)
    away = Away(shards, False)
    ids = [row["id"] for row in rows(shop.ctl("dead", "ls", "--json", "50")[1])]
    away.kill()
    assert away.check(shop.ctl("dead", "drop", *ids), complete=True) == (
        f"{len(away.there)} dropped, {len(away.gone)} left as they were\n")
    away.start()
    assert shop.ctl("dead", "drop", *[one for one in ids if int(one.split("/")[0]) in away.numbers])[:2] == (
        0, f"{len(away.gone)} dropped\n")


def test_all_are_asked_at_once(shop, shards):
    """One master hangs: another is asked meanwhile, and what the first says once it goes on is waited for."""
    shop.smtp()
    daemon = shop.daemon().spawn()
    owners = [shards.cluster.owner(f"{prefix}:meta") for prefix in shards.prefixes]
    seed = shards.cluster.nodes[0]  # which says who serves what
    first = next(owner for owner in owners if owner is not seed)
    other = next(owner for owner in owners if owner not in (seed, first))
    first.pause()
    asking = subprocess.Popen([BUILD / "nudgectl", "--config", daemon.config, "suppress"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: "nudgectl" in {client["name"] for client in other.client.client_list()}, "it to ask another")
    first.resume()
    assert asking.communicate() == ("no suppressed addresses\n", "") and asking.returncode == 0


def test_all_of_them_away(shop, shards):
    """Then there is nothing to show, and that is the fault."""
    shop.smtp()
    shop.daemon().spawn().stop()
    for node in shards.cluster.nodes:
        node.kill()
    for status, out, errors in shop.ctl_side_by_side(["dead"], ["suppress"], ["gateway"], ["explain", "1"], ["status"]):
        assert (status, out) == (EX_UNAVAILABLE, ""), errors


def test_one_redis_that_is_away(shop):
    """Its shards are all there, or none."""
    shards = Shards(shop, 4)
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: '{{ customer.id }}'\n---\nx")
    shop.smtp()
    shop.daemon().spawn().stop()
    assert shop.ctl("dead")[0] == 0
    shop.config["redis"]["url"] = "redis://127.0.0.1:1"
    config = shop.daemon("two").config
    for command in (["dead"], ["suppress"], ["gateway"], ["explain", "1"], ["status"]):
        status, out, errors = shop.ctl(*command, config=config)
        assert (status, out) == (EX_UNAVAILABLE, ""), (command, errors)
        assert "Connection refused" in errors
    assert shards.count == 4
