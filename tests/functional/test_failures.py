"""What failed stands at the end of what the suites print: of a real cmocka program, of pytest's report,
and of both suites that .ci/run runs."""

import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

from conftest import SOURCE

sys.path.insert(0, str(SOURCE / "tests"))
import failures
import run

PROGRAM = """
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
static int setup(void **state) { (void)state; fail_msg("not begun"); return 0; }
static void good(void **state) { (void)state; }
static void wrong(void **state) { (void)state; assert_int_equal(1, 2); }
static void told(void **state)
{
    (void)state;
    fprintf(stderr, "2026-11-30T15:38:41.700Z warning: a line of the log\\n");
    fail_msg("two\\nlines");
}
static void unready(void **state) { (void)state; }
static void dies(void **state) { (void)state; char *volatile text = malloc(3); text[3] = 1; }
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good), cmocka_unit_test(wrong), cmocka_unit_test(told),
        cmocka_unit_test_setup_teardown(unready, setup, NULL), cmocka_unit_test(dies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
"""


def test_of_a_unit_test(tmp_path, monkeypatch):
    monkeypatch.setenv("CMOCKA_MESSAGE_OUTPUT", "STDOUT")
    (tmp_path / "t.c").write_text(PROGRAM)
    subprocess.run(["gcc", "-g", "-fsanitize=address", "t.c", "-o", "t", "-lcmocka"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "t"], cwd=tmp_path, capture_output=True, text=True, check=False)
    found = failures.of_unit(done.stdout, done.stderr, "exit status 1")
    assert [failures.one_line(line) for line in found[:3]] == [
        "wrong: t.c:11: 0x1 != 0x2",
        "told: t.c:16: two lines",
        "unready: t.c:9: not begun",
    ]
    assert found[3].startswith("dies: AddressSanitizer: heap-buffer-overflow")
    assert len(found) == 4
    assert failures.of_unit("", "", "no end after 120 s") == ["no end after 120 s"]
    counted = run.unit(tmp_path, pathlib.Path("t.c"))
    assert (counted.passed, counted.failed) == (1, 4)  # all that was announced


def test_of_pytest(tmp_path):
    (tmp_path / "test_x.py").write_text("def check():\n    assert 1 == 2\n\ndef test_one():\n    check()\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "--junitxml=r.xml"]
    subprocess.run([*command, "test_x.py"], cwd=tmp_path, stdout=subprocess.DEVNULL, check=False)
    found = failures.of_report(xml.parse(tmp_path / "r.xml").getroot())
    assert [failures.one_line(line) for line in found] == ["test_one: test_x.py:2: assert 1 == 2"]


def test_of_a_corpus():
    out = "ok corpus/a\n"
    err = "x.c:3:1: runtime error: shift\n"
    assert failures.of_corpus(out, err, "exit status 1", ["corpus/b", "corpus/a"]) == [
        "corpus/b: x.c:3:1: runtime error: shift"
    ]


def test_no_more_than_are_read(capsys):
    failures.show([])
    assert capsys.readouterr().out == ""
    failures.show([f"unit: {number}" for number in range(30)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["failed:", "  unit: 0"]
    assert lines[-1] == "  … and 10 more"


def run_ci(folder, dev):
    (folder / ".ci").mkdir(exist_ok=True)
    shutil.copy(SOURCE / ".ci/run", folder / ".ci/run")
    (folder / "dev").write_text(dev)
    (folder / "dev").chmod(0o755)
    done = subprocess.run([folder / ".ci/run"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines(), done.returncode


def test_of_both_suites(tmp_path):
    lines, status = run_ci(tmp_path, """#!/bin/sh
[ "$1" = deps ] || printf '  much\\nfailed:\\n  %s: one: why\\n1 passed, 1 failed\\n' "$1"
[ "$1" = deps ]
""")
    assert lines[-4:] == ["failed:", "  lint: one: why", "  test: one: why", "2 passed, 2 failed"]
    assert status == 1
    lines, status = run_ci(tmp_path, '#!/bin/sh\n[ "$1" != lint ] || echo 3 passed, 0 failed\n')
    assert lines[-3:] == ["failed:", "  test: it ended before its sum", "3 passed, 1 failed"]
    lines, status = run_ci(tmp_path, "#!/bin/sh\necho 3 passed, 0 failed\n")
    assert lines[-2:] == ["3 passed, 0 failed", "6 passed, 0 failed"]
    assert status == 0
