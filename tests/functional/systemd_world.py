"""A systemd of its own, in namespaces of its own: it starts the unit as it is installed, with every
restriction that stands there, on a file system whose changes nobody else sees. It needs root."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from conftest import BUILD, PATIENCE, SOURCE, wait_until

SYSTEMD = "/lib/systemd/systemd"

# Runs in the new namespaces. The overlay keeps what is changed in memory; only FOLDER/out is the
# test's own. systemd finds no unit but those of FOLDER/units.
BOOT = r"""
set -eu
folder=$1
root=$folder/mnt/root
mount --make-rprivate /
ip link set lo up
mount -t tmpfs tmpfs "$folder/mnt"
mkdir "$folder/mnt/upper" "$folder/mnt/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/mnt/upper,workdir=$folder/mnt/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/var/tmp"
mkdir -p "$root/run/units" "$root/srv/out" "$root/usr/local/sbin" "$root/usr/local/bin" "$root/etc/nudged"
mount --bind "$folder/out" "$root/srv/out"
cp -r "$folder/units/." "$root/run/units/"
cp -r "$folder/etc/." "$root/etc/nudged/"
cp "$folder"/sbin/* "$root/usr/local/sbin/"
export container=test SYSTEMD_UNIT_PATH=/run/units
# Who is in a chroot may make no user namespace: the overlay becomes the root itself.
cd "$root"
mkdir -p run/old
pivot_root . run/old
umount -l run/old
mount --make-rshared / # as systemd wants it of who starts it in a container
exec "$SYSTEMD" --system --unit=test.target --log-target=null --show-status=no
"""

DRIVER = """
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
TimeoutStartSec=infinity
WorkingDirectory=/srv/out
StandardOutput=append:/srv/out/driver.log
StandardError=append:/srv/out/driver.log
ExecStart=/bin/sh -eu /srv/out/driver.sh
ExecStopPost=/bin/sh -c 'echo "$SERVICE_RESULT" >/srv/out/result.new && mv /srv/out/result.new /srv/out/result'
"""

# Under the sanitizers too: LeakSanitizer attaches to its own process, which the unit forbids.
DROP_IN = """
[Service]
Environment=ASAN_OPTIONS=detect_leaks=0
StandardOutput=append:/srv/out/{name}.log
StandardError=append:/srv/out/{name}.log
"""


class Systemd:
    """`configuration`: the text of nudged.yaml; `run` gives what a script printed, run as root beside
    the units, and takes its end for the test's."""

    def __init__(self, folder):
        self.folder, self.process = pathlib.Path(folder), None
        for name in ("mnt", "out", "units", "etc", "sbin"):
            (self.folder / name).mkdir(parents=True)
        for name in ("nudged", "nudgectl", "nudged-web"):
            if (BUILD / name).exists():
                shutil.copy(BUILD / name, self.folder / "sbin")
        (self.folder / "units/test.target").write_text("[Unit]\nWants=driver.service\n")
        for target in ("sysinit", "basic", "sockets", "shutdown", "network-online"):
            (self.folder / f"units/{target}.target").write_text("[Unit]\nDefaultDependencies=no\n")
        (self.folder / "units/driver.service").write_text(DRIVER)

    def unit(self, name, more=""):
        """A unit of systemd/, as `make install` would write it."""
        text = (SOURCE / f"systemd/{name}.in").read_text()
        for word, path in (("sbindir", "/usr/local/sbin"), ("libexecdir", "/usr/local/sbin"),
                           ("confdir", "/etc/nudged"), ("examplesdir", "/usr/local/share/nudged/examples")):
            text = text.replace(f"@{word}@", path)
        (self.folder / "units" / name).write_text(text)
        if name.endswith(".service"):
            folder = self.folder / f"units/{name}.d"
            folder.mkdir()
            (folder / "test.conf").write_text(DROP_IN.format(name=name) + more)

    def run(self, script):
        out = self.folder / "out"
        (out / "driver.sh").write_text(script)
        (self.folder / "boot.sh").write_text(BOOT)
        # A cgroup of its own, so that systemd's are below that.
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--mount", "--cgroup", "--ipc", "--uts", "--net", "--fork",
             "--kill-child=KILL",
             "--mount-proc", "sh", self.folder / "boot.sh", self.folder],
            env={**os.environ, "SYSTEMD": SYSTEMD}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, preexec_fn=self.enter_cgroup)
        wait_until(lambda: (out / "result").exists() or self.process.poll() is not None,
                   lambda: f"the script's end:\n{self.said()}")
        assert (out / "result").exists(), self.process.stderr.read().decode()
        assert (out / "result").read_text() == "success\n", self.said()
        return (out / "driver.log").read_text()

    def said(self):
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in sorted((self.folder / "out").glob("*.log")))

    def enter_cgroup(self):
        self_cgroup(self.folder.name)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(PATIENCE)
            self.process.stderr.close()
        for base in cgroup_bases():
            inner = sorted((base / self.folder.name).rglob("*"), reverse=True) if base else []
            for path in [*(p for p in inner if p.is_dir()), base / self.folder.name]:
                wait_until(lambda path=path: removed(path), f"{path} to be empty")


def cgroup_bases():
    """Where control groups of version 2 are."""
    mounts = pathlib.Path("/proc/self/mounts").read_text().splitlines()
    return [pathlib.Path(line.split()[1]) for line in mounts if line.split()[2] == "cgroup2"][:1]


def self_cgroup(name):
    for base in cgroup_bases():
        (base / name).mkdir(exist_ok=True)
        (base / name / "cgroup.procs").write_text("0")


def removed(path):
    try:
        path.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def need_systemd():
    if os.geteuid() != 0:
        pytest.skip("namespaces of its own need root")
    if not os.path.exists(SYSTEMD):
        pytest.skip("there is no systemd")
    if not cgroup_bases():
        pytest.skip("there are no control groups of version 2")
    probe = subprocess.run(["unshare", "--pid", "--mount", "--cgroup", "--ipc", "--uts", "--net", "--fork",
                            "--mount-proc", "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"no namespaces here: {probe.stderr.decode()}")
