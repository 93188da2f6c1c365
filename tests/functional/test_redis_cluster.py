"""The client of a Redis Cluster (daemon/redis) over a real one: slots that move, and stop half way;
masters that die, or only hang; a cluster that is down. To who uses it all of that is a lost connection."""

import os
import pathlib
import subprocess
import threading

import pytest

from conftest import BUILD, PATIENCE, wait_until
from redis_cluster import RedisCluster, slot_of

PROBE = pathlib.Path(os.environ.get("BUILD_DIR", BUILD)) / "tests/functional/cluster_probe"


class Probe:
    """tests/functional/cluster_probe: connections to slots, and what each hears, in `lines`."""

    def __init__(self, url):
        self.process = subprocess.Popen([PROBE, url], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines, self.tags = [], 0
        self.thread = threading.Thread(target=self.hear, daemon=True)
        self.thread.start()

    def hear(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def say(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0
        self.thread.join()

    def told(self, name):
        return [line.removeprefix(f"{name} ") for line in self.lines if line.startswith(f"{name} ")]

    def open(self, name, key, *how):
        self.say("open", name, key, *how)

    def is_ready(self, name):
        return self.told(name)[-1:] == ["ready"]

    def wait_ready(self, *names):
        wait_until(lambda: all(map(self.is_ready, names)), lambda: f"{names} to be ready: {self.lines[-20:]}")

    def wait_lost(self, name, words):
        wait_until(lambda: any(words in line for line in self.told(name)),
                   lambda: f"{name} to be lost over {words!r}: {self.lines[-20:]}")

    def begin(self, *words):
        """A command or a script, whose answer is told("tag")."""
        self.tags += 1
        self.say(words[0], words[1], f"#{self.tags}", *words[2:])
        return f"#{self.tags}"

    def ask(self, *words):
        tag = self.begin(*words)
        return wait_until(lambda: self.told(tag), f"an answer to {words}")[0]


@pytest.fixture
def cluster(tmp_path):
    cluster = RedisCluster(tmp_path / "cluster", node_timeout=1000)
    try:
        yield cluster.start()
    finally:
        cluster.stop()


@pytest.fixture
def probe(cluster):
    probe = Probe(cluster.url)
    yield probe
    probe.stop()


def shards(count):
    """Keys of so many slots, `p{k}:absent`; names k."""
    return {f"s{k}": f"p{{{k}}}:absent" for k in range(count)}


def open_shards(probe, count):
    for name, key in shards(count).items():
        probe.open(name, key)
    probe.wait_ready(*shards(count))


def elsewhere(cluster, node):
    return next(other for other in cluster.nodes[:3] if other is not node)


def test_one_link_to_each_master_carries_all_slots(cluster, probe):
    open_shards(probe, 60)
    assert {probe.ask("write", name, "new") for name in shards(60)} == {"(nil)"}
    for node in cluster.nodes[:3]:
        names = [client["name"] for client in node.client.client_list()]
        assert names.count("probe") == 1 and names.count("nudged:topology") == 0, names
        assert node.client.dbsize() > 0
    probe.open("own", shards(1)["s0"], "blocking")
    probe.wait_ready("own")
    names = [client["name"] for client in cluster.owner("p{0}").client.client_list()]
    assert names.count("probe") == 1 and names.count("probe:blocking") == 1


def test_a_slot_that_moves_costs_its_connection_alone(cluster, probe):
    open_shards(probe, 30)
    source = cluster.owner("p{1}")
    assert probe.ask("write", "s1", "before") == "(nil)"
    target = elsewhere(cluster, source)
    cluster.move(slot_of("p{1}"), target)
    assert "MOVED" in probe.ask("write", "s1", "lost")
    probe.wait_ready("s1")
    assert probe.ask("write", "s1", "after") == "before"
    assert target.client.get("p{1}:two") == b"after"
    assert all(probe.told(name) == ["ready"] for name in shards(30) if name != "s1")


def test_no_script_runs_in_a_slot_that_is_half_moved(cluster, probe):
    """Neither where its keys are missing, nor up to the first that is; not even the smallest one."""
    open_shards(probe, 30)
    source = cluster.owner("p{1}")
    target = elsewhere(cluster, source)
    slot = slot_of("p{1}")
    assert probe.ask("write", "s1", "before") == "(nil)"
    cluster.begin_move(slot, target)
    for left in (2, 1, 0):
        answer = probe.ask("write", "s1", "half")
        assert answer.startswith("(redis-lost)") and "ASK" in probe.told("s1")[-1], answer
        assert source.ask("CLUSTER", "COUNTKEYSINSLOT", slot) == left
        assert cluster.read_half(slot, target) == {b"p{1}:one": b"before", b"p{1}:two": b"before"}
        cluster.move_keys(slot, target, 1)
    others = [name for name in shards(30) if name != "s1"]
    assert {probe.ask("write", name, "now") for name in others} == {"(nil)"}
    cluster.end_move(slot, target)
    probe.wait_ready("s1")
    assert probe.ask("write", "s1", "after") == "before"
    assert all(probe.told(name) == ["ready"] for name in others)
