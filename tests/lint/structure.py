#!/usr/bin/python3
"""How the files of daemon/ lean on each other: who includes whom, who calls whom, in circles or not.

usage: tests/lint/structure.py [--library LIBNUDGED.A]
"""

import argparse
import re
import subprocess
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build-clang/libnudged.a"

# What each folder of daemon/ may include besides itself, from the ground up. A folder
# knows nothing of what stands below it here.
FOLDERS = {
    "base": "",
    "cel": "base",
    "liquid": "base",
    "mail": "base",
    "redis": "base",
    "serve": "base",
    "archive": "base",
    "customer": "base",
    "templates": "base liquid mail",
    "send": "base cel mail",
    "rules": "base cel customer",
    "compose": "base liquid mail templates",
    "decide": "base cel customer rules",
    "store": "base redis customer",
    "web": "base cel mail customer",
}
FOLDERS["config"] = " ".join(FOLDERS)
FOLDERS["events"] = FOLDERS["delivery"] = FOLDERS["config"] + " config"
FOLDERS["host"] = FOLDERS["config"] + " config"
FOLDERS["simulate"] = "base customer decide rules config"
FOLDERS["app"] = FOLDERS["config"] + " config events delivery host"
FOLDERS["ctl"] = FOLDERS["app"] + " simulate"
FOLDERS = {folder: set(may.split()) for folder, may in FOLDERS.items()}


def inclusions(root=ROOT):
    """(path from the root, line number, folder, module) of each include of our own."""
    for path in sorted(root.glob("daemon/*/*.[ch]")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if match := re.match(r'#include "([a-z]+)/(\w+)\.h"', line):
                yield path.relative_to(root), number, match[1], match[2]


def include_graph(root=ROOT):
    """Which module includes which. A module is x.c and x.h."""
    graph = defaultdict(set)
    for path, _, _, there in inclusions(root):
        if path.stem != there:
            graph[path.stem].add(there)
    return graph


def call_graph(library):
    """Which module's code names a symbol that another defines. A row of a table is no call:
    only what stands in the code itself counts."""
    symbols = subprocess.run(
        ["nm", "-A", "--defined-only", "-g", library], capture_output=True, text=True, check=True
    ).stdout
    home = {}
    for line in symbols.splitlines():
        member, name = line.split(":")[1], line.split()[-1]
        home[name] = Path(member).stem
    relocations = subprocess.run(
        ["objdump", "-r", "-j", ".text", library], capture_output=True, text=True, check=True
    ).stdout
    graph, module = defaultdict(set), ""
    for line in relocations.splitlines():
        if match := re.match(r"(\S+)\.o:", line):
            module = match[1]
        elif match := re.match(r"[0-9a-f]+ \S+\s+([A-Za-z_]\w*)", line):
            there = home.get(match[1], module)
            if there != module:
                graph[module].add(there)
    return graph


def circles(graph):
    """The strongly connected parts of more than one module, each sorted (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            at = stack.index(node)
            found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(part for part in found if len(part) > 1)


def check_layers():
    """a folder includes only what the table of folders lets it"""
    for path, number, there, _ in inclusions():
        here = path.parts[1]
        if here not in FOLDERS:
            yield f"{path}:{number}: tests/lint/structure.py has no folder {here}"
        elif here != there and there not in FOLDERS[here]:
            yield f"{path}:{number}: {here} may not include {there}"


def check_include_circles():
    """no files include each other in a circle"""
    for circle in circles(include_graph()):
        yield "a circle of includes: " + " ".join(circle)


def check_call_circles(library=LIBRARY):
    """no files call each other in a circle"""
    graph = call_graph(library)
    if not graph:
        yield f"no calls were found in {library}"
    for circle in circles(graph):
        within = (f"{a} calls {b}" for a in circle for b in circle if b in graph[a])
        yield f"a circle of calls: {', '.join(within)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=LIBRARY)
    library = parser.parse_args().library
    for complaints in (check_layers(), check_include_circles(), check_call_circles(library)):
        for complaint in complaints:
            print(complaint)


if __name__ == "__main__":
    main()
