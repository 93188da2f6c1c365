"""nudgectl, command by command: what it prints, where, and its exit status."""

import json
import os
import pty
import re
import subprocess

import pytest

from conftest import BUILD, PATIENCE, SOURCE, parse, wait_until
from desk import RULES, TEMPLATE, desk  # the fixture of most tests

needs_terminal = pytest.mark.skipif(not os.path.exists("/dev/pts/ptmx"),
                                    reason="no devpts is mounted: there are no terminals")
ORDER = {"type": "order.placed", "id": "o-1", "customer": {"id": 7, "tier": "gold"},
         "order": {"total": 129.5, "items": [{"sku": "TEA", "price": 12}, {"sku": "POT", "price": 40}]}}


def file_of(shop, name, content):
    path = shop.folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def bare_ctl(*arguments, **how):
    """nudgectl without the `--config` that the others are given."""
    return subprocess.run([BUILD / "nudgectl", *arguments], capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **how)


# --- the command line ---


def test_unknown_command(desk):
    status, out, err = desk.ctl("explian", "id:7")
    assert (status, out) == (64, "")
    assert err == "nudgectl: no command `explian`\nhint: did you mean `explain`?\n"


@pytest.mark.parametrize("arguments, fault", [
    (["eval"], "one expression is expected"),
    (["eval", "1", "2"], "one expression is expected"),
    (["eval", "1", "--evnt", "x"], "no option `--evnt`; did you mean `--event`?"),
    (["eval", "1", "--event"], "`--event` needs a value"),
    (["eval", "1", "--trace=yes"], "`--trace` takes no value"),
    (["preview", "welcome", "--as", "pdf"], "not `pdf`"),
    (["render"], "one file is expected"),
    (["render", "-", "--data=-"], "only one of the two can be standard input"),
    (["check", "now"], "no argument is expected: now"),
    (["status", "now"], "no argument is expected: now"),
    (["stop", "--jsn"], "no option `--jsn`; did you mean `--json`?"),
    (["dead", "list"], "`ls`, `show`, `retry` or `drop` is expected, not `list`"),
    (["dead", "rety"], "not `rety`; did you mean `retry`?"),
    (["dead", "ls", "--reson", "x"], "no option `--reson`; did you mean `--reason`?"),
    (["dead", "ls", "ten"], "a number is expected"),
    (["push", "--fast"], "no option `--fast`"),
    (["demo", "--fold", "x"], "no option `--fold`; did you mean `--folder`?"),
    (["demo", "x"], "no argument is expected: x"),
    (["help", "--nonsense"], "no option `--nonsense`"),
    (["help", "check", "push"], "one command is expected, not `push` too"),
])
def test_wrong_command_line(desk, arguments, fault):
    status, out, err = desk.ctl(*arguments)
    assert (status, out) == (64, "")
    assert fault in err
    assert err.endswith(f"hint: `nudgectl help {arguments[0]}`\n")


def test_help_is_an_option_of_every_command(desk):
    _, out, _ = desk.ctl("--help")
    for command in re.findall(r"^  (\w+) ", out, re.M):
        told = desk.ctl("help", command)
        assert told[0] == 0 and told[1].startswith("Usage: nudgectl ")
        assert desk.ctl(command, "--help") == told
        assert desk.ctl(command, "x", "-h") == told
    assert desk.ctl("eval", "1 + 1", "--", "--help")[0] == 64
    status, out, err = desk.ctl("--confg", "x")
    assert (status, out) == (64, "") and err.endswith("hint: `nudgectl help`\n")


@pytest.mark.parametrize("arguments", [
    ["--config", "FILE", "check"], ["-c", "FILE", "check"], ["check", "-c", "FILE"],
    ["check", "--config", "FILE", "--strict"], ["check", "--strict", "--config=FILE"],
    ["--config", "/nonexistent", "check", "--config", "FILE"],
])
def test_config_stands_before_or_behind_the_command(desk, arguments):
    config = str(desk.started[0].config)
    done = bare_ctl(*[word.replace("FILE", config) for word in arguments])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 errors, 0 warnings; 2 rules, ")


def test_config_behind_the_command_ends_at_two_dashes(desk):
    config = str(desk.started[0].config)
    done = bare_ctl("eval", "--config", config, "shop.locale")
    assert (done.returncode, done.stdout) == (0, '"en"\n')
    done = bare_ctl("check", "-c")
    assert (done.returncode, done.stderr) == (
        64, "nudgectl check: `-c` needs a value\nhint: `nudgectl help check`\n")
    done = bare_ctl("check", "--", "-c", config)
    assert done.returncode == 64 and "no argument is expected: -c" in done.stderr
    done = bare_ctl("check", "--confg", config)
    assert "no option `--confg`; did you mean `--config`?" in done.stderr


@pytest.fixture
def no_config(tmp_path):
    """Where the programs look for their configuration, which is not there."""
    place = re.search(r"default: (\S+)\)", bare_ctl("help").stdout)[1]
    if os.path.exists(place):
        pytest.skip(f"{place} is there")
    return place


def test_check_without_a_configuration_says_so(desk, no_config, tmp_path):
    """With rules and templates where the defaults look for them: nothing else is wrong."""
    told = f"warning: no configuration: there is no {no_config}, and `--config` named none\nhint: "
    for strict, status in ([], 0), (["--strict"], 1):
        done = bare_ctl("check", *strict, cwd=desk.folder)
        assert (done.returncode, done.stderr) == (status, "")
        assert told in done.stdout and "; 2 rules, 2 templates\n" in done.stdout
    done = subprocess.run([BUILD / "nudged", "--check-config"], cwd=desk.folder, text=True,
                          capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0 and done.stderr.startswith(told)


@pytest.mark.parametrize(("arguments", "status"),
                         [(["status"], 69), (["dead"], 69), (["preview", "welcome"], 78)])
def test_what_fails_without_a_configuration_says_where_it_looked(no_config, tmp_path, arguments,
                                                                 status):
    environment = {**os.environ, "STATE_DIRECTORY": str(tmp_path / "state")}
    done = bare_ctl(*arguments, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stdout) == (status, "")
    assert f"nudgectl: no configuration: there is no {no_config}, " in done.stderr


def test_output_that_cannot_be_written(desk):
    """A full disk is told, a reader that has gone is not."""
    command = [BUILD / "nudgectl", "--config", desk.started[0].config, "preview", "welcome"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (74, "nudgectl: standard output cannot be written\n")
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as gone:
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (74, "")


def test_demo(tmp_path):
    """The day of a small shop, from its folder to its pages."""
    folder = tmp_path / "day"
    done = subprocess.run([BUILD / "nudgectl", "demo", "--folder", folder, "--examples", SOURCE],
                          capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not re.search(r" $", done.stdout, re.M)
    rows = re.findall(r"^ +(\d+)  (\S.*?)  +(\S.*)$", done.stdout.split("\nSent:")[0], re.M)
    assert len(rows) == 19 and [int(row[0]) for row in rows] == list(range(1, 20))
    held = done.stdout.split("Held back, and why:\n")[1].split("\n\n")[0]
    for why in ("until", "no-longer", "no-consent", "no-address"):
        assert f"  {why}  " in held
    assert held.splitlines() == sorted(held.splitlines(), key=lambda line: line.split()[1:3])
    assert "no-customer" in done.stdout
    index = (folder / "html/index.html").read_text()
    for number, to, subject in rows:
        told = to.replace("<", "&lt;").replace(">", "&gt;")
        assert f'href="{number.zfill(2)}.html">{subject}<small>{told}</small>' in index
        assert subject.split()[0] in (folder / f"html/{number.zfill(2)}.html").read_text()
        assert "<pre>" in (folder / f"html/{number.zfill(2)}-text.html").read_text()
    assert not (folder / "state/redis/redis.sock").exists()
    done = subprocess.run([BUILD / "nudgectl", "demo", "--folder", folder], capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1 and "cannot make" in done.stderr and "File exists" in done.stderr


# --- Redis ---


def test_push_without_redis(desk):
    status, out, err = desk.ctl("push", stdin="{}")
    assert (status, out) == (69, "")
    assert "is nudged running?" in err


@needs_terminal
def test_redis_with_a_password(desk):
    """Where it is not given, and where it is another one, the key of it is named."""
    redis = desk.redis()
    redis.client.config_set("requirepass", "open sesame")
    url = desk.config["redis"]["url"]
    for keys, word in (({}, "NOAUTH"), ({"password_file": file_of(desk, "password", "sesame\n")}, "WRONGPASS")):
        desk.config["redis"] = {"url": url, **keys}
        desk.daemon()
        for arguments in (["push"], ["explain", "id:7"], ["dead"]):
            status, out, err = desk.ctl(*arguments, stdin="")
            assert (status, out) == (69, "") and word in err and "\nhint: `redis.password_file` names" in err, err
        daemon = desk.daemon().spawn(wait=False)
        wait_until(lambda: re.search(f"{word}.*; `redis.password_file` names", daemon.log()), "the daemon to say it")
        daemon.kill()
    redis.client.config_set("requirepass", "")


def test_explain_before_anything_was_decided(desk):
    """Who pushes, and asks before a daemon runs, is told that it is still to come."""
    desk.redis()
    desk.daemon()
    assert "hint: a customer is named by" in desk.ctl("explain", "7")[2]
    desk.push({"type": "ping", "customer": {"id": "7"}})
    status, out, err = desk.ctl("explain", "7")
    assert (status, out) == (1, "")
    assert err == ("nudgectl: nothing is known of the customer id:7\n"
                   "hint: 1 event is still to be decided: `nudgectl status`\n")
    desk.push({"type": "ping", "customer": {"id": "8"}})
    assert "hint: 2 events are still to be decided" in desk.ctl("explain", "ana@example.com")[2]


def test_push_wipes_its_bar_before_a_fault(desk):
    """On a terminal a fault begins a line of its own."""
    desk.redis()
    desk.daemon("second")
    bad = file_of(desk, "bad.jsonl", "nonsense\n" * 3)
    master, slave = pty.openpty()
    with subprocess.Popen(
            [BUILD / "nudgectl", "--config", desk.folder / "second.yaml", "push", bad],
            stdout=subprocess.DEVNULL, stderr=slave, env={**os.environ, "TERM": "xterm"}) as run:
        os.close(slave)
        seen = b""
        try:
            while more := os.read(master, 4096):
                seen += more
        except OSError:  # the other end is closed: how Linux ends it
            pass
        os.close(master)
        assert run.wait(PATIENCE) == 1
    faults = re.findall(rb"([^\n]*)bad.jsonl:\d:1: error", seen)
    assert len(faults) == 3
    assert all(before.endswith(b"\r\x1b[K" + os.fsencode(desk.folder) + b"/") for before in faults)


# --- eval ---


@pytest.mark.parametrize("expression, value", [
    ("order.total", "129.5"),
    ("order.total > 100.0 && customer.tier == 'gold'", "true"),
    ("event.type", '"order.placed"'),
    ("start.order.total == event.data.order.total", "true"),
    ("shop.name", '"Ceai & Cărți"'),
    ("customer.count('order.placed')", "1"),
    ("-1 + 2", "1"),
    ("null", "null"),
    ("1.0 / 0.0", 'double("Infinity")'),
    ("timestamp('2026-03-01T10:00:00+02:00')", 'timestamp("2026-03-01T08:00:00Z")'),
    ("[duration('1h'), 1u]", '[duration("3600s"), 1u]'),
    ("now > timestamp('2020-01-01T00:00:00Z')", "true"),
])
def test_eval(desk, expression, value):
    event = file_of(desk, "event.json", ORDER)
    assert desk.ctl("eval", expression, "--event", event) == (0, value + "\n", "")


def test_eval_prints_json(desk):
    status, out, _ = desk.ctl("eval", "order", "--event=-", stdin=json.dumps(ORDER))
    assert status == 0 and json.loads(out) == ORDER["order"]
    full = {"specversion": "1.0", "type": "order.placed", "id": "1", "source": "/",
            "data": {"customer": {"id": 1}, "order": {"n": "ș\u0001\""}}}
    status, out, _ = desk.ctl("eval", "order.n", "--event=-", stdin=json.dumps(full))
    assert status == 0 and json.loads(out) == "ș\u0001\""


def test_eval_shows_the_place_of_a_fault(desk):
    event = file_of(desk, "event.json", ORDER)
    status, out, err = desk.ctl("eval", "order.total > 1.0 &&\n  order.totl > 2.0", "--event", event)
    assert (status, out) == (1, "")
    assert err == ("expression:2:9: error: order.totl: no such field\n"
                   "      order.totl > 2.0\n            ^\nhint: did you mean `total`?\n")
    status, out, err = desk.ctl("eval", "order.total >", "--event", event)
    assert (status, out) == (1, "")
    assert err.startswith("expression:1:14: error: ") and err.endswith("\n                 ^\n")
    status, _, err = desk.ctl("eval", "ordr.total", "--event", event)
    assert status == 1 and "hint: did you mean `order`?" in err


def test_eval_traces(desk):
    event = file_of(desk, "event.json", ORDER)
    status, out, _ = desk.ctl("eval", "--trace", "--event", event,
                              "order.items.exists(i, i.price > 20) && event.id == 'o-1'")
    assert status == 0
    lines = [re.split(r"  +(?=\S+$|\[)", line) for line in out.splitlines()]
    assert [line[0] for line in lines[:-1]] == [
        "order.items.exists(i, i.price > 20) && event.id == 'o-1'",
        "  order.items.exists(i, i.price > 20)",
        "    order.items",
        "    i.price > 20",
        "      i.price",
        "    i.price > 20",
        "      i.price",
        "  event.id == 'o-1'",
        "    event.id",
    ]
    assert [line[1] for line in lines[3:7]] == ["false", "12", "true", "40"]
    assert lines[-1] == ["true"]
    status, out, err = desk.ctl("eval", "--trace", "--event", event, "order.x || order.total == 129.5")
    assert (status, err) == (0, "")
    assert re.search(r"^  order.x +error: order.x: no such field$", out, re.M)


def test_eval_of_a_customer(desk):
    profile = file_of(desk, "profile.json", {"tier": "silver", "points": 5})
    assert desk.ctl("eval", "customer.points", "--customer", profile) == (0, "5\n", "")
    event = file_of(desk, "event.json", ORDER)
    arguments = ["--customer", profile, "--event", event]
    assert desk.ctl("eval", "customer.tier + string(customer.points)", *arguments) == (0, '"gold5"\n', "")
    document = file_of(desk, "document.json", {
        "version": "1-1-1", "format": 1, "profile": {"tier": "silver"}, "profile_ms": 0,
        "fields": {"tier": "platinum"},
        "counts": [{"type": "order.placed", "n": 4, "first": 1000, "last": 2000, "times": [1000]}]})
    arguments = ["--customer", document, "--event", event]
    assert desk.ctl("eval", "customer.count('order.placed')", *arguments) == (0, "5\n", "")
    assert desk.ctl("eval", "customer.tier", *arguments) == (0, '"platinum"\n', "")


@pytest.mark.parametrize("event, fault", [
    ('{"type": "a"', "(standard input):1:13: error: "),
    ('{"customer": {"id": 1}}', "(standard input):1:1: error: no `type`"),
    ('{"type": "a"}', "(standard input):1:1: error: no customer"),
])
def test_eval_of_no_event(desk, event, fault):
    status, out, err = desk.ctl("eval", "true", "--event", "-", stdin=event)
    assert (status, out) == (65, "") and err.startswith(fault)


def test_eval_needs_no_configuration():
    done = subprocess.run([BUILD / "nudgectl", "eval", "size(shop) + 1"], capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


# --- render ---


def test_render(desk):
    name = file_of(desk, "letter.liquid",
                   "Dear {{ who.name | upcase }}, <{{ sum | money: 'EUR' }}> {% render 'end', by: 'me' %}")
    (desk.folder / "snippets").mkdir()
    file_of(desk, "snippets/end.liquid", "-- {{ by }} {{ 'hello' | t }}")
    data = {"who": {"name": "Ana & <Co>"}, "sum": 12.5, "locale": "ro"}
    status, out, err = desk.ctl("render", name, "--data", "-", stdin=json.dumps(data))
    assert (status, err) == (0, "")
    assert out.replace("\u00a0", " ") == "Dear ANA & <CO>, <12,50 €> -- me Bună"
    status, out, err = desk.ctl("render", "-", stdin="{{ 'a,b' | split: ',' | join: '+' }}\n")
    assert (status, out, err) == (0, "a+b\n", "")


@pytest.mark.parametrize("text, fault", [
    ("a\n{{ x | nope }}", "letter.liquid:2:8: error: unknown filter `nope`\n"
                          "    {{ x | nope }}\n           ^~~~\n"),
    ("{% if x %}", "letter.liquid:1:"),
    ("\n\n{{ 1 | divided_by: 0 }}", "letter.liquid:3:8: error: divided by zero"),
    ("{% render 'none' %}", "there is no template `none`"),
])
def test_render_shows_the_place_of_a_fault(desk, text, fault):
    name = file_of(desk, "letter.liquid", text)
    status, out, err = desk.ctl("render", name)
    assert (status, out) == (1, "")
    assert fault in err


SHOPIFY_ORDER = {"name": "#7", "total_discounts": "5.00", "total_price": "75.00", "currency": "EUR",
         "line_items": [{"title": "Tea", "price": "40.00", "quantity": 2}]}
MONEY = ("{% if total_discounts > 0 %}less {% endif %}{{ order_name }} {{ shop.name }} "
         "{% for line in subtotal_line_items %}{{ line.final_line_price | money }}{% endfor %}")


@pytest.mark.parametrize("data", [SHOPIFY_ORDER, {"order": SHOPIFY_ORDER}])
def test_render_knows_the_names_of_shopify(desk, data):
    name = file_of(desk, "letter.liquid", MONEY)
    status, out, err = desk.ctl("render", name, "--data", "-", stdin=json.dumps(data))
    assert (status, err) == (0, "")
    assert out == "less #7 Ceai & Cărți €80.00"


SLIPS = "{% if who %%}Dear{% endif %} {{ who) }}{% render 'end' %}\n"


def test_render_passes_over_slips_as_the_daemon_does(desk):
    """… and with the warnings that `check` has of the same files in the template folder."""
    (desk.folder / "snippets").mkdir()
    name = file_of(desk, "letter.html.liquid", "---\nsubject: Hi\n---\n" + SLIPS)
    end = file_of(desk, "snippets/end.liquid", " -- \n{{ a) }}me")
    data = json.dumps({"who": "A & <B>"})
    status, out, told = desk.ctl("render", name, "--data", "-", stdin=data)
    assert (status, out) == (0, "Dear A &amp; &lt;B&gt; -- \nme\n")
    assert f"{name}:4:36: warning: unexpected `)`" in told and f"{end}:2:5: warning: " in told
    assert told.count("warning: ") == 3 and told.count("hint: it is passed over") == 3
    desk.template("letter.html.liquid", (desk.folder / "letter.html.liquid").read_text())
    desk.template("snippets/end.liquid", (desk.folder / "snippets/end.liquid").read_text())
    status, out, _ = desk.ctl("check")
    assert status == 0
    for line in told.replace(f"{desk.folder}/", "").splitlines():
        assert line in out
    status, out, err = desk.ctl("render", name, "--data", "-", "--strict", stdin=data)
    assert (status, out, err) == (1, "", told)
    whole = file_of(desk, "whole.text.liquid", "---\nsubject: Hi\n---\n{{ who }}\n")
    status, out, err = desk.ctl("render", "--strict", whole, "--data", "-", stdin=data)
    assert (status, out, err) == (0, "A & <B>\n", "")


def test_render_of_bad_data(desk):
    name = file_of(desk, "letter.liquid", "x")
    data = file_of(desk, "data.json", "{'a': 1}")
    status, out, err = desk.ctl("render", name, "--data", data)
    assert (status, out) == (65, "") and err.startswith(f"{data}:1:2: error: ")
    status, out, err = desk.ctl("render", name, "--data", desk.folder / "none.json")
    assert (status, out) == (66, "") and "none.json: error: cannot be read: No such file" in err


# --- preview ---


def test_preview_as_text(desk):
    status, out, err = desk.ctl("preview", "welcome")
    assert (status, err) == (0, "")
    head, text = out.split("\n\n", 1)
    assert head == ("From:      Shop <mail@shop.example>\nTo:        Ana Țăran <ana@example.com>\n"
                    "Subject:   Bună Ana & co\nPreheader: CODE-7")
    assert "Total: 12.5" in text and "Ceai & Cărți" in text
    assert re.search(r"\[1\] https://shop.example/u/\S+\n", text)


def test_preview_as_html(desk):
    status, out, err = desk.ctl("preview", "welcome", "--as", "html")
    assert (status, err) == (0, "")
    assert "<b>12.5" in out and "Ceai &amp; Cărți" in out and out.startswith("<html><body>")


def test_preview_as_eml(desk):
    """The mail as the daemon would send it: Python's own reader finds all of it."""
    config = desk.started[0].config
    done = subprocess.run([BUILD / "nudgectl", "-c", config, "preview", "welcome", "--as=eml"],
                          capture_output=True, timeout=PATIENCE, check=True)
    assert b"\n" not in done.stdout.replace(b"\r\n", b"")
    mail = parse(done.stdout)
    assert mail["Subject"] == "Bună Ana & co"
    assert mail["To"].addresses[0].display_name == "Ana Țăran"
    assert mail["List-Unsubscribe"].strip().startswith("<https://shop.example/u/")
    assert mail.get_content_type() == "multipart/alternative"
    assert "<b>12.5" in mail.get_body(("html",)).get_content()


def test_preview_as_source(desk):
    status, out, err = desk.ctl("preview", "welcome", "--as", "source")
    assert (status, err) == (0, "")
    folder = desk.folder / "templates"
    assert out == (f"==> {folder}/welcome.html.liquid <==\n{TEMPLATE}"
                   f"\n==> {folder}/layouts/paper.html.liquid <==\n"
                   "<html><body>{{ content }}</body></html>\n")


def test_preview_of_an_event(desk):
    event = {"type": "customer.signed_up", "customer": {"id": "3", "email": "i@example.com", "tier": "no"},
             "basket": {"total": 1}}
    status, out, err = desk.ctl("preview", "welcome", "--event", "-", stdin=json.dumps(event))
    assert (status, err) == (0, "")
    assert "To:        i@example.com\nSubject:   Hello & co" in out.replace("  &", " &")
    status, out, err = desk.ctl("preview", "welcome", "--event", "-", stdin=json.dumps(ORDER))
    assert status == 1
    assert "no rule sends `welcome` at `order.placed`: shown as of the rule `welcome`" in err
    assert f"{desk.folder}/rules/rules.yaml:4: error: rule `welcome`: " in err


def test_preview_gives_the_terminal_no_commands(desk):
    event = {"type": "ping", "customer": {"id": "3"}, "place": "a\x1b[2Jb\u009bc\td"}
    status, out, _ = desk.ctl("preview", "ping", "--event", "-", stdin=json.dumps(event))
    assert status == 0 and "You are a?[2Jb?c\td" in out


def test_preview_in_a_language(desk):
    assert "Subject:   Hello Ana" in desk.ctl("preview", "welcome", "--locale", "en")[1]
    status, out, err = desk.ctl("preview", "welcome", "--locale", "fi")
    assert status == 0 and "Subject:   Hello Ana" in out
    assert err == "nudgectl: `welcome` is not there in `fi`: shown in `en`\n"


def test_preview_shows_what_the_store_would_have(desk):
    """A duration is a text there, a timestamp too."""
    desk.rules(RULES.replace("""'"CODE-" + customer.id'""", "'duration(\"90m\")'"))
    desk.template("welcome.html.liquid", TEMPLATE.replace("<p>", "<p>{{ gift }} "))
    for form in ("text", "html", "eml"):
        out = desk.ctl("preview", "welcome", "--as", form)[1]
        assert "5400s Total" in out, out


def test_preview_of_another_channel(desk):
    assert desk.ctl("preview", "ping") == (0, "To:        -\n\nYou are here\n", "")
    eml = desk.ctl("preview", "ping", "--as", "eml")[1]
    assert "\nSubject: sms to -\n" in eml and eml.endswith("\n\nYou are here\n")
    status, out, err = desk.ctl("preview", "ping", "--as", "html")
    assert (status, out) == (1, "") and "has no HTML part" in err


def test_preview_of_what_is_not_there(desk):
    status, out, err = desk.ctl("preview", "welcom")
    assert (status, out) == (1, "")
    assert "no template `welcom`" in err and "hint: did you mean `welcome`?" in err
    desk.template("alone.text.liquid", "---\nsubject: alone\n---\nalone {{ order.total }}\n")
    status, out, err = desk.ctl("preview", "alone")
    assert status == 1 and "hint: give it one: --event FILE" in err
    status, out, err = desk.ctl("preview", "alone", "--event", "-", stdin=json.dumps(ORDER))
    assert status == 0 and out.endswith("Subject:   alone\n\nalone 129.5\n")
    desk.template("alone.text.liquid", "---\nsubject: alone\n---\n{{ order.total | nope }}\n")
    status, out, err = desk.ctl("preview", "welcome")
    assert (status, out) == (78, "") and "alone.text.liquid:4:18: error: unknown filter `nope`" in err


def test_preview_opens_a_browser(desk, monkeypatch):
    opener = desk.folder / "xdg-open"
    opener.write_text(f'#!/bin/sh\ncp "$1" {desk.folder}/opened\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{desk.folder}:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(desk.folder))
    status, out, err = desk.ctl("preview", "welcome", "--open")
    assert (status, out) == (0, "")
    assert re.fullmatch(re.escape(str(desk.folder)) + r"/nudged-preview-\w{6}\.html\n", err)
    assert (desk.folder / "opened").read_text() == desk.ctl("preview", "welcome", "--as", "html")[1]
    assert os.stat(err.strip()).st_mode & 0o777 == 0o600
    opener.write_text("#!/bin/sh\nexit 3\n")
    status, _, err = desk.ctl("preview", "welcome", "--open", "--as=text")
    assert status == 1 and ".txt\n" in err and "xdg-open could not open it" in err


# --- with a daemon ---


@pytest.fixture
def running(desk):
    desk.redis()
    desk.started.pop(0)  # the one that only had a configuration
    return desk, desk.daemon().spawn()


def test_explain_and_dead(running):
    desk, _ = running
    desk.push({"type": "customer.signed_up", "id": "s1", "basket": {},
               "customer": {"id": "7", "email": "ana@example.com", "tier": "gold",
                            "accepts_marketing": True}},
              {"type": "customer.signed_up", "id": "s2", "customer": {"id": 8}},
              '{"type": "ping"}', "no json\x1b[31m")
    desk.wait_idle()
    wait_until(lambda: desk.trace("id:7")[1:], "the message to be sent")
    for name in ("7", "id:7"):
        status, out, err = desk.ctl("explain", name)
        assert (status, err) == (0, "")
        assert re.search(r"^\S+ \S+ \+00:00  customer.signed_up s1\n +welcome sends: welcome mid=\w+$",
                         out, re.M)
        assert re.search(r"^ +welcome sent", out, re.M)
    status, out, err = desk.ctl("explain", "8")
    assert status == 0 and "no-match" in out and "tier: no such field" in out
    status, out, _ = desk.ctl("explain", "id:7", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and lines[0]["customer"] == "id:7" and lines[1]["event"]["id"] == "s1"
    status, out, err = desk.ctl("explain", "nobody@example.com")
    assert (status, out) == (1, "")
    assert err.startswith("nudgectl: no customer has the address nobody@example.com\nhint: ")
    assert desk.ctl("explain", "10")[2].startswith("nudgectl: nothing is known of the customer id:10\nhint: ")
    status, out, err = desk.ctl("explain", "Ana@example.com")
    assert (status, err) == (0, "") and out == desk.ctl("explain", "7")[1]
    desk.client.lpush("nudged:trace:id:9", json.dumps({"at": 1, "did": [
        {"rule": "ping", "what": "dead", "why": "550 a\x1b[2Jb\u009b"}]}))
    assert desk.ctl("explain", "9")[1] == "id:9\n\n1970-01-01 00:00:00 +00:00\n    ping dead: 550 a?[2Jb?\n"
    status, out, err = desk.ctl("dead", "ls")
    assert (status, err) == (0, "")
    assert re.search(r"^\S+  event  no-customer: .*\n    \S+Z  \{\"type\": \"ping\"\}$", out, re.M)
    assert re.search(r"  event  json-syntax: .*\n    \S+Z  no json\?\[31m$", out, re.M)
    assert desk.ctl("dead")[1] == out
    assert desk.ctl("dead", "ls", "1")[1] == "".join(out.splitlines(True)[:2]) + "and 1 more\n"
    desk.client.xadd("nudged:dead", {"kind": "event", "body": b'{"a":"' + b"x" * 300 + b'\xff"}'})
    letters = [json.loads(line) for line in desk.ctl("dead", "--json")[1].splitlines()]
    assert letters[0]["body"] == '{"a":"' + "x" * 300 + '\ufffd"}' and len(letters) == 3
    assert sorted(letters[1]) == sorted(["id", "at", "kind", "reason", "detail", "customer", "body"])


def test_no_dead_letters(running):
    assert running[0].ctl("dead", "ls") == (0, "no dead letters\n", "")


def test_status_reload_and_stop(running):
    desk, daemon = running
    status, out, err = desk.ctl("status", "--json")
    told = json.loads(out)
    assert (status, err, told["well"], told["wrong"]) == (0, "", True, [])
    assert [(one["name"], one["state"], one["rules"]) for one in told["daemons"]] == [("one", "running", 2)]
    # By these the last release's was read.
    assert (told["state"], told["redis"], told["rules"]) == ("running", True, 2)
    assert (told["outbox"], told["later"], told["held"]) == (0, 0, 0)
    assert [(one["name"], one["breaker"], one["sending"]) for one in told["gateways"]] == [("file", "closed", 0)]
    status, out, err = desk.ctl("status")
    assert (status, err) == (0, "")
    assert re.fullmatch(r"""daemon    running as one, nudged \S+, 2 rules, read \d+s ago
redis     answers

events    0\.0/s decided; 0 wait
timers    0 customers wait; none is due
messages  0\.0/s sent; 0 in the outbox, 0 for another try
held      0 uncertain, 0 dead letters, 0 rules paused

GATEWAY  KIND     STATE  SENDING  SENT  RETRIED  REFUSED  WHY, OR LAST FAILURE
file     maildir  works        0     0        0        0

CHANNEL  CLASS          WAITING  OLDEST
email    transactional        0       -
email    marketing            0       -
sms      transactional        0       -
sms      marketing            0       -
""", out)
    assert desk.ctl("reload")[0] == 0
    desk.rules("name: [\n")
    status, out, err = desk.ctl("reload")
    assert (status, out) == (1, "") and "rules.yaml:" in err
    assert desk.ctl("stop")[0] == 0
    assert daemon.ended() == 0
    status, out, err = desk.ctl("status")
    assert status == 69 and out.startswith("daemon    none runs\nredis     answers\n!  no daemon answers at ")
    assert err == ""
