#!/usr/bin/python3
"""Runs the suites over a build folder and adds up what passed.

usage: tests/run.py --build DIR [--jobs N] [SUITE…] [-- PYTEST-ARGUMENT…]

Suites: unit, conformance, fuzz, functional; all of them where none is named.
The last line is "N passed, N failed" over all, and before it stands what failed;
a program that dies, hangs or reports nothing counts as failed. Exit status 1
where anything failed.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import failures

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT.parent / "shared" / "conformance"
UNIT_SECONDS, CASES_SECONDS, FUNCTIONAL_SECONDS = 120, 300, 900


@dataclass
class Outcome:
    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""  # why it was skipped, or how it died
    output: str = ""  # shown where something failed
    failures: list = field(default_factory=list)  # "test: place: message" of each


def run(command, seconds):
    """(exit status or None after the time limit, standard output, standard error)"""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode(errors="replace"), f"no end after {seconds} s"
    except OSError as error:
        return None, "", str(error)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def cut(text):
    """Both ends of what is too long: a failure stands at one, a report of leaks at the other."""
    return text if len(text) <= 16000 else f"{text[:8000]}\n[…]\n{text[-8000:]}"


def settle(outcome, status, out, err):
    """An exit status other than 0 is a failure even where all that was counted passed."""
    if status != 0:
        if outcome.failed == 0:
            outcome.failed = 1
        outcome.note = err if status is None else f"exit status {status}"
    if outcome.passed + outcome.failed + outcome.skipped == 0:
        outcome.failed, outcome.note = 1, "reported nothing"
    if outcome.failed:
        outcome.output = cut(out) + cut(err)
    return outcome


def unit(build, source):
    """A cmocka program: tests announced and not reported as passed have failed."""
    status, out, err = run([build / source.with_suffix("")], UNIT_SECONDS)
    announced = sum(int(n) for n in re.findall(r"^\[=+\] (?:tests: )?Running (\d+) test", out, re.M))
    passed = len(re.findall(r"^\[ +OK \]", out, re.M))
    skipped = len(re.findall(r"^\[ +SKIPPED \]", out, re.M))
    outcome = Outcome(source.stem, passed, max(0, announced - passed - skipped), skipped)
    settle(outcome, status, out, err)
    if outcome.failed:
        outcome.failures = failures.of_unit(out, err, outcome.note)
    return outcome


def conformance(build, source):
    language = source.stem.removesuffix("_conformance")
    found = sorted(CASES.glob(f"{language}.*.json"))
    if not found:
        return Outcome(source.stem, skipped=1, note=f"no {CASES}/{language}.*.json")
    outcome = Outcome(source.stem)
    for cases in found:
        status, out, err = run([build / source.with_suffix(""), cases], CASES_SECONDS)
        sums = re.findall(r"^(\d+) passed, (\d+) failed$", out, re.M)
        if sums:
            outcome.passed += int(sums[-1][0])
            outcome.failed += int(sums[-1][1])
        settle(outcome, status if sums else None, out, err)
        if status != 0:
            outcome.failures += failures.of_cases(out, err, outcome.note)
    return outcome


def fuzz(build, source):
    name = source.stem.removeprefix("fuzz_")
    corpus = source.parent / "corpus" / name
    files = [path for path in (ROOT / corpus).rglob("*") if path.is_file()]
    if not files:
        return Outcome(source.stem, failed=1, note=f"no files in {corpus}")
    status, out, err = run([build / source.with_suffix(""), corpus], CASES_SECONDS)
    passed = len(re.findall(r"^ok ", out, re.M))
    outcome = settle(Outcome(source.stem, passed, len(files) - passed), status, out, err)
    if outcome.failed:
        names = [path.relative_to(ROOT) for path in files]
        outcome.failures = failures.of_corpus(out, err, outcome.note, names)
    return outcome


def functional(build, source, arguments=()):
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short"]
        status, out, err = run(
            [*command, f"--junitxml={report.name}", source, *arguments], FUNCTIONAL_SECONDS
        )
        outcome = Outcome(source.stem)
        try:
            found = xml.parse(report.name).getroot()
            outcome.failures = failures.of_report(found)
            for suite in found.iter("testsuite"):
                counts = {k: int(suite.get(k, 0)) for k in ("tests", "failures", "errors", "skipped")}
                outcome.failed += counts["failures"] + counts["errors"]
                outcome.skipped += counts["skipped"]
                outcome.passed += max(0, counts["tests"] - sum(list(counts.values())[1:]))
        except xml.ParseError:
            outcome.failed = 1
    if status == 5 and arguments:  # nothing selected in this file
        return outcome
    settle(outcome, status, out, err)
    if outcome.failed and not outcome.failures:
        outcome.failures = [outcome.note]
    return outcome


SUITES = {
    "unit": ("tests/unit/test_*.c", unit),
    "conformance": ("tests/conformance/*_conformance.c", conformance),
    "fuzz": ("tests/fuzz/fuzz_*.c", fuzz),
    "functional": ("tests/functional/test_*.py", functional),
}


def environment(build):
    """What tests may rely on."""
    os.environ["NUDGED_BUILD"] = str(build)
    os.environ["NUDGED_SOURCE"] = str(ROOT)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.environ["CMOCKA_MESSAGE_OUTPUT"] = "STDOUT"
    os.environ.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1")
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    os.environ["no_proxy"] = "*"


def show(outcome):
    line = f"  {outcome.name:<28} {outcome.passed:>5} passed"
    line += f", {outcome.failed} failed" if outcome.failed else ""
    line += f", {outcome.skipped} skipped" if outcome.skipped else ""
    line += f" ({outcome.note})" if outcome.note else ""
    print(line, flush=True)
    if outcome.failed and outcome.output:
        print("\n".join("    | " + text for text in outcome.output.splitlines()), flush=True)


def main():
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    options = parser.parse_args(words[:split])
    unknown = set(options.suites) - set(SUITES)
    if unknown:
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    build = options.build.resolve()
    environment(build)
    passed = failed = 0
    found = []
    for name in options.suites or SUITES:
        pattern, one = SUITES[name]
        # Functional tests wait for most of their time: three at once kept one core of two busy.
        jobs = 2 * options.jobs if name == "functional" else options.jobs
        with ThreadPoolExecutor(jobs) as pool:
            sources = sorted(path.relative_to(ROOT) for path in ROOT.glob(pattern))
            extra = [words[split + 1 :]] if name == "functional" else []
            print(f"{name}:", flush=True)
            for outcome in pool.map(lambda source: one(build, source, *extra), sources):
                show(outcome)
                passed += outcome.passed
                failed += outcome.failed
                found += [f"{name}: {outcome.name}: {line}" for line in outcome.failures]
    failures.show(found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
