"""`nudgectl gateway`: what all daemons say of their gateways, pauses, and a test of one."""

import json
import re

import pytest

from conftest import wait_until

RULES = "name: receipt\nclass: transactional\non: paid\nsend: receipt\n"


@pytest.fixture
def office(shop):
    shop.redis()
    shop.mail = shop.smtp(rate="100 per 1m")
    shop.api = shop.http()
    shop.config["gateways"]["spare"] = {**shop.config["gateways"]["smtp"], "port": 1}
    shop.config["gateways"]["texts"] = {
        "kind": "http", "url": f"http://127.0.0.1:{shop.api.port}/send?key={{{{ secret }}}}", "secret_file": "token",
        "headers": {"Authorization": "Bearer {{ secret }}"}}
    shop.config["gateways"]["folder"] = {"kind": "maildir", "path": "mail"}
    (shop.folder / "token").write_text("hush-hush-hush\n")
    (shop.folder / "token").chmod(0o600)
    shop.config["channels"] = {"email": ["smtp", "spare", "folder"], "sms": ["texts"]}
    shop.rules(RULES)
    shop.template("receipt.text.liquid", "---\nsubject: receipt\n---\nHello\n")
    shop.template("texts.json.liquid", '{"to": {{ message.to | json }}, "text": {{ message.text | json }}}')
    shop.one = shop.daemon()
    return shop


def paid(number):
    return {"type": "paid", "id": f"p{number}", "customer": {"id": number, "email": f"c{number}@example.com"}}


def rows(shop):
    return {row["name"]: row for row in map(json.loads, shop.ctl("gateway", "ls", "--json")[1].splitlines())}


def test_over_all_daemons(office):
    status, out, err = office.ctl("gateway")
    assert (status, err) == (0, "") and out.count("    no daemon that runs has it\n") == 4
    office.one.spawn()
    office.daemon("two").spawn()
    wait_until(lambda: sorted(rows(office)["smtp"]["daemons"]) == ["one", "two"], "both to say it")
    office.push(paid(1))
    office.mail.next_mail()
    assert rows(office)["smtp"]["rate_used"] == 1
    out = office.ctl("gateway", "ls")[1]
    assert re.search(r"^smtp  smtp\n    0 transactional and 0 marketing wait; rate 1 of 100 per 1m\n"
                     r"    one: breaker closed, 0 being sent\n    two: breaker closed, 0 being sent\n", out, re.M)
    assert all(len(line) <= 80 for line in out.splitlines())
    office.mail.answers = lambda envelope: "421 4.3.2 going down for c1@example.com"
    office.push(*[paid(n) for n in range(10, 20)])
    wait_until(lambda: any("failure" in said for said in rows(office)["smtp"]["daemons"].values()), "a failure")
    assert re.search(r"\n      last failure \S+Z: 421 4.3.2 going down", office.ctl("gateway")[1])
    assert "c1@example.com" not in office.ctl("gateway")[1]


def test_pause_and_resume(office):
    office.one.spawn()
    status, out, err = office.ctl("gateway", "pause", "smtp", "spare", "folder")
    assert (status, out, err) == (0, "smtp is paused\nspare is paused\nfolder is paused\n", "")
    assert office.ctl("gateway", "pause", "smtp")[1] == "smtp was paused already\n"
    office.push(paid(1))
    wait_until(lambda: rows(office)["smtp"]["transactional"] == 1, "it to wait")
    assert re.search(r"^smtp  smtp  paused since \S+Z by \S+@\S+$", office.ctl("gateway")[1], re.M)
    told = office.ctl("status")
    assert told[0] == 0 and len(re.findall(r"^!  the gateway \w+ is paused by ", told[1], re.M)) == 3
    assert office.mail.mails.empty()
    assert office.ctl("gateway", "resume", "smtp") == (0, "smtp goes on\n", "")
    assert office.mail.next_mail()["Subject"] == "receipt"
    assert office.ctl("gateway", "resume", "smtp", "gone") == (0, "smtp was not paused\ngone was not paused\n", "")


def test_one_mail_with_all_that_was_said(office):
    status, out, err = office.ctl("gateway", "test", "smtp", "--to", "ana@example.com")
    assert (status, err) == (0, ""), out
    mail = office.mail.next_mail()
    assert mail["Subject"] == "nudged: a test of the gateway smtp" and mail["To"] == "ana@example.com"
    assert "< 220 " in out and "> MAIL FROM:<mail@shop.example>" in out and "> RCPT TO:<ana@example.com>" in out
    assert re.search(r"\n\nsent: the gateway took it\n  code      250\n", out)
    again = office.ctl("gateway", "test", "smtp", "--to", "ana@example.com")
    assert again[0] == 0 and office.mail.next_mail()["Message-ID"] != mail["Message-ID"]
    assert office.client.keys() == []  # nothing of it is in Redis


def test_refused(office):
    office.mail.answers = lambda envelope: "554 5.7.1 no \x1b[2J spam"
    status, out, err = office.ctl("gateway", "test", "smtp", "--to", "ana@example.com")
    assert (status, err) == (1, "") and "\x1b" not in out
    assert "\nrefused for good\n  a daemon  makes it a dead letter\n  code      554, 5.7.1\n" in out
    status, out, err = office.ctl("gateway", "test", "spare", "--to", "ana@example.com")
    assert (status, err) == (1, "")
    assert out.startswith("unavailable: it did not come as far as the message\n") and "counts against its health" in out


def test_a_request(office):
    status, out, err = office.ctl("gateway", "test", "texts", "--to", "+40721000001")
    assert (status, err) == (0, ""), out
    path, headers, body = office.api.requests.get(timeout=60)
    assert json.loads(body)["to"] == "+40721000001" and "hush" in path
    assert headers["Authorization"] == "Bearer hush-hush-hush"
    assert "> POST /send?key=" in out and "< HTTP/1.1 202" in out.replace("HTTP/1.0", "HTTP/1.1")
    assert "hush-hush" not in out and "\nsent: the gateway took it\n" in out
    office.api.status = 403
    status, out, err = office.ctl("gateway", "test", "texts", "--to", "+40721000001")
    assert (status, err) == (1, "") and "  code      403\n" in out


def test_as_json(office):
    told = office.ctl("gateway", "test", "folder", "--to", "ana@example.com", "--json")[1]
    assert json.loads(told)["result"] == "sent"
    office.mail.answers = lambda envelope: "554 5.7.1 no"
    status, out, err = office.ctl("gateway", "test", "smtp", "--to", "ana@example.com", "--json")
    told = json.loads(out)
    assert (status, err) == (1, "") and (told["gateway"], told["result"], told["code"], told["enhanced"]) == \
        ("smtp", "dead", 554, "5.7.1")
    assert "> MAIL FROM:<mail@shop.example>" in "\n".join(told["conversation"])
    for verb, paused in (("pause", True), ("resume", False)):
        rows = [json.loads(line) for line in office.ctl("gateway", verb, "smtp", "spare", "--json")[1].splitlines()]
        assert rows == [{"gateway": name, "paused": paused, "changed": True} for name in ("smtp", "spare")]


def test_a_folder(office):
    assert office.ctl("gateway", "test", "folder", "--to", "ana@example.com")[0] == 0
    [mail] = (office.folder / "mail" / "new").iterdir()
    assert b"Subject: nudged: a test of the gateway folder" in mail.read_bytes()


@pytest.mark.parametrize("arguments, fault", [
    (["pause"], "`pause` takes the names of gateways"),
    (["test", "smtp"], "`test` takes one gateway, and --to ADDRESS"),
    (["tset"], "`ls`, `pause`, `resume` or `test` is expected, not `tset`; did you mean `test`?"),
    (["ls", "x"], "no argument is expected: x"), (["ls", "--to", "x"], "--to goes with `test`"),
])
def test_wrong_command_line(office, arguments, fault):
    assert office.ctl("gateway", *arguments) == (
        64, "", f"nudgectl gateway: {fault}\nhint: `nudgectl help gateway`\n")


def test_a_name_that_is_none(office):
    assert office.ctl("gateway", "pause", "smpt") == (
        1, "", "nudgectl: there is no gateway `smpt` in the configuration\nhint: did you mean `smtp`?\n")
    status, out, err = office.ctl("gateway", "test", "smtp", "--to", "no address")
    assert (status, out) == (1, "") and "address" in err
    office.client.set("nudged:paused", "x")
    for arguments in (["ls"], ["pause", "smtp"], ["resume", "smtp"]):
        status, _, err = office.ctl("gateway", *arguments)
        assert status == 1 and "WRONGTYPE" in err
