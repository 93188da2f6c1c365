#!/usr/bin/python3
"""The order mail of bench_liquid with liquidjs and Jinja2, in the same run: rows of each and
how many times faster ours is. What is not there is left out, and standard error says so."""

import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("NUDGED_SOURCE", pathlib.Path(__file__).parents[2]))
BUILD = pathlib.Path(os.environ.get("NUDGED_BUILD", SOURCE / "build"))
FOLDER = SOURCE / "tests/bench"
PROGRAM = BUILD / "tests/bench/bench_liquid"
ROUNDS, ROUND_SECONDS = 8, 0.4


def say(text):
    print(f"bench_liquidjs: {text}", file=sys.stderr)


def row(name, value, unit):
    print(f"{name}\t{value}\t{unit}", flush=True)


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def ours():
    """Mails a second, and the HTML of one."""
    rows = [line.split("\t") for line in run(PROGRAM, FOLDER).splitlines()]
    shown = run(PROGRAM, FOLDER, "show")
    return (next(float(value) for _, value, unit in rows if unit == "renders/s"),
            shown[:shown.index("liquid order mail\t")])


def liquidjs():
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        return say("no npm here: without liquidjs")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix",
                               folder, "liquidjs@10"], stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            return say("npm does not get liquidjs: without it")
        modules = pathlib.Path(folder) / "node_modules"
        say("liquidjs " + json.loads((modules / "liquidjs/package.json").read_text())["version"])
        command = [node, FOLDER / "order_liquidjs.js", FOLDER]
        environment = {**os.environ, "NODE_PATH": str(modules)}
        return float(run(*command, env=environment)), run(*command, "show", env=environment)


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
    import datetime
    import urllib.parse

    say(f"Jinja2 {jinja2.__version__}")
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
    best = 0
    for _ in range(ROUNDS):
        start = time.process_time()
        count = spent = 0
        while spent < ROUND_SECONDS:
            for _ in range(100):
                shown = [part.render(data) for part in parts]
            count += 100
            spent = time.process_time() - start
        best = max(best, count / spent)
    return best, shown[-1]


def words(text):
    """What a reader sees of the markup: how a sign is escaped, and spaces, do not count."""
    return html.unescape(text).split()


def main():
    own, shown = ours()
    row("order mail, ours", f"{own:.0f}", "renders/s")
    for name, other in (("liquidjs", liquidjs()), ("Jinja2", jinja())):
        if not other:
            continue
        rate, mail = other
        if words(mail) != words(shown):
            say(f"{name} makes another mail of the template: no comparison")
            return 1
        row(f"order mail, {name}", f"{rate:.0f}", "renders/s")
        row(f"order mail, ours to {name}", f"{own / rate:.1f}", "times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
