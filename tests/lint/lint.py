#!/usr/bin/python3
"""All that `./dev lint` looks at. Ends with what failed and "N passed, N failed"; each line is one check."""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import house

sys.path.insert(0, str(house.ROOT / "tests"))
import failures

JOBS = int(os.environ.get("JOBS", "2"))
os.chdir(house.ROOT)

C_FILES = [house.short(p) for p in house.paths("daemon/**/*.[ch]", "tests/**/*.[ch]")]
SCRIPTS = ["dev", ".ci/run", *map(house.short, house.paths("daemon/**/*.sh", "tests/**/*.sh"))]
# What cppcheck gets wrong here: it does not follow value_is(), takes what is filled in the
# same call for unset, and `sizeof *a * --n` for a calculation inside sizeof.
CPPCHECK_WRONG = ["missingIncludeSystem", "nullPointer", "uninitvar", "sizeofCalculation"]
CPPCHECK_WRONG += ["arrayIndexThenCheck", "varFuncNullUB"]
PAGES = [house.short(path) for path in house.paths("docs/man/*")]
UNITS = ["build-clang/systemd/nudged.service", "build-clang/systemd/nudged-web.service"]
UNIT = UNITS[0]
PROGRAMS = ["nudged", "nudged-web", "nudgectl"]
EXPOSURE_MOST = 12  # tenths of what systemd-analyze security says of the unit


def tool(*command):
    """A command that says nothing and exits 0 where all is well: its complaints."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return []
    return done.stdout.splitlines()[:200] or [f"exit status {done.returncode}"]


def check_format():
    """clang-format"""
    return tool("clang-format", "--dry-run", "-Werror", *C_FILES)


def check_shell():
    """shellcheck"""
    return tool("shellcheck", *SCRIPTS)


def check_pages():
    """mandoc -Tlint"""
    return tool("mandoc", "-Tlint", "-Wwarning", *PAGES)


def check_cppcheck():
    """cppcheck"""
    return tool(
        "cppcheck", "--quiet", "--error-exitcode=1", "--inline-suppr", "--std=c11", f"-j{JOBS}",
        "--enable=warning,performance,portability", "-Idaemon",
        *(f"--suppress={wrong}" for wrong in CPPCHECK_WRONG),
        "-DNUDGED_FAILPOINTS", "daemon", "tests/fuzz",
    )  # fmt: skip


def check_clang():
    """all of it compiles with clang without a warning"""
    return tool("./dev", "clang")


def check_gcc():
    """the programs compile with gcc -O2 without a warning"""
    return tool("./dev", "gcc")


def check_hardened():
    """the programs are hardened (hardened.py)"""
    programs = [f"build-gcc/{name}" for name in PROGRAMS if os.path.exists(f"build-gcc/{name}")]
    return tool(sys.executable, "tests/lint/hardened.py", *programs) if programs else ["nothing is built"]


def check_reference():
    """docs/reference.md is what the tables say"""
    made = "build-clang/reference.md"
    script = f"build-clang/tests/lint/reference >{made} && diff -U0 docs/reference.md {made}"
    return tool("sh", "-c", script)[:20]


def check_schemas():
    """schemas/ is what the tables say"""
    script = 'for name in schemas/*.schema.json; do n=${name##*/}; build-clang/tests/lint/schemas "${n%%.*}" | ' \
        'cmp - "$name"; done'
    return tool("sh", "-c", script)[:20]


def check_taken():
    """the man pages have what they take from docs/*.md"""
    return tool(sys.executable, "tests/lint/manual.py", "--check")


def check_manual():
    """nudged(8) has every option that the program tells of"""
    if not os.path.exists("build-clang/nudged"):
        yield "there is no program: the build with clang failed"
        return
    told = subprocess.run(["build-clang/nudged", "--help"], capture_output=True, text=True).stdout
    page = (house.ROOT / "docs/man/nudged.8").read_text()
    options = set(re.findall(r"(?<![\w-])-(-[a-z]+(?:-[a-z]+)*)", told))
    if not options:
        yield "the program tells of no options"
    for option in sorted(options):
        if f"Fl {option} " not in page.replace("\n", " "):
            yield f"docs/man/nudged.8: nothing of -{option}"


def check_unit():
    """systemd-analyze verify"""
    if not shutil.which("systemd-analyze"):
        return []
    # The program it starts is not installed here; nothing else may be said.
    said = tool("systemd-analyze", "verify", "--man=no", UNIT)
    return [line for line in said if "is not executable" not in line]


def check_exposure():
    """systemd-analyze security: 1.2 at most"""
    if not shutil.which("systemd-analyze"):
        return []
    return tool("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_MOST}",
                *filter(os.path.exists, UNITS))


def run(check):
    return check, list(check())


def main():
    passed = failed = 0
    with ThreadPoolExecutor(JOBS) as pool:
        # The last ones look at what the build with clang made.
        built = pool.submit(lambda: [run(check_clang), run(check_gcc)])
        checks = [check_cppcheck, check_format, check_shell, check_pages, check_taken, *house.CHECKS]
        results = list(pool.map(run, checks))
        results += built.result()
        results += map(run, (*house.BUILT, check_hardened, check_reference, check_schemas, check_manual,
                              check_unit, check_exposure))
    found = []
    for check, complaints in results:
        found += [f"lint: {check.__doc__}: {complaints[0]}"] if complaints else []
        passed += not complaints
        failed += bool(complaints)
        print(f"  {'FAILED' if complaints else 'ok':<6}  {check.__doc__}")
        for complaint in complaints:
            print(f"    | {complaint}")
    failures.show(found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
