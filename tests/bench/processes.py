"""Processes of a benchmark: started, asked what they used, and ended by their id, whatever happens."""

import atexit
import os
import pathlib
import signal
import subprocess

TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")


class Process:
    """A program with all that it starts: they have a session of their own."""

    wanted = []  # what was started and shall still be there

    def __init__(self, command, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **options}
        self.command = command
        self.running = subprocess.Popen([str(word) for word in command], start_new_session=True, **options)
        self.pid = self.running.pid
        Process.wanted.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self, seconds=5):
        """Asks it to end, and then makes it."""
        if self in Process.wanted:
            Process.wanted.remove(self)
        if self.running.poll() is None:
            self.running.send_signal(signal.SIGTERM)
        try:
            self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.running.wait()

    @staticmethod
    def ended():
        """The first that ended although nobody wanted it to."""
        return next((f"{one.command[0]}: exit status {one.running.returncode}" for one in Process.wanted
                     if one.running.poll() is not None), None)

    def ids(self):
        """Of the program and of what it started."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(stat.read_text().rsplit(")", 1)[1].split()[3]) == self.pid:
                    found.append(int(stat.parent.name))
            except OSError:  # it has ended meanwhile
                pass
        return found

    def used_us(self):
        """Microseconds of the processor that all of them had so far, in steps of a tick."""
        used = 0
        for pid in self.ids():
            words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            used += int(words[11]) + int(words[12])
        return used * TICK_US

    def main_thread_us(self):
        """What the program's first thread had (proc(5), schedstat)."""
        return int(pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/schedstat").read_text().split()[0]) / 1000

    def main_thread_waited_us(self):
        """How long it was ready to run, and others had the processors."""
        return int(pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/schedstat").read_text().split()[1]) / 1000

    def memory_mb(self):
        """(anonymous, resident), in megabytes, of all of them together."""
        anonymous = resident = 0
        for pid in self.ids():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, value = line.partition(":")
                anonymous += int(value.split()[0]) if name == "Anonymous" else 0
                resident += int(value.split()[0]) if name == "Rss" else 0
        return anonymous / 1024, resident / 1024

    def peak_mb(self):
        """The most that the program itself had resident, in megabytes."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def switches(self):
        """How often a thread of them gave the processor away: each wait that ended was one."""
        total = 0
        for pid in self.ids():
            for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
                line = [row for row in status.read_text().splitlines() if row.startswith("voluntary_ctxt")][0]
                total += int(line.split()[1])
        return total


@atexit.register
def end_what_is_left():
    """What was being started when a benchmark was ended."""
    for one in list(Process.wanted):
        one.end()
