"""`nudgectl suppress`: addresses that must not be written to, as operators and providers name them."""

import json
import re

import pytest

from conftest import wait_until

RULES = "name: receipt\nclass: transactional\non: paid\nsend: receipt\n"


@pytest.fixture
def office(shop):
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("receipt.text.liquid", "---\nsubject: receipt\n---\nHello\n")
    shop.one = shop.daemon().spawn()
    return shop


def paid(number, address=None):
    return {"type": "paid", "id": f"p{number}",
            "customer": {"id": number, "email": address or f"c{number}@example.com"}}


def stored(shop):
    return {key.decode(): json.loads(value) for key, value in shop.client.hgetall("nudged:suppressed").items()}


def test_added_and_removed(office):
    office.push(paid(1))
    office.mail.next_mail()
    assert office.ctl("suppress") == (0, "no suppressed addresses\n", "")
    added = office.ctl("suppress", "add", "C1@Example.com ", "c2@example.com", "--reason", "asked")
    assert added == (0, "2 added\n", "")
    assert office.ctl("suppress", "add", "c1@example.com") == (0, "0 added, 1 there already\n", "")
    assert {row["reason"] for row in stored(office).values()} == {"asked"}
    out = office.ctl("suppress", "ls")[1]
    assert re.fullmatch(r"([0-9a-f]{32}  20\S+Z  +asked\n){2}", out)
    assert all(len(line) <= 80 for line in out.splitlines())
    assert office.ctl("suppress", "ls", "1")[1].endswith("\nand 1 more\n")
    assert office.ctl("suppress", "ls", "--reason", "else")[1] == "no suppressed addresses of that reason\n"
    office.push({**paid(1), "id": "again"})
    wait_until(lambda: ("receipt", "refused", "suppressed") in office.trace("id:1"), "it to be refused")
    assert office.ctl("suppress", "rm", "c1@example.com") == (0, "1 removed\n", "")
    assert office.ctl("suppress", "rm", "c1@example.com", "nobody@example.com") == (1, "0 removed, 2 not there\n", "")
    [rest] = stored(office)
    assert office.ctl("suppress", "rm", rest) == (0, "1 removed\n", "")
    office.push({**paid(1), "id": "third"})
    assert office.mail.next_mail()["To"] == "c1@example.com"
    out = office.ctl("explain", "1")[1]
    assert "\n    suppressed: by hand\n" in out and "\n    unsuppressed: by hand\n" in out


@pytest.mark.parametrize("key", ["id:1", "email:c1@example.com", "phone:+40711222333"])
@pytest.mark.parametrize("verb", ["add", "rm"])
def test_a_key_is_no_address(office, verb, key):
    """Nothing goes to what `explain` calls a customer: who names one so must not believe that it is done."""
    office.config["customer"] = {"keys": ["customer.id", "customer.email", "customer.phone"]}
    config = office.daemon("keys").config
    status, out, err = office.ctl("suppress", verb, key, "c2@example.com", config=config)
    assert status == 1 and out.endswith(", 1 wrong\n"), out
    assert err == f"nudgectl: {key}: this is a customer's key, not an address\n"
    assert len(stored(office)) == (verb == "add")


def test_what_waits_minds_it(office):
    """A message that was decided before is not sent any more."""
    office.mail.answers = lambda envelope: "451 later"
    office.push(paid(1))
    wait_until(lambda: office.client.zcard("nudged:later"), "the retry")
    office.ctl("suppress", "add", "c1@example.com")
    office.mail.answers = lambda envelope: "250 taken"
    [mid] = office.client.zrange("nudged:later", 0, -1)
    assert office.ctl("outbox", "retry", mid.decode()) == (
        1, "0 retried, 1 not\n", f"nudgectl: {mid.decode()}: its address is suppressed\n")
    office.client.zadd("nudged:later", {mid: 1})
    wait_until(lambda: ("receipt", "withdrawn", "suppressed") in office.trace("id:1"), "its end")
    assert office.mail.mails.empty()


LISTS = {
    "plain": "ana@example.com\n\n# a remark\r\n  bob@example.com \nnot an address\ncee@example.com",
    "sendgrid": 'status,reason,email,created\n'
                '5.1.1,"550 5.1.1 no such user, <ana@example.com>\nsays so",ana@example.com,'
                '1443651141\n4.0.0,full,bob@example.com,1443651154\n,,nobody,\n,,cee@example.com,x\n',
    "mailgun": "\ufeffaddress,code,error,created_at\n"
               "ana@example.com,550,No such mailbox,\"Thu, 13 Oct 2011 18:02:00 UTC\"\n"
               "bob@example.com,550,x,y\n@,,,\ncee@example.com,,,\n",
    "postmark": "EmailAddress;SuppressionReason;Origin;CreatedAt\nana@example.com;HardBounce;Recipient;"
                "2019-12-10T08:58:33-05:00\nbob@example.com;SpamComplaint;Customer;2019-12-11T08:58:33-05:00\n"
                "\"a b\";x;y;z\ncee@example.com;ManualSuppression;Customer;\n",
    "json": '{"email": "ana@example.com", "reason": "HardBounce", "created": 1443651141}\n'
            '{"EmailAddress": "bob@example.com"}\nnothing\n{"address":"cee@example.com"}\n',
}


@pytest.mark.parametrize("kind", LISTS)
def test_lists_of_others(office, kind):
    path = office.folder / "list"
    path.write_text(LISTS[kind])
    status, out, err = office.ctl("suppress", "import", str(path))
    assert (status, out) == (1, "3 added, 1 wrong\n"), err
    line = next(number for number, text in enumerate(LISTS[kind].splitlines(), 1)
                if any(bad in text for bad in ("not an", "nobody", "@,,", "a b", "nothing")))
    assert err.startswith(f"{path}:{line}:1: error: ")
    rows = stored(office)
    assert len(rows) == 3 and "example" not in json.dumps(rows)
    assert office.ctl("suppress", "rm", "ana@example.com", "bob@example.com", "cee@example.com")[1] == "3 removed\n"
    if kind == "postmark":
        assert {row["reason"] for row in rows.values()} == {"HardBounce", "SpamComplaint", "ManualSuppression"}
        assert 1575986313000 in {row["at"] for row in rows.values()}
    if kind == "sendgrid":
        assert {row["reason"] for row in rows.values()} == {"imported", "full"}
        assert 1443651141000 in {row["at"] for row in rows.values()}
    status, out, err = office.ctl("suppress", "import", "-", "--reason", "theirs", stdin=LISTS[kind])
    assert out == "3 added, 1 wrong\n" and err.startswith(f"(standard input):{line}:1: error: ")
    assert {row["reason"] for row in stored(office).values()} == {"theirs"}


@pytest.mark.parametrize("form", [[], ["--csv"]])
def test_exported_and_imported_again(office, form):
    for number in range(1234):
        office.client.hset("nudged:suppressed", f"{number:032x}",
                           json.dumps({"reason": 'a "b", c', "at": 1000 * number}))
    office.client.hset("nudged:suppressed", "no hash", "no json\x1b[2J")
    status, out, err = office.ctl("suppress", "export", *form)
    assert (status, err) == (0, "") and "\x1b" not in out
    before = stored_but(office, "no hash")
    office.client.delete("nudged:suppressed")
    status, said, err = office.ctl("suppress", "import", "-", stdin=out)
    assert (status, said) == (1, "1234 added, 1 wrong\n") and "a hash has 32 digits" in err
    after = stored(office)
    assert after.keys() == before.keys()
    assert all(after[key]["at"] == before[key]["at"] for key in after if before[key]["at"])


def stored_but(shop, *keys):
    return {key.decode(): json.loads(value) for key, value in shop.client.hgetall("nudged:suppressed").items()
            if key.decode() not in keys}


@pytest.mark.parametrize("arguments, fault", [
    (["add"], "`add` takes addresses"), (["rm"], "`rm` takes addresses"),
    (["import"], "`import` takes one file, or - for standard input"),
    (["export", "x"], "`export` takes no argument: it prints the list"),
    (["ls", "x"], "a number is expected after `ls`"),
    (["ad", "x"], "`ls`, `add`, `rm`, `import` or `export` is expected, not `ad`; did you mean `add`?"),
    (["ls", "--csv"], "--csv goes with `export`"),
    (["rm", "x", "--reason", "y"], "--reason goes with `add`, `import` and `ls`"),
])
def test_wrong_command_line(office, arguments, fault):
    assert office.ctl("suppress", *arguments) == (
        64, "", f"nudgectl suppress: {fault}\nhint: `nudgectl help suppress`\n")


def test_what_is_no_list(office):
    assert office.ctl("suppress", "import", "/nonexistent") == (
        66, "", "nudgectl: /nonexistent: No such file or directory\n")
    status, out, err = office.ctl("suppress", "import", "-", stdin="a,b,c\n1,2,3\n")
    assert (status, out) == (65, "0 added\n") and "the first line has 3 fields, and none is called email" in err
    status, out, err = office.ctl("suppress", "import", "-", stdin='email\n"no end\n' + "x" * 200_000)
    assert (status, out) == (1, "0 added, 1 wrong\n") and "no CSV" in err
    assert office.ctl("suppress", "add", "a b", "0" * 32)[:2] == (1, "0 added, 2 wrong\n")
    status, out, err = office.ctl("suppress", "import", "-", stdin="no address\n" * 100)
    assert out == "0 added, 100 wrong\n" and err.endswith("nudgectl: 80 more lines are wrong\n")
    office.client.set("nudged:suppressed", "x")
    for arguments in (["ls"], ["add", "a@b.example"], ["export"], ["rm", "a@b.example"]):
        status, _, err = office.ctl("suppress", *arguments)
        assert status == 1 and ("WRONGKEY" in err or "WRONGTYPE" in err)
