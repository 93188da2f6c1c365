"""Every example of every command's help runs, in a shop as the examples have it."""

import json
import os
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, PATIENCE, SOURCE, SmtpServer, shipped_config

# What an example ends with where the answer is no, or there is no terminal.
ENDS = {"nudgectl dead show 1795910762653-0": 1,
        "nudgectl webhook shopify order.json 'X-Shopify-Topic: orders/create'": 1,  # of another kind
        "nudgectl push --wait-replicas 1 orders.jsonl": 75,  # the shop's Redis has none
        "nudgectl top": 64, "nudgectl top --interval 5s": 64}
# A browser, a minute, the key of another machine, and the end of the daemon: shown elsewhere.
ELSEWHERE = {"nudgectl preview welcome --locale ro --open", "nudgectl demo", "nudgectl demo --folder /tmp/demo --keep",
             "nudgectl token-key >> /etc/nudged/token-keys && nudgectl reload", "nudgectl stop",
             "nudgectl webhook webhooks/ours.yaml request.txt"}
ANA = {"id": "7", "email": "ana@example.com", "first_name": "Ana", "tier": "gold", "accepts_marketing": True}
ORDER = {"type": "order.placed", "id": "o1", "customer": ANA, "order": {
    "id": 1, "number": "17", "total": 40, "currency": "EUR", "items": [{"title": "Tea", "quantity": 2, "price": 20}]}}
CART = {"type": "cart.updated", "id": "c1", "customer": ANA,
        "cart": {"total": 40, "url": "https://shop.example/c", "items": [{"title": "Tea"}]}}


def examples():
    told = subprocess.run([BUILD / "nudgectl", "help"], capture_output=True, text=True, check=True,
                          timeout=PATIENCE).stdout
    for name in re.findall(r"^  ([a-z][a-z-]+) ", told, re.M):
        page = subprocess.run([BUILD / "nudgectl", name, "--help"], capture_output=True, text=True, check=False,
                              timeout=PATIENCE).stdout
        yield from re.findall(r"^  (.*nudgectl .*)$", page.partition("\nExample")[2], re.M)


def fill(folder):
    for name, value in {"order.json": ORDER, "cart.json": CART}.items():
        (folder / name).write_text(json.dumps(value))
    history = "".join(json.dumps({**event, "time": f"2026-03-0{day}T10:00:00Z", "id": f"{event['id']}-{day}"}) + "\n"
                      for day in (1, 2, 3) for event in (CART, ORDER))
    (folder / "archive").mkdir()
    for name in ("march.jsonl", "yesterday.jsonl", "today.jsonl", "orders.jsonl", "archive/one.jsonl"):
        (folder / name).write_text(history)
    (folder / "ana.json").write_text(json.dumps(ANA))
    (folder / "hello.liquid").write_text("Hello {{ name }}\n")
    (folder / "codes.txt").write_text("A-1\nA-2\n")
    (folder / "bounces.csv").write_text("email,reason\nbob@example.com,bounced\n")
    (folder / "customers.csv").write_text("id,email\n9,carl@example.com\n")
    (folder / "report.eml").write_text("From: a@b.example\nSubject: x\n\nhello\n")
    (folder / "main").mkdir()
    for name in ("rules", "templates", "webhooks"):
        if (SOURCE / name).is_dir():
            shutil.copytree(SOURCE / name, folder / name, dirs_exist_ok=True)
    shutil.copytree(SOURCE / "rules", folder / "main/rules")


@pytest.fixture
def market(shop):
    """The shop that the examples speak of: the shipped rules, a relay, a customer."""
    shop.redis()
    server = shop.add(SmtpServer())
    shop.use_shipped()
    shop.config["rules"], shop.config["templates"] = str(shop.folder / "rules"), str(shop.folder / "templates")
    shop.config.update(policy=shipped_config()["policy"], archive={"folder": "archive"})
    shop.config["shop"]["timezone"] = shipped_config()["shop"]["timezone"]
    shop.config["gateways"] = {"relay": {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "tls": "never"}}
    fill(shop.folder)
    shop.daemon().spawn()
    (shop.folder / "nudged.yaml").write_text(shop.started[-1].config.read_text())
    (shop.folder / "bin").mkdir()
    wrapper = shop.folder / "bin/nudgectl"
    wrapper.write_text(f'#!/bin/sh\nexec {BUILD}/nudgectl -c {shop.folder}/nudged.yaml "$@"\n')
    wrapper.chmod(0o755)
    shop.push(CART, ORDER)
    shop.wait_idle()
    return shop


def test_every_example_runs(market):
    found = list(dict.fromkeys(examples()))
    assert len(found) > 50 and ELSEWHERE <= set(found) and set(ENDS) <= set(found)
    environment = {**os.environ, "PATH": f"{market.folder}/bin:{os.environ['PATH']}", "LANG": "C.UTF-8"}
    wrong = []
    for example in found:
        if example in ELSEWHERE or ("| jq" in example and not shutil.which("jq")):
            continue
        done = subprocess.run(["bash", "-c", example], cwd=market.folder, env=environment, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
        if done.returncode != ENDS.get(example, 0):
            wrong.append((example, done.returncode, done.stdout[-300:], done.stderr[-600:]))
    assert not wrong, "\n\n".join(map(str, wrong))
