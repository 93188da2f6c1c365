"""What failed, a line for each: it stands at the end of what the suites print, where it is seen."""

import re

MOST = 20  # lines
WIDTH = 200  # characters of a line
HEADING = "failed:"


def one_line(text):
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def of_program(out, err, note):
    """Why a program as a whole has failed: what a sanitizer said, or how it ended."""
    said = re.search(r"^SUMMARY: (\w*Sanitizer: .*)|^(.*runtime error: .*)", out + err, re.M)
    return (said.group(1) or said.group(2)) if said else note or "it failed"


def of_unit(out, err, note):
    """Of a cmocka program: names stand in standard output, and reasons in standard error, in the
    same order. One that had neither was the last that ran."""
    reasons, begin = [], 0
    for line in re.finditer(r"\[ +LINE +\] --- (?:\.\./)*(\S+:\d+): error: Failure!", err):
        said = re.sub(r"^\d{4}-\d\d-\d\dT.*$", "", err[begin : line.start()], flags=re.M)
        noise = r"(?:\[ +ERROR +\] (?:--- )?|^Could not run test: )(?:ERROR: )?|^ERROR: |^\[ +FAILED .*$"
        said = re.sub(noise, "", said, flags=re.M)
        reasons.append(f"{line.group(1)}: {said}")
        begin = line.end()
    ran = re.findall(r"^\[ +RUN +\] (.+)", out, re.M)
    fine = set(re.findall(r"^\[ +(?:OK|SKIPPED) \] (.+)", out, re.M))
    names = [name for name in dict.fromkeys(ran) if name not in fine]
    missing = [of_program(out, err, note)] * (len(names) - len(reasons))
    found = [f"{name}: {reason}" for name, reason in zip(names, reasons + missing)]
    return found or [of_program(out, err, note)]


def of_cases(out, err, note):
    """Of the public cases: those that failed are all that is told."""
    told = [line for line in (out + err).splitlines() if line and not re.match(r"\d+ passed, ", line)]
    return told[:MOST] or [note]


def of_corpus(out, err, note, files):
    """The files of a corpus that were not replayed: the first is the one at fault."""
    done = set(re.findall(r"^ok (.*)", out, re.M))
    left = sorted(str(file) for file in files if str(file) not in done)
    return [f"{left[0] if left else 'at its end'}: {of_program(out, err, note)}"]


def of_report(report):
    """Of pytest's report, the root of its XML."""
    found = []
    for case in report.iter("testcase"):
        for fault in [*case.iter("failure"), *case.iter("error")]:
            places = re.findall(r"^(\S+\.py:\d+): ", fault.text or "", re.M)
            place = f"{places[-1]}: " if places else ""
            found.append(f"{case.get('name')}: {place}{fault.get('message') or ''}")
    return found


def show(found):
    """`found`: "suite: test: place: message" of each."""
    if found:
        print(HEADING)
    for line in found[:MOST]:
        print(f"  {one_line(line)}")
    if len(found) > MOST:
        print(f"  … and {len(found) - MOST} more")
