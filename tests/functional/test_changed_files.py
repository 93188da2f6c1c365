"""Files that were changed, and not read: `status` says so, and that a reload is missing."""

import json
import os
import re

import pytest

from desk import RULES, desk  # the fixture of all tests


@pytest.fixture
def running(desk):
    desk.redis()
    desk.started.pop(0)  # the one that only had a configuration
    return desk, desk.daemon().spawn()


@pytest.mark.parametrize("change", ["rule", "template", "snippet", "configuration"])
def test_status_tells_of_a_reload_that_was_forgotten(running, change):
    desk, daemon = running
    told = "read [0-9]+s ago, files changed since: nudgectl reload\n"
    assert json.loads(desk.ctl("status", "--json")[1])["files_changed"] is False
    assert not re.search(told, desk.ctl("status")[1])
    if change == "rule":
        desk.rules(RULES + "# a comment\n")
    elif change == "configuration":
        os.utime(daemon.config, (0, 0))  # as copied with its own time
    else:
        desk.template("snippets/new.liquid" if change == "snippet" else "ping.text.liquid", "You are {{ place }}!\n")
    status, out, err = desk.ctl("status")
    assert (status, err) == (0, "") and re.search(told, out), out
    told_now = json.loads(desk.ctl("status", "--json")[1])
    assert told_now["files_changed"] is True and told_now["well"] is True
    assert desk.ctl("reload")[0] == 0
    assert not re.search(told, desk.ctl("status")[1])
    assert json.loads(desk.ctl("status", "--json")[1])["files_changed"] is False


def test_status_of_another_configuration_tells_nothing_of_its_files(running):
    """A copy of the configuration is not what the daemon has read."""
    desk, daemon = running
    copy = desk.folder / "copy.yaml"
    copy.write_text(daemon.config.read_text())
    desk.rules(RULES + "# a comment\n")
    assert json.loads(desk.ctl("status", "--json", config=copy)[1])["files_changed"] is False
