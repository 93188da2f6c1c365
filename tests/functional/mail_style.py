"""The styles in force in a mail: the cascade over its <style> sheets and style="", as a mail
program of a certain width, in light or dark, computes it. Enough of CSS for mails: selectors
of lxml.cssselect, @media with max-width and prefers-color-scheme, the shorthands that are used.
"""

from dataclasses import dataclass

import html5lib
import tinycss2
import tinycss2.color3
from cssselect import SelectorError, parse as parse_selectors
from lxml.cssselect import CSSSelector

INHERITED = {"color", "font-size", "font-weight", "line-height"}
INITIAL = {"color": "black", "font-size": "16px", "font-weight": "400"}
BOLD = {"b", "strong", "h1", "h2", "h3", "th"}
NEVER_SHOWN = {"head", "style", "script", "title", "meta"}


@dataclass(frozen=True)
class View:
    """How a mail program shows it. `sheets`: whether it knows <style> at all. `outlook`: it is
    Outlook's own dark mode, which marks the document instead of matching the media query."""

    name: str
    width: int = 700
    dark: bool = False
    sheets: bool = True
    outlook: bool = False


VIEWS = [
    View("light"),
    View("light, 375 wide", width=375),
    View("dark", dark=True),
    View("dark, 375 wide", width=375, dark=True),
    View("without <style>", sheets=False),
    View("dark, Outlook", outlook=True),
]


def parse(html):
    return html5lib.parse(html, treebuilder="lxml", namespaceHTMLElements=False).getroot()


def declarations(text):
    """[(property, its tokens, important)] of a style attribute or the body of a rule."""
    found = tinycss2.parse_declaration_list(text, skip_comments=True, skip_whitespace=True)
    return [(d.lower_name, d.value, d.important) for d in found if d.type == "declaration"]


def color_in(tokens):
    """The first colour among the tokens, with its alpha; None where there is none."""
    for token in tokens:
        color = tinycss2.color3.parse_color(token) if token.type in ("hash", "ident", "function") else None
        if color and color != "currentColor":
            return color
    return None


def words(tokens):
    return tinycss2.serialize(tokens).strip().lower()


def longhands(name, tokens):
    """A declaration as those of single properties that this module knows."""
    if name == "background":
        yield "background-color", tokens
    elif name == "font":
        sizes = [t for t in tokens if t.type in ("dimension", "percentage")]
        weights = [t for t in tokens if t.type == "number" or words([t]) in ("bold", "normal")]
        yield "font-weight", weights[:1] or tinycss2.parse_component_value_list("400")
        if sizes:
            yield "font-size", sizes[:1]
    else:
        yield name, tokens


def matches_media(prelude, view):
    """Whether all conditions of an @media rule hold."""
    text = words(prelude)
    if "prefers-color-scheme" in text and ("dark" in text) != view.dark:
        return False
    for block in prelude:
        if block.type == "() block" and words(block.content).startswith("max-width"):
            [most] = [t.value for t in block.content if t.type == "dimension"]
            if view.width > most:
                return False
    return True


def rules_of(css, view):
    """(selector's text, content) of each rule that is in force."""
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type == "qualified-rule":
            yield words(rule.prelude), rule.content
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and matches_media(rule.prelude, view):
            yield from rules_of(tinycss2.serialize(rule.content), view)


def sheets(tree):
    return "\n".join(style.text or "" for style in tree.iter("style"))


def matching(tree, selector):
    """(element, specificity) of each element that the selector finds; none for one that
    hangs on what a reader does, or that cssselect does not know."""
    try:
        parsed = parse_selectors(selector)
        return [(element, one.specificity()) for one in parsed
                for element in CSSSelector(one.canonical(), translator="html")(tree)]
    except SelectorError:
        return []


class Styles:
    """The styles of all elements of a tree in one view."""

    def __init__(self, tree, view):
        self.tree, self.view = tree, view
        self.won = {}  # element: {property: (rank, tokens)}
        if view.outlook:
            tree.set("data-ogsc", "")
            tree.set("data-ogsb", "")
        if view.sheets:
            for order, (selector, content) in enumerate(rules_of(sheets(tree), view)):
                for element, specificity in matching(tree, selector):
                    self._add(element, declarations(content), (0, specificity, order))
        for element in tree.iter("*"):
            self._attributes(element)
            self._add(element, declarations(element.get("style", "")), (1, (0, 0, 0), 0))
        if view.outlook:
            del tree.attrib["data-ogsc"], tree.attrib["data-ogsb"]

    def _add(self, element, found, rank):
        mine = self.won.setdefault(element, {})
        for name, tokens, important in found:
            for single, value in longhands(name, tokens):
                if single not in mine or mine[single][0] <= (important, *rank):
                    mine[single] = ((important, *rank), value)

    def _attributes(self, element):
        """What bgcolor, width and height say, below all CSS."""
        for attribute, name in (("bgcolor", "background-color"), ("width", "width"), ("height", "height")):
            value = element.get(attribute)
            if value:
                value = value + "px" if name in ("width", "height") and value.isdigit() else value
                tokens = tinycss2.parse_component_value_list(value)
                self.won.setdefault(element, {}).setdefault(name, ((False, -1, (0, 0, 0), 0), tokens))

    def get(self, element, name):
        """The value as text; an inherited property's from its parents."""
        tokens = self.tokens(element, name)
        return words(tokens) if tokens else INITIAL.get(name, "")

    def tokens(self, element, name):
        while element is not None:
            found = self.won.get(element, {}).get(name)
            if found and words(found[1]) != "inherit":
                return found[1]
            if name == "font-weight" and element.tag in BOLD:
                return tinycss2.parse_component_value_list("700")
            if name not in INHERITED:
                return None
            element = element.getparent()
        return None

    def shown(self, element):
        """Whether a reader sees it."""
        while element is not None:
            if not isinstance(element.tag, str) or element.tag in NEVER_SHOWN:
                return False
            if self.get(element, "display") == "none" or self.get(element, "visibility") == "hidden":
                return False
            if self.get(element, "opacity") == "0" or self.get(element, "max-height") in ("0", "0px"):
                return False
            element = element.getparent()
        return True

    def pixels(self, element, name):
        """A length in pixels; None for one that is none."""
        value = self.get(element, name)
        try:
            return float(value.removesuffix("px"))
        except ValueError:
            return None

    def color(self, element):
        tokens = self.tokens(element, "color")
        return color_in(tokens) if tokens else tinycss2.color3.parse_color("black")

    def background(self, element):
        """What lies behind its text: the layers down to the first that is opaque, white at last."""
        layers = []
        while element is not None:
            tokens = self.won.get(element, {}).get("background-color", (None, []))[1]
            color = color_in(tokens)
            if color and color.alpha > 0:
                layers.append(color)
                if color.alpha == 1:
                    break
            element = element.getparent()
        below = (1.0, 1.0, 1.0)
        for layer in reversed(layers):
            below = mix(layer, below)
        return below


def mix(color, below):
    return tuple(color.alpha * c + (1 - color.alpha) * b for c, b in zip(color[:3], below))


def luminance(color):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """WCAG 2: from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
