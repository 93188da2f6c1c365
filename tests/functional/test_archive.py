"""The archive: every event of a shop as a line of a file, whatever becomes of the daemon, and nobody's
who was erased."""

import json
import shutil
import stat

from conftest import Gate, wait_until

RULES = """
name: welcome
class: transactional
on: customer.created
send: welcome
"""


def created(number, **event):
    return {"type": "customer.created", "id": f"c{number}",
            "customer": {"id": number, "email": f"c{number}@example.com"}, **event}


def begin(shop, **archive):
    shop.redis()
    shop.smtp()
    shop.rules(RULES)
    shop.template("welcome.text.liquid", "---\nsubject: hello\n---\nhello")
    shop.config["archive"] = {"folder": "archive", **archive}


def folder(shop):
    return shop.folder / "state" / "archive"


def files(shop):
    return sorted(folder(shop).glob("events-*"))


def lines(shop):
    """All of them, in the order of their files."""
    return [json.loads(line) for path in files(shop)
            for line in path.read_text().splitlines()]


def ids(shop):
    return [line["event"].get("id") for line in lines(shop)]


def test_every_event_is_a_line(shop):
    """As it was pushed, on one line, with its arrival and its entry; not what nudged makes of it, nor
    what is no event."""
    begin(shop)
    shop.daemon().spawn()
    pushed = ['{"type": "customer.created",\r\n "id": "c1", "customer": {"id": 1,\n "email": "A@Example.com"},\n'
              ' "n": 12345678901234567890.50, "t": "a\\nb"}', json.dumps(created(2)), '{"type": "x"}', "no JSON"]
    entries = shop.push(*pushed)
    shop.wait_idle()
    found = lines(shop)
    assert [line["entry"] for line in found] == [entry.decode() for entry in entries[:2]]
    assert [line["received"] for line in found] == [int(entry.split(b"-")[0]) for entry in entries[:2]]
    assert [line["event"] for line in found] == [json.loads(text) for text in pushed[:2]]
    [path] = files(shop)
    assert '"n": 12345678901234567890.50' in path.read_text()  # to the digit
    assert path.name.endswith(".one.jsonl")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_killed_daemon_loses_none(shop):
    """What it had archived and not committed is decided by the next one, and archived once more; half
    a line that it left is no line."""
    begin(shop)
    daemon = shop.daemon()
    gate = Gate(shop)
    daemon.spawn(failpoints=f"batch-archived={gate.action}@1")
    [entry] = shop.push(created(1))
    gate.wait()
    assert ids(shop) == ["c1"]
    daemon.kill()
    [path] = files(shop)
    with open(path, "a") as file:
        file.write('{"received":17, "entr')
    daemon.spawn()
    shop.push(created(2))
    shop.wait_idle()
    assert [path] == files(shop)  # it goes on with the file
    assert ids(shop) == ["c1", "c1", "c2"]
    assert {line["entry"] for line in lines(shop)[:2]} == {entry.decode()}


def test_files_end_when_they_are_full(shop):
    begin(shop, size="1KiB")
    daemon = shop.daemon(events={"batch": 1}).spawn()
    shop.push(*(created(number) for number in range(30)))
    shop.wait_idle()
    sizes = [path.stat().st_size for path in files(shop)]
    assert len(sizes) > 3 and max(sizes) < 1300
    assert ids(shop) == [f"c{number}" for number in range(30)]
    shop.config["archive"]["size"] = "1MiB"
    daemon.config.write_text(daemon.config.read_text().replace("1KiB", "1MiB"))
    assert daemon.ask("POST", "/reload")[0] == 200
    shop.push(*(created(number) for number in range(30, 60)))
    shop.wait_idle()
    assert max(path.stat().st_size for path in files(shop)) > 3000


def test_daemons_share_a_folder(shop):
    begin(shop)
    for name in ("one", "two"):
        shop.daemon(name, events={"batch": 1}).spawn()
    shop.push(*(created(number) for number in range(200)))
    shop.wait_idle()
    assert sorted(set(ids(shop))) == sorted(f"c{number}" for number in range(200))
    assert {path.name.split(".")[1] for path in files(shop)} == {"one", "two"}


def test_what_cannot_be_written_stops_nothing(shop):
    """The folder is gone and cannot be made: events are decided, which is told; it goes on by itself."""
    begin(shop)
    shop.config["archive"]["folder"] = str(shop.folder / "away" / "archive")
    away = shop.folder / "away"
    away.mkdir()
    daemon = shop.daemon().spawn()
    shutil.rmtree(away)
    shop.push(created(1))
    shop.wait_idle()
    assert shop.client.exists("nudged:customer:id:1")
    status, health = daemon.ask("GET", "/health")
    assert status == 200 and health.startswith("degraded: events are not archived: cannot make the folder")
    assert "nudged_archive_lost_total 1\n" in daemon.ask("GET", "/metrics")[1]
    assert "!  one: events are not archived" in shop.ctl("status")[1]
    assert daemon.log().count("not archived") == 1
    away.mkdir()
    shop.push(created(2))
    shop.wait_idle()
    [path] = (away / "archive").glob("events-*")
    assert json.loads(path.read_text())["event"]["id"] == "c2"
    status, health = daemon.ask("GET", "/health")
    assert status == 200 and health.startswith("degraded: events were not archived: cannot make the folder")
    assert "; 1 lost from 2" in health
    assert "!  one: events were not archived: " in shop.ctl("status")[1]
    assert "events are archived again lost=1\n" in daemon.log()


def test_a_disk_that_is_about_full(shop):
    """It takes the one batch and not the other: that floods no log, and is told until an hour after the last, by
    nudgectl also of a daemon elsewhere."""
    begin(shop)
    shop.config["archive"]["folder"] = str(shop.folder / "away" / "archive")
    away = shop.folder / "away"
    away.mkdir()
    daemon = shop.daemon().spawn()
    for number in range(0, 20, 2):
        away.rename(shop.folder / "gone")
        shop.push(created(number))
        shop.wait_idle()
        (shop.folder / "gone").rename(away)
        shop.push(created(number + 1))
        shop.wait_idle()
    assert "events were not archived: " in daemon.ask("GET", "/health")[1]
    assert "; 10 lost from 2" in daemon.ask("GET", "/health")[1]
    assert daemon.log().count("not archived") == daemon.log().count("archived again") == 1
    shop.daemon("two").spawn()
    shop.config["admin"] = {"socket": str(shop.folder / "nobody.sock")}
    elsewhere = shop.folder / "elsewhere.yaml"
    elsewhere.write_text(json.dumps(shop.config))
    wait_until(lambda: "!  one: events were not archived: " in shop.ctl("status", config=elsewhere)[1],
               lambda: shop.ctl("status", config=elsewhere))

    def told():  # it says so once a second
        status = json.loads(shop.ctl("status", "--json", config=elsewhere)[1])
        return [one["archive_lost"] for one in status["daemons"] if one["name"] == "one"]

    wait_until(lambda: told() == [10], told)
    daemon.stop()
    assert "… and 9 more like it within " in daemon.log() and "faults of the archive" in daemon.log()


def test_a_folder_that_is_moved_away(shop):
    """What comes then is where the archive is looked for, not where the file has gone."""
    begin(shop)
    shop.daemon().spawn()
    shop.push(created(1))
    shop.wait_idle()
    folder(shop).rename(shop.folder / "kept")
    shop.push(created(2))
    shop.wait_idle()
    assert ids(shop) == ["c2"]
    [path] = files(shop)
    path.rename(folder(shop) / "old")
    shop.push(created(3))
    shop.wait_idle()
    assert ids(shop) == ["c3"]


def test_a_full_disk_leaves_whole_lines(shop):
    """RLIMIT_FSIZE cuts a write off as a full disk does."""
    import resource

    begin(shop)
    daemon = shop.daemon()
    daemon.spawn()
    shop.push(created(1))
    shop.wait_idle()
    [path] = files(shop)
    size = path.stat().st_size
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size + 10, resource.RLIM_INFINITY))
    shop.push(created(2))
    shop.wait_idle()
    assert path.stat().st_size == size
    assert "degraded" in daemon.ask("GET", "/health")[1]
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    shop.push(created(3))
    shop.wait_idle()
    assert ids(shop) == ["c1", "c3"]


def test_a_start_without_its_folder_is_refused(shop):
    begin(shop)
    shop.config["archive"]["folder"] = str(shop.folder / "no" / "archive")
    daemon = shop.daemon()
    daemon.spawn(wait=False)
    assert daemon.ended() != 0
    assert "the archive: cannot make the folder" in daemon.log()


def fill(shop, first, count):
    """So many events of people who stay."""
    shop.push(*(created(number) for number in range(first, first + count)))
    shop.wait_idle()


def naming_ana(shop):
    return sorted(path.name for path in folder(shop).iterdir() if b"ana@" in path.read_bytes().lower())


def test_who_was_erased_goes_with_the_next_file(shop):
    """Whatever names them: a key, an address in any spelling and place; of everybody else nothing goes."""
    begin(shop, size="2KiB")
    shop.daemon(events={"batch": 1}).spawn()
    ana = {"id": 7777, "email": "Ana@Example.com"}
    fill(shop, 0, 20)
    shop.push({"type": "customer.created", "id": "a1", "customer": ana},
              {"type": "order.placed", "id": "a2", "customer": {"id": 7777}, "order": {"note": "for Ana"}},
              {"type": "order.placed", "id": "a3", "customer": {"email": " ANA@EXAMPLE.com"}},
              {"type": "order.placed", "id": "a4", "customer": {"id": 3}, "gift": {"to": "<ana@example.com>"}})
    fill(shop, 20, 20)
    shop.push({"type": "customer.erased", "id": "a5", "customer": {"id": 7777}})
    shop.push({"type": "order.placed", "id": "a6", "customer": {"id": 7777}})  # begins anew
    fill(shop, 40, 40)
    wait_until(lambda: not {"a1", "a2", "a3", "a4", "a5"} & set(ids(shop)), lambda: f"{ids(shop)} to lose hers")
    assert naming_ana(shop) == []
    assert [name for name in ids(shop) if name[0] == "c"] == [f"c{number}" for number in range(80)]
    assert "a6" in ids(shop)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files(shop))


def test_files_of_a_daemon_that_is_gone(shop):
    """Another one looks after them, and what it left half written goes too."""
    begin(shop)
    first = shop.daemon("first").spawn()
    shop.push({"type": "customer.created", "id": "a1", "customer": {"id": 7, "email": "ana@example.com"}})
    fill(shop, 0, 3)
    first.kill()
    [path] = files(shop)
    with open(path, "a") as file:
        file.write('{"received":17,"entry":"17-0","event":{"customer":{"email":"ana@exam')
    (folder(shop) / f".{path.name}.new").write_text("ana@example.com")
    assert shop.ctl("customer", "erase", "id:7", "--yes")[0] == 0
    shop.daemon("second").spawn()
    wait_until(lambda: naming_ana(shop) == [], lambda: naming_ana(shop))
    assert [json.loads(line)["event"]["id"] for line in path.read_text().splitlines()] == ["c0", "c1", "c2"]


def test_who_stands_nowhere_but_there(shop):
    """Whose document has expired is erased all the same."""
    begin(shop)
    daemon = shop.daemon().spawn()
    shop.push({"type": "customer.created", "id": "a1", "customer": {"id": 7, "email": "ana@example.com"}})
    shop.wait_idle()
    assert daemon.stop() == 0
    for key in shop.client.keys("nudged:customer:*") + shop.client.keys("nudged:t*:*"):
        shop.client.delete(key)
    assert shop.ctl("customer", "erase", "bob@example.com", "--yes")[0] == 1
    assert shop.ctl("customer", "erase", "ana@example.com", "--yes")[0] == 0
    shop.config["instance"] = "another"
    shop.daemon("two").spawn()
    wait_until(lambda: naming_ana(shop) == [], lambda: naming_ana(shop))


def test_what_is_too_old_goes(shop):
    """By the time in its name: what a file has is at most a day newer."""
    begin(shop, keep="30d")
    folder(shop).mkdir(parents=True)
    old, young = (folder(shop) / f"events-{day}T10-00-00.x.jsonl" for day in ("2020-01-01", "2999-01-01"))
    other = folder(shop) / "mine-2020.jsonl"
    for path in (old, young, other):
        path.write_text("{}\n")
    daemon = shop.daemon().spawn()
    wait_until(lambda: not old.exists(), "the old file to go")
    assert young.exists() and other.exists()
    wait_until(lambda: "files of the archive were too old and are deleted files=1" in daemon.log(), "it to be told")


def test_an_erasure_by_event_leaves_no_letter(shop):
    """A daemon deletes dead letters that name who was erased, such as could not be read too."""
    begin(shop)
    shop.daemon().spawn()
    shop.push('{"type": "x", "customer": {"email": "Ana@example.com"', '{"customer": {"id": 7}}',
              '{"type": "x", "customer": {"id": 8}', '{"id": 1, "type": "x", "customer": {"id": 7}, "time": "never"}')
    shop.push({"type": "customer.created", "id": "a1", "customer": {"id": 7, "email": "ana@example.com"}})
    shop.wait_idle()
    assert shop.client.xlen("nudged:dead") == 4
    shop.push({"type": "customer.erased", "id": "a2", "customer": {"id": 7}})
    shop.wait_idle()
    wait_until(lambda: shop.client.xlen("nudged:dead") < 4, "letters to go")
    assert not [letter for letter in shop.dead() if b"ana@" in letter["body"].lower()]


def test_simulate_reads_it(shop):
    """What the daemon has kept, an event that was read twice too, gives the messages that it sent."""
    begin(shop, size="1KiB")
    shop.daemon(events={"batch": 1}).spawn()
    fill(shop, 0, 20)
    twice = files(shop)[0].read_text().splitlines()[0]
    with open(files(shop)[-1], "a") as file:
        file.write(twice + "\n")
    messages = shop.folder / "messages.jsonl"
    status, _, err = shop.ctl("simulate", "--messages", str(messages), "--events", *map(str, files(shop)))
    assert (status, err) == (0, "")
    sent = [json.loads(line)["to"] for line in messages.read_text().splitlines()]
    assert sorted(sent) == sorted(f"c{number}@example.com" for number in range(20))


def test_killed_at_any_moment(shop):
    """However often a daemon is killed while it writes: each event that was decided is there, in whole lines,
    and none of them twice but as the same entry."""
    begin(shop, size="20KiB")
    daemon = shop.daemon(events={"batch": 7})
    pushed = [entry.decode() for entry in shop.push(*(created(number) for number in range(1500)))]
    for turn in range(1, 8):
        daemon.spawn(wait=False)
        wait_until(lambda: len(files(shop)) > 0 and sum(path.stat().st_size for path in files(shop)) > turn * 20_000,
                   "the archive to grow")
        daemon.kill()
    daemon.spawn()
    shop.wait_idle()
    found = lines(shop)
    assert set(pushed) == {line["entry"] for line in found}
    events = {}
    for line in found:
        assert events.setdefault(line["entry"], line["event"]) == line["event"]
    assert len(found) < 1500 + 7 * 7 * 8
