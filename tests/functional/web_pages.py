"""A shop whose daemon serves the public pages, and who clicks on them."""

import html
import itertools
import re
import urllib.parse

from web_intake import Web

RULES = """name: offers
on: ping
topic: offers
send: offers
---
name: alerts
on: never
topic: alerts
send: offers
---
name: confirm
class: transactional
on: customer.subscription_requested
topic: news
send: confirm
"""
OFFERS = """---
subject: Offers
---
U {{ unsubscribe_url }}
P {{ preferences_url }}
"""
CONFIRM = """---
subject: Please confirm
---
C {{ confirm_url }}
"""
PUBLIC = "https://mail.shop.example"
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"
TOPICS = {"offers": "opt-out", "news": "opt-in", "alerts": "opt-in"}
numbers = itertools.count()
ANA = {"id": "7", "email": "ana@example.com", "locale": "ro", "accepts_marketing": True}


def page_shop(shop, **web):
    """One with mails that have the links."""
    shop.redis()
    shop.rules(RULES)
    shop.template("offers.text.liquid", OFFERS)
    shop.template("confirm.text.liquid", CONFIRM)
    shop.config["topics"] = dict(TOPICS)
    shop.config["archive"] = {"folder": "archive"}
    shop.config["shop"]["email"] = "hello@shop.example"
    shop.config["shop"]["url"] = "https://shop.example"
    shop.config["web"] = {"listen": "127.0.0.1:0", "public_url": PUBLIC, **web}
    return shop.smtp()


def start(shop, name="one"):
    """(daemon, its listener)"""
    daemon = shop.daemon(name).spawn()
    return daemon, Web(daemon)


def links_in(mail):
    """{"U": path, …}, of the lines of such a mail."""
    text = mail.get_body(("plain",)).get_content()
    found = dict(re.findall(r"^([UPC]) (\S+)", text, re.M))
    return {letter: path_of(url) for letter, url in found.items()}


def path_of(url):
    assert url.startswith(PUBLIC + "/"), url
    return url.removeprefix(PUBLIC)


def mailed_links(shop, smtp, customer=ANA):
    """What a mail to the customer has."""
    shop.push({"type": "ping", "id": f"ping-{next(numbers)}", "customer": customer})
    mail = smtp.next_mail()
    return mail, links_in(mail)


class Page:
    def __init__(self, answer):
        self.status, self.headers, body = answer
        self.source = body.decode()
        self.lang = (re.findall(r'<html lang="([^"]*)"', self.source) or [None])[0]
        self.heading = html.unescape(re.sub("<[^>]*>", "", (re.findall("<h1[^>]*>(.*?)</h1>", self.source) or [""])[0]))
        self.topics = [html.unescape(title) for title in
                       re.findall(r'<ul class="topics".*?</ul>', self.source)
                       for title in re.findall("<bdi>(.*?)</bdi>", title)]

    def fields(self, press=None):
        """What its form posts, as a browser does, with the button of that name."""
        found = []
        for tag in re.findall("<(?:input|button)[^>]*>", self.source):
            names = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            ticked = names.get("type") != "checkbox" or " checked" in tag
            if "name" in names and ticked and (not tag.startswith("<button") or names["name"] == press):
                found.append((html.unescape(names["name"]), html.unescape(names["value"])))
        return found


def get(web, path, method="GET", **headers):
    return Page(web.ask(method, path, None, {key.replace("_", "-"): value for key, value in headers.items()}))


def post(web, path, fields, kind=FORM):
    body = fields if isinstance(fields, (str, bytes)) else urllib.parse.urlencode(fields)
    return Page(web.ask("POST", path, body, {"Content-Type": kind} if kind else {}))
