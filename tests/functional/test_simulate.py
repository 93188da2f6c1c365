"""nudgectl simulate: what rules would have sent over a log of events."""

import datetime
import gzip
import json
import random

import pytest

import simulate_day

BEGIN = datetime.datetime(2026, 3, 2, 10, 0, tzinfo=datetime.timezone.utc)
RULES = """name: cart
on: cart.updated
if: cart.total >= 20
again: restart
until: order.placed
limit: 1 per 7d
steps:
  - wait: 1h
  - send: {template: note, via: email}
---
name: receipt
class: transactional
on: order.placed
send: note
---
name: quiet
on: nothing.happens
send: note
"""


def at(minutes):
    return BEGIN + datetime.timedelta(minutes=minutes)


def millis(minutes):
    return int(at(minutes).timestamp() * 1000)


def event(kind, who, minutes, **data):
    return {"type": kind, "id": f"{kind}-{who}-{minutes}", "time": at(minutes).isoformat(),
            "customer": {"id": str(who), "email": f"c{who}@example.com", "accepts_marketing": who != 3}, **data}


def archived(minutes, event):
    return {"received": millis(minutes), "event": event}


@pytest.fixture
def history(shop):
    """A shop at which nothing runs, with rules and a way to write events down."""
    shop.rules(RULES)
    shop.template("note.text.liquid", "---\nsubject: A note\n---\nHello\n")
    shop.daemon()

    def write(*lines, name="events.jsonl"):
        path = shop.folder / name
        path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
        return path

    shop.write = write
    return shop


def simulate(shop, *arguments, status=0, stdin=None):
    """The figures, the messages, and what was said on standard error."""
    messages = shop.folder / "messages.jsonl"
    done, out, err = shop.ctl("simulate", *arguments, "--json", "--messages", messages, stdin=stdin)
    assert done == status, err
    if status:
        return err
    told = [json.loads(line) for line in messages.read_text().splitlines()]
    return json.loads(out), told, err


def rule(figures, name):
    return next(row for row in figures["rules"] if row["rule"] == name)


def day():
    """A cart that is reminded of, one that is ordered, one of somebody who wants no mail."""
    return [event("cart.updated", 1, 0, cart={"total": 30}), event("cart.updated", 2, 5, cart={"total": 40}),
            event("cart.updated", 3, 6, cart={"total": 50}), event("order.placed", 2, 30, order={"total": 40}),
            event("cart.updated", 1, 180, cart={"total": 60}), event("cart.updated", 2, 400, cart={"total": 60})]


def test_figures_and_messages(history):
    figures, messages, err = simulate(history, "--events", history.write(*day()), "--to", "2026-03-02T17:00:00Z")
    assert err == ""
    assert (figures["events"], figures["people"], figures["all"]) == (
        6, 3, {"started": 6, "sent": 2, "refused": 2, "ended": 1, "waiting": 1})
    assert rule(figures, "cart") == {
        "rule": "cart", "started": 5, "sent": 1, "channels": {"email": 1}, "ended": {"until": 1},
        "refused": {"limit": 1, "no-consent": 1}, "not_begun": {}, "waiting": 1}
    assert rule(figures, "quiet")["started"] == 0
    assert (figures["reached"], figures["within_7d"]) == (2, {"1": 2, "2": 0, "3": 0, "4+": 0})
    assert figures["busiest"] == {"from": millis(0), "sent": 1}
    assert messages == [
        {"time": millis(30), "customer": "id:2", "rule": "receipt", "template": "note", "channel": "email",
         "to": "c2@example.com", "topic": "all"},
        {"time": millis(60), "customer": "id:1", "rule": "cart", "template": "note", "channel": "email",
         "to": "c1@example.com", "topic": "all"}]


def test_the_table(history):
    status, out, err = history.ctl("simulate", "--events", history.write(*day()))
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert out.startswith("6 events from 2026-03-02T10:00:00Z to 2026-03-02T16:40:00Z, 3 people\n")
    assert ["cart", "5", "1", "2", "1", "1"] in lines and ["all", "6", "2", "2", "1", "1"] in lines
    assert ["cart", "refused", "no-consent", "1"] in lines and ["cart", "ended", "until", "1"] in lines
    assert out.endswith("Nothing by: quiet\n")


def test_who_got_most(history):
    """Two keys that prove to be one person are one; a week's messages are counted as they slide."""
    day = 24 * 60
    guest = {"type": "order.placed", "time": at(0).isoformat(), "customer": {"email": "c1@example.com"}}
    lines = [guest] + [event("order.placed", 1, minutes, order={}) for minutes in (day, 6 * day, 8 * day, 9 * day)]
    lines += [event("order.placed", 2, 8 * day + minutes) for minutes in range(6)]
    figures, _, _ = simulate(history, "--events", history.write(*lines))
    assert (figures["people"], figures["reached"]) == (2, 2)
    assert figures["within_7d"] == {"1": 0, "2": 0, "3": 1, "4+": 1}
    assert figures["busiest"] == {"from": millis(8 * day), "sent": 7}


def test_messages_on_standard_output(history):
    status, out, err = history.ctl("simulate", "--events", history.write(*day()), "--messages", "-")
    assert status == 0 and "started" in err
    assert [json.loads(line)["rule"] for line in out.splitlines()] == ["receipt", "cart"]


def test_subjects(history):
    """And why a message could not be made, as one of its template's."""
    history.template("note.text.liquid",
                     "---\nsubject: 'To {{ customer.id }}: {{ order.total | plus: 2 }}'\n---\nHello\n")
    _, messages, _ = simulate(history, "--events", history.write(*day()), "--render")
    assert [message["subject"] for message in messages] == ["To 2: 42", "To 1: 2"]
    history.template("note.text.liquid", "---\nsubject: '{{ 1 | divided_by: order.none }}'\n---\nHello\n")
    _, messages, _ = simulate(history, "--events", history.write(*day()), "--render")
    assert [bool(message.get("fault")) for message in messages] == [True, True]


def test_archived_and_plain_events_are_one_history(history):
    """Also in several files, from standard input, and out of order by some lines."""
    whole = simulate(history, "--events", history.write(*day()))
    lines = [archived(0, event("cart.updated", 1, 0, cart={"total": 30})), *day()[1:]]
    lines[4] = {"event": lines[4], "received": millis(180)}
    random.Random(1).shuffle(lines)
    assert simulate(history, "--events", history.write(*lines)) == whole
    two = history.write(*lines[:3], name="a.jsonl"), history.write(*lines[3:], name="b.jsonl")
    assert simulate(history, "--events", *two) == whole
    assert simulate(history, "--events", "-", stdin=history.write(*lines).read_text()) == whole


def test_of_one_millisecond_the_entries_tell_the_order(history):
    """And what a daemon had not written to its end is passed over."""
    lines = [{"received": millis(0), "entry": f"{millis(0)}-{number}", "event": {
        "type": "ping", "customer": {"id": "1", "n": number}}} for number in (2, 0, 1)]
    history.rules("name: last\non: done\nif: customer.n == 2\nclass: transactional\nsend: note\n")
    path = history.write(*lines, archived(1, {"type": "done", "customer": {"id": "1", "email": "a@b.example"}}))
    with path.open("a") as out:
        out.write(json.dumps(archived(2, lines[0]["event"]))[:-9])
    figures, messages, err = simulate(history, "--events", path)
    assert (figures["events"], len(messages), err) == (4, 1, "")


def test_an_archived_event_came_when_it_was_received(history):
    late = archived(120, event("cart.updated", 1, 0, cart={"total": 30}))
    _, messages, _ = simulate(history, "--events", history.write(late), "--to", "2026-03-02T14:00:00Z")
    assert [message["time"] for message in messages] == [millis(120)]


def test_from_and_to(history):
    path = history.write(*day())
    figures, messages, _ = simulate(history, "--events", path, "--from", "2026-03-02T10:45:00Z", "--to",
                                    "2026-03-02T13:30:00Z")
    assert [message["rule"] for message in messages] == ["cart"]
    assert (figures["events"], figures["all"]["started"], figures["all"]["waiting"]) == (1, 1, 1)


def test_a_wait_that_ends_at_the_next_tick(history):
    """The clock that restarts the rule comes when the wait is just over: it has ended, as at a daemon."""
    history.rules("name: hourly\non: {every: hour, spread: 0s}\nagain: restart\nlimit: 9 per 1d\nwait: 60m\nsend: note")
    figures, messages, _ = simulate(history, "--events", history.write(event("seen", 1, 0)), "--to",
                                    "2026-03-02T14:30:00Z")
    assert [message["time"] for message in messages] == [millis(minutes) for minutes in (120, 180, 240)]
    assert rule(figures, "hourly")["started"] == 4 and figures["all"]["waiting"] == 1


def test_suppressed_addresses_and_tables(history):
    history.rules(RULES.replace("cart.total >= 20", 'lookup("stock", "TEA", 0) > 0'))
    path = history.write(*day())
    (history.folder / "gone.txt").write_text("\nC1@example.com\n")
    (history.folder / "tables.json").write_text('{"stock": {"TEA": 2}}')
    figures, _, _ = simulate(history, "--events", path, "--suppressed", history.folder / "gone.txt", "--tables",
                             history.folder / "tables.json", "--to", "2026-03-03")
    assert rule(figures, "cart")["refused"] == {"suppressed": 2, "no-consent": 1}
    assert rule(simulate(history, "--events", path)[0], "cart")["started"] == 0


def test_lines_that_are_no_events(history):
    path = history.write(day()[0], "nonsense", {"type": "order.placed", "time": at(1).isoformat()}, "", *day()[1:])
    figures, messages, err = simulate(history, "--events", path)
    assert (figures["events"], figures["no_events"], len(messages)) == (6, 2, 2)
    assert f"{path}:2:1: error: a value was expected" in err and f"{path}:3:1: error: no customer" in err
    err = simulate(history, "--events", path, "--strict", status=65)
    assert f"{path}:2:1: error" in err and ":3:" not in err


def test_events_that_nothing_reads(history):
    """Two of them with one id are one, as of others."""
    pages = [event("page.viewed", 1, minute) for minute in (0, 1, 1, 2, 2)]
    order = event("order.placed", 1, 3, order={"total": 40})
    figures, messages, _ = simulate(history, "--events", history.write(pages[0], *pages, order))
    assert (figures["events"], figures["duplicates"], len(messages)) == (7, 3, 1)


def test_a_first_line_that_is_no_event(history):
    path = history.write("# as it was pushed", "nonsense", "[]", *day())
    figures, messages, err = simulate(history, "--events", path)
    assert (figures["events"], figures["no_events"], len(messages)) == (6, 2, 2)
    assert f"{path}:2:1: error: a value was expected" in err and f"{path}:3" in err


def test_what_is_far_out_of_order_is_an_error_with_its_place(history):
    lines = [event("ping", 1, 60 + number) for number in range(10001)]
    path = history.write(*lines, event("cart.updated", 1, 0, cart={"total": 30}))
    err = simulate(history, "--events", path, status=65)
    assert f"{path}:10002: error: out of order" in err and "hint: sort" in err
    assert simulate(history, "--events", history.write(*lines[1:], event("ping", 1, 0)))[0]["events"] == 10001


def test_an_event_without_a_time(history):
    bare = {key: value for key, value in day()[0].items() if key != "time"}
    path = history.write(bare)
    assert f"{path}:1: error: no time" in simulate(history, "--events", path, status=65)
    err = simulate(history, "--events", history.write(bare | {"time": "02.03.2026"}), status=65)
    assert "no time: this event has no `time` that can be read" in err and "hint: a time is RFC 3339" in err
    figures, messages, _ = simulate(history, "--events", history.write(event("ping", 1, 7), bare), "--to", "2026-03-03")
    assert [message["time"] for message in messages] == [millis(67)]


def test_a_time_without_a_zone_is_the_shops(history):
    """As databases write it: the order is an hour behind the cart, though its text is the earlier one."""
    history.config["shop"]["timezone"] = "Asia/Kolkata"
    history.daemon()
    cart = event("cart.updated", 1, 0, cart={"total": 30}) | {"time": "2026-03-02T15:30:00"}
    order = event("order.placed", 1, 59, order={"total": 30})
    path = history.write(cart, event("cart.updated", 2, 5, cart={"total": 40}), order)
    figures, messages, _ = simulate(history, "--events", path, "--to", "2026-03-02T12:00:00Z")
    assert rule(figures, "cart")["ended"] == {"until": 1}
    assert [(message["rule"], message["time"]) for message in messages] == [
        ("receipt", millis(59)), ("cart", millis(65))]


@pytest.mark.parametrize("arguments, told", [
    (["--events", "/nowhere"], "/nowhere: error: cannot be read: No such file or directory"),
    (["--events", "/"], "/: error: cannot be read: Is a directory"),
    (["--events", "-", "--events", "-"], "`--events` stands there twice"),
    (["--from", "2026-03-02", "--to", "2026-03-01", "--events", "-"], "--to is not behind --from"),
    (["--from", "soon", "--events", "-"], "`--from soon`: that is no time"), ([], "`--events FILE` is missing"),
    (["shop.jsonl"], "`--events shop.jsonl` is meant, not `shop.jsonl` alone")])
def test_what_cannot_be_done(history, arguments, told):
    status, out, err = history.ctl("simulate", *arguments, stdin="")
    assert status in (64, 66) and out == "" and told in err


def test_what_is_read_is_not_written_over(history):
    """Under another name too."""
    path, tables = history.write(*day()), history.write("{}", name="tables.json")
    link = history.folder / "link.jsonl"
    link.symlink_to(path)
    arguments = ["--events", "-", path, "--tables", tables]
    for name in (path, link, tables):
        before = name.read_bytes()
        status, out, err = history.ctl("simulate", *arguments, "--messages", name, stdin="")
        assert (status, out) == (64, "") and f"`--messages {name}`: that file is read" in err
        assert name.read_bytes() == before


def test_a_compressed_file(history):
    path = history.write(*day())
    packed = history.folder / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for command in (["simulate"], ["diff", history.folder / "rules", history.folder / "rules"]):
        status, out, err = history.ctl(*command, "--events", path, packed)
        assert (status, out) == (65, "") and err.startswith(f"{packed}: error: the file is compressed\nhint: unpack")


def test_the_same_bytes_on_every_run_and_with_two_threads(history):
    rng = random.Random(7)
    lines = [event(rng.choice(["cart.updated", "order.placed", "ping"]), rng.randint(1, 40), minute,
                   cart={"total": rng.randint(1, 60)}) for minute in range(2000)]
    path = history.write(*lines)
    one, two, three = (simulate(history, "--events", path, "--threads", str(threads)) for threads in (1, 2, 2))
    assert one == two == three and one[0]["all"]["sent"] > 100


def test_threads_end_where_it_is_over(history):
    """At the first line that is no event, and at a time, however far the other one has read ahead."""
    lines = [event("ping", 1, minute) for minute in range(3000)]
    path = history.write(lines[0], "nonsense", *lines[1:])
    assert ":2:1: error" in simulate(history, "--events", path, "--strict", "--threads", "2", status=65)
    assert simulate(history, "--events", path, "--to", at(10).isoformat(), "--threads", "2")[0]["events"] == 10
    assert simulate(history, "--events", path, "--threads", "3", status=64)


def test_three_daemons_send_what_it_says(shop):
    """./dev model simulate has the same with 20,000 events."""
    messages, rules = simulate_day.run(shop, 1, 1000, 3)
    assert messages > 200 and rules > 8
