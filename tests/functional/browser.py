"""Chromium without a screen, driven over its DevTools protocol: a pipe, so nothing listens anywhere."""

import base64
import json
import os
import shutil
import subprocess
import tempfile

import pytest

from conftest import PATIENCE, wait_until

CHROMIUM = shutil.which("chromium")
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
FLAGS = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
         "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider"]


class Browser:
    """One page, at a phone's size. `requests`: the addresses that it asked for; `told`: what it complained of."""

    def __init__(self):
        if not CHROMIUM:
            pytest.skip("chromium is not installed")
        self.folder = tempfile.mkdtemp(prefix="nudged-chromium-")
        theirs, self.out = os.pipe()
        self.input, ours = os.pipe()
        flags = FLAGS + (["--no-sandbox"] if os.getuid() == 0 else [])

        def wire():  # it reads its descriptor 3 and writes to 4
            first, second = os.dup(theirs), os.dup(ours)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen([CHROMIUM, *flags, f"--user-data-dir={self.folder}", "about:blank"],
                                        preexec_fn=wire, close_fds=False, start_new_session=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(ours)
        self.number, self.buffer, self.session = 0, b"", None
        self.events, self.requests, self.told = [], [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Network", "Log", "Runtime", "Accessibility":
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", **PHONE)

    def read(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.input, 1 << 20)
            assert piece, "chromium has ended"
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def note(self, event):
        self.events.append(event["method"])
        if event["method"] == "Network.requestWillBeSent":
            self.requests.append(event["params"]["request"])
        if event["method"] == "Log.entryAdded" and "Failed to load resource" not in event["params"]["entry"]["text"]:
            self.told.append(event["params"]["entry"]["text"])

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            if "method" in answer:
                self.note(answer)

    def wait_loaded(self):
        def loaded():
            if "Page.loadEventFired" in self.events:
                return True
            self.note(event) if "method" in (event := self.read()) else None
            return False

        wait_until(loaded, "the page")

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_loaded()

    def look(self, scheme="light", language="en"):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})

    def run(self, expression):
        """What a script of ours sees: the page's own policy does not bind the debugger."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def key(self, name, code):
        for kind in "keyDown", "keyUp":
            text = {"text": "\r"} if name == "Enter" and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **text)

    def tap(self, selector):
        """As a finger: where the thing is, and only if nothing lies over it."""
        x, y = self.run(f"(() => {{const e = document.querySelector({json.dumps(selector)});"
                        "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
                        "return [r.x + r.width / 2, r.y + r.height / 2]})()")
        self.events.clear()
        for kind in "mousePressed", "mouseReleased":
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def names(self, role):
        """What a screen reader says of all things of that role."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [node["name"]["value"] for node in nodes
                if node.get("role", {}).get("value") == role and not node.get("ignored")]

    def screenshot(self, path):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def stop(self):
        self.session = None
        try:
            self.call("Browser.close")
        except (AssertionError, OSError):
            pass
        self.process.wait(PATIENCE)
        for end in self.out, self.input:
            os.close(end)
        shutil.rmtree(self.folder, ignore_errors=True)
