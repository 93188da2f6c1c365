"""Connections of daemon/redis that a test opens, and what each of them hears: cluster_probe.c."""

import os
import pathlib
import subprocess
import threading

from conftest import BUILD, PATIENCE, wait_until

PROBE = pathlib.Path(os.environ.get("BUILD_DIR", BUILD)) / "tests/functional/cluster_probe"


class Probe:
    """tests/functional/cluster_probe: connections to slots, and what each hears, in `lines`."""

    def __init__(self, url, *files):
        self.process = subprocess.Popen([PROBE, url, *files], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.lines, self.tags = [], 0
        self.thread = threading.Thread(target=self.hear, daemon=True)
        self.thread.start()

    def hear(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def say(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0
        self.thread.join()

    def told(self, name):
        return [line.removeprefix(f"{name} ") for line in self.lines if line.startswith(f"{name} ")]

    def open(self, name, key, *how):
        self.say("open", name, key, *how)

    def is_ready(self, name):
        return self.told(name)[-1:] == ["ready"]

    def wait_ready(self, *names):
        wait_until(lambda: all(map(self.is_ready, names)), lambda: f"{names} to be ready: {self.lines[-20:]}")

    def wait_ready_again(self, *names):
        """After something that they lose their connection over: a server has it before they say so."""
        wait_until(lambda: all(self.is_ready(name) and self.told(name).count("ready") > 1 for name in names),
                   lambda: f"{names} to be ready again: {self.lines[-20:]}")

    def wait_lost(self, name, words):
        wait_until(lambda: any(words in line for line in self.told(name)),
                   lambda: f"{name} to be lost over {words!r}: {self.lines[-20:]}")

    def begin(self, *words):
        """A command or a script, whose answer is told("tag")."""
        self.tags += 1
        self.say(words[0], words[1], f"#{self.tags}", *words[2:])
        return f"#{self.tags}"

    def ask(self, *words):
        tag = self.begin(*words)
        return wait_until(lambda: self.told(tag), f"an answer to {words}")[0]
