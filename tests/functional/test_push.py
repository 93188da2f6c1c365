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


def pushed(client):
    [(_, fields)] = client.xrange("nudged:events")
    return json.loads(fields[b"event"])


def blocks():
    return re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S)


def test_every_language_is_run():
    assert [language for language, _ in blocks()] == list(RUN)


@pytest.mark.parametrize("language, text", blocks(), ids=[language for language, _ in blocks()])
def test_the_block(server, tmp_path, language, text):
    client, port = server
    program = tmp_path / f"push.{language}"
    program.write_text(text.replace("6379", str(port)))
    environment = dict(os.environ, NODE_PATH="/usr/share/nodejs", HOME=str(tmp_path),
                       GOFLAGS="-mod=mod", GO111MODULE="off")
    assert shutil.which(RUN[language][0]), f"{RUN[language][0]} is missing: ./dev deps test"
    done = subprocess.run([*RUN[language], program], env=environment, cwd=tmp_path, text=True,
                          capture_output=True, timeout=4 * PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert pushed(client) == EVENT


def test_the_shell(server):
    client, port = server
    [command] = re.findall(r"^    (redis-cli XADD .*?'\{.*?\}')$", PAGE, re.M | re.S)
    words = shlex.split(command)
    subprocess.run([words[0], "-p", str(port), *words[1:]], stdout=subprocess.DEVNULL,
                   timeout=PATIENCE, check=True)
    assert pushed(client) == EVENT
