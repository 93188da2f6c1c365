"""Both programs tell of a fault, in the same words and at the same place: `nudgectl check`, and
the daemon that is asked to check or to start."""

import re
import subprocess

import pytest

from conftest import BUILD, PATIENCE, SOURCE
from desk import desk  # noqa: F401, the fixture of all tests

CONFIG_FAULT = 78  # sysexits.h

# A text that each type refuses; "any value" takes all, so something else looks at it.
WRONG = {
    "text": "[x]", "true or false": "maybe", "integer": "many", "duration": "soon", "size": "big",
    "choice": "nonesuch", "rate": "many", "time of day": "noon", "list of texts": "{x: y}",
    "expression": "[x]", "any value": "[7]", "section": "7",
}
NEEDED = {"smtp": "", "http": "url: https://api.shop.example/", "maildir": "path: mail"}


def keys(title):
    """The keys of a table of docs/reference.md, with their types."""
    page = (SOURCE / "docs" / "reference.md").read_text()
    section = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", page, re.M | re.S)
    rows = re.findall(r"^\| `([a-z_.]+)` \| ([a-z ]+) \|", section[1], re.M)
    assert len(rows) > 3
    return rows


def nested(key, text, indent=0):
    """A key such as `redis.url` with its sections around it."""
    parts = key.split(".")
    lines = [" " * (indent + 2 * i) + part + ":" for i, part in enumerate(parts)]
    return "\n".join(lines) + f" {text}\n"


def said(text):
    """What was said of faults, each with its excerpt and hints, in any order."""
    text = re.sub(r"^\d+ errors?, \d+ warnings?.*$", "", text, flags=re.M)
    faults = re.split(r"^(?=\S+: (?:error|warning): )", text, flags=re.M)
    return sorted(f.rstrip() for f in faults if re.match(r"\S+: (error|warning): ", f))


def told_by_both(desk, config, *arguments):
    """What both say; that they refuse, and say the same."""
    path = desk.folder / "faulty.yaml"
    path.write_text(config)
    words = ("-c", path, "--check-config")
    daemon = subprocess.run([BUILD / "nudged", *words], capture_output=True, text=True, timeout=PATIENCE)
    status, out, err = desk.ctl("check", *arguments, config=path)
    assert (status, err, daemon.returncode) == (1, "", CONFIG_FAULT), (out, err, daemon.stderr)
    assert said(out) == said(daemon.stderr)
    return "\n".join(said(out))


def sound(desk):
    """A configuration to which faults are added."""
    return f"state: {desk.folder}/state\nrules: rules\ntemplates: templates\n"


def test_each_key_of_the_configuration(desk):
    for key, kind in keys("nudged.yaml"):
        out = told_by_both(desk, nested(key, WRONG[kind]))
        line = len(key.split("."))
        assert re.search(rf"faulty\.yaml:{line}:\d+: error: ", out), (key, out)


@pytest.mark.parametrize("kind", NEEDED)
def test_each_key_of_a_gateway(desk, kind):
    for key, of_type in keys(f"A gateway of kind `{kind}`"):
        lines = [f"kind: {kind}", NEEDED[kind]]
        lines = [line for line in lines if line and not line.startswith(key + ":")]
        config = sound(desk) + "gateways:\n  one:\n    " + nested(key, WRONG[of_type])
        out = told_by_both(desk, config + "".join(f"    {line}\n" for line in lines))
        assert re.search(r"faulty\.yaml:6:\d+: error: ", out), (key, out)


@pytest.mark.parametrize("gateway, line, words", [
    ("smtp: {host: x}", 5, "a gateway needs its `kind`"),
    ("one: {kind: smpt}", 5, "did you mean `smtp`?"),
    ("one: {kind: smtp, hots: x}", 5, "did you mean `host`?"),
    ("one: {kind: smtp, port: 99999}", 5, "`port` must be between 0 and 65535"),
    ("one: {kind: http}", 5, "`url` is missing"),
    ("one: {kind: http, url: ftp://x}", 5, "the URL"),
    ("one: {kind: maildir}", 5, "`path` is missing"),
    ("one: smtp", 5, "`kind`"),
])
def test_gateways_that_are_none(desk, gateway, line, words):
    for channels in ("", "channels: {email: one, sms: [one]}\n"):
        out = told_by_both(desk, sound(desk) + f"gateways:\n  {gateway}\n" + channels)
        assert f"faulty.yaml:{line}:" in out and words in out


def test_each_key_of_a_rule(desk):
    need = {"name": "a", "on": "x", "send": "ping", "class": "transactional"}
    for key, kind in keys("A rule"):
        rest = "".join(f"{k}: {v}\n" for k, v in need.items() if k != key)
        desk.rules(f"{key}: {WRONG[kind]}\n" + rest)
        out = told_by_both(desk, sound(desk))
        assert re.search(r"rules\.yaml:1:\d+: error: ", out), (key, out)


def test_each_key_of_front_matter(desk):
    for key, kind in keys("The front matter of a template"):
        desk.template("welcome.html.liquid", f"---\n{key}: {WRONG[kind]}\n---\n<p>x</p>\n")
        out = told_by_both(desk, sound(desk))
        assert re.search(r"welcome\.html\.liquid:2:\d+: error: ", out), (key, out)


# --- what is not shown ---

SECRETS = """redis: {url: "redis://shop:hush-4711@127.0.0.1:1/2"}
gateways:
  hook:
    kind: http
    url: https://api.shop.example/?api_key=hush-4711&v=1
    headers: {Authorization: Bearer hush-4711, X-Api-Key: hush-4711, X-Tag: seen}
  other: {kind: http, url: https://api.shop.example/, headers: {Authorization: "Bearer {{ secret }}"}}
"""


def test_printed_configuration_keeps_secrets(desk):
    path = desk.folder / "secret.yaml"
    path.write_text(sound(desk) + SECRETS)
    printed = subprocess.run([BUILD / "nudged", "-c", path, "--print-config"], capture_output=True, text=True,
                             timeout=PATIENCE, check=True).stdout
    assert "hush" not in printed
    for shown in ("redis://shop:***@127.0.0.1:1/2", "https://api.shop.example/?api_key=***&v=1",
                  "Bearer ***", '"X-Api-Key": "***"', "seen", "Bearer {{ secret }}"):
        assert shown in printed, printed


def test_faults_keep_secrets(desk):
    faulty = SECRETS.replace("https://api.shop.example/?", "https://hush-4711@api.shop.example/?")
    faulty = faulty.replace("X-Tag: seen", "Host: seen")
    out = told_by_both(desk, sound(desk) + faulty)
    assert "hush" not in out, out
