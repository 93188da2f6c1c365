"""Packages of npm at exact versions, installed once below the build folder."""

import fcntl
import shutil
import subprocess

import pytest
from conftest import BUILD

INSTALL = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]


def npm_packages(*packages):
    """A folder in which node finds them, "name@1.2.3" each; the test is skipped where npm cannot have them."""
    if not shutil.which("npm"):
        pytest.skip("npm is not there")
    folder = BUILD / "npm" / "+".join(packages).replace("/", "~")
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            done = subprocess.run([*INSTALL, "--prefix", str(folder), *packages], capture_output=True, text=True,
                                  cwd=folder, timeout=300)
            if done.returncode != 0:
                pytest.skip(f"npm cannot install {' '.join(packages)}: {done.stderr.strip()[-300:]}")
            (folder / "done").touch()
    return folder
