#!/usr/bin/python3
"""The order mail of bench_liquid, subject, text and HTML, and the same with liquidjs and Jinja2 in turns. What is not
there is left out. Each must make the same mail."""

import datetime
import html
import json
import os
import re
import subprocess
import time
import urllib.parse

from figures import BUILD, SOURCE, fail, ratios, rounds, row, say
from npm_peers import npm_peers

FOLDER = SOURCE / "tests/bench"
PROGRAM = BUILD / "tests/bench/bench_liquid"
ROUND_SECONDS = 0.4


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


# ---- Each: the HTML of one mail, and a function that measures mails a second of a processor ----

def ours():
    shown = run(PROGRAM, FOLDER, "show")

    def measured():
        rows = [line.split("\t") for line in run(PROGRAM, FOLDER).splitlines()]
        return next(float(value) for _, value, unit in rows if unit == "renders/s")

    return shown[:shown.index("liquid order mail\t")], measured


def liquidjs():
    modules = npm_peers()
    if not modules:
        return None
    command, environment = ["node", FOLDER / "order_liquidjs.js", FOLDER], {**os.environ, "NODE_PATH": str(modules)}
    return run(*command, "show", env=environment), lambda: float(run(*command, env=environment))


def to_jinja(text):
    """The same template in Jinja's spelling; what these three files use, no more."""
    text = re.sub(r"\b(default|date|times|round): *([^|}]*?) *(?=\||[-]?})", r"\1(\2)", text)
    text = re.sub(r"{%(-?) assign", r"{%\1 set", text)
    text = re.sub(r"{% cycle (.*?) %}", r"{{ loop.cycle(\1) }}", text)
    for ours, theirs in (("forloop.index", "loop.index"), ("!= blank", "!= ''"),
                         ("order.items", "order['items']")):  # a dict has its own `items`
        text = text.replace(ours, theirs)
    return text


def jinja():
    try:
        import jinja2
    except ImportError:
        return say("no Jinja2 here: without it")
    parts = []
    for name in ("order.subject.liquid", "order.text.liquid", "order.html.liquid"):
        environment = jinja2.Environment(autoescape=".html." in name, keep_trailing_newline=True)
        environment.filters |= {
            "date": lambda text, form: datetime.datetime.fromisoformat(text).strftime(form),
            "times": lambda a, b: a * b,
            "upcase": str.upper,
            "url_encode": urllib.parse.quote_plus,
            "newline_to_br": lambda text: jinja2.utils.markupsafe.Markup(
                jinja2.utils.markupsafe.escape(text).replace("\n", "<br />\n")),
        }
        parts.append(environment.from_string(to_jinja((FOLDER / name).read_text())))
    data = json.loads((FOLDER / "order.json").read_text())

    def measured():
        begin, made, spent = time.process_time(), 0, 0
        while spent < ROUND_SECONDS:
            for _ in range(100):
                for part in parts:
                    part.render(data)
            made += 100
            spent = time.process_time() - begin
        return made / spent

    return parts[-1].render(data), measured


def words(text):
    """What a reader sees of the markup: how a sign is escaped, and spaces, do not count."""
    return html.unescape(text).split()


def main():
    shown, measured = ours()
    ways = {"nudged": measured}
    for name, other in (("liquidjs", liquidjs()), ("Jinja2", jinja())):
        if not other:
            continue
        mail, ways[name] = other
        if words(mail) != words(shown):
            fail(f"{name} makes another mail of the template: no comparison")
    found = rounds({name: lambda way=way: {"mails": way()} for name, way in ways.items()})
    for name, figures in found.items():
        row(f"{name}: mails", figures["mails"], "1/s")
        if name != "nudged":
            row(f"{name}: nudged to it", ratios(found["nudged"]["mails"], figures["mails"]), "times")


if __name__ == "__main__":
    main()
