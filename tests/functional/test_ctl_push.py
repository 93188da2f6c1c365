"""nudgectl push: what it takes, and what it shows with its place and leaves out."""

import json

import pytest

from conftest import wait_until
from desk import desk  # noqa: F401, the fixture of all tests


def file_of(shop, name, text):
    path = shop.folder / name
    path.write_text(text)
    return str(path)


def test_push(desk):
    desk.redis()
    desk.daemon("second")
    config = desk.folder / "second.yaml"
    events = [json.dumps({"type": "a", "customer": {"id": n}}) for n in range(5)]
    one = file_of(desk, "one.jsonl", "\n".join(events[:2]) + "\n")
    two = file_of(desk, "two.jsonl", events[2] + "\r\n\n" + events[3])
    assert desk.ctl("push", one, two, config=config) == (0, "4 pushed\n", "")
    assert desk.ctl("push", stdin=events[4], config=config) == (0, "1 pushed\n", "")
    pushed = [fields[b"event"].decode() for _, fields in desk.client.xrange("nudged:events")]
    assert pushed == events


def test_push_refuses_lines_with_their_place(desk):
    desk.redis()
    desk.daemon("second")
    config = desk.folder / "second.yaml"
    good = '{"type":"a","customer":{"id":1}}'
    bad = file_of(desk, "bad.jsonl", f'{good}\n{{"type": oops}}\n[1]\n{good}\n')
    status, out, err = desk.ctl("push", bad, config=config)
    assert (status, out) == (1, "2 pushed, 2 refused\n")
    assert f'{bad}:2:10: error: ' in err
    assert '    {"type": oops}\n             ^' in err
    assert f"{bad}:3:2: error: an event must be a JSON object, and this is an integer\n" in err
    assert err.count("hint: push takes events as JSON objects, each on a line or over many lines, or "
                     "in one list\n") == 1
    assert desk.client.xlen("nudged:events") == 2
    status, out, err = desk.ctl("push", "/nonexistent", config=config)
    assert (status, out) == (66, "0 pushed\n")
    assert err == "nudgectl: /nonexistent: No such file or directory\n"


@pytest.mark.parametrize("text", [
    '[{"type":"a","n":1}, {"type":"a","n":2}]\n',
    '[\n  {\n    "type": "a",\n    "n": 1\n  },\n  {\n    "type": "a",\n    "n": 2\n  }\n]\n',
    '{\n"type": "a",\n"n": 1}\n\n{"type": "a",\n"n": 2}',
    '# two\n{"type":"a","n":1}\n[{"type":"a","n":2}]',
])
def test_push_takes_a_list_and_objects_over_many_lines(desk, text):
    desk.redis()
    desk.daemon("second")
    config = desk.folder / "second.yaml"
    assert desk.ctl("push", "--force", file_of(desk, "some.json", text), config=config) == (0, "2 pushed\n", "")
    assert desk.ctl("push", "--force", stdin=text, config=config) == (0, "2 pushed\n", "")
    pushed = [json.loads(fields[b"event"]) for _, fields in desk.client.xrange("nudged:events")]
    assert pushed == [{"type": "a", "n": 1}, {"type": "a", "n": 2}] * 2


@pytest.mark.parametrize("text, place, fault, excerpt, pushed", [
    ("type: a\n", "1:1", "an event must be a JSON object, and this is no JSON", "type: a", 0),
    ('[{"type":"a"},\n  {"type": no}]', "2:12", "", '{"type": no}\n             ^', 1),
    ('[{"type":"a"},\n  {\n  "type": no}]', "3:11", "", '  "type": no}\n              ^', 1),
    ('[{"type":"a"},\n{}\n', "3:1", "the list of events must go on with `,` or end with `]` here", "", 2),
    ('{"type":"a"\n{"type":"b"}\n', "1:12", "the text ends too early", '{"type":"a"\n               ^', 1),
    ('{"a":"' + "x" * 300000 + '"}\n{}\n', "1:1", "an event has at most 262144 bytes, and this has more", "", 1),
], ids=["no JSON", "in a list", "over lines in a list", "a list without end", "an end that is missing", "large"])
def test_push_shows_the_place_within_lists_and_lines(desk, text, place, fault, excerpt, pushed):
    desk.redis()
    desk.daemon("second")
    bad = file_of(desk, "bad.json", text)
    status, out, err = desk.ctl("push", "--force", bad, config=desk.folder / "second.yaml")
    assert (status, out) == (1, f"{pushed} pushed, 1 refused\n")
    assert err.startswith(f"{bad}:{place}: error: {fault}") and excerpt in err
    assert desk.client.xlen("nudged:events") == pushed


@pytest.mark.parametrize("text, place, fault", [
    ('{"typ": "a", "customer": {"id": 1}}', "1:1", "no `type`"),
    ('{"type": "a", "custmer": {"id": 1}}', "1:1",
     "no customer: neither `customer.id` nor `customer.email` is there"),
    ('[\n  {"type": "a",\n   "customer": 7}\n]', "3:16", "`customer` must be an object"),
    ('{"type": "a", "customer": {"id": 1}, "time": "noon"}', "1:46", "`time` must be a time"),
    ('{"type": "product.restocked", "product": {"name": "a pot"}}', "1:1", "no customer"),
])
def test_push_refuses_what_the_daemon_would(desk, text, place, fault):
    """With its place, and how it goes all the same; it is a dead letter then."""
    desk.redis()
    desk.rules("")
    desk.daemon("second")
    config = desk.folder / "second.yaml"
    bad = file_of(desk, "bad.json", text)
    status, out, err = desk.ctl("push", bad, config=config)
    assert (status, out) == (1, "0 pushed, 1 refused\n")
    assert err.startswith(f"{bad}:{place}: error: {fault}") and err.endswith("with --force\n")
    assert desk.client.xlen("nudged:events") == 0
    assert desk.ctl("push", "--force", bad, config=config) == (0, "1 pushed\n", "")
    desk.daemon("second").spawn()
    wait_until(lambda: desk.client.xlen("nudged:dead") == 1, "the daemon to refuse it")


def test_what_is_piped_goes_though_the_daemon_will_refuse_it(desk):
    """Told with its place, the first ten of them: a dead letter keeps what may be nowhere else."""
    desk.redis()
    desk.rules("")
    desk.daemon("second")
    config = desk.folder / "second.yaml"
    status, out, err = desk.ctl("push", stdin='{"typ": "a"}\n' * 12 + "no\n", config=config)
    assert (status, out) == (1, "12 pushed, 12 of them unreadable, 1 refused\n")
    assert err.startswith("(standard input):1:1: warning: no `type`") and "becomes a dead letter" in err
    assert (err.count("warning: "), err.count("error: ")) == (10, 1)
    assert desk.ctl("push", stdin='{"typ": "a"}', config=config)[:2] == (0, "1 pushed, 1 of them unreadable\n")
    desk.daemon("second").spawn()
    wait_until(lambda: desk.client.xlen("nudged:dead") == 13, "the daemon to refuse them")


def test_push_takes_news_of_a_product_without_a_customer(desk):
    desk.redis()
    desk.daemon("second")
    told = '{"type": "product.restocked", "product": {"sku": "POT"}}'
    assert desk.ctl("push", stdin=told, config=desk.folder / "second.yaml") == (0, "1 pushed\n", "")
