"""The client of a Redis Cluster (daemon/redis) over a real one: slots that move, and stop half way;
masters that die, or only hang; a cluster that is down. To who uses it all of that is a lost connection."""

import subprocess

import pytest

import certificates
from conftest import PATIENCE, wait_until
from redis_cluster import RedisCluster, slot_of
from redis_probe import Probe
from redis_rights import in_readme


@pytest.fixture
def start(tmp_path):
    """Starts a cluster, as the options of RedisCluster say; it ends with the test."""
    started = []

    def begin(**options):
        started.append(RedisCluster(tmp_path / f"cluster-{len(started)}", node_timeout=1000, **options))
        return started[-1].start()
    yield begin
    for cluster in started:
        cluster.stop()


@pytest.fixture
def cluster(start):
    return start()


@pytest.fixture
def speak():
    """Starts a probe with a URL."""
    probes = []

    def begin(url, *ca_file):
        probes.append(Probe(url, *ca_file))
        return probes[-1]
    yield begin
    for probe in probes:
        probe.stop()


@pytest.fixture
def probe(cluster, speak):
    return speak(cluster.url)


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


def test_several_keys_in_a_slot_that_is_half_moved(cluster, probe):
    """Where one is gone, it is never "not there": of a plain command no less than of a script."""
    probe.open("s1", "p{1}:absent")
    probe.wait_ready("s1")
    assert probe.ask("write", "s1", "x") == "(nil)"
    slot = slot_of("p{1}")
    target = elsewhere(cluster, cluster.owner(slot))
    cluster.begin_move(slot, target)
    assert probe.ask("send", "s1", "MGET", "p{1}:one", "p{1}:two") == "[x x]"  # all are here
    cluster.move_keys(slot, target, 1)
    answer = probe.ask("send", "s1", "MGET", "p{1}:one", "p{1}:two")
    assert answer.startswith("(redis-lost)") and "TRYAGAIN" in answer
    cluster.move_keys(slot, target)
    cluster.end_move(slot, target)
    probe.wait_ready("s1")
    assert probe.ask("send", "s1", "MGET", "p{1}:one", "p{1}:two", "p{1}:three") == "[x x (nil)]"


def test_a_slot_that_moved_while_a_read_waits_for_it(cluster, probe):
    probe.open("b", "p{1}:absent", "blocking")
    probe.wait_ready("b")
    tag = probe.begin("send", "b", "BLPOP", "p{1}:list", "4")
    slot = slot_of("p{1}")
    source, target = cluster.owner(slot), elsewhere(cluster, cluster.owner(slot))
    wait_until(lambda: int(source.client.info("clients")["blocked_clients"]) == 1, "the read to wait")
    cluster.move(slot, target)
    wait_until(lambda: probe.told(tag), "its answer")
    assert probe.told(tag)[0].startswith("(redis-lost)") and "MOVED" in probe.told(tag)[0]
    probe.wait_ready("b")
    target.client.rpush("p{1}:list", "y")
    assert probe.ask("send", "b", "BLPOP", "p{1}:list", "1") == "[p{1}:list y]"
    assert all(client["name"] != "probe:blocking" for client in source.client.client_list())


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_a_master_that_is_gone(cluster, probe, how):
    """Under load its replica takes over; the shards of others do not notice. What was acknowledged
    is there, as nothing was acknowledged that the replica had not when the master was stopped."""
    open_shards(probe, 30)
    assert {probe.ask("write", name, "before") for name in shards(30)} == {"(nil)"}
    lost = cluster.owner("p{1}")
    mine = [name for name in shards(30) if cluster.owner(f"p{{{name[1:]}}}") is lost]
    cluster.wait_copied(lost)
    getattr(lost, how)()
    tags = {name: probe.begin("write", name, "meanwhile") for name in shards(30)}
    wait_until(lambda: all(map(probe.told, tags.values())), "all answers")
    heir = cluster.wait_replaced(lost)
    probe.wait_ready(*mine)
    for name in mine:
        assert probe.told(tags[name])[0].startswith(("(redis-lost)", "(redis-timeout)")), name
        assert probe.ask("write", name, "after") == "before"
    assert heir.client.get("p{1}:one") == b"after"
    for name in set(shards(30)) - set(mine):
        assert probe.told(name) == ["ready"] and probe.told(tags[name]) == ["before"], name
    lost.resume() if how == "pause" else lost.start()
    wait_until(lambda: lost.answers() and b"slave" in lost.ask("ROLE"), "the old master to follow")
    assert {probe.ask("write", name, "end") for name in mine} == {"after"}


def test_a_cluster_that_is_down(start, speak):
    """No replica: the slots of one master are served by nobody, and so Redis serves none at all. Not
    many questions are asked meanwhile, and when it is back all goes on."""
    cluster = start(replicas=False)
    probe = speak(cluster.url)
    open_shards(probe, 60)
    lost, other = cluster.nodes[:2]
    lost.kill()
    wait_until(lambda: not other.is_ok(), "the cluster to be down")
    name = next(name for name in shards(60) if cluster.owner(f"p{{{name[1:]}}}") is other)
    assert "CLUSTERDOWN" in probe.ask("write", name, "x")
    other.ask("CONFIG", "RESETSTAT")
    [begin, _] = other.ask("TIME")
    wait_until(lambda: int(other.ask("TIME")[0]) - int(begin) >= 4, "some seconds", 30)
    stats = other.client.info("commandstats")
    assert stats["cmdstat_cluster|slots"]["calls"] <= 20, stats
    lost.start()
    cluster.wait_ok()
    probe.wait_ready(*shards(60))
    assert {probe.ask("write", name, "y") for name in shards(60)} == {"(nil)"}


def test_seeds_of_which_one_is_down_and_one_knows_nothing(start, cluster, speak):
    alone = start(masters=1, replicas=False)
    alone.nodes[0].ask("CLUSTER", "DELSLOTSRANGE", 0, 16383)
    cluster.nodes[0].kill()
    cluster.wait_replaced(cluster.nodes[0])
    ports = [cluster.nodes[0].port, alone.nodes[0].port, cluster.nodes[1].port]
    probe = speak("redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports))
    open_shards(probe, 30)
    assert {probe.ask("write", name, "x") for name in shards(30)} == {"(nil)"}
    nobody = speak(f"redis+cluster://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}")
    nobody.open("s", "p{1}:absent")
    nobody.wait_lost("s", "no node of the cluster says what it looks like: "
                          f"127.0.0.1:{ports[1]}: it knows no node that serves a slot")


def test_a_user_of_few_rights(start, speak):
    rights = [">hush", *in_readme(), "~p{*"]
    cluster = start(options=["--user", "nudged", *rights, "+cluster|slots", "+cluster|countkeysinslot",
                             "--user", "poor", *rights])
    rich, poor = (speak(cluster.url.replace("//", f"//{name}:hush@")) for name in ("nudged", "poor"))
    open_shards(rich, 10)
    assert {rich.ask("write", name, "x") for name in shards(10)} == {"(nil)"}
    poor.open("s", "p{1}:absent")
    poor.wait_lost("s", "NOPERM")
    wrong = speak(cluster.url.replace("//", "//nudged:guess@"))
    wrong.open("s", "p{1}:absent")
    wrong.wait_lost("s", "WRONGPASS")


def test_a_cluster_over_tls(start, speak, tmp_path):
    tls = certificates.make(tmp_path / "tls")
    cluster = start(tls=tls)
    probe, stranger = speak(cluster.url, tls / "ca.pem"), speak(cluster.url)
    open_shards(probe, 10)
    assert {probe.ask("write", name, "x") for name in shards(10)} == {"(nil)"}
    cluster.move(slot_of("p{1}"), elsewhere(cluster, cluster.owner("p{1}")))
    assert "MOVED" in probe.ask("write", "s1", "lost")
    probe.wait_ready("s1")
    assert probe.ask("write", "s1", "y") == "x"
    stranger.open("s", "p{1}:absent")
    stranger.wait_lost("s", "the certificate: ")


def test_a_node_that_is_added_takes_slots(cluster, probe):
    open_shards(probe, 10)
    assert probe.ask("write", "s3", "before") == "(nil)"
    node = cluster.add_master()
    cluster.move(slot_of("p{3}"), node)
    assert "MOVED" in probe.ask("write", "s3", "lost")
    probe.wait_ready("s3")
    assert probe.ask("write", "s3", "after") == "before"
    assert [client["name"] for client in node.client.client_list()].count("probe") == 1
    cluster.move(slot_of("p{3}"), cluster.nodes[0])
    assert "MOVED" in probe.ask("write", "s3", "lost")
    probe.wait_ready("s3")
    wait_until(lambda: all(client["name"] != "probe" for client in node.client.client_list()),
               "no link to a node without a shard")


def test_sessions_with_the_slots_of_a_cluster(cluster, probe):
    """They share one link to each master, wait for a slot that is half moved, and say what it is."""
    for k in range(30):
        assert probe.ask("session", f"p{{{k}}}:absent", "SET", f"p{{{k}}}:x", k) == "OK"
    slot = slot_of("p{1}")
    source, target = cluster.owner(slot), elsewhere(cluster, cluster.owner(slot))
    cluster.begin_move(slot, target)
    cluster.move_keys(slot, target)
    answer = probe.ask("session", "p{1}:absent", "GET", "p{1}:x")
    assert answer.startswith("(redis-timeout)") and f"slot {slot} (p{{1}}:absent): ASK" in answer
    tag = probe.begin("session", "p{1}:absent", "GET", "p{1}:x")
    cluster.end_move(slot, target)
    assert wait_until(lambda: probe.told(tag), "its answer") == ["1"]
    cluster.wait_copied(target)
    target.kill()
    tags = [probe.begin("session", "p{1}:absent", "GET", "p{1}:x") for _ in range(2)]
    wait_until(lambda: probe.told(tags[1]), "its answer")
    assert probe.told(tags[1]) == ["1"] or probe.told(tags[0]) == ["1"], probe.lines[-3:]
    assert [client["name"] for client in source.client.client_list()].count("nudgectl") <= 1


def test_a_session_without_a_cluster(speak):
    probe = speak("redis+cluster://127.0.0.1:1,127.0.0.1:2")
    assert probe.ask("session", "p{1}:absent", "GET", "x") == (
        f"(redis-lost) no connection to the master of slot {slot_of('p{1}')} (p{{1}}:absent): no node of the cluster "
        "says what it looks like: no connection to redis://127.0.0.1:2/0: Connection refused")


@pytest.mark.parametrize("mended", [True, False])
def test_a_master_that_fails_while_a_slot_leaves_it(cluster, probe, mended):
    """The replica that takes over does not know that keys have left, and serves the slot as if they were
    missing. Who saw it leave does not take that for the truth, until it is mended."""
    probe.open("s1", "p{1}:absent")
    probe.wait_ready("s1")
    assert probe.ask("write", "s1", "before") == "(nil)"
    slot = slot_of("p{1}")
    source = cluster.owner(slot)
    target = elsewhere(cluster, source)
    cluster.begin_move(slot, target)
    [gone] = cluster.move_keys(slot, target, 1)
    assert "ASK" in probe.ask("write", "s1", "half")
    cluster.wait_copied(source)
    source.kill()
    heir = cluster.wait_replaced(source)
    assert heir.client.get(gone) is None  # as it says
    probe.wait_lost("s1", f"it was on its way to 127.0.0.1:{target.port}, where some of its keys are left")
    assert probe.ask("write", "s1", "half").startswith("(redis-lost)")
    if not mended:
        target.kill()
        probe.wait_lost("s1", f"it was on its way to 127.0.0.1:{target.port}, where some of its keys may be: ")
        return
    source.start()
    wait_until(lambda: source.answers() and b"slave" in source.ask("ROLE"), "the old master to follow")
    fixed = subprocess.run(["redis-cli", "--cluster", "fix", f"127.0.0.1:{heir.port}", "--cluster-yes"],
                           stdout=subprocess.PIPE, text=True, timeout=PATIENCE)
    probe.wait_ready("s1")
    assert probe.ask("write", "s1", "after") == "before", fixed.stdout
    one = cluster.owner(slot).client
    assert one.get("p{1}:one") == one.get("p{1}:two") == b"after"
