"""`nudgectl push --wait-replicas`: what it says to be confirmed outlives the loss of the master, what it does not is
named by its lines, and counts once when it is pushed again."""

import json
import subprocess

import pytest

from conftest import BUILD, PATIENCE, wait_until
from redis_cluster import RedisCluster
from redis_sentinel import RedisSentinel
from shards import Shards

RULES = "{name: each, class: transactional, on: order.placed, send: each}"
SOON = ("--wait-replicas", "1", "--wait-timeout", "300ms")
AMPLE = ("--wait-replicas", "1", "--wait-timeout", "3s")  # for a replica that is well
LONG = ("--wait-replicas", "1", "--wait-timeout", "20s")


def order(number):
    return {"type": "order.placed", "id": f"o{number}", "order": {"name": f"#{number}"},
            "customer": {"id": number, "email": f"c{number}@example.com"}}


def lines(first, end):
    return "".join(json.dumps(order(number)) + "\n" for number in range(first, end))


@pytest.fixture
def desk(shop):
    """A shop over a master with one replica, whose daemon does not run."""
    servers = shop.add(RedisSentinel(shop.folder / "sentinel", replicas=1).start())
    shop.spread = Shards(shop, 0, servers)
    shop.rules(RULES)
    shop.template("each.text.liquid", "---\nsubject: '{{ order.name }}'\n---\nx")
    shop.mail = shop.smtp()
    shop.one = shop.daemon()
    shop.servers = servers
    return shop


def test_a_replica_has_it(desk):
    assert desk.ctl("push", *LONG, stdin=lines(0, 30)) == (0, "30 pushed\n", "")
    told = json.loads(desk.ctl("push", *LONG, "--json", stdin=lines(30, 31))[1])
    assert told == {"pushed": 1, "refused": 0, "failed": 0, "unconfirmed": 0}
    lost = desk.servers.owner()
    lost.kill()
    heir = desk.servers.wait_replaced(lost)
    assert heir.client.xlen("nudged:events") == 31


def test_a_replica_that_lags(desk):
    """Lines are those of the file, not of the events; what was refused is no part of it."""
    replica = desk.servers.replicas()[0]
    replica.pause()
    file = desk.folder / "orders.jsonl"
    file.write_text("# of today\n\nno event\n" + lines(1, 4) + "{}}\n")
    status, out, errors = desk.ctl("push", *SOON, str(file))
    assert (status, out) == (75, "3 pushed, 2 refused, 3 not confirmed\n")
    assert "nudgectl: within 300ms what was pushed last is with 0 replicas of its master, not 1\n" in errors
    assert f"{file}:4: error: not confirmed, from here to line 6: 3 events\n" in errors
    assert "hint: push again from this line" in errors
    told = json.loads(desk.ctl("push", *SOON, "--json", stdin=lines(1, 4))[1])
    assert told == {"pushed": 3, "refused": 0, "failed": 0, "unconfirmed": 3, "file": "(standard input)",
                    "first_line": 1, "last_line": 3}
    replica.resume()
    assert desk.ctl("push", *LONG, stdin=lines(1, 4)) == (0, "3 pushed\n", "")
    desk.one.spawn()
    desk.spread.wait_idle()
    assert sorted(mail["Subject"] for mail in desk.mail.all_mails()) == ["#1", "#2", "#3"]


def test_what_was_confirmed_before_stays_so(desk):
    """A pipe that gives a part now and a part later: only what the replica lacks is to be pushed again."""
    with subprocess.Popen([BUILD / "nudgectl", "-c", desk.one.config, "push", *AMPLE], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as pushing:
        pushing.stdin.write(lines(0, 5))
        pushing.stdin.flush()
        replica = desk.servers.replicas()[0]
        wait_until(lambda: replica.client.xlen("nudged:events") == 5, "the first part")
        told = desk.client.info("replication")["master_repl_offset"]
        wait_until(lambda: (desk.client.info("commandstats").get("cmdstat_wait")
                            and desk.client.info("replication")["slave0"]["offset"] >= told), "it to be confirmed")
        replica.pause()
        out, errors = pushing.communicate(lines(5, 8), timeout=PATIENCE)
    assert (pushing.returncode, out) == (75, "8 pushed, 3 not confirmed\n")
    assert "(standard input):6: error: not confirmed, from here to line 8: 3 events\n" in errors


def test_more_replicas_than_there_are(desk):
    status, out, errors = desk.ctl("push", "--wait-replicas", "2", "--wait-timeout", "3s", stdin=lines(0, 1))
    assert (status, out) == (75, "1 pushed, 1 not confirmed\n")
    assert "is with 1 replica of its master, not 2" in errors


def test_the_first_file_that_lags_is_the_last(desk):
    files = [desk.folder / f"{name}.jsonl" for name in "ab"]
    for number, file in enumerate(files):
        file.write_text(lines(number, number + 1))
    desk.servers.replicas()[0].pause()
    assert desk.ctl("push", *SOON, *map(str, files))[:2] == (75, "1 pushed, 1 not confirmed\n")
    assert desk.client.xlen("nudged:events") == 1


def test_a_connection_that_is_lost_meanwhile(desk):
    """Its lines are named too; that Redis cannot be reached is what it ends with."""
    desk.servers.replicas()[0].pause()
    with subprocess.Popen([BUILD / "nudgectl", "-c", desk.one.config, "push", *LONG], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as pushing:
        pushing.stdin.write(lines(0, 2))
        pushing.stdin.close()

        def waiting():
            return [client["id"] for client in desk.servers.owner().client.client_list() if client["cmd"] == "wait"]
        [client] = wait_until(waiting, "it to wait")
        desk.servers.owner().ask("CLIENT", "KILL", "ID", client)
        assert pushing.wait(PATIENCE) == 69
        assert pushing.stdout.read() == "2 pushed, 2 not confirmed\n"
        assert "(standard input):1: error: not confirmed, from here to line 2: 2 events\n" in pushing.stderr.read()


def test_who_may_not_wait(desk):
    owner = desk.servers.owner()
    owner.ask("ACL", "SETUSER", "default", "-wait")
    status, out, errors = desk.ctl("push", *SOON, stdin=lines(0, 1))
    assert (status, out) == (1, "1 pushed, 1 not confirmed\n")
    assert "no permissions to run the 'wait' command" in errors


@pytest.mark.parametrize("words", [("--wait-replicas", "0"), ("--wait-replicas", "9"), ("--wait-replicas", "x"),
                                   ("--wait-replicas", ""), ("--wait-timeout", "2s"), (*SOON[:3], "0s"),
                                   (*SOON[:3], "21s"), (*SOON[:3], "2")])
def test_what_is_no_number_of_replicas(desk, words):
    assert desk.ctl("push", *words, stdin=lines(0, 1))[:2] == (64, "")
    assert desk.client.xlen("nudged:events") == 0


def test_over_a_cluster(shop):
    """Each master is asked for what went there, once for all of its shards."""
    cluster = shop.add(RedisCluster(shop.folder / "cluster").start())
    shards = Shards(shop, 16, cluster)
    shop.rules(RULES)
    shop.template("each.text.liquid", "x")
    shop.smtp()
    shop.daemon()
    assert shop.ctl("push", *LONG, stdin=lines(0, 100)) == (0, "100 pushed\n", "")
    masters = {cluster.owner(f"{prefix}:events") for prefix in shards.prefixes}
    assert [node.client.info("commandstats")["cmdstat_wait"]["calls"] for node in masters] == [1, 1, 1]
    lagging = cluster.owner(f"{shards.prefix_of(7)}:events")
    cluster.replica_of(lagging).pause()
    status, out, _ = shop.ctl("push", *SOON, stdin=lines(7, 8))
    assert (status, out) == (75, "1 pushed, 1 not confirmed\n")
    other = next(n for n in range(100) if cluster.owner(f"{shards.prefix_of(n)}:events") is not lagging)
    assert shop.ctl("push", *SOON, stdin=lines(other, other + 1)) == (0, "1 pushed\n", "")
