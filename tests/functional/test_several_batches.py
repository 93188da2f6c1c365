"""Several batches of events are under way at once: what concerns a person is decided in the order of its entries all
the same, and nothing is lost or done twice when the daemon ends over them."""

import signal

import pytest

from conftest import wait_until

# `slow` has to be asked twice more than `fast` before anything of it can be committed.
RULES = """
name: slow
class: transactional
on: slow
if: 'lookup("t", lookup("t", "a", "b"), "d") == "d"'
send: letter
---
name: fast
class: transactional
on: fast
send: letter
---
name: said
class: transactional
on: customer.unsubscribed
if: 'lookup("t", lookup("t", "a", "b"), "d") == "e"'
send: letter
"""


@pytest.fixture
def letters(shop):
    shop.redis()
    shop.mail = shop.smtp(connections=20)
    shop.rules(RULES)
    shop.template("letter.text.liquid", "---\nsubject: '{{ order.name }}'\n---\nx\n")
    return shop


def event(kind, number, customer):
    return {"type": kind, "id": f"{kind}-{number}", "order": {"name": f"{kind}-{number}"}, "customer": customer}


def person(number):
    return {"id": number, "email": f"c{number}@example.com", "accepts_marketing": True}


def rules_of(shop, key):
    return [rule for rule, what, _ in shop.trace(key) if what == "sends"]


def test_a_person_is_decided_in_the_order_of_entries(letters):
    """The batch behind has all that it needs long before the older one."""
    for number in range(20):
        letters.push(event("slow", number, person(number)), event("fast", number, person(number)))
    letters.daemon(events={"batch": 1}).spawn()
    letters.wait_idle()
    assert [rules_of(letters, f"id:{number}") for number in range(20)] == [["slow", "fast"]] * 20


@pytest.mark.parametrize("failpoints", ["", *(f"redis-reply=fail@{reply}" for reply in range(30, 42))])
def test_a_person_of_whom_a_key_leads_elsewhere(letters, failpoints):
    """Whom the older batch concerns is known only when its documents are read, in two turns, or later, where one of
    Redis' answers is an error."""
    letters.push(*(event("fast", f"first-{number}", person(number)) for number in range(10)))
    first = letters.daemon("first").spawn()
    letters.wait_idle()
    first.stop()
    letters.client.delete(*letters.client.keys("nudged:trace:*"))
    for number in range(10):
        letters.push(event("slow", number, {"email": f"c{number}@example.com"}),
                     event("fast", number, {"id": number}))
    letters.daemon(events={"batch": 1}).spawn(failpoints)
    letters.wait_idle()
    assert [rules_of(letters, f"id:{number}") for number in range(10)] == [["slow", "fast"]] * 10


def test_a_person_of_whom_every_batch_has_something(letters):
    """They wait for each other; who came with them does not."""
    for number in range(2, 8):
        letters.push(event("slow", number, person(1)), event("fast", number, person(number)))
    letters.daemon(events={"batch": 2}).spawn()
    letters.wait_idle()
    assert rules_of(letters, "id:1") == ["slow"] * 6
    assert [rules_of(letters, f"id:{number}") for number in range(2, 8)] == [["fast"]] * 6


def calls(client):
    """What Redis was asked since it was told to remember, oldest first."""
    return [entry["command"].decode("utf-8", "replace") for entry in reversed(client.slowlog_get(10000))]


def first(commands, *words):
    return next(at for at, command in enumerate(commands) if all(word in command for word in words))


def test_a_no_is_decided_alone(letters):
    """It holds for the address, which another person may have too: nothing behind it is looked at before it stands."""
    for number in range(10):
        letters.push(event("customer.unsubscribed", number, person(f"x{number}")),
                     event("fast", number, person(f"y{number}")))
    letters.client.config_set("slowlog-max-len", 10000)
    letters.client.config_set("slowlog-log-slower-than", 0)
    letters.daemon(events={"batch": 1}).spawn()
    letters.wait_idle()
    asked = calls(letters.client)
    for number in range(10):
        assert first(asked, "EVALSHA", f" id:x{number} ") < first(asked, "MGET ", f"customer:id:y{number}")


def crowd(shop, each=12, people=10):
    shop.push(*(event("fast", f"{turn}-{number}", person(number)) for turn in range(each) for number in range(people)))


def decided(shop, people=10):
    return [rules_of(shop, f"id:{number}") for number in range(people)]


@pytest.mark.parametrize("point", ["batch-read=kill@2", "batch-read=kill@5", "commit=kill@2", "commit=kill@7",
                                   "commit-answered=kill@9", "begun=kill@3"])
def test_killed_over_several(letters, point):
    """Each event is decided once, whatever was under way."""
    crowd(letters)
    first = letters.daemon("one", events={"batch": 7}).spawn(point, wait=False)
    assert first.ended() == -signal.SIGKILL
    first.lapse()
    letters.daemon("two", events={"batch": 7}).spawn()
    letters.wait_idle()
    assert decided(letters) == [["fast"] * 12] * 10
    subjects = {letters.mail.next_mail()["Subject"]}
    while len(subjects) < 120:  # what a sender had is sent again a little later
        subjects.add(letters.mail.next_mail()["Subject"])
    assert letters.dead() == []


def test_a_commit_whose_answer_is_lost_beside_others(letters):
    crowd(letters)
    letters.daemon(events={"batch": 7}).spawn("commit-lost=fail@3")
    letters.wait_idle()
    assert decided(letters) == [["fast"] * 12] * 10
    assert len({mail["Subject"] for mail in letters.mail.all_mails()}) == 120


def test_stopped_over_several(letters):
    """What was begun is committed, what was read ahead is given back uncounted."""
    crowd(letters, each=40)
    first = letters.daemon("one", events={"batch": 7}).spawn()
    wait_until(lambda: letters.client.xlen("nudged:events") < 330, "some of it to be decided")
    assert first.stop() == 0
    pending = letters.client.xpending_range("nudged:events", "nudged", "-", "+", 1000)
    assert [entry for entry in pending if entry["times_delivered"] > 0] == []
    letters.daemon("two", events={"batch": 7}).spawn()
    letters.wait_idle()
    assert decided(letters) == [["fast"] * 40] * 10
    subjects = [mail["Subject"] for mail in letters.mail.all_mails()]
    assert len(subjects) == len(set(subjects)) == 400
