"""docs/openapi.yaml is what the listener answers, and docs/intake.md what programs may do with it."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess

import jsonschema
import pytest
import yaml
from conftest import PATIENCE, SOURCE
from web_intake import CONSENT, EVENT, TOKEN, Web, entries, full, open_web, sign, web_shop

API = yaml.safe_load((SOURCE / "docs/openapi.yaml").read_text())
PAGE = (SOURCE / "docs/intake.md").read_text()
OPERATION = API["paths"]["/v1/events"]["post"]
RUN = {"php": ["php"], "python": ["/usr/bin/python3"], "js": ["node"], "ruby": ["ruby"], "go": ["go", "run"]}
BAD = {"type": "order.placed"}


@pytest.fixture
def posting(shop):
    return open_web(shop)


def resolved(node):
    """What a reference stands for."""
    while "$ref" in node:
        found = API
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def validate(schema, value):
    jsonschema.Draft202012Validator({**schema, "components": API["components"]}).validate(value)


def described(told):
    """That an answer is as it is described; its status."""
    status, head, body = told
    response = resolved(OPERATION["responses"][str(status)])
    kind = head["Content-Type"]
    validate(response["content"][kind]["schema"], body)
    for name, header in response.get("headers", {}).items():
        assert not header.get("required") or head[name], (status, name)
        if head[name]:
            validate(header["schema"], head[name])
    return str(status)


def test_the_description_is_right():
    """As OpenAPI 3.1: every reference leads somewhere, every schema is one, every example is as it says."""
    assert API["openapi"] == "3.1.0"
    for reference in set(re.findall(r'\$ref: "([^"]+)"', (SOURCE / "docs/openapi.yaml").read_text())):
        assert resolved({"$ref": reference})
    for schema in API["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for content in OPERATION["requestBody"]["content"].values():
        jsonschema.Draft202012Validator.check_schema(content["schema"])
        if "example" in content:
            validate(content["schema"], content["example"])


def test_every_answer_is_described(posting):
    shop, daemon, web = posting
    signed = json.dumps(EVENT).encode()
    seen = {described(answer) for answer in [
        web.post(EVENT), web.post([EVENT, full()]), web.post([]),
        web.post([full()], "application/cloudevents-batch+json"), web.post(signed, token=None, **sign(signed)),
        web.post(BAD), web.post([EVENT, BAD, 7]), web.post("{"), web.post(EVENT, Idempotency_Key="x" * 300),
        web.post(EVENT, token=None), web.post(EVENT, token="nobody's-token-at-all-here"),
        web.post(signed, token=None, **sign(signed, "old", 1772445600)),
        web.post(EVENT, token=CONSENT), web.post([EVENT], token=CONSENT),
        web.post(EVENT, "text/plain"), web.post(EVENT, Content_Encoding="gzip"),
        web.post(EVENT, Idempotency_Key="k"), web.post([EVENT], Idempotency_Key="k")]}
    status, head, body = web.ask("GET", "/v1/events")
    seen.add(described((status, head, json.loads(body))))
    server = next(thing for thing in shop.started if hasattr(thing, "url"))
    server.stop(signal.SIGKILL)
    seen |= {described(web.post(EVENT)), described(web.post([EVENT, BAD]))}
    server.start()
    assert seen == set(OPERATION["responses"]) - {"404", "413", "429"}  # the others are below


def test_refusals_of_the_listener_are_described(shop):
    shop.redis()
    shop.config["web"] = {"listen": "127.0.0.1:0"}
    daemon = shop.daemon().spawn()
    assert described(Web(daemon).post(EVENT)) == "404"
    daemon.stop()
    web_shop(shop, limits={"body": "1KiB", "rate": "20 per 1m"})
    web = Web(shop.daemon("two").spawn())
    assert described(web.post({**EVENT, "note": "x" * 2000})) == "413"
    assert "429" in [described(web.post(EVENT, token="nobody's-token-at-all-here")) for _ in range(25)]


@pytest.mark.parametrize("body, kind", [(EVENT, "application/json"), ([EVENT, full()], "application/json"),
                                        (full(), "application/cloudevents+json"),
                                        ([full()], "application/cloudevents-batch+json")])
def test_what_is_taken_is_described(body, kind):
    validate(OPERATION["requestBody"]["content"][kind]["schema"], body)


# --- Programs ---


def blocks():
    return [block for block in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S) if block[0] in RUN]


def test_every_language_is_run():
    assert [language for language, _ in blocks()] == list(RUN)


@pytest.mark.parametrize("language, text", blocks(), ids=[language for language, _ in blocks()])
def test_the_block(posting, tmp_path, language, text):
    shop, _, web = posting
    program = tmp_path / f"push.{language}"
    program.write_text(text)
    environment = dict(os.environ, HOME=str(tmp_path), GOFLAGS="-mod=mod", GO111MODULE="off",
                       NUDGED_URL=f"http://127.0.0.1:{web.port}", NUDGED_TOKEN=TOKEN)
    assert shutil.which(RUN[language][0]), f"{RUN[language][0]} is missing: ./dev deps test"
    done = subprocess.run([*RUN[language], program], env=environment, cwd=tmp_path, text=True, capture_output=True,
                          timeout=10 * PATIENCE)  # Go compiles its library first
    assert done.returncode == 0, done.stderr
    [(_, event)] = entries(shop)
    assert event == {**EVENT, "customer": {**EVENT["customer"], "locale": "ro"}}
    environment["NUDGED_TOKEN"] = CONSENT
    refused = subprocess.run([*RUN[language], program], env=environment, cwd=tmp_path, text=True, capture_output=True,
                             timeout=PATIENCE)
    assert refused.returncode != 0
    assert "403" in refused.stderr + refused.stdout


@pytest.mark.parametrize("page", ["docs/intake.md", "README.md"])
def test_curl(posting, page):
    shop, _, web = posting
    text = (SOURCE / page).read_text()
    command = re.search(r"curl --json .*?/v1/events$", text, re.M | re.S)[0].replace("127.0.0.1:8025",
                                                                                  f"127.0.0.1:{web.port}")
    done = subprocess.run(["sh", "-c", command], env=dict(os.environ, TOKEN=TOKEN), text=True, capture_output=True,
                          timeout=PATIENCE)
    assert re.fullmatch(r'\{"entry":"\d+-\d+","id":"[^"]+"\}', done.stdout.strip()), (done.stdout, done.stderr)
    assert len(entries(shop)) == 1
    assert shlex.split(command)[0] == "curl"
