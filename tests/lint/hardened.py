#!/usr/bin/python3
"""Whether programs were built with what makes a fault of memory an end and not a way in.

usage: tests/lint/hardened.py PROGRAM…
"""

import re
import subprocess
import sys


def read(tool, *words):
    return subprocess.run([tool, *words], capture_output=True, text=True, check=True).stdout


def complaints(program):
    """What is missing, by what readelf and objdump see."""
    head = read("readelf", "--wide", "--file-header", "--program-headers", "--dynamic", program)
    symbols = set(re.findall(r"\bUND (\w+)", read("readelf", "--wide", "--dyn-syms", program)))
    stack = re.search(r"GNU_STACK.*?\bRW(E?)\b", head)
    is_intel = "X86-64" in head
    looks = {
        "-fPIE -pie": re.search(r"Type:\s+DYN", head),
        "-z relro": "GNU_RELRO" in head,
        "-z now": re.search(r"FLAGS.*(BIND_NOW|\bNOW\b)", head),
        "-z noexecstack": stack and not stack[1],
        "no RPATH": not re.search(r"\((RPATH|RUNPATH|TEXTREL)\)", head),
        "-fstack-protector-strong": "__stack_chk_fail" in symbols,
        "-D_FORTIFY_SOURCE": {"__memcpy_chk", "__snprintf_chk", "__vsnprintf_chk"} & symbols,
    }
    if is_intel:
        code = read("objdump", "-d", program)
        # Where an indirect call may lead. (The note that the linker may set wants it of libc's part too.)
        looks["-fcf-protection"] = code.count("endbr64") > 100
        # A frame of more than a page touches each of its pages.
        looks["-fstack-clash-protection"] = re.search(r"or[ql]\s+\$0x0,\(%rsp\)", code)
    return [f"{program}: not built with {flag}" for flag, there in looks.items() if not there]


def main():
    found = [complaint for program in sys.argv[1:] for complaint in complaints(program)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
