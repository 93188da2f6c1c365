"""The manual: each command has a page, and each option its place there; what a page prints works."""

import json
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, PATIENCE, SOURCE
from test_docs import examples  # noqa: F401, the shop as it is installed

MANUAL = SOURCE / "docs/man"
PAGES = sorted(path.name for path in MANUAL.iterdir())


def man(name):
    return (MANUAL / name).read_text().replace("\\-", "-")


def told(program, *arguments):
    return subprocess.run([BUILD / program, *arguments], capture_output=True, text=True, check=True,
                          timeout=PATIENCE).stdout


def commands():
    return [name for name in re.findall(r"^  ([a-z][a-z-]+) ", told("nudgectl", "help"), re.M) if name != "help"]


def described(page):
    """The options that have a paragraph of their own: those in the tags of lists."""
    tags = " ".join(re.findall(r"^\.It (.*)$", page, re.M))
    return set(re.findall(r"Fl (-?[a-z-]+)", tags))


def test_each_command_has_its_page():
    assert {name for name in PAGES if name.startswith("nudgectl-")} == {f"nudgectl-{name}.1" for name in commands()}
    assert len(commands()) >= 19
    for name in commands():
        assert f".It Xr nudgectl-{name} 1\n" in man("nudgectl.1"), name


@pytest.mark.parametrize("name", commands())
def test_the_page_has_every_option(name):
    options = set(re.findall(r"(?<![\w-])-(-[a-z][a-z-]*)", told("nudgectl", "help", name)))
    assert options == {option for option in described(man(f"nudgectl-{name}.1")) if option.startswith("-")}


def test_the_pages_of_the_programs_have_every_option():
    for name, page in (("nudged", "nudged.8"), ("nudgectl", "nudgectl.1")):
        for option in re.findall(r"(?<![\w-])-(-[a-z][a-z-]*)", told(name, "--help")):
            assert option in described(man(page)), (page, option)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_has_all_sections(name):
    sections = re.findall(r"^\.Sh (.*)$", man(name), re.M)
    assert sections[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    wanted = ["FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]
    if name[-1] in "57":
        wanted.remove("EXIT STATUS")
    assert [one for one in sections if one in wanted] == wanted
    assert f".Dt {name[:-2].upper()} {name[-1]}\n" in man(name)


@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_refers_to_is_there(name):
    ours = [reference for reference in re.findall(r"Xr (nudge\S+) (\d)", man(name))]
    assert ours
    for page, section in ours:
        assert f"{page}.{section}" in PAGES, page


# --- the tables of the code ---

# Where each kind of name stands, and how: as the tag of a list, or within one.
KINDS = {
    "configuration": "nudged.yaml.5", "rule": "nudged-rules.5", "template": "nudged-templates.7",
    "filter": "nudged-templates.7", "tag": "nudged-templates.7", "function": "nudged-rules.5",
    "figure": "nudged.8", "what": "nudgectl-explain.1", "why": "nudgectl-explain.1", "reason": "nudgectl-dead.1",
}  # fmt: skip


def tags(page):
    """The words of all tags of lists: what they are about, and what they show of its use."""
    return "\n".join(re.findall(r"^\.It (.*)$", page, re.M)).replace("\\&", "").replace("\\(dq", '"')


def names():
    rows = [line.split("\t") for line in told("tests/lint/names").splitlines()]
    assert {kind for kind, _ in rows} == set(KINDS)
    return rows


@pytest.mark.parametrize("kind", KINDS)
def test_each_name_of_the_tables_has_its_place(kind):
    """A filter `money` as the tag "money" or "money: currency", a function as "f(x)" or "x.f()"."""
    ours = [name for one, name in names() if one == kind]
    page = tags(man(KINDS[kind]))
    around = {"function": (r"(?<![\w])", r"\("), "filter": (r'"', r'[:"]'),
              "tag": (r'(?:^|[" ])(?:end)?', r'(?:[" ]|$)')}
    before, behind = around.get(kind, ('"', '"'))
    missing = [name for name in ours if not re.search(before + re.escape(name) + behind, page, re.M)]
    assert len(ours) > 5 and not missing


def test_what_the_pages_take_from_docs_is_fresh():
    done = subprocess.run(["/usr/bin/python3", SOURCE / "tests/lint/manual.py", "--check"], capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (0, "")


# --- the command lines that they print ---


def lines():
    """Those of the EXAMPLES of all pages."""
    return [line.replace("\\(dq", '"') for name in PAGES for line in re.findall(r"^\.Dl (.*)$", man(name), re.M)]


def test_the_command_lines_of_the_manual(examples):  # noqa: F811
    """Those that need no daemon, as a shell runs them."""
    folder = examples.folder
    shutil.copy(examples.one.config, folder / "nudged.yaml")
    (folder / "hello.liquid").write_text("Hello {{ name }}\n")
    (folder / "cart.json").write_text(json.dumps({"type": "cart.updated", "customer": {"id": 7},
                                                  "cart": {"total": 30, "items": [1]}}))
    (folder / "tables.json").write_text('{"stock": {"TEA": 3}}')
    ran = {}
    for line in lines():
        for command in ("help", "check", "render", "eval", "preview"):
            if f"nudgectl {command}" in line and "reload" not in line and "--send-to" not in line:
                line = line.replace("nudgectl", f"{BUILD}/nudgectl -c nudged.yaml", 1)
                done = subprocess.run(line.replace(" --open", ""), shell=True, cwd=folder, text=True,
                                      capture_output=True, timeout=PATIENCE, check=False)
                assert (done.returncode, done.stderr) == (0, ""), line
                ran.setdefault(command, []).append(done.stdout)
                break
    assert ran["render"] == ["Hello Ana\n"] and all(text.endswith("true\n") for text in ran["eval"])
    assert set(ran) == {"check", "render", "eval", "preview", "help"}


def test_the_exit_statuses_are_those_of_the_reference():
    reference = (SOURCE / "docs/reference.md").read_text().split("## How nudgectl ends")[1].split("\n## ")[0]
    numbers = re.findall(r"^\| (\d+) \|", reference, re.M)
    page = man("nudgectl.1").split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
    assert len(numbers) > 8 and re.findall(r"^\.It (\d+)$", page, re.M) == numbers
