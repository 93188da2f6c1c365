"""The links in mails, and the pages behind them: what a click shows, and what it says."""

import re
import signal

import pytest
import yaml

from conftest import SOURCE, wait_until
from web_intake import entries
from web_pages import ANA, FORM, ONE_CLICK, PUBLIC, TOPICS, get, links_in, mailed_links, page_shop, post, start

CLOSED = {"Content-Security-Policy": r"default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; "
                                     r"frame-ancestors 'none'; base-uri 'none'",
          "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
          "Cache-Control": "no-store", "X-Robots-Tag": "noindex.*", "Content-Type": "text/html; charset=utf-8"}


def words(shop):
    """The events that clicks made: (type, topic or topics, how)."""
    return [(event["type"], event.get("topic", event.get("topics")), event["how"])
            for _, event in entries(shop) if "how" in event]


def is_refused(shop, customer="7"):
    """Whether an offer is refused to them now."""
    before = len(shop.trace(f"id:{customer}"))
    shop.push({"type": "ping", "customer": {"id": customer}})
    shop.wait_idle()
    return ("offers", "refused", "no-consent") in shop.trace(f"id:{customer}")[before:]


def assert_closed(page):
    for name, form in CLOSED.items():
        assert page.headers.get_all(name) and re.fullmatch(form, page.headers[name]), (name, page.headers[name])
        assert len(page.headers.get_all(name)) == 1, name
    assert "Set-Cookie" not in page.headers
    assert not re.search(r"<script|<img|<link|<iframe|url\(|@import|\son\w+=|\sstyle=", page.source)


# --- unsubscribe ---

@pytest.mark.parametrize("kind,body", [
    (FORM, ONE_CLICK),
    ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n"
                                        "One-Click\r\n--x--\r\n"),
    (None, ONE_CLICK)])
def test_one_click(shop, kind, body):
    """As Gmail, Yahoo and Apple post it: RFC 8058 allows both kinds of a form."""
    smtp = page_shop(shop)
    _, web = start(shop)
    mail, links = mailed_links(shop, smtp)
    assert mail["List-Unsubscribe"].strip() == f"<{PUBLIC}{links['U']}>"
    assert mail["List-Unsubscribe-Post"].strip() == ONE_CLICK
    page = post(web, links["U"], body, kind)
    assert page.status == 200
    assert words(shop) == [("customer.unsubscribed", "offers", "one-click")]
    assert is_refused(shop)


def test_a_look_changes_nothing(shop):
    """Scanners, previews and prefetching browsers open each link of a mail."""
    smtp = page_shop(shop)
    daemon, web = start(shop)
    _, links = mailed_links(shop, smtp)
    shop.push({"type": "customer.subscription_requested", "customer": {"id": "7"}})
    links |= links_in(smtp.next_mail())
    for path in links.values():
        for method in "GET", "HEAD":
            page = get(web, path, method, Sec_Purpose="prefetch", User_Agent="Scanner")
            assert page.status == 200
            assert_closed(page)
            assert bool(page.source) == (method == "GET")
        for method in "PUT", "DELETE", "OPTIONS", "PATCH":
            assert get(web, path, method).status in (405, 501)
    assert words(shop) == []
    assert not is_refused(shop)
    for path in links.values():
        assert path.rsplit("/", 1)[1] not in daemon.log()


def test_the_page_has_one_button(shop):
    smtp = page_shop(shop)
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    page = get(web, links["U"])
    assert (page.lang, page.heading, page.topics) == ("ro", "Vrei să te dezabonezi?", ["Oferte"])
    assert page.source.count("<button") == 1 and "ana@example.com" not in page.source
    done = post(web, links["U"], page.fields())
    assert (done.status, done.heading, done.topics) == (200, "Te-ai dezabonat", ["Oferte"])
    assert_closed(done)
    again = post(web, links["U"], page.fields())
    assert (again.status, again.heading) == (200, done.heading)
    assert words(shop) == 2 * [("customer.unsubscribed", "offers", "page")]
    everything = post(web, links["U"], done.fields(press="all"))
    assert (everything.status, everything.topics) == (200, ["Tot, în afară de mesajele despre comenzile tale"])
    assert everything.source.count("<button") == 0
    assert words(shop)[-1] == ("customer.unsubscribed", "all", "page")


def test_what_is_posted_must_say_so(shop):
    smtp = page_shop(shop)
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    for body, kind in ((b"", FORM), ("confirm=1", FORM), (ONE_CLICK, "text/plain"), ("a=%", FORM),
                       ("a=1&" * 300, FORM), ("List-Unsubscribe=Maybe", FORM)):
        page = post(web, links["U"], body, kind)
        assert page.status == 400 and page.heading
        assert_closed(page)
    assert post(web, links["U"], b"x" * 100_000).status in (400, 413)
    assert words(shop) == []


def test_purposes_are_apart(shop):
    smtp = page_shop(shop)
    daemon, web = start(shop)
    _, links = mailed_links(shop, smtp)
    token = links["U"].rsplit("/", 1)[1]
    for path in (links["U"].replace("/u/", "/c/"), links["U"].replace("/u/", "/p/"),
                 links["P"].replace("/p/", "/u/"), links["U"] + "A", links["U"][:-1], "/u/x", "/u/" + "x" * 3000,
                 "/u/1.aWQ6NwBvZmZlcnM.l7sm5xBcmjIElFccK3nMK9aSb5RsqAbDHQk6u_tAMMw"):
        for page in get(web, path), post(web, path, ONE_CLICK), post(web, path, "confirm=1"):
            assert page.status == 404, path
            assert page.heading == "This link doesn’t work"
            assert_closed(page)
    for path in "/u/", "/u", "/u/a/b", "/x/" + token:
        assert get(web, path).status == 404
    assert words(shop) == []
    wait_until(lambda: daemon.figure("nudged_web_refused_total", reason="wrong-token") >= 20, daemon.log)
    assert re.search(r"reason=wrong-token route=\w+ status=404\n", daemon.log())
    assert token not in daemon.log()


def test_redis_is_away(shop):
    """The page says so, and its button says the same once more: never that it is done."""
    smtp = page_shop(shop)
    server = next(thing for thing in shop.started if hasattr(thing, "client"))
    daemon, web = start(shop)
    _, links = mailed_links(shop, smtp)
    form = get(web, links["U"]).fields()
    server.stop(signal.SIGKILL)
    page = post(web, links["U"], form)
    assert (page.status, page.heading) == (503, "Please try again")
    assert page.headers["Retry-After"]
    assert_closed(page)
    assert page.fields() == form
    assert get(web, links["P"]).status == 503
    server.start()
    shop.client = server.client
    wait_until(lambda: post(web, links["U"], page.fields()).status == 200, daemon.log)
    assert words(shop)[-1] == ("customer.unsubscribed", "offers", "page")
    assert is_refused(shop)


# --- preferences, and double opt-in ---

def test_preferences(shop):
    smtp = page_shop(shop)
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    page = get(web, links["P"])
    assert page.lang == "ro" and "ana@example.com" not in page.source
    assert page.fields() == [("was", "offers"), ("on", "offers")]
    saved = post(web, links["P"], [("was", "offers"), ("on", "news"), ("on", "alerts")])
    assert saved.status == 200 and saved.topics == ["Oferte", "Noutăți", "Alerte de stoc și de preț"]
    assert words(shop) == [("customer.unsubscribed", "offers", "preferences"),
                           ("customer.subscription_requested", ["news", "alerts"], "preferences")]
    assert get(web, links["P"]).fields() == []  # not before it is confirmed
    confirm = links_in(smtp.next_mail())["C"]
    page = get(web, confirm)
    assert (page.status, page.topics) == (200, ["Noutăți", "Alerte de stoc și de preț"])
    assert get(web, links["P"]).fields() == []
    for _ in range(2):
        done = post(web, confirm, page.fields())
        assert (done.status, done.heading) == (200, "Mulțumim!")
    assert words(shop)[2:] == 2 * [("customer.subscribed", "news", "confirmed"),
                                   ("customer.subscribed", "alerts", "confirmed")]
    assert get(web, links["P"]).fields() == [("was", "news"), ("on", "news"), ("was", "alerts"), ("on", "alerts")]
    everything = post(web, links["P"], get(web, links["P"]).fields(press="all"))
    assert everything.status == 200
    assert words(shop)[-1] == ("customer.unsubscribed", "all", "preferences")
    assert get(web, links["P"]).fields() == []
    # The link of before says yes once more: a newer word.
    assert post(web, confirm, page.fields()).status == 200
    wait_until(lambda: get(web, links["P"]).fields()[:1] == [("was", "news")], "the newer yes")


def test_nothing_changed(shop):
    smtp = page_shop(shop)
    _, web = start(shop)
    _, links = mailed_links(shop, smtp, {**ANA, "locale": "fi"})
    page = get(web, links["P"])
    saved = post(web, links["P"], page.fields())
    assert (saved.status, saved.lang, saved.topics) == (200, "fi", [])
    assert "Kaikki on kuten ennenkin." in saved.source
    assert words(shop) == []


# --- whose it is ---

@pytest.mark.parametrize("locale,accepted,lang", [
    ("ru-RU", "fi", "ru"), ("de", "fi;q=0.5, ro", "ro"), (None, "fi-FI", "fi"), (None, "de", "en"), ("fi", None, "fi")])
def test_language(shop, locale, accepted, lang):
    """The customer's; else the browser's; else the shop's."""
    smtp = page_shop(shop)
    _, web = start(shop)
    customer = {"id": "7", "email": "ana@example.com", "accepts_marketing": True,
                **({"locale": locale} if locale else {})}
    _, links = mailed_links(shop, smtp, customer)
    page = get(web, links["U"], **({"Accept_Language": accepted} if accepted else {}))
    assert (page.lang, page.headers["Content-Language"]) == (lang, lang)


def test_a_topic_that_a_reload_removes(shop):
    """While the page is open: what it says of the others counts, and so does a no to that one."""
    smtp = page_shop(shop)
    shop.config["topics"] = {**TOPICS, "wine": "opt-out"}
    daemon, web = start(shop)
    _, links = mailed_links(shop, smtp)
    assert ("on", "wine") in get(web, links["P"]).fields()
    config = yaml.safe_load(daemon.config.read_text())
    del config["topics"]["wine"]
    daemon.config.write_text(yaml.safe_dump(config))
    assert shop.ctl("reload")[0] == 0, shop.ctl("reload")
    wait_until(lambda: ("on", "wine") not in get(web, links["P"]).fields(), daemon.log)
    saved = post(web, links["P"], [("was", "offers"), ("on", "offers"), ("was", "wine"), ("was", "w ine"),
                                   ("on", "gone"), ("on", "news")])
    assert saved.status == 200
    assert words(shop) == [("customer.unsubscribed", "wine", "preferences"),
                           ("customer.subscription_requested", ["news"], "preferences")]


def test_redis_is_full(shop):
    """Nothing is said to be done, and nothing is half done."""
    smtp = page_shop(shop)
    daemon, web = start(shop)
    _, links = mailed_links(shop, smtp)
    shop.client.config_set("maxmemory", "1mb")
    for path, body in (links["U"], ONE_CLICK), (links["P"], [("was", "offers"), ("on", "news")]):
        page = post(web, path, body)
        assert (page.status, page.heading) == (503, "Te rugăm să încerci din nou"), page.heading
        assert int(page.headers["Retry-After"]) > 0
    shop.client.config_set("maxmemory", "0")
    assert words(shop) == []
    assert post(web, links["U"], ONE_CLICK).status == 200
    assert words(shop) == [("customer.unsubscribed", "offers", "one-click")]


def test_who_was_joined(shop):
    """The link of an address leads to whom it has become; what was kept of the address stays as it is spelt."""
    smtp = page_shop(shop)
    shop.config["customer"] = {"keys": ["customer.id", "customer.email"]}
    _, web = start(shop)
    _, links = mailed_links(shop, smtp, {"email": "Straße@Shop.example", "accepts_marketing": True})
    assert post(web, links["U"], ONE_CLICK).status == 200
    shop.wait_idle()
    key = next(iter(shop.client.keys("nudged:customer:email:*"))).decode()
    assert b"Stra\xc3\x9fe@Shop.example" in shop.client.get(key)
    shop.push({"type": "seen", "customer": {"id": "7", "email": "Straße@Shop.example", "locale": "fi"}})
    shop.wait_idle()
    assert not shop.client.exists(key)
    page = get(web, links["U"])
    assert (page.status, page.lang) == (200, "fi")
    assert post(web, links["P"], "all=1").status == 200
    assert is_refused(shop)
    assert words(shop)[-1] == ("customer.unsubscribed", "all", "preferences")


def test_who_was_erased(shop):
    """Nothing of them is known any more; a no of theirs counts all the same."""
    smtp = page_shop(shop)
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    shop.push({"type": "customer.erased", "customer": {"id": "7"}})
    shop.wait_idle()
    page = get(web, links["P"])
    assert (page.status, page.lang, page.fields()) == (200, "en", [])
    assert post(web, links["U"], ONE_CLICK).status == 200
    shop.push({"type": "ping", "customer": ANA})
    shop.wait_idle()
    assert ("offers", "refused", "no-consent") in shop.trace("id:7")


def test_an_erasure_takes_back_what_was_asked(shop):
    """A confirmation from before it is no new yes; one that was asked for afterwards is."""
    smtp = page_shop(shop)
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    assert post(web, links["P"], [("on", "news")]).status == 200
    old = links_in(smtp.next_mail())["C"]
    assert get(web, old).status == 200
    shop.push({"type": "customer.erased", "customer": {"id": "7"}})
    shop.wait_idle()
    for page in get(web, old), post(web, old, "confirm=1"):
        assert (page.status, page.heading) == (410, "This link has expired")
    shop.push({"type": "ping", "customer": ANA})
    assert post(web, links["P"], [("on", "news")]).status == 200
    links = iter(lambda: links_in(smtp.next_mail()), None)
    new = next(found["C"] for found in links if "C" in found)
    assert post(web, new, "confirm=1").status == 200
    assert [word for word in words(shop) if word[0] == "customer.subscribed"] == [
        ("customer.subscribed", "news", "confirmed")]


def test_names_of_topics(shop):
    smtp = page_shop(shop)
    shop.config["topics"] = {**TOPICS, "new-tea.of_May": "opt-in"}
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    page = get(web, links["P"])
    assert "New tea of may" in page.source or "New tea of May" in page.source
    assert ("on", "new-tea.of_may") in [(name, value.lower()) for name, value in
                                        re.findall('name="(on)" autocomplete="off" value="([^"]*)"', page.source)]
    name = re.findall('value="(new-tea[^"]*)"', page.source)[0]
    assert post(web, links["P"], [("on", name), ("was", "offers"), ("on", "offers")]).status == 200
    assert words(shop) == [("customer.subscription_requested", [name], "preferences")]


def test_other_words(shop):
    """Titles of topics, a text said otherwise, and a language of the shop's own."""
    english = re.findall(r"^\| `([a-z_]+)` \| (.*) \|$", (SOURCE / "docs" / "unsubscribe.md").read_text(), re.M)
    german = {name: f"{text} (de)" for name, text in english if not name.startswith("message")}
    texts = {"ro": {"leave": "Te <b>desparți</b>?", "topics": {"Offers": "Vinuri & brânzeturi"}},
             "de": {**german, "all": "Alles", "topics": {"offers": "Angebote"}}}
    path = shop.folder / "texts.yaml"
    path.write_text(yaml.safe_dump(texts, allow_unicode=True))
    smtp = page_shop(shop, texts_file=str(path))
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    page = get(web, links["U"])
    assert (page.lang, page.heading, page.topics) == ("ro", "Te <b>desparți</b>?", ["Vinuri & brânzeturi"])
    _, links = mailed_links(shop, smtp, {**ANA, "id": "8", "email": "hans@example.com", "locale": "de-AT"})
    page = get(web, links["U"])
    assert (page.lang, page.heading, page.topics) == ("de", "Unsubscribe? (de)", ["Angebote"])
    assert (get(web, links["P"]).lang, post(web, links["P"], "all=1").topics) == ("de", ["Alles"])
    path.write_text("de: {leave: Ab?}\nro: {leav: x, topics: {wine: 7}}\nDE: {}\n")
    status, out, _ = shop.ctl("check")
    assert status == 1
    for told in ("texts.yaml:1:1: error: the language lacks the text `leave_lead`",
                 "texts.yaml:2:6: error: the pages have no text `leav`", "did you mean `leave`?",
                 "texts.yaml:2:30: error: `wine` must be a text", "texts.yaml:3:1: error: `DE` is no language"):
        assert told in out, (told, out)


# --- keys ---

def test_keys_roll_over(shop):
    """The newest signs, the others go on being read; a nudged-web that has not read the newest asks."""
    keys = shop.folder / "token-keys"
    smtp = page_shop(shop, token_keys_file=str(keys))
    keys.write_text("# ours\nold " + "ab" * 32 + "\n")
    keys.chmod(0o600)
    daemon, web = start(shop)
    _, first = mailed_links(shop, smtp)
    assert first["U"].startswith("/u/old.")
    with open(keys, "a") as file:
        file.write("new " + "cd" * 32 + "\n")
    assert shop.ctl("reload")[0] == 0
    _, second = mailed_links(shop, smtp)
    assert second["U"].startswith("/u/new.")
    for links in first, second:
        for path in links.values():
            assert get(web, path).status == 200
    keys.write_text("new " + "cd" * 32 + "\n")
    assert shop.ctl("reload")[0] == 0
    wait_until(lambda: get(web, first["U"]).status == 404, daemon.log)
    assert get(web, second["U"]).status == 200
    keys.write_text("broken\n")
    status, _, errors = shop.ctl("reload")
    assert status == 1 and "token-keys:1:" in errors
    assert get(web, second["U"]).status == 200


def test_links_of_the_former_release(shop):
    """What was mailed before there were keys goes on working: the daemon reads it, by its secret."""
    smtp = page_shop(shop)
    settings = shop.config.pop("web")
    shop.config["mail"]["unsubscribe_url"] = f"{PUBLIC}/u/{{token}}"
    shop.config["mail"]["confirm_url"] = f"{PUBLIC}/c/{{token}}"
    daemon = shop.daemon("former").spawn()
    shop.push({"type": "ping", "customer": ANA}, {"type": "customer.subscription_requested", "customer": {"id": "7"}})
    links = links_in_any(smtp.next_mail()) | links_in_any(smtp.next_mail())
    assert links["U"].count(".") == links["C"].count(".") == 2
    assert daemon.stop() == 0
    shop.config["web"] = settings
    del shop.config["mail"]["unsubscribe_url"], shop.config["mail"]["confirm_url"]
    daemon, web = start(shop)
    page = get(web, links["U"])
    assert (page.status, page.lang, page.topics) == (200, "ro", ["Oferte"])
    assert get(web, links["U"][:-1] + "x").status == 404
    assert get(web, links["U"].replace("/u/", "/c/")).status == 404
    assert post(web, links["U"], ONE_CLICK).status == 200
    page = get(web, links["C"])
    assert (page.status, page.topics) == (200, ["Noutăți"])
    assert post(web, links["C"], page.fields()).status == 200
    assert words(shop) == [("customer.unsubscribed", "offers", "one-click"),
                           ("customer.subscribed", "news", "confirmed")]
    # The secret is nowhere in what nudged-web was told.
    secret = (shop.folder / "state" / "secret").read_text().strip()
    assert secret not in daemon.log()


def links_in_any(mail):
    """The links of a mail that may have some of them alone."""
    text = mail.get_body(("plain",)).get_content()
    return {letter: url.removeprefix(PUBLIC) for letter, url in re.findall(r"^([UPC]) (https\S+)", text, re.M)}


def test_two_shops(shop):
    """The links of one shop are nothing to another on the same machine."""
    smtp = page_shop(shop)
    _, web = start(shop)
    _, links = mailed_links(shop, smtp)
    shop.config["redis"] = {**shop.config["redis"], "prefix": "other"}
    shop.config["state"] = str(shop.folder / "other-state")
    _, other = start(shop, "other")
    assert other.port != web.port
    for path in links.values():
        assert get(web, path).status == 200
        assert get(other, path).status == 404
        assert post(other, path, ONE_CLICK).status == 404
