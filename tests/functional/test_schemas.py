"""The JSON Schemas of the files that people write agree with the parser: what it refuses for its form
they refuse too, and all else they accept. Held over all that is shipped, printed, or a case of some
test, and over documents with every key, each of them changed in every way."""

import copy
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest
import yaml

from conftest import BUILD, PATIENCE, SOURCE
from schema_corpus import NotYaml, corpus, load, split

NAMES = ["events", "nudged", "rule-tests", "rules", "webhooks"]
BATCH = 8  # files that one run looks at: it tells of 100 faults at most


def schema(name):
    return json.loads((SOURCE / f"schemas/{name}.schema.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_is_what_the_tables_say(name):
    made = subprocess.run([BUILD / "tests/lint/schemas", name], capture_output=True, text=True, check=True).stdout
    assert made == (SOURCE / f"schemas/{name}.schema.json").read_text(), "run ./dev reference"
    jsonschema.Draft7Validator.check_schema(schema(name))


# --- what a schema cannot know ---

# Faults of documents that the schema takes, by why it does.
BEYOND = {
    "what an expression says": (
        r"the expression |this character is not part|the string is not closed|unknown name|there is no function|"
        r".* arguments?, not|a condition must be true or false|nothing is collected yet|no such|`.*` has no operator|"
        r".*must be a text or a number, and this never is|the first argument of|there is no segment|"
        r".*must be a time: this is never a timestamp|.*, and this never is one|.* cannot be|`\d+` is followed by|"
        r"an operator (is|or the end is) expected|a number is followed by a letter|`answers\.\w+` must be|"
        r"`\w+` is no type|.*has no field|`.*` is not defined for|after an expression|"
        r".* is no expression|`\w+\(\)` .*|the key of this lookup depends on"),
    "what other documents say": (
        r".*there is no such template|the name `.*` is taken|.*is set by the rule .* too|.*is what events say|"
        r"there is no gateway|there is no template|no rule|there is no rule|.* is computed by the configuration|"
        r"gateway `.*` of kind .* carries mail only|`.*` is taken by another channel|`topics` of the configuration"),
    "what one key says of another": (
        r"`again` is missing: this rule waits|`holdout` is for marketing|`limit` is about|the shares add up|"
        r"`.*` is not among the `types`|`.*` (has no|needs) `|feedback (has no|needs) `|`\w+` is of feedback|"
        r"the id `.*` is taken|`past: skip` passes over|under `again: collect` nothing|`from` is of mails alone|"
        r"`shares` has no|the `spread` of an hour|`at` must be a time|this is before the one above"),
    "how much": (
        r"`\w+` must be (between|at least|at most)|`holdout` is a number from 0 to 100, with two|"
        r"a share is a number from 0 to 100, with two|more than \d+|`count` must be|"
        r"the number does not fit into 64 bits"),
    "which of the words there are": (
        r"`once` must be a local time|`.*` is no time zone|`\w+` cannot be the name of a field|"
        r"`.*` is what expressions call something else|`.*` is what events say of the customer"),
    "what is on this machine": r".*: (No such file or directory|Is a directory)",
    "an address, a domain or a URL": (
        r"`\w+`: .*address|not an address and a port|.* must be an https address|.*stands for nothing|"
        r"the (address|port) of Redis|`.*` is no (domain|network)|a domain needs `rate`, `connections` or both|"
        r"`host` is a name or an address|`(bounce|message_id)_domain` must be a domain|.*state folder must be|"
        r"`list_id` must be a name in dots|the host of `\w+` is no domain name|`\w+` is longer than 512 bytes|"
        r"the path of the admin socket"),
    "the HTTP request as it is filled in": (
        r"a header's value is a string|`url` |the URL|`.*` is no header field|the header `|`idempotency_header`|"
        r"`body` |.*content_type.*|`aws_sigv4`|`password_file`|`secret_file`|.*needs a (user|secret)|`sign`|`user` |"
        r".*placeholder.*"),
    "YAML: what stands behind the colon": r"`\w+` is empty",
}  # fmt: skip


def of_form(faults):
    return [fault for fault in faults if not any(re.match(beyond, fault) for beyond in BEYOND.values())]


# --- the parser ---


def faults_of(folder, told):
    """By file, what is said of it."""
    found = {}
    for name, text in re.findall(r"^(?:\S*/)?(\w+\.(?:test\.)?yaml):[\d:]* error: (.*)$", told, re.M):
        found.setdefault(name, []).append(text)
    return found


def unplaced(told):
    """Errors that do not say where, with the line and what is wrong in it."""
    lines = told.splitlines()
    for number, line in enumerate(lines):
        placed = re.match(r"\S+:\d+:\d+: error: .", line) and re.match(r" +\^~*$", (lines + ["", ""])[number + 2])
        at_end = re.match(r"\S+:\d+:\d+: error: a value is missing here$", line)  # there is no line to show
        if re.match(r"(.*: )?error: ", line) and not placed and not at_end:
            yield line


def tell(folder, *arguments):
    done = subprocess.run([BUILD / "nudgectl", "-c", "nudged.yaml", *arguments], cwd=folder, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert done.returncode >= 0 and "runtime error" not in done.stderr and "Sanitizer" not in done.stderr, done.stderr
    assert not list(unplaced(done.stdout + done.stderr)), done.stdout + done.stderr
    return faults_of(folder, done.stdout + done.stderr)


def read_rules(folder, documents):
    """One file for each of the documents."""
    for number, document in enumerate(documents):
        (folder / f"rules/r{number}.yaml").write_text(document)
    found = tell(folder, "check")
    return [found.get(f"r{number}.yaml", []) for number in range(len(documents))]


def read_tests(folder, documents):
    for number, document in enumerate(documents):
        (folder / f"t{number}.test.yaml").write_text(document)
    (folder / "rules/rules.yaml").write_text("{name: r, on: x, send: t}")
    found = tell(folder, "test", *(f"t{number}.test.yaml" for number in range(len(documents))))
    return [found.get(f"t{number}.test.yaml", []) for number in range(len(documents))]


def read_one(name):
    def read(folder, documents):
        [document] = documents
        (folder / name).write_text(document)
        return [tell(folder, "check").get(name.rpartition("/")[2], [])]

    return read


def read_mapping(folder, documents):
    [document] = documents
    (folder / "own.yaml").write_text(document)
    (folder / "empty.json").write_text("{}")
    return [tell(folder, "webhook", "./own.yaml", "empty.json").get("own.yaml", [])]


READERS = {
    "rules": (read_rules, BATCH), "rule-tests": (read_tests, BATCH), "nudged": (read_one("nudged.yaml"), 1),
    "events": (read_one("rules/events.yaml"), 1), "webhooks": (read_mapping, 1),
}  # fmt: skip


def read_all(tmp_path, kind, documents):
    """What the parser says of each."""
    reader, size = READERS[kind]

    def run(first):
        folder = tmp_path / f"{kind}-{first}"
        (folder / "rules").mkdir(parents=True)
        (folder / "templates").mkdir()
        (folder / "templates/t.text.liquid").write_text("---\nsubject: Hi\n---\n{{ unsubscribe_url }}\n")
        (folder / "nudged.yaml").write_text("state: /nonexistent\n")
        return reader(folder, documents[first:first + size])

    with ThreadPoolExecutor(2) as pool:
        return [faults for batch in pool.map(run, range(0, len(documents), size)) for faults in batch]


def disagreements(tmp_path, kind, documents):
    """Of the texts those on which schema and parser differ, with what each says."""
    validator = jsonschema.Draft7Validator(schema(kind))
    for text, faults in zip(documents, read_all(tmp_path, kind, documents), strict=True):
        try:
            document = load(text)
        except NotYaml:
            continue
        said = [error.message[:120] for error in validator.iter_errors(document)]
        if (said and not faults) or (not said and of_form(faults)):
            yield text, said, of_form(faults)


# --- agreement ---


def test_each_file_names_its_schema(tmp_path):
    """In its first line, by a path that leads there: in the source, and in the folder of the demo."""
    made = tmp_path / "demo"
    subprocess.run([BUILD / "nudgectl", "demo", "--folder", made, "--examples", SOURCE], capture_output=True,
                   timeout=PATIENCE, check=True)
    for folder in (SOURCE, made):
        files = [folder / "nudged.yaml", *folder.glob("rules/*.yaml"), *folder.glob("webhooks/*.yaml")]
        assert len(files) > 15
        for path in files:
            named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text())
            assert (path.parent / named[1]).samefile(SOURCE / "schemas" / named[1].rpartition("/")[2]), path
            for document in split(path.read_text()):
                validator = jsonschema.Draft7Validator(json.loads((path.parent / named[1]).read_text()))
                assert not [error.message for error in validator.iter_errors(load(document))], path


@pytest.mark.parametrize("kind, least", [("rules", 600), ("nudged", 150), ("rule-tests", 20)])
def test_schema_and_parser_agree_on_the_corpus(tmp_path, kind, least):
    documents = [document for _, document in corpus(kind)]
    assert len(documents) >= least
    differ = list(disagreements(tmp_path, kind, documents))
    assert not differ, differ[0]


# --- every key, changed in every way ---

RULES = """
name: all
about: a rule with every key
enabled: true
class: marketing
on: [order.placed, cart.updated]
if: customer.vip
per: order.id
again: restart
while: customer.vip
until: [order.returned, {on: [order.cancelled], if: 'event.id != ""'}]
limit: 1 per 7d
priority: 5
topic: offers
holdout: 12.5
max_age: 1h30m
on_uncertain: hold
give_up: 2d
steps:
  - {id: first, send: {template: t, via: email, to: customer.email, from: '"a@shop.example"', data: {a: '1'}, code: c}}
  - wait: 1h
  - wait: {for: 3d, or: {on: a.b, if: 'event.id != ""'}}
  - wait: {until: "09:00", on: [mon, tue]}
  - wait: {until: now, past: skip}
  - {if: customer.vip, then: [stop], else: [{set: {n: '1'}}], id: branch}
  - {split: {name: s, shares: {a: 50, b: 50}}, then: {a: [stop], b: []}}
  - emit: {type: a.b, data: {a: '1'}, for: customer.friend}
---
{name: short, on: {every: week, at: "09:00", on: [mon], spread: 1h}, again: ignore, wait: 10m, send: t}
---
{name: monthly, on: {every: month, at: "9:00", on: last}, send: t}
---
{name: hourly, on: {every: hour, spread: 5m}, send: t}
---
{name: then, on: {once: 2999-11-27T09:00}, send: {template: t}}
"""

NUDGED = """
state: /nonexistent
rules: rules
templates: templates
secret_file: secret
instance: one
redis: {url: 'unix:///tmp/redis.sock', prefix: shop, accept_loss: false, server: redis-server, fsync: always}
log: {level: info, addresses: false, messages: true}
shop: {name: Shop, locale: en, timezone: UTC, currency: EUR}
segments: {vip: customer.vip}
topics: {news: opt-in, offers: opt-out}
customer:
  keys: [customer.id, customer.email]
  keep: 30d
  fields:
    points: {default: 0, on: order.paid, if: order.total > 5, set: points + 1}
    more: {default: 0, on: [{on: order.paid, set: more + 1}, {on: [order.refunded], if: 'true', set: more - 1}]}
events: {skew: 5m, batch: 100, list: inbox, list_push: rpush}
archive: {folder: archive, keep: 30d, size: 1MiB}
dedupe: {keep: 7d}
timers: {settle: 2s}
clocks: {rate: 500}
policy: {consent: customer.vip, cap: 3 per 7d, quiet_hours: {from: "21:00", to: "08:00"}, brake: 5000 per 1h}
mail: {from: a@shop.example, list_id: shop, unsubscribe_url: 'https://shop.example/{token}'}
gateways:
  relay: {kind: smtp, connections: 2, rate: 10 per 1s, suspect: 4, host: localhost, port: 25, tls: never,
          command_timeout: 1m, lowest_speed: 2KiB, warmup: {first: 100, growth: 1.5, until: 1000},
          per_domain: {gmail.com: {rate: 1 per 1s, connections: 2}, default: {connections: 1}}}
  api: {kind: http, url: 'https://api.example/', method: PUT, headers: {X-Key: k}, idempotent: true,
        answers: {retry: answer.status == 429}, settings: {a: b}}
  folder: {kind: maildir, path: mail}
  texts: {kind: twilio, account: AC1, from: '+1'}
channels: {email: [relay, folder], sms: api, push: {kind: text, gateways: [api], address: phone, topics: [news],
           classes: [transactional]}}
deliver: {only: ["*@shop.example"]}
outbox: {most: 1000}
dead: {keep: 3d}
admin: {socket: admin.sock}
metrics: {listen: "127.0.0.1:9464"}
web: {listen: "127.0.0.1:8025", proxies: [127.0.0.0/8], colour: "#2f5d50",
      limits: {body: 1MiB, connections: 100, rate: 600 per 1m, idle: 30s}}
drain: 5s
"""

TESTS = """
test: every key
given:
  - {at: 2026-03-01T10:00, event: {type: x, customer: {id: "7"}, data: 1}}
  - {after: 30m, event: {type: x, customer: {id: "7"}}}
  - after: 2d
tables: {stock: {TEA: 3}}
suppressed: [a@shop.example]
expect:
  - {sent: t, at: 2026-03-01T10:00, to: a@shop.example, via: email, rule: r, customer: "7", data: {a: 1}, subject: s,
     contains: c, count: 1}
  - {sent: t, after: 0}
  - {not_sent: t, because: until, to: a@shop.example, via: email, rule: r}
  - {customer: {points: 5}}
  - {count: 2}
"""

EVENTS = """
order.placed: {about: an order, sample: {customer: {id: "7"}, order: {id: o1, total: 5}}}
cart.updated: {sample: {}}
"""

WEBHOOKS = """
about: a mapping with every key
verify: {scheme: ed25519, header: X-Sig, encoding: base64, timestamp_header: X-At, tolerance: 1m}
types: [order.placed, order.paid]
ping: size(body) == 1
each: body.all
topic: item.kind
if: item.good
id: item.id
time: item.at
source: '"shop"'
customer: {id: [item.who, item.user]}
data: item.data
topics:
  placed: {type: order.placed, if: item.good, id: [item.id, item.no], time: item.at, source: item.from,
           customer: item.who,
           data: {order: {id: item.id}}}
  order.paid: [{}, {type: order.placed}]
  bounced: {feedback: bounced, message: [item.mid], code: item.code, enhanced: item.status, words: item.why,
            if: item.good}
---
verify: {scheme: hmac-sha256, header: X-Sig, prefix: "sha256="}
topic: body.kind
message: body.mid
code: body.code
enhanced: body.status
words: body.why
topics: {"*": {feedback: failed}}
"""

TEXTS = {"rules": RULES, "nudged": NUDGED, "rule-tests": TESTS, "events": EVENTS, "webhooks": WEBHOOKS}
OTHERS = [None, 5, -1, 2.5, 10 ** 30, True, "", "x y", [], ["x"], {}, {"x": 1}]
FEWER = [None, 5, "x y", {"x": 1}]  # where each is a run of its own


def places(value, path=()):
    """Each place in the tree, as the keys that lead there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(document, others):
    """The document with one thing in it another, gone, or more; and what is no document."""
    yield from (other for other in OTHERS if other is not None and other != {})
    for path in places(document):
        for other in [*others, "gone", "more"]:
            copied = copy.deepcopy(document)
            at = copied
            for key in path[:-1]:
                at = at[key]
            if other == "gone":
                del at[path[-1]]
            elif other != "more":
                at[path[-1]] = other
            elif isinstance(at, dict):
                at["unheard_of"] = 1
            yield copied


@pytest.mark.parametrize("kind", NAMES)
def test_schema_and_parser_agree_on_every_change(tmp_path, kind):
    documents = [load(document) for document in split(TEXTS[kind])]
    texts = {json.dumps(document): None for document in documents}
    assert not list(disagreements(tmp_path / "right", kind, list(texts)))
    for document in documents:
        texts |= dict.fromkeys(json.dumps(other)
                               for other in changed(document, OTHERS if READERS[kind][1] > 1 else FEWER))
    differ = list(disagreements(tmp_path / "changed", kind, list(texts)))
    assert len(texts) > 50 and not differ, (len(differ), *differ[:3])


def test_the_documents_have_every_key():
    """What is not there is not changed."""

    def keys(node):
        if isinstance(node, dict):
            yield from node.get("properties", {})
            for value in node.values():
                yield from keys(value)
        elif isinstance(node, list):
            for value in node:
                yield from keys(value)

    def used(value):
        return {key for path in places(value) for key in path if isinstance(key, str)}

    for kind in ("rules", "rule-tests", "events", "webhooks"):
        assert set(keys(schema(kind))) == set(keys(schema(kind))) & set().union(
            *(used(load(document)) for document in split(TEXTS[kind])))
    top = set(schema("nudged")["properties"])
    assert top == top & used(load(NUDGED)), yaml.dump(sorted(top - used(load(NUDGED))))
