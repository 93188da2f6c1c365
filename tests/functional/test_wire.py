"""What is composed, read back by independent readers: Python's email with policy.default, and
Perl's MIME::Parser.

The program compose_probe makes the mails; its folder comes from BUILD_DIR."""

import email
import email.header
import email.policy
import json
import os
import pathlib
import random
import re
import subprocess

import pytest

from conftest import BUILD
from hostile import cleaned, hostile

PROBE = pathlib.Path(os.environ.get("BUILD_DIR", BUILD)) / "tests/functional/compose_probe"
MESSAGES = 2000

SCRIPTS = {
    "latin": "abcdefghijklmnopqrstuvwxyzABCDEFGHXYZ ăâîșțéöåßøłñçÿ",
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЁЇїєґ ",
    "greek": "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔάέήίόύώ ",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي ـًٌٍ\u200f\u200e",
    "cjk": "漢字仮名交じり文日本語中文한국어조선글 、。「」",
    "emoji": "😀🎁👩\u200d👩\u200d👧🇷🇴❤\ufe0f✨🫖 🏳\ufe0f\u200d🌈",
    "marks": "e\u0301a\u0308o\u0302ñ́ n\u0303\u0323",
    "signs": "!#$%&'*+-/=?^_`{|}~.,;:()[]<>@\"\\ =?utf-8?Q?x?= €£₽%",
}

TEMPLATES = {
    "a.html.liquid": "---\nsubject: '{{ title }}'\nheaders:\n  X-Note: '{{ note }}'\n---\n"
                     "<!doctype html><html><body><h1>{{ title }}</h1>\n<p>{{ body }}</p></body></html>\n",
    "a.text.liquid": "{{ body }}",
    "b.html.liquid": "---\nsubject: '{{ title }}'\nattachments:\n  - terms.txt\n"
                     "  - {file: 'logo.png', cid: logo, name: 'Логотип ăîș ½.png'}\n---\n"
                     "<p>{{ body }}</p><img src='cid:logo' alt='Logo'>",
    "logo.png": "\x89PNG not really",
    "terms.txt": "Terms\n",
}


@pytest.fixture(scope="module")
def compose(tmp_path_factory):
    """compose(messages) -> for each, what the probe tells and the bytes of the mail."""
    folder = tmp_path_factory.mktemp("templates")
    for name, text in TEMPLATES.items():
        (folder / name).write_bytes(text.encode())

    def run(messages):
        out = tmp_path_factory.mktemp("out")
        lines = "".join(json.dumps(message) + "\n" for message in messages)
        done = subprocess.run([PROBE, folder, out], input=lines.encode(), capture_output=True,
                              timeout=300)
        assert done.returncode == 0, done.stderr.decode()
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(told) == len(messages)
        mails = [(out / f"{i}.eml").read_bytes() if tell["made"] else None
                 for i, tell in enumerate(told, 1)]
        return list(zip(told, mails))

    return run


def message(number, **members):
    return {"mid": f"{number:032x}", "rule": "welcome", "class": "marketing", "topic": "all",
            "template": "a", "to": "ana@example.com", "customer_key": "id:7",
            "decided": 1772352000000 + number * 1000, **members}


def words(chance, most):
    """Text of one script or several, of 1 to `most` characters, with spaces inside only."""
    scripts = chance.sample(sorted(SCRIPTS), chance.choice((1, 1, 1, 2, 3)))
    alphabet = "".join(SCRIPTS[script] for script in scripts)
    text = "".join(chance.choice(alphabet) for _ in range(chance.randint(1, most)))
    return re.sub(r"\s+", " ", text).strip() or "x"


def body(chance):
    """Lines of any length, with what a mail's way could change."""
    lines = []
    for _ in range(chance.randint(1, 12)):
        line = words(chance, chance.choice((5, 60, 300, 1500)))
        lines.append(chance.choice(("", "", "", ".", "From ", "  ", "--", "\t")) + line
                     + chance.choice(("", "", " ", "\t", "=", " =20")))
    return chance.choice(("\n", "\n", "\r\n", "\n\n")).join(lines)


def check_wire(wire):
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", wire), "a bare CR or LF"
    assert not re.search(rb"[^\x00-\x7f]", wire), "8-bit where it was not announced"
    assert b"\0" not in wire
    longest = max(wire.split(b"\r\n"), key=len)
    assert len(longest) <= 998
    head = wire.split(b"\r\n\r\n", 1)[0]
    for line in head.split(b"\r\n"):  # an address or a signed link can't be folded
        assert len(line) <= 76 or b" " not in line.strip(), line


def display_name(mail):
    """The name in To. Python's parser of phrases keeps the space between two encoded words
    (RFC 2047, section 6.2, drops it); its older decoder reads them right."""
    (to,) = mail["to"].addresses
    raw = re.sub(r"\r?\n", "", dict(mail.raw_items())["To"])
    if raw.count("=?UTF-8?") < 2:
        return to.display_name
    return str(email.header.make_header(email.header.decode_header(raw.rsplit("<", 1)[0].strip())))


def text_of(part):
    return part.get_content().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def random_mails(compose):
    """(what was meant, what the probe tells, the bytes) of each."""
    chance = random.Random(20260301)
    wanted = [message(i, name=words(chance, chance.choice((8, 20, 60))),
                      data={"title": words(chance, chance.choice((10, 40, 200))),
                            "note": words(chance, 120), "body": body(chance)})
              for i in range(MESSAGES)]
    for want in wanted:  # a name may have 256 bytes
        while len(want["name"].encode()) > 256:
            want["name"] = want["name"][:-1].strip()
    return [(want, tell, wire) for want, (tell, wire) in zip(wanted, compose(wanted))]


def test_random_messages_read_back_the_same(random_mails):
    for want, tell, wire in random_mails:
        assert tell["made"], tell
        check_wire(wire)
        mail = email.message_from_bytes(wire, policy=email.policy.default)
        assert not mail.defects
        assert str(mail["subject"]) == want["data"]["title"]
        assert str(mail["x-note"]) == want["data"]["note"]
        (to,) = mail["to"].addresses
        assert (display_name(mail), to.addr_spec) == (want["name"], "ana@example.com")
        assert mail["from"].addresses[0].display_name == "Ceainăria"
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        text = want["data"]["body"].replace("\r\n", "\n")
        assert text_of(plain) == text
        assert text_of(html) == tell["html"].replace("\r\n", "\n")
        for part in mail.walk():
            assert not part.defects


def test_another_reader_reads_the_same(random_mails, tmp_path):
    paths = [tmp_path / f"{i}.eml" for i in range(len(random_mails))]
    for path, (_, _, wire) in zip(paths, random_mails):
        path.write_bytes(wire)
    reader = pathlib.Path(__file__).with_name("read_mails.pl")
    done = subprocess.run(["perl", reader, *paths], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.splitlines()
    assert len(lines) == len(random_mails)
    for line, (want, tell, _) in zip(lines, random_mails):
        data = want["data"]
        assert json.loads(line) == {
            "subject": data["title"],
            "note": data["note"],
            "to": [[want["name"], "ana@example.com"]],
            "from": [["Ceainăria", "mail@shop.example"]],
            "parts": [["text/plain", data["body"].replace("\r\n", "\n")],
                      ["text/html", tell["html"].replace("\r\n", "\n")]],
        }


def test_attachments_read_back_the_same(compose):
    ((tell, wire),) = compose([message(1, template="b", data={"title": "T", "body": "B"})])
    assert tell["made"], tell
    check_wire(wire)
    mail = email.message_from_bytes(wire, policy=email.policy.default)
    assert mail.get_content_type() == "multipart/mixed"
    (terms,) = mail.iter_attachments()
    assert (terms.get_filename(), terms.get_content()) == ("terms.txt", "Terms\n")
    (logo,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert logo.get_filename() == "Логотип ăîș ½.png"
    assert logo["content-id"] == "<logo>"
    assert logo.get_content() == TEMPLATES["logo.png"].encode()
    assert mail.get_body(("related",)).get_content_type() == "multipart/related"


FIELDS = {"date", "from", "to", "subject", "message-id", "auto-submitted", "list-unsubscribe",
          "list-unsubscribe-post", "list-id", "feedback-id", "x-note", "mime-version", "content-type"}


@pytest.mark.parametrize("place", ["name", "to", "title", "note", "body", "rule", "topic", "mid", "customer_key"])
def test_hostile_values_are_refused_or_harmless(compose, place):
    values = hostile()
    wanted = []
    for i, value in enumerate(values):
        data = {"title": "Title", "note": "Note", "body": "Body"}
        if place in data:
            wanted.append(message(i, data={**data, place: value}))
        else:
            wanted.append(message(i, **{"data": data, place: value}))
    made = 0
    for value, want, (tell, wire) in zip(values, wanted, compose(wanted)):
        if not tell["made"]:
            assert tell["code"] in ("bad-address", "bad-header", "bad-message", "too-large"), tell
            continue
        made += 1
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", wire)
        mail = email.message_from_bytes(wire, policy=email.policy.default)
        names = [name.lower() for name in mail.keys()]
        assert len(names) == len(set(names)) and set(names) <= FIELDS, (value, names)
        if not tell["smtputf8"]:
            check_wire(wire)
            assert len(mail["to"].addresses) == 1, value
            assert mail["to"].addresses[0].addr_spec == tell["to"]
        assert not re.search("[\r\n <>,]", tell["to"].split('"')[-1]), value
        if place in ("title", "note"):
            field = {"title": "subject", "note": "x-note"}[place]
            assert str(mail[field] or "") == cleaned(value, 998 if place == "title" else 8192), value
    if place in ("name", "title", "note", "body"):
        assert made == len(values)  # all are cleaned
    assert made > 0 or place == "mid"  # no such value is an id
