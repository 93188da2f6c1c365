"""The rules of HTML mail, each a function over a Letter that yields complaints. They stand by
themselves: nothing here knows the templates, so any mail can be held to them."""

import re
from dataclasses import dataclass, field
from functools import cached_property

import tinycss2

import mail_style

CONTAINER_MOST = 640  # pixels
PHONE = 375
CONTRAST_LEAST = 4.5
LETTERS_LEAST = 14  # pixels
SIZE_MOST = 102 * 1024  # bytes: Gmail clips what is longer
PREHEADER = range(15, 141)  # characters

# What the mail programs that matter understand in style="" (caniemail.com); those of the
# second line are ornaments, and the mail stands without them.
PROPERTIES = set("""
    background background-color border border-bottom border-color border-style border-top border-width
    color direction display font font-family font-size font-style font-weight height letter-spacing
    line-height margin margin-bottom margin-left margin-right margin-top max-width min-width padding
    padding-bottom padding-left padding-right padding-top text-align text-decoration text-transform
    vertical-align white-space width
""".split()) | {"border-radius", "float", "max-height", "object-fit", "opacity", "overflow",
                      "text-size-adjust", "-webkit-text-size-adjust"}
UNITS = {"px", "%", "em", ""}
BAD_TAGS = {"script", "link", "iframe", "object", "embed", "form", "input", "video", "audio", "svg", "base"}
SCHEMES = ("https://", "http://", "mailto:", "tel:")


@dataclass
class Letter:
    """A mail: its parts and headers. `shop`: what must be found in its footer."""

    html: str
    text: str
    subject: str
    locale: str
    marketing: bool
    headers: dict = field(default_factory=dict)
    shop: tuple = ()

    def __post_init__(self):
        self.tree = mail_style.parse(self.html)
        self.light = mail_style.Styles(self.tree, mail_style.VIEWS[0])

    @cached_property
    def views(self):
        """Its styles in every view."""
        rest = {view: mail_style.Styles(self.tree, view) for view in mail_style.VIEWS[1:]}
        return {mail_style.VIEWS[0]: self.light, **rest}

    def all(self, *tags):
        return list(self.tree.iter(*tags))

    def mso(self):
        """The markup that Outlook on Windows alone sees."""
        return re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", self.html, re.S)


def squeeze(text):
    return re.sub(r"[\s\u00a0\u2007\u202f\u034f\u200c]+", " ", text).strip()


BLOCKS = {"table", "tr", "td", "p", "h1", "h2", "h3", "div", "br", "ul", "ol", "li", "img"}


def pieces(letter, element, said):
    """The texts within, in order; what stands apart is parted by a blank."""
    styles = letter.light
    if not isinstance(element.tag, str) or not styles.shown(element):
        return
    if said and element.get("aria-hidden") == "true":
        return
    apart = " " if element.tag in BLOCKS or styles.get(element, "display") == "block" else ""
    yield apart + (element.text or "")
    yield element.get("alt") or "" if element.tag == "img" else ""
    for child in element:
        yield from pieces(letter, child, said)
        yield child.tail or ""
    yield apart


def shown_text(letter, element, said=True):
    """The text that a reader sees within; `said`: without what only decorates."""
    return squeeze("".join(pieces(letter, element, said)))


# --- the document ---


def document(letter):
    """doctype, language, title, character set and width of the screen are said"""
    if not letter.html.lstrip().lower().startswith("<!doctype html>"):
        yield "no <!DOCTYPE html>"
    if letter.tree.get("lang") != letter.locale:
        yield f"lang is {letter.tree.get('lang')!r}, not {letter.locale!r}"
    if not any(table.get("lang") for table in letter.all("table")):
        yield "no lang within the body, for mail programs that drop <html>"
    titles = [squeeze(title.text or "") for title in letter.all("title")]
    if titles != [squeeze(letter.subject)]:
        yield f"the title is {titles}, not the subject"
    metas = {meta.get("name", "charset"): meta.get("content") or meta.get("charset") for meta in letter.all("meta")}
    if (metas.get("charset") or "").lower() != "utf-8":
        yield "no charset"
    if "width=device-width" not in (metas.get("viewport") or ""):
        yield "no viewport"


def headings(letter):
    """one h1, and no level left out"""
    levels = [int(element.tag[1]) for element in letter.all("h1", "h2", "h3", "h4", "h5", "h6")]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} h1"
    for before, after in zip(levels, levels[1:]):
        if after > before + 1:
            yield f"h{after} behind h{before}"


def preheader(letter):
    """the first thing in the body is a line for the inbox, which the mail itself hides"""
    first = next(letter.tree.find("body").iterchildren("*"), None)
    text = squeeze(first.text or "") if first is not None else ""
    if first is None or letter.light.shown(first) or not text:
        yield "no preheader"
    elif len(text) not in PREHEADER:
        yield f"a preheader of {len(text)} characters"


def scripts(letter):
    """nothing runs, and nothing but pictures is fetched"""
    for element in letter.tree.iter("*"):
        if element.tag in BAD_TAGS:
            yield f"<{element.tag}>"
        for name in element.attrib:
            if name.startswith("on"):
                yield f"{name} on <{element.tag}>"
    if re.search(r"@import|@font-face|url\(|expression\(|javascript:", letter.html, re.I):
        yield "CSS or an address that fetches or runs something"


# --- the layout ---


def tables(letter):
    """the layout is tables, which say that they are no data"""
    body = letter.tree.find("body")
    found = letter.all("table")
    if not found:
        yield "no table"
    for table in found:
        if table.get("role") != "presentation":
            yield "a table without role=\"presentation\""
        if (table.get("cellpadding"), table.get("cellspacing"), table.get("border")) != ("0", "0", "0"):
            yield "a table without cellpadding, cellspacing and border of 0"
    for child in body.iterchildren("*"):
        if letter.light.shown(child) and child.tag != "table":
            yield f"<{child.tag}> beside the outermost table"
    for part in letter.mso():
        if "<table" in part and 'role="presentation"' not in part:
            yield "a table for Outlook without role=\"presentation\""


def widths(letter):
    """nothing is wider than the container, which shrinks with a phone's screen"""
    containers = 0
    for view, styles in letter.views.items():
        for element in letter.tree.iter("*"):
            if not styles.shown(element):
                continue
            most = styles.pixels(element, "max-width")
            for name in ("width", "min-width"):
                width = styles.pixels(element, name)
                width = min(width, most) if width is not None and most is not None else width
                if width is not None and width > min(CONTAINER_MOST, view.width):
                    yield f"<{element.tag}> is {width:g} wide ({view.name})"
                if element.tag not in ("img",) and width is not None and PHONE < width and view.width == PHONE:
                    yield f"<{element.tag}> does not shrink"
            fluid = styles.get(element, "width") == "100%"
            containers += element.tag == "table" and fluid and most is not None and most <= CONTAINER_MOST
    if not containers:
        yield f"no table of width 100% and at most {CONTAINER_MOST}"


def inline_css(letter):
    """style="" has only what mail programs know"""
    for element in letter.tree.iter("*"):
        for name, tokens, important in mail_style.declarations(element.get("style", "")):
            if name not in PROPERTIES and not name.startswith("mso-"):
                yield f"{name} on <{element.tag}>"
            if important:
                yield f"!important in style=\"\" of <{element.tag}>"
            for token in tokens:
                if token.type == "dimension" and token.lower_unit not in UNITS:
                    yield f"{name}: {tinycss2.serialize(tokens)}"
                if token.type == "function" and token.lower_name not in ("rgb", "rgba"):
                    yield f"{name}: {tinycss2.serialize(tokens)}"


def inlined(letter):
    """without <style> the mail looks the same in light"""
    bare = letter.views[mail_style.VIEWS[4]]
    for element in letter.tree.iter("*"):
        if not letter.light.shown(element) or not (element.text or "").strip():
            continue
        for name in ("color", "font-size", "font-weight"):
            if bare.get(element, name) != letter.light.get(element, name):
                yield f"{name} of <{element.tag}> stands in <style> alone"


# --- what is read ---


def contrasts(letter):
    """text stands out from its ground, however it is shown"""
    for view, styles in letter.views.items():
        for element in letter.tree.iter("*"):
            if not isinstance(element.tag, str) or not styles.shown(element):
                continue
            tails = [child.tail for child in element if child.tail]
            if element.tag != "img" and not squeeze("".join([element.text or "", *tails])):
                continue
            ground = styles.background(element)
            ratio = mail_style.contrast(mail_style.mix(styles.color(element), ground), ground)
            if ratio < CONTRAST_LEAST:
                yield f"{ratio:.2f} for {squeeze(element.text or '')[:30]!r} ({view.name})"


def letters(letter):
    """no text is too small to read"""
    for view, styles in letter.views.items():
        for element in letter.tree.iter("*"):
            size = styles.pixels(element, "font-size")
            if squeeze(element.text or "") and styles.shown(element) and (size or 0) < LETTERS_LEAST:
                yield f"{size} pixels: {squeeze(element.text)[:30]!r} ({view.name})"


def dark(letter):
    """dark mode is declared both ways: the media query, and Outlook's attributes"""
    metas = [meta.get("content") for meta in letter.all("meta") if meta.get("name") == "color-scheme"]
    if not metas or "dark" not in metas[0]:
        yield "no meta color-scheme with dark"
    in_media, in_outlook = set(), set()
    view = mail_style.View("dark", dark=True)
    for rule in tinycss2.parse_stylesheet(mail_style.sheets(letter.tree), True, True):
        if rule.type == "at-rule" and "prefers-color-scheme: dark" in mail_style.words(rule.prelude):
            for selector, content in mail_style.rules_of(tinycss2.serialize(rule.content), view):
                in_media |= {(selector, name) for name in colored(content)}
        elif rule.type == "qualified-rule" and mail_style.words(rule.prelude).startswith("[data-ogs"):
            mark, selector = mail_style.words(rule.prelude).split("] ", 1)
            names = {n for n in colored(rule.content) if (n == "background") == (mark == "[data-ogsb")}
            in_outlook |= {(selector, name) for name in names}
    if not in_media:
        yield "no @media (prefers-color-scheme: dark)"
    for selector, name in sorted(in_media ^ in_outlook):
        yield f"{name} of {selector} changes in one of the two dark modes only"


def colored(content):
    """Which kinds of colours a rule sets."""
    names = {"background": "background", "background-color": "background", "color": "color",
             "border-color": "border", "border": "border"}
    return {names[name] for name, _, _ in mail_style.declarations(content) if name in names}


def pictures(letter):
    """every picture has its alt text and its size; one that is a link says where to"""
    for image in letter.all("img"):
        if image.get("alt") is None:
            yield f"no alt: {image.get('src')}"
        if not (image.get("width") or image.get("height")):
            yield f"no size: {image.get('src')}"
        if not re.match(r"https?://|cid:|img/", image.get("src") or ""):
            yield f"no address: {image.get('src')!r}"
    for part in letter.mso():
        for image in re.findall(r"<img[^>]*>", part):
            if not re.search(r'\balt="', image) or not re.search(r'\b(width|height)="', image):
                yield f"for Outlook, no alt or no size: {image}"


def links(letter):
    """a link has an address, and words or a picture that name it"""
    for link in letter.all("a"):
        address = link.get("href") or ""
        if not address.startswith(SCHEMES) or not address.split(":", 1)[1].strip("/"):
            yield f"no address: {address!r}"
        if letter.light.shown(link) and not shown_text(letter, link):
            yield f"no words: {address}"
    for address in re.findall(r"https?://\S*", letter.text):
        if not re.match(r"https?://[\w.-]+", address):
            yield f"no address in the text part: {address!r}"


def size(letter):
    """Gmail does not clip it"""
    length = len(letter.html.encode())
    if length > SIZE_MOST:
        yield f"{length} bytes"


# --- both parts, and the shop ---


def same_text(letter):
    """the text part says what the HTML says, and leads to the same places"""
    plain = squeeze(letter.text)
    said = set(re.findall(r"[\w€$%]+", plain))
    for word in re.findall(r"[\w€$%]+", shown_text(letter, letter.tree.find("body"))):
        if word not in said:
            yield f"{word!r} is not in the text part"
    for link in letter.all("a"):
        address = re.sub(r"^(mailto|tel):", "", link.get("href") or "")
        if link.get("href", "").startswith("tel:"):
            address = address[-4:]
            plain_digits = re.sub(r"\D", "", letter.text)
            if address not in plain_digits:
                yield f"{link.get('href')} is not in the text part"
        elif letter.light.shown(link) and link.find(".//img") is None and address not in letter.text:
            yield f"{address} is not in the text part"


def plain_text(letter):
    """the text part is text"""
    if not squeeze(letter.text):
        yield "no text part"
    tags = r"</?(?:a|b|br|div|em|h\d|i|img|p|s|span|strong|table|t[dr])\b[^>]*>"
    if found := re.search(rf"{tags}|&\w+;|&#\d+;", letter.text):
        yield f"markup: {found[0]}"
    if re.search(r"\n\s*\n\s*\n\s*\n", letter.text):
        yield "a hole of three empty lines"


def whole(letter):
    """no translation, value or piece of a template is missing"""
    for place, text in (("subject", letter.subject), ("text", letter.text),
                        ("html", shown_text(letter, letter.tree.find("body"), said=False))):
        if found := re.search(r"translation missing|Liquid error|\{\{|\{%|\}\}|%\}", text):
            yield f"{place}: {found[0]}"
        if found := re.search(r"\(\s*\)|“”|„”|«»|\s[,.!?:;](?!\S)|\b(nil|null|undefined|NaN)\b", text):
            yield f"{place}: a hole: {text[max(0, found.start() - 20):found.end() + 10]!r}"
    for element in letter.all("p", "h1", "h2", "a"):
        if letter.light.shown(element) and not shown_text(letter, element, said=False):
            yield f"an empty <{element.tag}>"


def footer(letter):
    """the shop's address and a way to reach it stand in both parts"""
    html = shown_text(letter, letter.tree.find("body"))
    for words in letter.shop:
        if words not in html:
            yield f"no {words!r} in the HTML"
        if words not in squeeze(letter.text):
            yield f"no {words!r} in the text"


def way_out(letter):
    """marketing can be unsubscribed from in one click, in both parts and by the header"""
    header = letter.headers.get("List-Unsubscribe", "")
    address = re.search(r"<(https://[^>]*)>", header)
    if not letter.marketing:
        if header:
            yield "a header to unsubscribe from what nobody subscribed to"
        return
    if not address or "One-Click" not in letter.headers.get("List-Unsubscribe-Post", ""):
        yield "no List-Unsubscribe of one click"
        return
    shown = [link for link in letter.all("a") if link.get("href") == address[1] and letter.light.shown(link)]
    if not shown:
        yield "no link to unsubscribe"
    if address[1] not in letter.text:
        yield "no address to unsubscribe in the text"


RULES = [document, headings, preheader, scripts, tables, widths, inline_css, inlined, contrasts, letters, dark,
         pictures, links, size, same_text, plain_text, whole, footer, way_out]


def check(letter, rules=None):
    """[(rule, complaint)], each once."""
    return list(dict.fromkeys((rule.__name__, complaint) for rule in rules or RULES for complaint in rule(letter)))
