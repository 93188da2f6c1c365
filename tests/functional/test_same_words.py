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


@pytest.mark.parametrize("text, column, words", [
    ("rules: nope", 8, "`rules` must be a folder, and this one cannot be listed: No such file or directory"),
    ("templates: faulty.yaml", 12, "`templates` must be a folder, and this one cannot be listed: Not a directory"),
    ("rules: 5", 8, "`rules` must be a string, not an integer"),
    ("gateways: []", 11, "`gateways` must be a mapping of 1 to 64 names"),
    ("gateways: {a: 5}", 15, "a gateway is a mapping with its `kind`"),
    ("shop: nope", 7, "`shop` must be a mapping"),
    ("shop: {timezone: 5}", 18, "`timezone` must be a string, not an integer"),
    ("shop: {currency: [EUR]}", 18, "`currency` must be a string, not a list"),
])
def test_what_is_of_a_wrong_kind(desk, text, column, words):
    """One fault, at its place."""
    out = told_by_both(desk, f"state: {desk.folder}/state\n{text}\n")
    assert re.findall(r"^\S*error: .*|^\S*: error: .*", out, re.M) == [out.splitlines()[0]], out
    assert f"faulty.yaml:2:{column}: error: {words}" in out.splitlines()[0]
    assert re.search(r"^ +\^", out, re.M)


@pytest.mark.parametrize("kind", NEEDED)
def test_each_key_of_a_gateway(desk, kind):
    for key, of_type in keys(f"A gateway of kind `{kind}`"):
        lines = [f"kind: {kind}", NEEDED[kind]]
        lines = [line for line in lines if line and not line.startswith(key + ":")]
        config = sound(desk) + "gateways:\n  one:\n" + nested(key, WRONG[of_type], 4)
        out = told_by_both(desk, config + "".join(f"    {line}\n" for line in lines))
        line = 5 + len(key.split("."))
        assert re.search(rf"faulty\.yaml:{line}:\d+: error: ", out), (key, out)


@pytest.mark.parametrize("gateway, line, words", [
    ("smtp: {host: x}", 5, "a gateway needs its `kind`"),
    ("one: {kind: smpt}", 5, "did you mean `smtp`?"),
    ("one: {kind: smtp, hots: x}", 5, "did you mean `host`?"),
    ("one: {kind: smtp, port: 99999}", 5, "`port` must be between 0 and 65535"),
    ("one: {kind: http}", 5, "`url` is missing"),
    ("one: {kind: http, settings: {shop: a}}", 5, "`url` is missing"),
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
  other: {kind: http, url: https://api.shop.example/, secret_file: token,
          headers: {Authorization: "Bearer {{ secret }}"}}
"""


def test_printed_configuration_keeps_secrets(desk):
    path = desk.folder / "secret.yaml"
    path.write_text(sound(desk) + SECRETS)
    (desk.folder / "token").write_text("hush-4711\n")
    printed = subprocess.run([BUILD / "nudged", "-c", path, "--print-config"], capture_output=True, text=True,
                             timeout=PATIENCE, check=True).stdout
    assert "hush" not in printed
    for shown in ("redis://shop:***@127.0.0.1:1/2", "https://api.shop.example/?api_key=***&v=1",
                  "Bearer ***", '"X-Api-Key": "***"', "seen", "Bearer {{ secret }}"):
        assert shown in printed, printed


def test_faults_keep_secrets(desk):
    (desk.folder / "token").write_text("hush-4711\n")
    faulty = SECRETS.replace("127.0.0.1:1/2", "127.0.0.1:x")
    faulty = faulty.replace("https://api.shop.example/?", "https://hush-4711@api.shop.example/?")
    faulty = faulty.replace("X-Tag: seen", "Host: seen")
    out = told_by_both(desk, sound(desk) + faulty)
    assert "hush" not in out and "redis://shop:***@" in out, out


# --- what a start would stumble over ---

LONG = "long-" * 24

REFUSED = [
    ("topics: {news: optin}\n", 1, "a topic is `opt-in` or `opt-out`"),
    ("topics: {news: [opt-in]}\n", 1, "a topic is `opt-in` or `opt-out`"),
    ("topics: {all: opt-in}\n", 1, "`all` is every topic, and none by itself"),
    ("topics: {'my news': opt-in}\n", 1, "a topic must be a word such as offers"),
    ("topics: [news]\n", 1, "`topics` must be a mapping of names to `opt-in` or `opt-out`"),
    ("customer: {fields: {points: {}}}\n", 1, "`set` is missing: what the field becomes"),
    ("deliver: {only: []}\n", 1, "`only` has no pattern"),
    (f"state: /tmp/{LONG}\n", 1, "the state folder must be a whole path of at most 90 bytes"),
    ("redis: {url: 'http://127.0.0.1:1'}\n", 1, "the address of Redis has an unknown form"),
    ("redis: {url: 'redis://h:0'}\n", 1, "the port of Redis"),
    ("secret_file: not-there\n", 1, "not-there: No such file or directory"),
    ("secret_file: rules\n", 1, "rules: Is a directory"),
    (f"admin: {{socket: /tmp/{LONG}/a.sock}}\n", 1, "the path of the admin socket is too long"),
    ("gateways: {relay: {kind: smtp, user: a, password_file: none}}\n", 1, "none: No such file"),
    ("gateways: {hook: {kind: http, url: 'https://a.example/', secret_file: none}}\n", 1, "none: No such file"),
    ("gateways: {'a b': {kind: smtp}}\n", 1, "`a b` cannot be the name of a gateway"),
    ("channels: {'e:mail': maildir}\n", 1, "`e:mail` cannot be the name of a channel"),
    ("instance: 'a{b'\n", 1, "`a{b` cannot be the name of a daemon"),
    ("mail: {from: 'nobody'}\n", 1, "`from`: "),
    ("mail: {bounces: 'Shop <a@shop.example>'}\n", 1, "`bounces`: "),
    ("mail: {unsubscribe_url: 'https://shop.example/{tokn}'}\n", 1, "did you mean `token`?"),
    ("mail: {unsubscribe_url: 'http://shop.example/{token}'}\n", 1, "must be an https address"),
    ("mail: {confirm_url: 'https://shop.example/{tokn}'}\n", 1, "did you mean `token`?"),
    ("mail: {confirm_url: 'http://shop.example/{token}'}\n", 1, "`confirm_url` must be an https address"),
]


@pytest.mark.parametrize("config, line, words", REFUSED)
def test_what_a_start_refuses(desk, config, line, words):
    rest = f"rules: {desk.folder}/rules\ntemplates: {desk.folder}/templates\n"
    rest += "" if "state:" in config else f"state: {desk.folder}/state\n"
    out = told_by_both(desk, config + rest)
    assert re.search(rf"faulty\.yaml:{line}:\d+: error: ", out) and words in out, out
    start = subprocess.run([BUILD / "nudged", "-c", desk.folder / "faulty.yaml"], capture_output=True, text=True,
                           timeout=PATIENCE)
    assert start.returncode == CONFIG_FAULT and said(start.stderr) == said(out)


def test_an_http_gateway_without_its_template(desk):
    gateway = "gateways:\n  hook: {kind: http, url: 'https://api.shop.example/'}\nchannels: {email: hook, sms: hook}\n"
    out = told_by_both(desk, sound(desk) + gateway)
    assert re.search(r"faulty\.yaml:5:3: error: there is no template `hook\.json\.liquid` for gateway `hook`", out)


def test_a_topic_that_is_no_word(desk):
    desk.rules("name: a\non: x\nclass: transactional\ntopic: a b\nsend: ping\n")
    assert re.search(r"rules\.yaml:4:8: error: `topic` must be a word", told_by_both(desk, sound(desk)))


def test_relative_paths_count_from_the_file(desk):
    (desk.folder / "secret").write_text("0123456789abcdef0123456789abcdef\n")
    (desk.folder / "secret").chmod(0o600)
    path = desk.folder / "relative.yaml"
    path.write_text("state: state\nsecret_file: secret\nrules: rules\ntemplates: templates\n")
    for place, name in ((desk.folder, path.name), ("/", path)):
        printed = subprocess.run([BUILD / "nudged", "-c", name, "--print-config"], cwd=place, text=True,
                                 capture_output=True, timeout=PATIENCE, check=True).stdout
        assert f"state: {desk.folder}/state\n" in printed and f"secret_file: {desk.folder}/secret\n" in printed


@pytest.mark.parametrize("config, words", [
    ("mail: {from: 'shop@gmail.com', unsubscribe_url: 'https://shop.example/{token}'}\n",
     "mail from gmail.com that its own servers did not send is refused"),
    ("secret_file: open\nmail: {unsubscribe_url: 'https://shop.example/{token}'}\n",
     "everybody on this machine may read"),
    ("mail: {unsubscribe_mailto: 'out@shop.example'}\n", "no HTTPS address to unsubscribe at"),
])
def test_what_a_start_lets_pass(desk, config, words):
    (desk.folder / "open").write_text("0123456789abcdef0123456789abcdef\n")
    (desk.folder / "open").chmod(0o644)
    path = desk.folder / "doubtful.yaml"
    path.write_text(config + sound(desk) + "channels: {email: maildir, sms: maildir}\n")
    status, out, _ = desk.ctl("check", config=path)
    assert status == 0 and "0 errors, 1 warning" in out and words in out, out
    assert desk.ctl("check", "--strict", config=path)[0] == 1
