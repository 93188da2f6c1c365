"""CloudEvents' own SDK emits against the listener."""

import os
import subprocess

from conftest import PATIENCE, SOURCE
from npm_packages import npm_packages
from web_intake import TOKEN, Web, entries, web_shop


def test_the_sdk_of_cloudevents(shop):
    folder = npm_packages("cloudevents@10.0.0")
    shop.redis()
    web_shop(shop)
    web = Web(shop.daemon().spawn())
    done = subprocess.run(["node", SOURCE / "tests/functional/emit_cloudevents.js", f"http://127.0.0.1:{web.port}",
                           TOKEN],
                          env=dict(os.environ, NODE_PATH=str(folder / "node_modules")), capture_output=True, text=True,
                          timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    found = [event for _, event in entries(shop)]
    assert [event["id"] for event in found] == ["binary 100%", "structured", "emitter", "batch 1", "batch 2"]
    for event in found:
        assert event["specversion"] == "1.0"
        assert event["source"] == "/shop"
        assert event["data"] == {"customer": {"id": 7}, "order": {"name": "#1001", "total": 64.9}}
        assert event["time"].startswith("2026-03-01T10:00:00")
