"""The public pages as a customer sees them: in Chromium, at a phone's size."""

import contextlib
import http.server
import os
import pathlib
import threading

import pytest

from browser import Browser
from test_pages import words
from web_pages import ANA, get, links_in, mailed_links, page_shop, start

SHOTS = os.environ.get("NUDGED_SHOTS")  # a folder: each page is kept there as a picture
LANGUAGES = "en", "fi", "ro", "ru"
# What can be read (WCAG 2.2): each text and what lies behind it, their contrast; each thing to tap, its size.
LOOK = """(() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const lum = c => [0, 1, 2].map(i => c[i] / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                            .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
                          if (c.length < 4 || c[3] > 0.9) return c; } return [255, 255, 255]; };
  const worst = {contrast: 21, size: 99, font: 99, wide: document.documentElement.scrollWidth};
  for (const e of document.querySelectorAll('h1, p, li, label, button, a, header')) {
    if (!e.innerText.trim()) continue;
    const a = lum(rgb(getComputedStyle(e).color)), b = lum(ground(e));
    worst.contrast = Math.min(worst.contrast, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
    worst.font = Math.min(worst.font, parseFloat(getComputedStyle(e).fontSize));
  }
  for (const e of document.querySelectorAll('button, label'))
    worst.size = Math.min(worst.size, e.getBoundingClientRect().height);
  return worst;
})()"""


@pytest.fixture
def browser(shop):
    browser = Browser()
    yield browser
    browser.stop()


class Visit:
    """A customer's phone at the shop."""

    def __init__(self, browser, web, name, scheme="light"):
        self.browser, self.base, self.name, self.scheme = browser, f"http://127.0.0.1:{web.port}", name, scheme
        browser.look(scheme)

    def keep(self, step):
        if SHOTS:
            pathlib.Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.browser.screenshot(f"{SHOTS}/{self.name}-{step}-{self.scheme}.png")

    def check(self, step):
        look = self.browser.run(LOOK)
        assert look["contrast"] >= 4.5, (step, look)
        assert look["size"] >= 44 and look["font"] >= 15 and look["wide"] <= 390, (step, look)
        assert self.browser.told == [], step
        self.keep(step)
        return self.browser.run("document.querySelector('h1').innerText")

    def open(self, path, step):
        self.browser.open(self.base + path)
        return self.check(step)

    def tap(self, selector, step):
        self.browser.tap(selector)
        self.browser.wait_loaded()
        return self.check(step)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_way_of_a_customer(shop, browser, language):
    """From the mail to the last page, light and dark, in the customer's language."""
    smtp = page_shop(shop, colour="#7a1f3d")
    _, web = start(shop)
    _, links = mailed_links(shop, smtp, {**ANA, "locale": language})
    for scheme in "light", "dark":
        visit = Visit(browser, web, language, scheme)
        asked = visit.open(links["U"], "leave")
        assert browser.run("document.documentElement.lang") == language
        assert len(browser.names("button")) == 1 and browser.names("heading") == [asked]
        assert visit.tap("button", "left") != asked
        visit.tap("button", "left-all")
        visit.open(links["P"], "choose")
        boxes = browser.names("checkbox")
        assert len(boxes) == 3 and all(boxes)
        browser.tap("input[value=news]")
        assert browser.run("document.querySelector('input[value=news]').checked")
        visit.tap("button", "saved")
        confirm = links_in(smtp.next_mail())["C"]
        visit.open(confirm, "confirm")
        visit.tap("button", "confirmed")
        visit.open(links["U"] + "x", "void")
        shop.wait_idle()
    assert {request["url"].split("/")[2] for request in browser.requests} == {f"127.0.0.1:{web.port}"}
    assert {request["url"].split("/")[3] for request in browser.requests} <= {"u", "p", "c", "favicon.ico"}
    assert not any("Referer" in request["headers"] for request in browser.requests)
    assert words(shop)[:3] == [("customer.unsubscribed", "offers", "page"), ("customer.unsubscribed", "all", "page"),
                               ("customer.subscription_requested", ["news"], "preferences")]


def test_with_the_keyboard_alone(shop, browser):
    """Tab finds what can be pressed, its frame is seen, and Enter presses it."""
    smtp = page_shop(shop)
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    visit = Visit(browser, web, "keys")
    visit.open(links["U"], "leave")
    browser.run("document.querySelector('h1').tabIndex = -1; document.querySelector('h1').focus()")
    browser.key("Tab", 9)
    assert browser.run("document.activeElement.tagName") == "BUTTON"
    assert browser.run("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
    visit.keep("focus")
    browser.events.clear()
    browser.key("Enter", 13)
    browser.wait_loaded()
    assert words(shop) == [("customer.unsubscribed", "offers", "page")]


def test_a_name_from_right_to_left(shop, browser):
    """It turns nothing around it."""
    smtp = page_shop(shop, colour="#ffe14d")
    shop.config["shop"]["name"] = "متجر الشاي (2026)!"
    _, web = start(shop)
    _, links = mailed_links(shop, smtp, {**ANA, "locale": "en"})
    for scheme in "light", "dark":
        visit = Visit(browser, web, "rtl", scheme)
        visit.open(links["U"], "leave")
        assert browser.run("document.title") == "Unsubscribe? – \u2068متجر الشاي (2026)!\u2069"
        assert browser.run("document.querySelector('p').innerText") == (
            "متجر الشاي (2026)! will no longer write to you about:")


def test_a_long_name_breaks(shop, browser):
    smtp = page_shop(shop)
    shop.config["shop"]["name"] = "Donaudampfschifffahrtsgesellschaft" * 3
    shop.config["topics"]["t" * 64] = "opt-in"
    _, web = start(shop)
    _, links = mailed_links(shop, smtp, {**ANA, "locale": "en"})
    Visit(browser, web, "long").open(links["P"], "choose")


def test_nobody_frames_it(shop, browser):
    """A page of somebody else's cannot lay ours under a finger."""
    smtp = page_shop(shop)
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    url = f"http://127.0.0.1:{web.port}{links['U']}"
    with framing(url) as theirs:
        browser.open(theirs)
    frame = browser.call("Page.getFrameTree")["frameTree"]["childFrames"][0]["frame"]
    assert frame["unreachableUrl"] == url
    assert words(shop) == [] and get(web, links["U"]).status == 200


@contextlib.contextmanager
def framing(url):
    """The address of a page that has the other one in a frame."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<iframe src='{url}'></iframe>".encode())

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()
