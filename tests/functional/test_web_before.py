"""An installation of the release before goes on under this program: requests that it remembers, what customers watch,
and a product of which it was telling when it was killed. What it had left stands in web_before.json, as commands that
write it again; its times are moved."""

import json
import pathlib

import pytest
from conftest import wait_until
from test_format_1 import load, moved
from web_intake import TOKEN, Web, entries, web_shop

import watchers

MINUTE = 60_000


@pytest.fixture
def before(shop):
    """(what the old program had left, its Redis filled a minute later)"""
    data = json.loads((pathlib.Path(__file__).parent / "web_before.json").read_text())
    shop.redis()
    shop.server = shop.smtp()
    watchers.settings(shop)
    web_shop(shop, data["tokens"])
    state = pathlib.Path(shop.config["state"])
    state.mkdir()
    (state / "secret").write_text(data["secret"])
    (state / "secret").chmod(0o600)
    by = load(shop, data, MINUTE)
    data["answers"] = json.loads(moved(json.dumps(data["answers"]), by))
    return shop, data


def test_it_goes_on(before):
    shop, data = before
    daemon = shop.daemon().spawn()
    web = Web(daemon)
    wait_until(lambda: watchers.is_told(shop), daemon.log)
    told = [shop.server.next_mail()["Subject"] for _ in range(4)]
    assert sorted(told) == ["1 Teapot", "3 Teapot", "4 Teapot", "5 Teapot"]
    assert shop.server.mails.empty()
    for (key, body), answer in zip(data["posts"], data["answers"]):
        status, _, again = web.post(body, token=TOKEN, Idempotency_Key=key)
        assert (status, again) == (202, answer)
        assert web.post(body.replace("#1001", "#1002"), token=TOKEN, Idempotency_Key=key)[0] == 422
    shop.push(watchers.watch(4, what="removed"), watchers.watch(2))
    shop.wait_idle()
    shop.push({**watchers.restocked(), "id": "r2"})
    wait_until(lambda: watchers.is_told(shop), daemon.log)
    assert sorted(shop.server.next_mail()["Subject"] for _ in range(3)) == ["1 Teapot", "2 Teapot", "3 Teapot"]
    assert shop.server.mails.empty()
    assert [event["type"] for _, event in entries(shop)].count("order.placed") == 0  # nothing came twice
    warnings = [line for line in daemon.log().splitlines() if " warning: " in line]
    assert [line for line in warnings if "reason=conflict" not in line] == []  # the other request with its key
