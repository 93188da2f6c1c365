#!/usr/bin/python3
"""The house rules, measured. Each check is a function that yields complaints."""

import ast
import builtins
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import structure
from sources import GENERATED

ROOT = Path(__file__).resolve().parents[2]

FUNCTION_MOST, FILE_MOST, HEADER_MOST, MAIN_MOST = 60, 700, 120, 150
PYTHON_LINE_MOST = 120
MAP_FROM = 200  # lines of a .c that begins with its map
FOLDER_MOST = 20  # percent of all lines

# What a library's header is called, and the files that wrap the library.
LIBRARIES = {
    "curl/": {"send/", "serve/admin_client.c", "app/app.c"},
    "event2/": {"redis/", "store/", "serve/", "send/", "events/", "delivery/", "app/", "ctl/",
               "host/", "web/ask.c", "web/listener.c", "web/service.c", "web/tls_front.c", "web/visits.c",
               "web/wire.c"},
    "gmime/": {"ctl/report.c"},
    "gumbo.h": {"mail/html_"},
    "hiredis/": {"redis/"},
    "microhttpd.h": {"web/listener.c"},
    "openssl/": {"base/digest.c", "redis/", "web/hooks.c", "web/signature_", "web/sns.c", "web/tls_front.c"},
    "seccomp.h": {"web/confine.c"},
    "systemd/": {"base/log_journal.c", "serve/notify.c"},
    "unicode/": {"base/", "cel/", "liquid/", "mail/", "templates/"},
    "yaml.h": {"base/"},
}


def paths(*patterns):
    found = (path for pattern in patterns for path in ROOT.glob(pattern))
    return sorted(path for path in found if path.is_file() and short(path) not in GENERATED)


def sources():
    return paths("daemon/**/*.[ch]")


def short(path):
    return str(path.relative_to(ROOT))


def lines(path):
    return path.read_text(errors="replace").splitlines()


def matches(pattern, found):
    """(path, line number, match) for each line that has the pattern."""
    expression = re.compile(pattern)
    for path in found:
        for number, line in enumerate(lines(path), 1):
            if match := expression.search(line):
                yield short(path), number, match


def check_includes():
    """own includes are whole paths and come last, but for the one that the file fulfils"""
    for path in sources():
        first, own = True, False
        for number, line in enumerate(lines(path), 1):
            match = re.match(r'#include ([<"])([^>"]+)', line)
            if not match:
                continue
            if match[1] == '"' and "/" not in match[2]:
                yield f"{short(path)}:{number}: not a whole path: {match[2]}"
            if match[1] == "<" and own:
                yield f"{short(path)}:{number}: <{match[2]}> after an include of our own"
            own = own or (match[1] == '"' and not first)
            first = False


def check_libraries():
    """a library is included by what wraps it, and by no header"""
    for path, number, match in matches(r"^#include <([^>]+)>", sources()):
        for library, wrappers in LIBRARIES.items():
            if not match[1].startswith(library):
                continue
            inside = path.removeprefix("daemon/")
            if path.endswith(".h"):
                yield f"{path}:{number}: <{match[1]}> in a header"
            elif not any(inside.startswith(wrapper) for wrapper in wrappers):
                yield f"{path}:{number}: <{match[1]}> outside of what wraps it"


def check_functions():
    """no function is longer than 60 lines"""
    for path in paths("daemon/**/*.c", "tests/**/*.c"):
        start, name = 0, ""
        for number, line in enumerate(lines(path), 1):
            if re.match(r"[A-Za-z_].*\(", line):
                name = line
            if line == "{":
                start = number
            if line == "}" and start:
                if number - start > FUNCTION_MOST:
                    yield f"{short(path)}:{start}: {number - start} lines: {name}"
                start = 0


def check_files():
    """files to 700 lines, headers to 120, the mains to 150"""
    for path in paths("daemon/**/*.[ch]", "daemon/**/*.lua", "tests/**/*.c", "tests/**/*.py"):
        most = HEADER_MOST if path.suffix == ".h" else FILE_MOST
        most = MAIN_MOST if path.parent.name == "daemon" else most
        if (count := len(lines(path))) > most:
            yield f"{short(path)}: {count} lines, {most} at most"


def check_python_lines():
    """no line of Python is longer than 120"""
    for path in paths("tests/**/*.py"):
        for number, line in enumerate(lines(path), 1):
            if len(line) > PYTHON_LINE_MOST:
                yield f"{short(path)}:{number}: {len(line)}"


def bound_names(tree):
    """What a file of Python defines anywhere, and what it imports at its top."""
    bound, imported = {*dir(builtins), "__file__"}, set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
                bound.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found = {(name.asname or name.name).split(".")[0] for name in names}
                bound |= found
                imported |= found if node in tree.body else set()
    return bound, imported


def check_python_names():
    """a name of Python is defined or imported, and what is imported is used"""
    for path in paths("tests/**/*.py", "demo/**/*.py"):
        tree = ast.parse(path.read_text())
        bound, imported = bound_names(tree)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        fixtures = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        fixtures |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}  # of usefixtures
        yield from (f"{short(path)}: {name} is not defined" for name in sorted(used - bound))
        yield from (f"{short(path)}: {name} is not used" for name in sorted(imported - used - fixtures))


def check_folders():
    """no folder holds more than a fifth of the code"""
    count = Counter()
    for path in sources():
        count[path.parent.name] += len(lines(path))
    for folder, own in count.items():
        if own * 100 > FOLDER_MOST * count.total():
            yield f"daemon/{folder}: {own} of {count.total()} lines"


def check_maps():
    """a .c over 200 lines begins with its map"""
    for path in paths("daemon/**/*.c"):
        text = lines(path)
        if len(text) > MAP_FROM and text[0] != "/*" and not text[0].startswith("/* "):
            yield f"{short(path)}: {len(text)} lines, and no comment comes first"


def check_prefixes():
    """a static function does not bear its file's name"""
    for path in paths("daemon/**/*.c"):
        for number, line in enumerate(lines(path), 1):
            match = re.match(rf"static\b[^=;]*?\b({path.stem}_\w+)\(", line)
            if match:
                yield f"{short(path)}:{number}: static {match[1]}"


def check_hand():
    """one hand: `sizeof x` without brackets, a section begins with /* ---- Name ---- */"""
    types = r"const |struct |enum |union |bool\b|char\b|int\b|long\b|unsigned|double|size_t|void\b|UChar|u?int\d"
    found = paths("daemon/**/*.[ch]", "tests/**/*.[ch]")
    for path, number, match in matches(rf"sizeof\((?!{types}|\(struct )", found):
        yield f"{path}:{number}: sizeof with brackets"
    for path, number, match in matches(r"^/\*.*-{3,} ?\*/$", found):
        if not re.fullmatch(r"/\* ---- [^-].* ---- \*/", match[0]):
            yield f"{path}:{number}: {match[0]}"


def check_guards():
    """a header's guard is its path"""
    for path in paths("daemon/**/*.h"):
        inside = path.relative_to(ROOT / "daemon")
        guard = "NUDGED_" + re.sub(r"\W", "_", str(inside)).upper()
        if f"#ifndef {guard}" not in lines(path):
            yield f"{short(path)}: no guard {guard}"


def check_names():
    """no file name twice: functions are named after their file"""
    count = Counter(path.name for path in sources())
    for path in sources():
        if count[path.name] > 1:
            yield f"{short(path)}: there is another {path.name}"


def check_words():
    """nothing is left open, nothing sleeps in a test"""
    everything = paths("daemon/**/*.[ch]", "daemon/**/*.lua", "tests/**/*.c", "tests/**/*.py")
    for path, number, match in matches(r"\b(TODO|FIXME|XXX)\b", everything):
        if not path.startswith("tests/lint/"):
            yield f"{path}:{number}: {match[0]}"
    calls = matches(r"\b(u|nano|time\.)?sleep\(", paths("tests/**/*.c", "tests/**/*.py"))
    for path, number, match in calls:
        if not path.startswith(("tests/bench/", "tests/lint/")):
            yield f"{path}:{number}: {match[0]}"


def check_options():
    """every option of the configuration and of rules is in the reference"""
    reference = "".join(path.read_text() for path in paths("docs/**/*.md", "docs/man/*"))
    keys = matches(r'\{(?:\.key = )?"([a-z_]+)",\s*(?:\.type = )?SETTING_', paths("daemon/**/*.c"))
    for path, number, match in keys:
        if not re.search(rf"\b{match[1]}\b", reference):
            yield f"{path}:{number}: `{match[1]}` is not in docs/"


def check_map_of_the_house():
    """docs/architecture.md has each folder, with what it may include, and only files that there are"""
    page = (ROOT / "docs/architecture.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z]+)` \|.*\| ([^|]+) \|$", page, re.M))
    above = set()
    for folder, may in structure.FOLDERS.items():
        told = rows.get(folder, "nothing")
        words = set(told.split()) - {"\u2013"}
        if told.startswith("all above"):
            words = above - set(told.split()[3:])
        if words != may:
            yield f"docs/architecture.md: {folder} may include {told}, says the table of folders"
        above.add(folder)
    for folder, module in re.findall(r"`([a-z]+)/(\w+)[.\w]*`", page):
        here = ROOT / "daemon" / folder
        if folder in structure.FOLDERS and not list(here.glob(f"{module}.*")):
            yield f"docs/architecture.md: there is no daemon/{folder}/{module}"


def check_sources():
    """sources.mk lists what is on disk"""
    command = [sys.executable, ROOT / "tests/lint/sources.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield from done.stdout.splitlines()


def check_symbols():
    """a global symbol stands once, and begins as its file's or a header's name does"""
    words = {path.stem.split("_")[0] for path in paths("daemon/**/*.h")} | {"script"}
    command = ["nm", "-g", "--defined-only", "-A", structure.LIBRARY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield done.stderr.strip() or "nm failed"
    where = defaultdict(list)
    for line in done.stdout.splitlines():
        member, _, symbol = line.partition(": ")[0], *line.rpartition(" ")[1:]
        where[symbol].append(member.split(":")[1].removesuffix(".o"))
    for symbol, members in sorted(where.items()):
        if len(members) > 1:
            yield f"{symbol} is defined in {' and '.join(members)}"
        own = words | {members[0].split("_")[0]}
        if not {symbol.split("_")[0], symbol.split("_")[0].removesuffix("s")} & own:
            yield f"{symbol} of {members[0]} is not named after a file"


CHECKS = [
    structure.check_layers,
    structure.check_include_circles,
    check_includes,
    check_libraries,
    check_functions,
    check_files,
    check_python_lines,
    check_python_names,
    check_folders,
    check_maps,
    check_prefixes,
    check_hand,
    check_guards,
    check_names,
    check_words,
    check_map_of_the_house,
    check_options,
    check_sources,
]
# These look at the library that the build with clang made.
BUILT = [structure.check_call_circles, check_symbols]

if __name__ == "__main__":
    os.chdir(ROOT)
    for check in CHECKS:
        for complaint in check():
            print(f"{check.__doc__}: {complaint}")
