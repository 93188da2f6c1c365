"""nudgectl when Redis goes away in the middle of a command: told, and its exit status is 69 wherever that is."""

import json
import socket
import time

import pytest

from conftest import wait_until
from fault_proxy import FaultProxy
from subjects import ANA, event, make_known, open_shop, push

CUTS = [1, 60, 150, 300, 600, 1000, 2000, 5000, 20000]


@pytest.fixture
def remote(shop):
    """A shop with some of everything, whose Redis nudgectl reaches by way of a proxy."""
    open_shop(shop).answers = lambda envelope: "451 later"
    daemon = shop.daemon("one").spawn()
    make_known(shop)
    push(shop, event("order.placed", {"id": 7}), event("cart.updated", {"id": 7}, cart={"total": 5}))
    shop.push("no event", "none either")
    shop.wait_idle()
    wait_until(lambda: shop.client.xlen("nudged:dead") >= 2, "dead letters")
    shop.ctl("suppress", "add", "ana.pop@example.com")
    shop.exported = shop.ctl("customer", "export", "7")[1]
    assert daemon.stop() == 0
    shop.proxy = shop.add(FaultProxy(str(shop.folder / "redis.sock")))
    shop.config["redis"]["url"] = f"redis://127.0.0.1:{shop.proxy.port}"
    shop.config["admin"] = {"socket": str(shop.folder / "nobody.sock")}
    shop.away = shop.folder / "away.yaml"
    shop.away.write_text(json.dumps(shop.config))
    return shop


ORDER = json.dumps({"type": "order.placed", "customer": {"id": 7}})
MANY = "".join(json.dumps({"type": "x", "customer": {"id": i}}) + "\n" for i in range(500))
COMMANDS = {
    "explain": (["explain", "7"], None),
    "explain-address": (["explain", ANA["email"]], None),
    "explain-event": (["explain", "--event", "-"], ORDER),
    "show": (["customer", "show", "7"], None),
    "export": (["customer", "export", "7"], None),
    "import": (["customer", "import", "-"], None),
    "import-profiles": (["customer", "import", "-"], '{"id": 9, "email": "c@example.com"}\n' * 50),
    "erase": (["customer", "erase", "8", "--yes"], None),
    "dead": (["dead"], None),
    "dead-retry": (["dead", "retry", "--all"], None),
    "dead-drop": (["dead", "drop", "--all"], None),
    "outbox": (["outbox"], None),
    "outbox-drop": (["outbox", "drop", "--all"], None),
    "uncertain": (["uncertain"], None),
    "suppress": (["suppress"], None),
    "suppress-add": (["suppress", "add", "bob@example.com"], None),
    "suppress-import": (["suppress", "import", "-"], "".join(f"c{i}@example.com\n" for i in range(3000))),
    "suppress-export": (["suppress", "export"], None),
    "rule": (["rule"], None),
    "rule-pause": (["rule", "pause", "news"], None),
    "gateway": (["gateway"], None),
    "gateway-pause": (["gateway", "pause", "smtp"], None),
    "codes": (["codes"], None),
    "codes-load": (["codes", "load", "spring", "codes.txt"], None),
    "push": (["push", "-"], MANY),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_redis_goes_away(remote, name):
    """However much it has answered by then."""
    arguments, text = COMMANDS[name]
    (remote.folder / "codes.txt").write_text("".join(f"C-{i}\n" for i in range(5000)))
    arguments = [str(remote.folder / word) if word == "codes.txt" else word for word in arguments]
    text = remote.exported if name == "import" else text
    seen = []
    for how, at in [("reset", cut) for cut in CUTS] + [("close", 700)]:
        remote.proxy.cut(answered=at, how=how)
        status, out, err = remote.ctl(*arguments, stdin=text, config=remote.away)
        seen.append(status)
        assert status in (0, 69), (how, at, status, out, err)
        assert status == 0 or err.startswith("nudgectl: "), (how, at, out, err)
    assert 69 in seen
    remote.proxy.well()
    status, out, err = remote.ctl(*arguments, stdin=text, config=remote.away)
    assert status in (0, 1), (out, err)  # it goes on with the rest, or all was done


def test_redis_is_slow(remote):
    """Commands wait for it."""
    remote.proxy.delay = 0.15
    commands = [COMMANDS[name][0] for name in ("explain", "show", "dead", "suppress", "rule", "explain-event")]
    for told in remote.ctl_side_by_side(*commands, stdin=ORDER, config=remote.away):  # only the last reads
        assert told[0] == 0, told


def test_status_when_redis_hangs(shop):
    """A Redis that takes connections and never answers: told long before a command would give up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        shop.config["redis"] = {"url": f"redis://127.0.0.1:{port}"}
        shop.daemon()
        begun = time.monotonic()
        status, out, err = shop.ctl("status")
        assert time.monotonic() - begun < 4.8
    assert (status, out) == (69, "")
    assert f"nudgectl: no connection to redis://127.0.0.1:{port}/0: no answer within 3 s\n" in err


def test_status_of_a_daemon_that_has_not_reached_redis(shop):
    """It has no name yet."""
    shop.config["redis"] = {"url": f"unix://{shop.folder}/nothing.sock"}
    daemon = shop.daemon("one")
    daemon.spawn(wait=False)
    told = wait_until(lambda: (told := shop.ctl("status"))[1] and told, "status")
    assert "daemon    starting, nudged " in told[1] and "!  the daemon is starting\n" in told[1]
    assert daemon.stop() == 0
