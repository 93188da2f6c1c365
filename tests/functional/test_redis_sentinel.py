"""The client of a master that Sentinels watch (daemon/redis) over real ones: the master dies, hangs and comes
back, is cut off; Sentinels die. To who uses it all of that is a lost connection, and never is a server
written to that Sentinels have replaced."""

import pytest
import redis

import certificates
from conftest import wait_until
from redis_probe import Probe
from redis_rights import in_readme
from redis_sentinel import NAME, PASSWORD, RedisSentinel


@pytest.fixture
def start(shop):
    def begin(**options):
        return shop.add(RedisSentinel(shop.folder / "sentinel", **options).start())
    return begin


@pytest.fixture
def speak(shop):
    return lambda url, *files: shop.add(Probe(url, *files))


@pytest.fixture
def world(start):
    return start()


@pytest.fixture
def probe(world, speak):
    """With two connections: `a`, and `b` for what waits."""
    probe = speak(world.url)
    probe.open("a", "p{1}:absent")
    probe.open("b", "p{1}:absent", "blocking")
    probe.wait_ready("a", "b")
    return probe


def names(server):
    return [client["name"] for client in server.client.client_list()]


def test_who_is_asked_and_who_is_told(world, speak):
    """A connection has a link of its own; each Sentinel is listened to; nobody asks twice for nothing."""
    probe = speak(world.url)
    probe.open("a", "p{1}:absent")
    probe.wait_ready("a")
    assert probe.ask("write", "a", "new") == "(nil)"
    assert world.owner().client.get("p{1}:two") == b"new"
    assert names(world.owner()).count("probe:blocking") == 1
    wait_until(lambda: all(names(sentinel).count("nudged:switches") == 1 for sentinel in world.sentinels),
               "each Sentinel to be listened to")
    wait_until(lambda: not any("nudged:topology" in names(sentinel) for sentinel in world.sentinels),
               "all to be asked")
    assert probe.told("a") == ["ready"]


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_a_master_that_is_replaced(world, probe, how):
    """What was acknowledged and had by a replica is there. The old master, when it comes back, hears nothing
    any more of what is written."""
    assert probe.ask("write", "a", "before") == "(nil)"
    lost = world.owner()
    world.wait_copied()
    waits = probe.begin("send", "b", "BLPOP", "p{1}:list", "30")
    getattr(lost, how)()
    tag = probe.begin("write", "a", "meanwhile")
    heir = world.wait_replaced(lost)
    wait_until(lambda: probe.told(tag) and probe.told(waits), "both answers")
    assert probe.told(tag)[0].startswith(("(redis-lost)", "(redis-timeout)")), probe.told(tag)
    probe.wait_ready("a", "b")
    assert probe.ask("write", "a", "after") == "before"
    assert heir.client.get("p{1}:one") == b"after"
    lost.resume() if how == "pause" else lost.start()
    assert probe.ask("write", "a", "end") == "after"
    world.wait_whole()
    assert probe.ask("write", "a", "last") == "end"
    assert "probe:blocking" not in names(lost)


def test_a_master_that_hangs_for_less_than_a_command_may_take(world, probe):
    """It is replaced before the answer is late, so the connection is no wiser; Sentinels say it."""
    answer = ""
    while "another one serves it now" not in answer:
        assert answer.startswith("(redis-timeout)") or not answer  # a failover took longer than a command may
        if answer:
            lost.resume()
            world.wait_whole()
        lost = world.owner()
        lost.pause()
        tag = probe.begin("write", "a", "lost")
        heir = world.wait_replaced(lost)
        [answer] = wait_until(lambda tag=tag: probe.told(tag), "its answer")
        probe.wait_ready("a")
    assert probe.ask("write", "a", "kept") == "(nil)"
    lost.resume()
    assert probe.ask("write", "a", "more") == "kept"
    assert heir.client.get("p{1}:one") == b"more"


def test_a_master_that_was_made_a_replica(world, probe):
    """By hand, and Sentinels do not know: nothing is written to it until one of both is mended."""
    lost, other = world.owner(), world.replicas()[0]
    for sentinel in world.sentinels:
        sentinel.pause()
    lost.ask("REPLICAOF", "127.0.0.1", other.port)
    answer = probe.ask("write", "a", "x")
    assert answer.startswith("(redis-lost)") and "READONLY" in answer
    for sentinel in world.sentinels:
        sentinel.resume()
    probe.wait_lost("a", f"it is no master of `{NAME}`, its role is slave")
    lost.ask("REPLICAOF", "NO", "ONE")
    probe.wait_ready("a")
    assert probe.ask("write", "a", "y") == "(nil)"


def test_a_server_that_hung_while_it_was_connected_to(world, speak):
    """It is still a master in its own eyes when it answers at last; a Sentinel is asked once more."""
    probe = speak(world.url)
    lost, answer = world.owner(), ""
    while not answer.startswith("OK"):  # or a failover took longer than a session waits
        lost.pause()
        tag = probe.begin("session", "p{1}:absent", "SET", "x", "1")
        heir = world.wait_replaced(lost)
        lost.resume()
        answer = wait_until(lambda: probe.told(tag), "its answer")[0]
        assert lost.client.get("x") is None
        lost = heir
    assert heir.client.get("x") == b"1"


def test_sentinels_that_are_gone(world, speak):
    """One of three is enough to be asked. Without any, who has a connection keeps it; nobody else gets one."""
    master = world.owner()
    for sentinel in world.sentinels[:2]:
        sentinel.kill()
    probe = speak(world.url)
    probe.open("a", "p{1}:absent")
    probe.wait_ready("a")
    world.sentinels[2].kill()
    assert probe.ask("write", "a", "x") == "(nil)"
    probe.open("b", "p{1}:absent")
    master.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    probe.wait_lost("a", "no Sentinel says which is the master: no connection to redis://127.0.0.1:")
    world.sentinels[1].start()
    probe.wait_ready("a", "b")
    assert probe.ask("write", "a", "y") == "x"


@pytest.mark.parametrize("number", range(3))
def test_a_sentinel_that_hangs_while_others_see_a_failover(world, probe, number):
    """The old master is cut off from all but who writes to it, and takes itself for one; whichever of the Sentinels
    hangs, another is listened to."""
    hung, lost = world.sentinels[number], world.owner()
    assert probe.ask("write", "a", "before") == "(nil)"
    world.wait_copied()
    wait_until(lambda: all("nudged:switches" in names(sentinel) for sentinel in world.sentinels), "all to be heard")
    hung.pause()
    lost.cut()
    heir = world.wait_replaced(lost)
    probe.wait_ready_again("a")
    assert "probe:blocking" in names(heir)
    assert probe.ask("write", "a", "after") == "before"
    assert lost.role() == "master" and lost.client.get("p{1}:two") == b"before"
    hung.resume()


def test_sentinels_that_come_back_are_listened_to(world, probe):
    wait_until(lambda: all("nudged:switches" in names(sentinel) for sentinel in world.sentinels), "all to be heard")
    for sentinel in world.sentinels:
        sentinel.kill()
    for sentinel in world.sentinels:
        sentinel.start()
    wait_until(lambda: all("nudged:switches" in names(sentinel) for sentinel in world.sentinels), "all again")
    assert probe.told("a") == ["ready"]


def replaced_behind_its_back(world):
    """A failover that one Sentinel does not hear of: (the old master, the new one, that Sentinel)."""
    lost, behind = world.owner(), world.sentinels[0]
    behind.deafen(world)
    behind.pause()
    lost.cut()
    heir = world.wait_replaced(lost)
    behind.resume()
    assert behind.master() == lost.port and lost.role() == "master"
    return lost, heir, behind


def test_a_sentinel_that_has_not_heard_of_a_failover(world, speak):
    """It is the first that is asked, and the master that it names is there and takes itself for one. Who is
    asked first changes with each connection."""
    lost, heir, behind = replaced_behind_its_back(world)
    probe = speak(world.url)
    for name in "abcdef":
        probe.open(name, "p{1}:absent")
        probe.wait_ready(name)
        probe.ask("write", name, name)
        assert heir.client.get("p{1}:one") == name.encode() and lost.client.get("p{1}:one") is None
    assert all(probe.told(name) == ["ready"] for name in "abcdef")
    assert behind.master() == lost.port and lost.role() == "master"


@pytest.mark.parametrize("host, how", [("127.0.0.1", "pause"), ("127.0.0.1", "kill"), ("localhost", "kill")])
def test_the_only_sentinel_that_answers_has_not_heard_of_a_failover(world, speak, host, how):
    """Who has followed the new master does not follow the old one again, over no connection of the process. By
    two names it is one."""
    lost, heir, behind = replaced_behind_its_back(world)
    probe = speak(world.url.replace("127.0.0.1", host))
    probe.open("a", "p{1}:absent")
    probe.wait_ready("a")
    for sentinel in world.sentinels[1:]:
        getattr(sentinel, how)()
    heir.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    probe.open("b", "p{1}:absent")
    for name in "ab":
        probe.wait_lost(name, f":{behind.port} names a master of epoch 0, and one of epoch ")
    assert probe.ask("session", "p{1}:absent", "SET", "x", "1").startswith("(redis-lost)")
    assert not [name for name in names(lost) if name.startswith("probe")] and lost.client.get("x") is None
    for sentinel in world.sentinels[1:]:
        sentinel.resume() if how == "pause" else sentinel.start()
    probe.wait_ready("a", "b")
    assert probe.ask("write", "a", "x") == "(nil)" and heir.client.get("p{1}:one") == b"x"


def is_known(world, sentinel):
    try:
        return world.is_known(sentinel)
    except redis.ResponseError:  # it has not heard of the others
        return False


def test_sentinels_that_are_set_up_anew(world, speak):
    """Their epochs begin anew, and most of them say so."""
    lost = world.owner()
    lost.kill()
    heir = world.wait_replaced(lost)
    lost.start()
    world.wait_whole()
    probe = speak(world.url)
    probe.open("a", "p{1}:absent")
    probe.wait_ready("a")
    for sentinel in world.sentinels:
        sentinel.ask("SENTINEL", "REMOVE", NAME)
        sentinel.ask("SENTINEL", "MONITOR", NAME, "127.0.0.1", heir.port, 2)
        sentinel.ask("SENTINEL", "SET", NAME, "auth-user", "peer", "auth-pass", "peer")
    wait_until(lambda: all(is_known(world, sentinel) for sentinel in world.sentinels), "Sentinels to see all")
    heir.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait_until(lambda: len(probe.told("a")) > 1 and probe.is_ready("a"), lambda: probe.told("a"))
    assert probe.ask("write", "a", "x") == "(nil)" and heir.client.get("p{1}:one") == b"x"
    assert not any("names a master of epoch" in line for line in probe.told("a"))


def test_a_sentinel_that_hangs(world, speak):
    """It is not waited for any more; when it is the only one that is left, it is asked all the same."""
    world.sentinels[0].pause()
    probe = speak(world.url)
    probe.open("a", "p{1}:absent")
    probe.wait_ready("a")
    world.sentinels[0].resume()
    for sentinel in world.sentinels[1:]:
        sentinel.pause()
    probe.open("b", "p{1}:absent")
    probe.wait_ready("b")
    assert probe.ask("write", "b", "x") == "(nil)"


def test_sentinels_that_are_found(world, speak):
    """The address names one; when that is gone, others are known from it."""
    first = world.sentinels[0]
    probe = speak(f"redis+sentinel://:{PASSWORD}@127.0.0.1:{first.port}/{NAME}")
    probe.open("a", "p{1}:absent")
    probe.wait_ready("a")
    first.kill()
    lost = world.owner()
    lost.kill()
    world.wait_replaced(lost)
    probe.wait_ready("a")
    assert probe.ask("write", "a", "x") == "(nil)"


def test_a_name_that_nobody_watches(world, speak):
    probe = speak(world.url.replace(NAME, "yours"))
    probe.open("a", "p{1}:absent")
    probe.wait_lost("a", "it watches no master of the name `yours`")
    assert "it watches no master of the name `yours`" in probe.ask("session", "p{1}:absent", "GET", "x")


def test_sessions(world, speak):
    """As nudgectl has them: they wait for a failover, up to their deadline."""
    probe = speak(world.url)
    assert probe.ask("session", "p{1}:absent", "SET", "x", "1") == "OK"
    lost = world.owner()
    world.wait_copied()
    lost.kill()
    answers = []
    wait_until(lambda: answers.append(probe.ask("session", "p{1}:absent", "GET", "x")) or answers[-1] == "1",
               lambda: f"what the replica has: {answers}")
    assert all(answer.startswith("(redis-timeout) ") for answer in answers[:-1]), answers
    assert not any("nudged:switches" in names(sentinel) for sentinel in world.sentinels)


def test_passwords_and_tls(start, speak, tmp_path):
    tls = certificates.make(tmp_path / "tls")
    world = start(tls=tls, password="quiet")
    password = tmp_path / "password"
    password.write_text("quiet\n")
    probe, wrong, stranger = (speak(world.url, *files) for files in [(tls / "ca.pem", password), (tls / "ca.pem",), ()])
    for each in (probe, wrong, stranger):
        each.open("a", "p{1}:absent")
    probe.wait_ready("a")
    assert probe.ask("write", "a", "x") == "(nil)"
    wrong.wait_lost("a", "NOAUTH")
    stranger.wait_lost("a", "the certificate: ")


@pytest.mark.parametrize("more", [["+sentinel|master"], []], ids=["all", "of the last release"])
def test_users_of_few_rights(start, speak, tmp_path, more):
    """What docs/redis.md says a server's user needs beside the rights of README, and a Sentinel's."""
    rights = " ".join([">hush", *in_readme(), "~p{*"])
    world = start(options=[f"user nudged {rights} +role", f"user poor {rights}"])
    for sentinel in world.sentinels:
        sentinel.ask("ACL", "SETUSER", "asker", "on", ">soft", "+auth", "+ping", "+client|setname", "+subscribe",
                     "&+switch-master", "+sentinel|get-master-addr-by-name", "+sentinel|sentinels", *more)
    password = tmp_path / "password"
    password.write_text("soft\n")
    rich, poor = (speak(world.url.replace(f":{PASSWORD}@", f"{name}:hush@"), "", password, "asker")
                  for name in ("nudged", "poor"))
    for each in (rich, poor):
        each.open("a", "p{1}:absent")
    rich.wait_ready("a")
    assert rich.ask("write", "a", "x") == "(nil)"
    poor.wait_lost("a", "NOPERM")
    assert any(sentinel.ask("ACL", "LOG") for sentinel in world.sentinels) == (not more)
