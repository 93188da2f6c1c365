"""What docs/push.md prints pushes one and the same event, in each language that it names."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess

import pytest
import redis

from conftest import PATIENCE, REDIS_SERVER, SOURCE, wait_until
from shards import shard_of

PAGE = (SOURCE / "docs/push.md").read_text()
EVENT = {
    "type": "order.placed",
    "id": "order-1001-placed",
    "customer": {"id": 7, "email": "ana@shop.example", "locale": "ro"},
    "order": {"name": "#1001", "total": 64.9, "currency": "EUR"},
}
# Language of the block: how it is run.
RUN = {
    "php": ["php"],
    "python": ["/usr/bin/python3"],
    "js": ["node"],
    "ruby": ["ruby"],
    "go": ["go", "run"],
}


@pytest.fixture
def server(tmp_path):
    """A redis-server on a port of its own, as the page's address has one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = subprocess.Popen(
        [REDIS_SERVER, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port)

    def answers():
        try:
            return client.ping()
        except redis.ConnectionError:
            assert running.poll() is None
            return False

    wait_until(answers, "redis-server")
    yield client, port
    client.close()
    running.terminate()
    running.wait(PATIENCE)


def pushed(client, stream="nudged:events"):
    [(_, fields)] = client.xrange(stream)
    return json.loads(fields[b"event"])


def blocks(page):
    return re.findall(r"^```(\w+)\n(.*?)^```$", page, re.M | re.S)


ONE, MANY = (blocks(part) for part in PAGE.split("\n## To many shards\n"))
PAIRS = [(language, text, name) for (language, text), (_, name) in zip(ONE, MANY)]
LANGUAGES = [language for language, _ in ONE]


def test_every_language_is_run():
    assert LANGUAGES == [language for language, _ in MANY] == list(RUN)


def run(tmp_path, language, text, stdin=""):
    program = tmp_path / f"push.{language}"
    program.write_text(text)
    environment = dict(os.environ, NODE_PATH="/usr/share/nodejs", HOME=str(tmp_path),
                       GOFLAGS="-mod=mod", GO111MODULE="off")
    assert shutil.which(RUN[language][0]), f"{RUN[language][0]} is missing: ./dev deps test"
    done = subprocess.run([*RUN[language], program], env=environment, cwd=tmp_path, text=True, input=stdin,
                          capture_output=True, timeout=4 * PATIENCE, check=False, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@pytest.mark.parametrize("language, text", ONE, ids=LANGUAGES)
def test_the_block(server, tmp_path, language, text):
    client, port = server
    run(tmp_path, language, text.replace("6379", str(port)))
    assert pushed(client) == EVENT


# How the name is asked for in place of 'nudged:events', and a program that asks for that of each line.
CALLS = {
    "php": "nudged_stream('7', 4)", "python": "nudged_stream(7, 4)", "js": "nudgedStream(7, 4)",
    "ruby": "nudged_stream(7, 4)", "go": 'nudgedStream("7", 4)',
}
ASKING = {
    "php": "{}while (($line = fgets(STDIN)) !== false) echo nudged_stream(rtrim($line, \"\\n\"), 64), \"\\n\";\n",
    "python": "{}\nimport sys\nfor line in sys.stdin:\n    print(nudged_stream(line[:-1], 64))\n",
    "js": "{}for (const line of require('fs').readFileSync(0, 'utf8').split('\\n').slice(0, -1))\n"
          "  console.log(nudgedStream(line, 64));\n",
    "ruby": "{}STDIN.each_line(chomp: true) {{ |line| puts nudged_stream(line, 64) }}\n",
    "go": 'package main\n\nimport (\n\t"bufio"\n\t"fmt"\n\t"os"\n)\n\n{}\n'
          "func main() {{\n\tfor lines := bufio.NewScanner(os.Stdin); lines.Scan(); {{\n"
          "\t\tfmt.Println(nudgedStream(lines.Text(), 64))\n\t}}\n}}\n",
}
IDS = [str(number) for number in range(2000)] + [
    "ana", "ăîșțâ", "日本語", "🛒-7", "a b", "é" * 130, "0", "-1", "{7}", "UPPER", "\u0430\u043d\u0430"]


@pytest.mark.parametrize("language, text, name", PAIRS, ids=LANGUAGES)
def test_the_block_to_a_shard(server, tmp_path, language, text, name):
    """The same program, with the name of the stream asked for."""
    client, port = server
    whole = re.sub(r"""["']nudged:events["']""", lambda match: CALLS[language], text.replace("6379", str(port)))
    if language == "php":
        whole = name + whole.removeprefix("<?php\n")
    else:
        whole = whole + name if language == "go" else name + whole
    run(tmp_path, language, whole)
    assert pushed(client, f"nudged{{{shard_of('id:7', 4)}}}:events") == EVENT


@pytest.mark.parametrize("language, name", MANY, ids=LANGUAGES)
def test_the_shards_of_many(tmp_path, language, name):
    told = run(tmp_path, language, ASKING[language].format(name), "".join(f"{customer}\n" for customer in IDS))
    assert told.splitlines() == [f"nudged{{{shard_of(f'id:{customer}', 64)}}}:events" for customer in IDS]


def test_the_daemon_agrees(shop, tmp_path):
    """Where nudgectl, which is the daemon's own code, puts them."""
    shop.redis()
    shop.config["redis"]["shards"] = 64
    shop.config["customer"] = {"keys": ["customer.id"]}
    shop.daemon()
    events = "".join(json.dumps({"type": "a", "customer": {"id": customer}}) + "\n" for customer in IDS)
    assert shop.ctl("push", stdin=events)[1] == f"{len(IDS)} pushed\n"
    for shard in range(64):
        there = [json.loads(fields[b"event"])["customer"]["id"]
                 for _, fields in shop.client.xrange(f"nudged{{{shard}}}:events")]
        assert there == [customer for customer in IDS if shard_of(f"id:{customer}", 64) == shard]


def test_the_shell(server):
    client, port = server
    [command] = re.findall(r"^    (redis-cli XADD .*?'\{.*?\}')$", PAGE, re.M | re.S)
    words = shlex.split(command)
    subprocess.run([words[0], "-p", str(port), *words[1:]], stdout=subprocess.DEVNULL,
                   timeout=PATIENCE, check=True)
    assert pushed(client) == EVENT
