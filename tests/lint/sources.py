#!/usr/bin/python3
"""Writes sources.mk, the lists of Makefile.am, from what is on disk; --check only compares."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTS = ROOT / "sources.mk"
GENERATED = {
    "daemon/store/scripts_lua.c",
    "daemon/send/preset_files.c",
    "daemon/web/mapping_texts.c",
}
HEAD = "# Written by `./dev sources` from what is on disk; `./dev lint` fails where the two differ.\n\n"


def files(*patterns):
    """Paths from the root, sorted; nothing hidden, nothing that Python cached."""
    found = set()
    for pattern in patterns:
        for path in ROOT.glob(pattern):
            name = path.relative_to(ROOT)
            hidden = any(part[0] == "." or part == "__pycache__" for part in name.parts)
            if path.is_file() and not hidden:
                found.add(str(name))
    return sorted(found - GENERATED)


def variable(name, values):
    return f"{name} =" + "".join(f" \\\n\t{value}" for value in values) + "\n"


def target(name):
    """A path as automake spells it in the name of a variable."""
    return "".join(c if c.isalnum() else "_" for c in name)


def programs(pattern):
    return [name.removesuffix(".c") for name in files(pattern)]


def lists():
    fuzzers = programs("tests/fuzz/fuzz_*.c")
    units = programs("tests/unit/test_*.c")
    fixtures = files("tests/unit/*_fixture.[ch]")
    peers = files("tests/fuzz/*_fixture.[ch]")
    conformance = programs("tests/conformance/*_conformance.c")
    functional = programs("tests/functional/*_probe.c")
    bench = programs("tests/bench/*.c")
    lint = programs("tests/lint/*.c")
    built = {name + ".c" for name in fuzzers + units + conformance + functional + bench + lint}
    built |= {"tests/fuzz/replay.c", *fixtures, *peers}
    corpora = set(files("tests/fuzz/corpus/**/*"))  # many, and distributed as folders
    parts = [
        variable("library_sources", files("daemon/*/*.[ch]")),
        variable("lua_scripts", files("daemon/store/*.lua")),
        variable("preset_files", files("gateways/*")),
        variable("mapping_files", files("webhooks/*")),
        variable("unit_programs", units),
        variable("unit_fixtures", fixtures),
        variable("conformance_programs", conformance),
        variable("functional_programs", functional),
        variable("bench_programs", bench),
        variable("lint_programs", lint),
        variable("fuzz_programs", fuzzers),
        variable("fuzz_fixtures", peers),
        "".join(f"{target(name)}_LDADD = $(fuzz_libs)\n" for name in fuzzers),
        variable("example_files", files("nudged.yaml", "demo/**/*", "rules/**/*", "templates/**/*")),
        variable("schema_files", files("schemas/*")),
        variable("monitoring_files", files("monitoring/*")),
        variable("man_pages", files("docs/man/*")),
        variable("doc_files", [f for f in files("docs/**/*") if not f.startswith("docs/man/")]),
        variable("test_files", [f for f in files("tests/**/*") if f not in built | corpora]),
    ]
    return "\n".join(part for part in parts if part)


def main():
    have = LISTS.read_text() if LISTS.exists() else ""
    wanted = HEAD + lists()
    if wanted == have:
        return 0
    if "--check" in sys.argv:
        print("sources.mk differs from what is on disk: run ./dev sources")
        have, wanted = set(have.split()), set(wanted.split())
        for word in sorted(wanted - have):
            print(f"  missing: {word}")
        for word in sorted(have - wanted):
            print(f"  gone: {word}")
        return 1
    LISTS.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
