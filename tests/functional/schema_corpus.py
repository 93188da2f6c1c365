"""A corpus of YAML documents, good and bad: what is shipped, what the pages print, and the cases of
all tests, each sorted by what it is meant as. Read by YAML 1.2's core schema, as editors do."""

import ast
import re

import yaml

from conftest import SOURCE

CONFIGURATION = {
    "state", "rules", "templates", "secret_file", "instance", "redis", "log", "shop", "segments", "topics", "customer",
    "events", "dedupe", "timers", "clocks", "policy", "mail", "gateways", "channels", "deliver", "outbox", "dead",
    "admin", "drain", "archive", "metrics",
}  # fmt: skip


class CoreLoader(yaml.SafeLoader):
    """`on`, `yes` and dates are texts; a key twice is a mistake."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(keys) != len({str(key) for key in keys}):
            raise yaml.constructor.ConstructorError(None, None, "a key twice", node.start_mark)
        return super().construct_mapping(node, deep)


for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
     list("-+.0123456789")),
):  # fmt: skip
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})$"), first)
CoreLoader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value, 0) if node.value[:2] in (
    "0x", "0o") else int(node.value))


class NotYaml(Exception):
    """What no reader of YAML takes, or not the core schema."""


def load(text):
    try:
        return yaml.load(text, Loader=CoreLoader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise NotYaml(str(error)) from error


def split(text):
    """The documents of a text, each as its text."""
    return [part for part in re.split(r"^---\s*$", text, flags=re.M) if part.strip()]


def kind_of(text):
    """What a document is meant as; None where that cannot be told."""
    try:
        keys = load(text)
    except NotYaml:
        keys = dict.fromkeys(re.findall(r"^([a-z_]+):", text, re.M))
    if not isinstance(keys, dict) or not keys:
        return None
    keys = {str(key) for key in keys}
    if "test" in keys or {"given", "expect"} & keys:
        return "rule-tests"
    if {"name", "on"} & keys and {"send", "steps", "on", "wait"} & keys and not {"default"} & keys:
        return "rules" if "name" in keys or "send" in keys or "steps" in keys else None
    if keys & CONFIGURATION and keys <= CONFIGURATION | {key for key in keys if key.isalpha()}:
        return "nudged"
    return None


# --- where they come from ---


def c_strings(text):
    """The string literals of C, those that stand behind each other as one."""
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    for run in re.findall(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+', text):
        parts = re.findall(r'"((?:[^"\\\n]|\\.)*)"', run)
        joined = "".join(parts)
        if "%" not in joined and re.fullmatch(r"(?:[^\\]|\\[nt\"'\\])*", joined):
            yield ast.literal_eval('"' + joined.replace("\n", "") + '"')


def python_strings(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def fenced(text):
    return re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S)


def texts():
    """(where from, text) of everything that may be YAML."""
    for path in [SOURCE / "nudged.yaml", *sorted(SOURCE.glob("rules/*.yaml"))]:
        if path.name != "events.yaml":
            yield f"shipped {path.name}", path.read_text()
    for path in [SOURCE / "README.md", *sorted(SOURCE.glob("docs/*.md"))]:
        for block in fenced(path.read_text()):
            yield f"printed {path.name}", block
    for path in sorted(SOURCE.glob("tests/unit/*.c")):
        for text in c_strings(path.read_text()):
            yield f"case {path.name}", text
    for path in sorted(SOURCE.glob("tests/functional/*.py")):
        if path.name != "schema_corpus.py":
            for text in python_strings(path.read_text()):
                yield f"case {path.name}", text


def corpus(kind):
    """(where from, text) of each document of that kind, each once."""
    seen = {}
    for origin, text in texts():
        if ":" not in text or not ("\n" in text or text.startswith("{")):
            continue
        for document in split(text):
            if document not in seen and kind_of(document) == kind:
                seen[document] = origin
    return [(origin, document) for document, origin in seen.items()]
