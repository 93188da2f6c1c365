#!/usr/bin/python3
"""Does what README's "Quick start" says, word for word, on a machine that may be changed: installs,
starts the daemon in the foreground, pushes, asks, and looks at the first mails. As root, in a
Debian of its own (`./dev chroot`). Ends with "N passed, N failed".
"""

import glob
import os
import re
import signal
import subprocess
import sys
import time
from email import message_from_binary_file, policy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
START = README.index("## Quick start")
PATIENCE = 60
MAILS = "/var/lib/nudged/mail/new/*.eml"
SOCKET = "/var/lib/nudged/redis/redis.sock"


def commands():
    """The lines of the indented blocks, those that go on over several as one."""
    prose = re.sub(r"^```.*?^```$", "", README[START:], flags=re.M | re.S)
    blocks = re.findall(r"(?:^    .*\n)+", prose, re.M)
    for block in blocks:
        text = re.sub(r"^    ", "", block, flags=re.M)
        if text.startswith("redis-cli"):
            yield text.strip()
        else:
            yield from text.strip().splitlines()


def run(command):
    """As root already, and with the private server, which has no port."""
    command = command.replace("sudo ", "").replace("redis-cli ", f"redis-cli -s {SOCKET} ")
    print(f"$ {command}", flush=True)
    done = subprocess.run(["sh", "-ec", command], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout[-2000:], end="", flush=True)
    return done.returncode == 0, done.stdout


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        os.sched_yield()


def mails():
    found = []
    for path in sorted(glob.glob(MAILS), key=os.path.getmtime):
        with open(path, "rb") as file:
            found.append(message_from_binary_file(file, policy=policy.default))
    return found


class Walk:
    def __init__(self):
        self.passed = self.failed = 0
        self.daemon = None

    def note(self, right, what):
        self.passed += right
        self.failed += not right
        print(f"  {'ok' if right else 'FAILED'}  {what}", flush=True)

    def start(self, command):
        """The daemon, as README starts it without systemd."""
        print(f"$ {command} &", flush=True)
        self.daemon = subprocess.Popen([command.split()[1]])
        wait_for(lambda: run("nudgectl status")[0] or self.daemon.poll() is not None, "the daemon")
        self.note(self.daemon.poll() is None, command)

    def step(self, command):
        if command.startswith("sudo systemctl"):
            return
        if command.startswith("sudo nudged "):
            self.start(command)
            return
        if "--open" in command:
            command = command.replace("--open", "--as text")
        right, out = run(command)
        if " check" in command:
            right = right and out.startswith("0 errors, 0 warnings")
        self.note(right, command.splitlines()[0])
        if " push " in command:
            wait_for(mails, "the first mail")
            self.look()

    def look(self):
        for mail in mails()[:1]:
            text = mail.get_body(("plain",)).get_content()
            print(f"Subject: {mail['Subject']}\n\n{text}", flush=True)
            self.note(bool(mail["Subject"]) and len(text) > 100, "the first mail says something")

    def again(self):
        """Whoever installs a second time keeps what was changed."""
        changed = Path("/etc/nudged/rules/welcome.yaml")
        changed.write_text(changed.read_text() + "# ours\n")
        [copy] = [command for command in commands() if "cp -rn" in command]
        run(copy)
        kept = changed.read_text().endswith("# ours\n")
        nested = os.path.exists("/etc/nudged/examples")
        self.note(kept and not nested, "the examples once more")
        self.note(os.path.exists("/usr/local/share/doc/nudged/docs/rules.md"), "documentation")
        self.note(run("man -w nudged || test -f /usr/local/share/man/man8/nudged.8")[0], "man page")

    def end(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGINT)
            self.note(self.daemon.wait(PATIENCE) == 0, "the daemon ends with Ctrl-C")


def main():
    walk = Walk()
    try:
        for command in commands():
            walk.step(command)
        walk.again()
    finally:
        walk.end()
    print(f"{walk.passed} passed, {walk.failed} failed")
    return 1 if walk.failed else 0


if __name__ == "__main__":
    sys.exit(main())
