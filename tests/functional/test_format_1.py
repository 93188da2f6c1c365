"""An installation of format 1 goes on under this program. What the program of that format had
written when it was killed at work stands in format_1.json, as commands that write it again, with
the rules and the secret that belong to it. Its times are moved, so that it is as old as a test
wants it."""

import datetime
import json
import pathlib
import re

import pytest

from conftest import wait_until
from subjects import kept_in_redis, naming

HOUR, DAY = 3600_000, 86400_000
MOMENT = re.compile(rb"(?<![0-9A-Za-z])1[78]\d{11}(?![0-9A-Za-z])")
TIME = re.compile(rb"20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UTC = datetime.timezone.utc


def moved_time(text, by):
    time = datetime.datetime.fromisoformat(text.decode()) + datetime.timedelta(milliseconds=by)
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


def moved(text, by):
    """A text of the old data, with all times in it so many milliseconds later."""
    text = MOMENT.sub(lambda found: b"%d" % (int(found[0]) + by), text.encode())
    return TIME.sub(lambda found: moved_time(found[0], by), text)


def by_now(client, old, age):
    """How much later the old data's times are, for it to have been written so long ago."""
    seconds, micros = client.time()
    return seconds * 1000 + micros // 1000 - age - old["written"]


def load(shop, old, age):
    """How much its times were moved."""
    by = by_now(shop.client, old, age)
    pipe = shop.client.pipeline(transaction=False)
    for command in old["commands"]:
        pipe.execute_command(*[moved(part, by) for part in command])
    pipe.execute()
    return by


def far_from_now():
    """Quiet hours that are none of anybody's hours now."""
    now = datetime.datetime.now(UTC)
    return {side: (now + datetime.timedelta(hours=6, minutes=minutes)).strftime("%H:%M")
            for side, minutes in (("from", 0), ("to", 1))}


@pytest.fixture
def old(shop):
    """A shop with the old installation's files; `old.load(age)` writes what it had in Redis."""
    data = json.loads((pathlib.Path(__file__).parent / "format_1.json").read_text())
    shop.redis()
    shop.server = shop.smtp()
    shop.config |= data["config"]
    shop.config["policy"]["quiet_hours"] = far_from_now()
    shop.config["gateways"]["relay"] = shop.config["gateways"].pop("smtp")
    state = pathlib.Path(shop.config["state"])
    state.mkdir()
    (state / "secret").write_text(data["secret"])
    (state / "secret").chmod(0o600)
    shop.rules(data["rules"])
    for name, text in data["templates"].items():
        shop.template(f"{name}.text.liquid", text)
    shop.load = lambda age: load(shop, data, age)
    return shop


def decide_all(shop):
    """A daemon whose gateway may send nothing yet decides all that was left."""
    seconds, _ = shop.client.time()
    shop.client.hset("nudged:rate:relay", mapping={"tokens": 0, "at": seconds * 1000})
    relay = {**shop.config["gateways"]["relay"], "rate": "1 per 30d"}
    daemon = shop.daemon("decides", gateways={"relay": relay}).spawn()
    client = shop.client

    def decided():
        seconds, _ = client.time()
        return (client.xlen("nudged:events") == 0 and not client.exists("nudged:inbox")
                and client.zcard("nudged:taken") == 0
                and client.zcount("nudged:due", 0, seconds * 1000) == 0)

    wait_until(decided, "all that was left to be decided")
    assert daemon.stop() == 0
    client.delete("nudged:rate:relay")


def subjects(shop):
    return sorted(mail["Subject"] for mail in shop.server.all_mails())


def go_on(shop, age):
    """The new program takes over; the subjects of what it sends."""
    shop.load(age)
    decide_all(shop)
    assert shop.server.mails.empty()
    shop.one = shop.daemon().spawn()
    shop.wait_idle()
    wait_until(lambda: shop.client.zcard("nudged:later") == 0, "retries")
    shop.wait_idle()
    return subjects(shop)


LEFT = sorted(
    ["notice later", "notice bound", "notice queued 0", "notice queued 1", "notice queued 2",
     "notice pending", "notice unread", "notice listed", "news queued", "news night", "cart 2b",
     "held 3a", "held 3c"] + [f"receipt {order}" for order in ("3", "12", "14", "E", "G")])


def test_what_was_begun_is_ended(old):
    """Each message once: those that waited, retried, were bound, queued; those of events that
    were unread, pending, in the list; those of journeys. None after its end or an opt-out: an
    order or an unsubscription that was accepted and not decided, a guest's order under the id or
    another spelling of the address. What may have arrived is held."""
    assert go_on(old, 5 * HOUR) == LEFT
    assert old.client.hget("nudged:meta", "format") == b"4"
    held = {old.client.hget(b"nudged:message:" + mid, "customer")
            for mid, _ in old.client.zscan_iter("nudged:uncertain")}
    assert held == {b"id:21", b"id:23"}
    assert old.ctl("uncertain", "resend", "--all")[0] == 0
    old.wait_idle()
    assert subjects(old) == ["receipt 21", "receipt 23"]
    assert {letter["reason"] for letter in old.dead()} == {b"json-syntax", b"no-customer", b"bounced"}


def test_journeys_go_on_to_their_end(old):
    """Days later: what waited longest is sent too; an address that bounced is not written to."""
    feedbacks = [f"feedback {order}" for order in ("1", "B", "12", "14", "21", "23", "E", "G")]
    assert go_on(old, 4 * DAY) == sorted(LEFT + feedbacks)
    for number in (10, 11):
        assert ("feedback", "refused", "suppressed") in old.trace(f"id:{number}")


def person(number, **more):
    return {"id": number, "email": f"c{number}@example.com", "accepts_marketing": True, **more}


def mailbox(address):
    return {"email": address, "accepts_marketing": True}


def reason_of(shop, event):
    """What becomes of one more event: the last thing that any trace says of it."""
    [entry] = shop.push(event)
    shop.wait_idle()
    did = [item for key in shop.client.scan_iter("nudged:trace:*")
           for line in map(json.loads, shop.client.lrange(key, 0, -1))
           if line.get("event", {}).get("entry") == entry.decode() for item in line["did"]]
    return [item.get("why") for item in did if item["what"] in ("refused", "sends", "passed-over")]


NEWS = {"type": "news.published", "issue": "new"}
ASKED = [
    ("no-consent", {**NEWS, "customer": person(6)}),
    ("no-consent", {**NEWS, "customer": person(7)}),
    ("no-consent", {**NEWS, "customer": person(15)}),
    ("no-consent", {**NEWS, "customer": person(13)}),
    # As the shop spells them, and then otherwise.
    ("no-consent", {**NEWS, "customer": mailbox("  Dora@example.com ")}),
    ("no-consent", {**NEWS, "customer": mailbox("dora@Example.com")}),
    ("no-consent", {**NEWS, "customer": mailbox("Fritz@BÜCHER.example")}),
    ("no-consent", {**NEWS, "customer": mailbox("fritz@xn--bcher-kva.example")}),
    ("news", {**NEWS, "customer": person(8)}),
    ("cap", {**NEWS, "customer": person(5)}),
    ("limit", {"type": "survey.opened", "customer": person(4)}),
    ("limit", {"type": "survey.opened", "customer": mailbox("ХРИСТО@example.com")}),
    ("limit", {"type": "survey.opened", "customer": mailbox("христо@EXAMPLE.com")}),
    ("duplicate", {"type": "order.placed", "id": "o1", "order": {"id": "1", "total": 1},
                   "customer": person(1)}),
    ("suppressed", {"type": "notice.given", "notice": {"word": "x"},
                    "customer": mailbox("bounce@example.com")}),
    ("suppressed", {"type": "notice.given", "notice": {"word": "x"},
                    "customer": mailbox("Bounce.Иван@ПОЧТА.example")}),
]


def test_what_was_said_and_counted_holds(old):
    """Opt-outs, suppressed addresses, limits, caps, ids of events; by other spellings too."""
    go_on(old, 5 * HOUR)
    assert [reason_of(old, event) for _, event in ASKED] == [[why] for why, _ in ASKED]
    old.push({"type": "order.placed", "id": "o2", "order": {"id": "2", "total": 1},
              "customer": person(2)})
    old.wait_idle()
    assert ("cart", "ended", "until") in old.trace("id:2")


def test_everything_is_shown(old):
    """What stands in Redis is read as it is, before and after this program has touched it."""
    old.load(0)
    daemon = old.daemon().spawn()
    for key in ("id:1", "id:2", "id:9", "Eva@MÜNCHEN.example", "dora@example.com"):
        status, out, err = old.ctl("explain", key)
        assert (status, err) == (0, ""), key
        assert out
    assert daemon.stop() == 0


def test_a_daemon_of_format_1_still_lives(old):
    """Then nothing is touched."""
    old.load(5 * HOUR)
    epoch = old.client.hget("nudged:meta", "epoch")

    def renew():
        return old.client.set("nudged:instance:one", epoch, px=10_000)

    renew()
    before = {key: old.client.dump(key) for key in old.client.scan_iter("*")}
    daemon = old.daemon("new").spawn(wait=False)
    wait_until(lambda: renew() and daemon.process.poll() is not None, "the daemon to end")
    assert daemon.ended() != 0
    assert "format 1" in daemon.log()
    assert {key: old.client.dump(key) for key in old.client.scan_iter("*")} == before


def test_an_erasure_of_who_is_known_in_the_old_form(old):
    """Whose document, key and messages are still as the old program wrote them: nothing stays of them. Before
    a daemon has taken the data over nobody is erased."""
    old.load(5 * HOUR)
    old.daemon("one")
    before = kept_in_redis(old)
    status, _, err = old.ctl("customer", "erase", "id:24", "--yes")
    assert status == 1 and "format 1" in err
    assert kept_in_redis(old) == before
    decide_all(old)
    for who, address in (("id:21", "cut.hold@"), ("id:24", "later24@"), ("ХРИСТО@example.com", "христо@"),
                         (" dora@example.com", "dora@"), ("id:11", "bounce.иван@")):
        assert naming(kept_in_redis(old), address, address.upper()), who
        assert old.ctl("customer", "show", who)[0] == 0
        status, _, err = old.ctl("customer", "erase", who, "--yes")
        assert (status, err) == (0, "")
        assert naming(kept_in_redis(old), address, address.upper()) == [], who
