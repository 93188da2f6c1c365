"""What a table of figures must say before it: the machine, who else was busy on it, and versions."""

import os
import pathlib
import re
import subprocess
import time


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
    except OSError:
        return None
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else None


def debian(package):
    """Its version, where dpkg knows it."""
    shown = first_line("dpkg-query", "-W", "-f", "${Version}\n", package)
    return shown if shown and shown[0].isdigit() else None


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return os.uname().machine


def busy():
    """Processors that were busy during the last minute."""
    return os.getloadavg()[0]


def from_npm(build):
    """The peers that were installed, with their versions."""
    done = build / "npm/bench/done"
    return {name: version for name, version in (word.split("@") for word in done.read_text().split())} \
        if done.exists() else {}


def header(build, source):
    """Lines of Markdown."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = first_line("git", "-C", str(source), "describe", "--always", "--dirty") or "no git"
    redis = re.search(r"v=([\d.]+)", first_line("redis-server", "--version") or "")
    versions = {"Redis": redis and redis[1], "Postfix": debian("postfix"), "nginx": debian("nginx-light"),
                "libcurl": debian("libcurl4"), "Node": (first_line("node", "--version") or "").lstrip("v"),
                "Celery": debian("python3-celery"), "Jinja2": debian("python3-jinja2"), "wrk": debian("wrk"),
                **from_npm(build)}
    return [f"- {processor()}, {os.cpu_count()} processors, {memory_gib:.0f} GiB; Linux {os.uname().release}",
            f"- {first_line(str(build / 'nudged'), '--version')}, commit {commit}; "
            + ", ".join(f"{name} {version}" for name, version in versions.items() if version),
            f"- {time.strftime('%Y-%m-%d %H:%M')}, {busy():.1f} of the processors busy before it began"]
