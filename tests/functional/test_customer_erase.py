"""`nudgectl customer erase`: nothing of the person stays but each no and when it was, with and without
daemons, and beside whatever they do."""

import json

from conftest import Gate, wait_until
from subjects import ANA, document, event, events_seen, kept_in_redis, make_known, naming, open_shop, push

THEIRS = ("ana.pop", "ana", "id:7")


def erase(shop, who="id:7", *options):
    return shop.ctl("customer", "erase", who, "--yes", *options)


def known_shop(shop, **config):
    smtp = open_shop(shop, **config)
    daemon = shop.daemon().spawn()
    make_known(shop)
    return smtp, daemon


def test_nothing_stays_but_a_no(shop):
    _, daemon = known_shop(shop)
    daemon.stop()
    status, out, err = erase(shop, "ana.pop@EXAMPLE.com")
    assert (status, err) == (0, "")
    assert out.startswith("erased id:7\n  email:ana.pop@example.com\n  Ana.Pop@example.com\n  1 document, ")
    assert "1 journey" in out and "2 dead letters" in out
    assert naming(kept_in_redis(shop), *THEIRS) == []
    records = shop.client.hvals("nudged:said")
    assert all(record.startswith(b"!") and b"=tips" in record for record in records) and len(records) == 3
    assert document(shop, "id:8")  # nobody else's
    assert erase(shop)[0] == 0  # each no is known of them still; again is safe
    assert naming(kept_in_redis(shop), *THEIRS) == []


def test_what_was_pushed_before_does_not_bring_them_back(shop):
    """Events that wait while no daemon runs are older than the erasure; a newer one begins anew."""
    _, daemon = known_shop(shop)
    daemon.stop()
    shop.push(event("order.placed", {"id": 7, "first_name": "Ana"}), event("order.placed", {"email": ANA["email"]}))
    assert erase(shop)[0] == 0
    shop.push(event("order.placed", {"id": 7}, time="2026-03-02T09:00:00Z"))
    daemon.spawn()
    shop.wait_idle()
    assert document(shop) is None
    assert naming(kept_in_redis(shop), "ana") == []
    push(shop, event("order.placed", {"id": 7, "email": ANA["email"]}))
    assert document(shop)["said"]["tips"][0] == "no"
    assert events_seen(document(shop)) == 1


def test_beside_a_daemon_that_decides(shop):
    """The daemon has read the document and stops before its commit: that is refused, and decided again
    for one of whom nothing is known."""
    _, daemon = known_shop(shop)
    daemon.stop()
    gate = Gate(shop)
    daemon.spawn(failpoints=f"commit={gate.action}@1")
    shop.push(event("order.placed", {"id": 7, "first_name": "Ana"}))
    gate.wait()
    assert erase(shop)[0] == 0
    assert document(shop) is None
    gate.open()
    shop.wait_idle()
    assert document(shop) is None  # it had come before
    assert naming(kept_in_redis(shop), "ana") == []


def test_beside_a_sender(shop):
    """A message in a sender's hand may arrive, and leaves no trace."""
    smtp = open_shop(shop)
    daemon = shop.daemon()
    gate = Gate(shop)
    daemon.spawn(failpoints=f"send-begin={gate.action}@1")
    push(shop, event("order.placed", ANA))
    gate.wait()
    status, out, err = erase(shop)
    assert (status, err) == (0, "")
    assert "  1 in a sender's hand: may still arrive, and leaves no trace\n" in out
    gate.open()
    assert smtp.next_mail()["To"] == ANA["email"]
    shop.wait_idle()
    wait_until(lambda: naming(kept_in_redis(shop), *THEIRS) == [], "the message to be settled")


def test_messages_that_wait(shop):
    """Queued ones, one for a retry and one that is held; also such as the document does not list."""
    smtp = open_shop(shop)
    daemon = shop.daemon()
    smtp.answers = lambda envelope: "451 later"
    daemon.spawn()
    push(shop, event("order.placed", ANA))
    wait_until(lambda: shop.client.zcard("nudged:later") == 1, "a retry")
    daemon.stop()
    lost = json.loads(shop.client.get("nudged:customer:id:7"))
    del lost["open"]
    shop.client.set("nudged:customer:id:7", json.dumps(lost, separators=(",", ":")))
    status, out, _ = erase(shop, "7", "--json")
    assert (status, json.loads(out)["withdrawn"]) == (0, 1)
    assert naming(kept_in_redis(shop), *THEIRS) == []
    assert not shop.client.keys("nudged:message:*") and not shop.client.keys("nudged:body:*")


def test_a_full_outbox(shop):
    """Who waits for room is waited for no longer."""
    smtp = open_shop(shop, outbox={"most": 100})
    smtp.answers = lambda envelope: "451 later"
    daemon = shop.daemon().spawn()
    for number in range(120):
        shop.push(event("news.out", {"id": 100 + number, "email": f"c{number}@example.com", "accepts_marketing": True}))
    shop.push(event("news.out", {**ANA, "accepts_marketing": True}))
    wait_until(lambda: shop.client.zscore("nudged:full:marketing", "id:7"), "Ana to wait for room")
    assert erase(shop)[0] == 0
    assert naming(kept_in_redis(shop), *THEIRS) == []
    assert daemon.ask("GET", "/health")[0] == 200


def test_bounces_are_told_by_nothing(shop):
    """Where mails may come back it is forgotten to whom hers went, and of nobody else."""
    smtp = open_shop(shop, mail={"from": "a@shop.example", "bounce_domain": "b.shop.example"},
                     customer={"keys": ["customer.email"]})
    shop.daemon().spawn()
    push(shop, event("order.placed", {"email": ANA["email"]}), event("order.placed", {"email": "bob@example.com"}))
    [smtp.next_mail() for _ in range(2)]
    shop.wait_idle()
    assert naming(kept_in_redis(shop), "ana.pop")
    status, out, _ = erase(shop, ANA["email"])
    assert status == 0 and "1 mail that might bounce" in out
    assert naming(kept_in_redis(shop), "ana.pop") == []
    assert [key for key in naming(kept_in_redis(shop), "bob@") if key.startswith(b"nudged:returns:")]


def test_it_is_asked(shop):
    _, daemon = known_shop(shop)
    assert shop.ctl("customer", "erase", "id:7", stdin="y\n")[0] == 64
    status, out, _ = shop.ctl("customer", "erase", "id:7", "--dry-run")
    assert status == 0 and out.startswith("would erase id:7\n")
    status, out, _ = shop.ctl("customer", "erase", "id:7", "--dry-run", "--json")
    assert status == 0 and json.loads(out)["erased"] is False and json.loads(out)["journeys"] == 1
    assert document(shop)
    status, _, err = erase(shop, "id:99")
    assert status == 1 and "nothing is known of the customer id:99" in err
    assert shop.client.hlen("nudged:said") == 3  # no tombstone for a slip of the pen


def test_on_a_terminal(shop):
    """Nothing but a yes erases."""
    import os
    import pty
    import subprocess
    from conftest import BUILD

    known_shop(shop)
    for answer, status in (("\n", 1), ("no\n", 1), ("y\n", 0)):
        ours, theirs = pty.openpty()
        asked = subprocess.Popen([BUILD / "nudgectl", "-c", shop.started[-1].config, "customer", "erase", "id:7"],
                                 stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.write(ours, answer.encode())
        out, err = asked.communicate()
        assert asked.returncode == status
        assert out.startswith("would erase id:7\n") and "Erase id:7? [y/N]" in err
        assert (document(shop) is None) == (status == 0)
        os.close(ours)
        os.close(theirs)


def test_two_with_one_address(shop):
    """An address is who has used it last; where another has it still, both are named and nobody erased."""
    _, daemon = known_shop(shop)
    push(shop, event("customer.created", {"id": 9, "email": ANA["email"]}))
    status, _, err = erase(shop, ANA["email"])
    assert status == 1
    assert sorted(line.strip() for line in err.splitlines()[1:3]) == ["id:7", "id:9"]
    assert document(shop) and document(shop, "id:9")
    assert erase(shop, "id:7")[0] == 0
    assert document(shop) is None and document(shop, "id:9")


def test_beside_two_daemons_at_work(shop):
    """Of fifty customers under a steady stream of events each third is erased: of these nothing stays that
    came before, everybody else has all of theirs, and no daemon minds."""
    smtp = open_shop(shop)
    daemons = [shop.daemon(name, events={"batch": 5}).spawn() for name in ("one", "two")]
    people = [{"id": 1000 + n, "email": f"p{n}x@example.com", "n": n} for n in range(50)]
    erased = people[::3]
    for turn in range(6):
        shop.push(*(event("order.placed", person, turn=turn) for person in people))
        for person in erased[turn * 3:turn * 3 + 3]:
            status, _, err = erase(shop, f"p{person['n']}x@example.com" if turn % 2 else str(person["id"]))
            assert status == 0 or "nothing is known" in err, err
    for person in erased:
        status, _, err = erase(shop, f"id:{person['id']}")
        assert status in (0, 1), err
    shop.wait_idle()
    for person in erased:
        status, _, err = erase(shop, f"id:{person['id']}")
        assert status in (0, 1), err
    kept = kept_in_redis(shop)
    for person in people:
        where = naming(kept, f"p{person['n']}x@", f"id:{person['id']}")
        assert (where == []) == (person in erased), (person, where)
        if person not in erased:
            assert document(shop, f"id:{person['id']}")["counts"][0]["n"] == 6
    assert len(smtp.all_mails()) >= 6 * (len(people) - len(erased))
    assert all(daemon.ask("GET", "/health") == (200, "ok\n") for daemon in daemons)

