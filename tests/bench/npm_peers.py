"""Peers from npm: packages at exact versions, fetched once, into a folder of the build."""

import fcntl
import shutil
import subprocess

from figures import BUILD, say

# The newest when this was written that run on Node 20.
PACKAGES = ("bullmq@6.7.0", "ioredis@6.0.0", "nodemailer@10.6.1", "liquidjs@10.30.1", "undici@7.30.2")
INSTALL = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]


def npm_peers():
    """The folder of modules for $NODE_PATH, or None: then a peer is left out, and the reader is told."""
    if not shutil.which("npm") or not shutil.which("node"):
        return say("no npm here: without the peers in JavaScript")
    folder = BUILD / "npm/bench"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "done"
        if not done.exists() or done.read_text().split() != list(PACKAGES):
            installed = subprocess.run([*INSTALL, "--prefix", folder, *PACKAGES], cwd=folder, text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if installed.returncode != 0:
                return say(f"npm does not get {' '.join(PACKAGES)}: without the peers in JavaScript\n"
                           + installed.stdout[-500:])
            done.write_text(" ".join(PACKAGES))
    return folder / "node_modules"
