"""A terminal of a size, with a shell in it: tmux on a socket of its own."""

import os
import subprocess

from conftest import BUILD, PATIENCE, wait_until


class Terminal:
    """Screens are read as text, trailing spaces and empty lines at the end gone."""

    def __init__(self, folder, columns=80, lines=24, shell="env PS1='$? $ ' bash --norc --noprofile", **environment):
        self.socket = folder / "tmux.sock"
        kept = {name: value for name, value in os.environ.items()
                if name not in ("TMUX", "NO_COLOR", "COLUMNS", "LINES")}
        self.environment = {**kept, "LANG": "C.UTF-8", **environment}
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines), "-s", "t",
                  f"cd {folder} && exec {shell}")
        self.wait(lambda screen: screen, "a shell")

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, check=True,
                              timeout=PATIENCE, env=self.environment).stdout

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "t", *keys)

    def run(self, shop, *arguments):
        """Types a command of nudgectl's."""
        command = " ".join([f"{BUILD}/nudgectl", "-c", str(shop.one.config), *arguments])
        self.keys("-l", f"clear; {command}")
        self.keys("Enter")

    def screen(self, colours=False):
        return self.tmux("capture-pane", "-p", *["-e"] * colours, "-t", "t").rstrip()

    def resize(self, columns, lines):
        self.tmux("resize-window", "-t", "t", "-x", str(columns), "-y", str(lines))

    def wait(self, condition, what):
        wait_until(lambda: condition(self.screen()), f"{what}:\n{self.screen()}")
        return self.screen()

    def lines(self):
        return self.screen().split("\n")

    def stop(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, check=False, timeout=PATIENCE)
