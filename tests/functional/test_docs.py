"""What README and the pages print works as it is printed."""

import json
import re
import shlex
import shutil
import subprocess

import pytest
import yaml

import mail_checker
from conftest import BUILD, PATIENCE, SOURCE, wait_until
from test_letters import letter_of


def page(name):
    return (SOURCE / name).read_text()


def fenced(name, language):
    """The blocks between ``` of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.M | re.S)


def indented(name):
    """The lines of blocks that are indented by four spaces."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", page(name), re.M)
    return [re.sub(r"^    ", "", block, flags=re.M).strip("\n") for block in blocks]


@pytest.fixture
def examples(shop):
    """The shop of the examples as they are installed; nothing runs."""
    for name in ("rules", "templates", "demo"):
        shutil.copytree(SOURCE / name, shop.folder / name, dirs_exist_ok=True)
    shop.use_shipped(shop.folder)
    shop.one = shop.daemon()
    return shop


def only_own(shop):
    """Without the examples: what a test writes is all there is."""
    for name in ("rules", "templates"):
        shutil.rmtree(shop.folder / name)
        (shop.folder / name).mkdir()
    for key in ("topics", "segments", "customer"):
        shop.config.pop(key, None)
    shop.one = shop.daemon()


def check(shop):
    done = subprocess.run([BUILD / "nudgectl", "-c", shop.one.config.name, "check"], text=True,
                          cwd=shop.folder, capture_output=True, timeout=PATIENCE, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def is_clean(shop):
    status, out = check(shop)
    assert status == 0 and out.startswith("0 errors, 0 warnings"), out


# --- rules ---


@pytest.mark.parametrize("name", ["README.md", "docs/rules.md"])
def test_the_rule(examples, name):
    first, *others = [block for block in fenced(name, "yaml") if block.startswith("name: ")]
    (examples.folder / "rules/abandoned-cart.yaml").write_text(first)
    is_clean(examples)
    only_own(examples)  # shipped rules have some of these names
    for rule in others:
        (examples.folder / "rules/other.yaml").write_text(rule)
        for template in re.findall(r"send: ([a-z-]+)$", rule, re.M):
            examples.template(f"{template}.text.liquid", "---\nsubject: Hello\n---\n{{ unsubscribe_url }}\n")
        status, out = check(examples)
        assert status == 0 and out.count("warning: ") == out.count("warning: no rule has the topic"), out


def test_the_rule_with_a_mistake(examples):
    """README shows what check prints, from the first character of each line."""
    [rule] = [block for block in fenced("README.md", "yaml") if block.startswith("name: ")]
    (examples.folder / "rules/abandoned-cart.yaml").write_text(rule.replace("until:", "untill:"))
    examples.one.config.write_text(re.sub(r": /tmp/nudged-\w+/(rules|templates)\n", r": \1\n",
                                          examples.one.config.read_text()))
    [printed] = [block for block in indented("README.md") if block.startswith("$ nudgectl check")]
    status, out = check(examples)
    assert status == 1 and out.startswith(printed.split("\n", 1)[1] + "\n"), out
    assert printed.split("\n", 1)[1] in re.sub(r"rules/\w+\.yaml", "rules/abandoned-cart.yaml",
                                               re.search(r"\.Bd -literal.*?\n(.*?)\.Ed",
                                                         page("docs/man/nudgectl-check.1"), re.S)[1])


def test_the_event_types(examples):
    [types] = [block for block in fenced("docs/rules.md", "yaml") if block.startswith("order.placed:")]
    only_own(examples)
    examples.rules(types, "events.yaml")
    examples.rules("name: x\non: order.placed\nclass: transactional\nif: order.total > 50\n"
                   "send: x\n")
    examples.template("x.text.liquid", "---\nsubject: x\n---\n{{ order.id }}\n")
    is_clean(examples)
    examples.rules("name: x\non: order.placed\nclass: transactional\nif: ordr.total > 50\nsend: x\n")
    assert "did you mean `order`?" in check(examples)[1]


# --- the configuration ---


@pytest.mark.parametrize("name, first", [("README.md", "redis:"), ("docs/delivery.md", "gateways:")])
def test_the_configuration(examples, name, first):
    config = next(block for block in fenced(name, "yaml") if block.startswith(first))
    only_own(examples)
    for gateway in re.findall(r"^  (\w+):\n    kind: http", config, re.M):
        examples.template(f"{gateway}.json.liquid", '{"text": {{ message.text | json }}}\n')
    config = config.replace("/etc/nudged/", "")
    for secret in re.findall(r"^    (?:password|secret)_file: (\S+)$", config, re.M):
        (examples.folder / secret).write_text("hush\n")
        (examples.folder / secret).chmod(0o600)
    examples.one.config.write_text(config)
    is_clean(examples)
    printed = subprocess.run([BUILD / "nudged", "-c", examples.one.config, "--print-config"],
                             capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
    assert yaml.safe_load(printed)["gateways"] == yaml.safe_load(config)["gateways"]


def test_the_gateways(examples):
    """Each preset has a section, and its configuration is right as it stands there."""
    only_own(examples)
    gateways = {}
    for block in fenced("docs/gateways.md", "yaml"):
        gateways |= yaml.safe_load(block)["gateways"]
        gateways |= yaml.safe_load(re.sub("^    # ", "    ", block, flags=re.M))["gateways"]
    assert {one["kind"] for one in gateways.values()} == {path.stem for path in SOURCE.glob("gateways/*.yaml")}
    assert len(gateways) == len(list(SOURCE.glob("gateways/*.yaml")))
    texts = {"twilio", "slack", "slack-webhook", "telegram", "webhook"}
    for one in gateways.values():
        secret = examples.folder / one["secret_file"].removeprefix("/etc/nudged/")
        secret.write_text("hush\n")
        secret.chmod(0o600)
        one["secret_file"] = str(secret)
    examples.config["gateways"] = gateways
    examples.config["channels"] = {f"by-{name}": {"kind": "text" if one["kind"] in texts else "mail",
                                                  "gateways": [name]}
                                   for name, one in gateways.items()}
    examples.daemon("one")
    is_clean(examples)


# --- events ---


def events():
    """Each event that a page prints, by the page and its number there."""
    found = []
    for name in ("README.md", "docs/events.md", "docs/man/nudged.8"):
        text = page(name)
        for block in fenced(name, "json"):
            found.append(pytest.param(block, id=f"{name}-{len(found)}"))
        for block in re.findall(r"(?:redis-cli )?XADD nudged:events .*?'\{.*?\}'$", text, re.M | re.S):
            found.append(pytest.param(shlex.split(block)[-1], id=f"{name}-{len(found)}"))
    return found


@pytest.mark.parametrize("event", events())
def test_the_event(examples, event):
    status, out, err = examples.ctl("eval", "has(customer.id)", "--event", "-", stdin=event)
    assert (status, out, err) == (0, "true\n", "")


def test_there_are_events():
    assert len(events()) >= 4


def test_the_quick_start(examples):
    """The commands of README behind the start, on the installed examples."""
    examples.redis()
    examples.started.remove(examples.one)
    daemon = examples.daemon("start").spawn()
    [push, explain] = [line.replace("sudo nudgectl ", "") for block in indented("README.md")
                       for line in block.splitlines() if line.startswith("sudo nudgectl ")]
    events_file = push.removeprefix("push ").replace("/usr/local/share/nudged/examples",
                                                     str(examples.folder))
    status, out, err = examples.ctl("push", events_file)
    assert (status, out) == (1, "25 pushed, 1 refused\n") and "no customer" in err
    examples.wait_idle()
    wait_until(lambda: "order-thanks sent" in examples.ctl(*explain.split())[1], "the receipt")
    [command] = [block for block in indented("README.md") if block.startswith("redis-cli ")]
    examples.client.execute_command(*shlex.split(command)[1:])
    examples.wait_idle()
    assert "abandoned-cart waits until " in examples.ctl("explain", "ana@shop.example")[1]
    assert examples.dead() == []
    assert daemon.stop() == 0


def test_the_first_mail(examples):
    """README's event is a good mail with the shipped templates and configuration."""
    config = examples.folder / "nudged.yaml"
    shutil.copy(SOURCE / "nudged.yaml", config)
    [command] = [block for block in indented("README.md") if block.startswith("nudgectl preview ")]
    status, out, err = examples.ctl(*command.replace(" --open", "").split()[1:], config=config)
    assert (status, err) == (0, "") and "\nHello Ana,\n" in out
    [block] = [block for block in indented("README.md") if block.startswith("redis-cli ")]
    event = json.loads(shlex.split(block)[-1])
    letter = letter_of(examples, "cart-reminder", event, "ro", ("12 Mill Lane", "hello@shop.example"), config)
    assert letter.subject == "Coșul tău te așteaptă"
    seen = mail_checker.shown_text(letter, letter.tree.find("body"))
    assert "Ceai verde 2 × 40,00 € 80,00 € Total 80,00 € Înapoi la coș" in seen
    assert event["cart"]["url"] in letter.text
    assert mail_checker.check(letter) == []
    assert "Dezabonare" in seen


# --- templates ---


def test_the_front_matter(examples):
    [matter] = fenced("docs/templates.md", "yaml")[:1]
    examples.rules("name: x\non: order.placed\nclass: transactional\nsend: x\n", "x.yaml")
    examples.template("x.html.liquid", matter + '<p><img src="cid:logo" alt="Logo"></p>\n')
    examples.template("layouts/receipt.html.liquid", "<html><body>{{ content }}</body></html>\n")
    examples.template("terms.pdf", "%PDF-1.4\n")
    examples.template("img/logo.png", "png\n")
    status, out = check(examples)
    assert status == 0, out
    assert set(re.findall(r"warning: (.*)", out)) <= {
        "no event at which `x` is sent carries `order.name`",
        "no event at which `x` is sent carries `order.ships_on`"}, out


def test_the_translations(examples):
    [locale] = [block for block in fenced("docs/templates.md", "yaml") if block.startswith("# locales/")]
    only_own(examples)
    examples.template("locales/en.yaml", locale)
    examples.rules("name: x\non: hello\nclass: transactional\nsend: x\n")
    examples.template("x.text.liquid", "---\nsubject: x\n---\n{{ 'welcome.title' | t: name: "
                      "customer.first_name }} {{ 'cart.items' | t: count: 2 }}\n")
    event = {"type": "hello", "customer": {"id": 1, "email": "a@example.com", "first_name": "Ana"}}
    status, out, err = examples.ctl("preview", "x", "--event", "-", stdin=json.dumps(event))
    assert (status, err) == (0, "") and out.endswith("\nWelcome, Ana! 2 items\n")


def test_the_body_of_a_request(examples):
    [body] = fenced("docs/templates.md", "liquid")
    only_own(examples)
    examples.rules("name: x\non: hello\nclass: transactional\nsend: {template: x, via: push}\n")
    examples.template("x.html.liquid", "---\nsubject: Hi\n---\n<p>Hello \"you\"</p>\n")
    examples.template("api.json.liquid", body)
    shop = examples.daemon("http", gateways={"api": {"kind": "http", "url": "https://api.example/"}},
                           channels={"push": "api"})
    event = {"type": "hello", "customer": {"id": 1, "push": "token"}}
    status, out, err = examples.ctl("preview", "x", "--as", "eml", "--event", "-",
                                    stdin=json.dumps(event), config=shop.config)
    assert (status, err) == (0, "")
    assert json.loads(out)["content"][0]["value"] == 'Hello "you"'
