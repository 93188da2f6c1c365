"""Completion: what `nudgectl complete` says of every command, and real shells in which Tab is pressed."""

import os
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, PATIENCE, SOURCE
from desk import desk  # noqa: F401, the fixture of all tests
from terminal import Terminal


def complete(*words, cwd=None):
    done = subprocess.run([BUILD / "nudgectl", "complete", *words], capture_output=True, text=True, timeout=PATIENCE,
                          cwd=cwd, check=False)
    assert (done.returncode, done.stderr) == (0, ""), words
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


@pytest.fixture
def counter(desk):  # noqa: F811
    """With Redis, in which customers are, and a list of codes."""
    desk.redis()
    desk.started = [thing for thing in desk.started if not hasattr(thing, "spawn")]
    desk.config["gateways"]["relay"] = {"kind": "smtp", "host": "127.0.0.1", "port": 1, "tls": "never"}
    desk.one = desk.daemon()
    for key in ("id:7", "id:71", "id:905", "email:ana@example.com", "phone:+40721"):
        desk.client.set(f"nudged:customer:{key}", "{}")
    desk.client.hset("nudged:lists", "spring10", "10")
    return desk


def test_every_command_and_its_options():
    helped = subprocess.run([BUILD / "nudgectl", "help"], capture_output=True, text=True, check=True,
                            timeout=PATIENCE).stdout
    names = re.findall(r"^  ([a-z][a-z-]+) ", helped, re.M)
    assert complete("") == names == complete() and complete("help", "") == names
    assert set(complete("-")) == {"--config", "--color", "--help", "--version"}
    for name in names[:-1]:
        page = subprocess.run([BUILD / "nudgectl", "help", name], capture_output=True, text=True, check=True,
                              timeout=PATIENCE).stdout.split("\nExample")[0]
        options = set(complete(name, "-"))
        assert {"--config", "-c", "--color", "--help"} <= options, name
        # What is there is told, and what is told is there.
        told = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*)", page))
        common = {"--config", "--color", "--help"}
        assert told == {option for option in options if option.startswith("--")} - common, name


def test_names(counter):
    config = ["-c", str(counter.one.config)]
    assert complete("preview", *config, "") == ["ping", "welcome"]
    assert complete("rule", "pause", *config, "wel") == ["welcome"]
    assert complete("rule", "pause", "welcome", *config, "p") == ["ping"]
    assert complete(*config, "gateway", "test", "") == ["file", "relay"]
    assert complete("dead", *config, "--gateway", "re") == ["relay"]
    assert complete("dead", *config, "--gateway=re") == ["--gateway=relay"]
    assert complete("dead", *config, "--channel", "") == ["email", "sms"]
    assert complete("outbox", "retry", *config, "--template", "w") == ["welcome"]
    assert complete("codes", "load", *config, "s") == ["spring10"]
    assert complete("codes", "load", "spring10", "") == [":file"]
    assert complete("preview", "--as", "") == ["text", "html", "eml", "source"]
    assert complete("status", "--color", "a") == ["auto", "always"]
    assert complete("-c", "") == complete("check", "--config", "") == complete("push", "") == [":file"]
    assert complete("test", "--rules", "") == [":folder"]
    assert complete("gateway", "") == ["ls", "pause", "resume", "test"] and complete("suppress", "im") == ["import"]
    assert complete("nothing", "") == complete("status", "") == complete("nothing") == []


def test_customers(counter):
    config = ["-c", str(counter.one.config)]
    assert sorted(complete("explain", *config, "7")) == ["7", "71"]
    assert sorted(complete("explain", *config, "id:7")) == ["id:7", "id:71"]
    assert complete("explain", *config, "ana@") == ["ana@example.com"]
    assert complete("dead", *config, "--customer", "phone:") == ["phone:+40721"]
    assert sorted(complete("customer", "show", *config, "")) == sorted(
        ["id:7", "id:71", "id:905", "email:ana@example.com", "phone:+40721"])
    assert complete("explain", *config, "*") == complete("explain", *config, "id:[78]") == []
    # Ever so many are not all told.
    for batch in range(10):
        counter.client.mset({f"nudged:customer:id:c{batch}-{number}": "{}" for number in range(1000)})
    assert len(complete("explain", *config, "c")) == 200


def test_what_cannot_be_known_is_left_out_at_once(counter, tmp_path):
    """A Redis that does not answer holds nobody up; a broken file is told when it is used."""
    counter.started[0].stop()
    assert complete("explain", "-c", str(counter.one.config), "7") == []
    broken = tmp_path / "broken.yaml"
    broken.write_text("rules: [")
    assert complete("rule", "pause", "-c", str(broken), "") == complete("explain", "-c", str(broken), "") == []
    assert complete("rule", "pause", "-c", str(tmp_path / "none.yaml"), "") == []


SHELLS = {
    "bash": ("bash --norc --noprofile", f"PS1='$ '; source {SOURCE}/completions/nudgectl.bash"),
    "zsh": ("zsh -f", f"PS1='$ '; fpath=({SOURCE}/completions $fpath); autoload -U compinit; compinit -u -D"),
    "fish": ("fish --no-config", f"function fish_prompt; echo '$ '; end; source {SOURCE}/completions/nudgectl.fish"),
}


@pytest.fixture(params=SHELLS)
def shell(request, counter, tmp_path):
    command, setup = SHELLS[request.param]
    if not shutil.which(request.param) or not shutil.which("tmux"):
        pytest.skip(f"no {request.param}, or no tmux")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/nudgectl").symlink_to(BUILD / "nudgectl")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/report-of-may.eml").write_text("")
    terminal = Terminal(tmp_path, 100, 40, f"env HOME={tmp_path} {command}",
                        PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    terminal.keys("-l", f"{setup}; alias n='nudgectl'; clear")
    terminal.keys("Enter")
    terminal.wait(lambda screen: screen.endswith("$") and "PS1" not in screen and "function" not in screen, "the shell")
    yield terminal, counter
    terminal.stop()


def press_tab(terminal, typed):
    terminal.keys("-l", typed)
    terminal.keys("Tab")


def test_tab(shell):
    """The rest of a name that is the only one is written; of several all are shown."""
    terminal, counter = shell
    config = f"nudgectl -c {counter.one.config}"

    def ends(typed, *wanted):
        press_tab(terminal, typed)
        terminal.wait(lambda screen: all(word in screen.replace("\n", "") for word in wanted), f"{typed}: {wanted}")
        terminal.keys("C-u")
        terminal.keys("-l", "clear")
        terminal.keys("Enter")
        terminal.wait(lambda screen: screen.endswith("$") and len(screen) < 10, "an empty line")

    ends("nudgectl stat", "nudgectl status")
    ends(f"{config} preview wel", "preview welcome")
    ends(f"{config} rule pause pi", "rule pause ping")
    ends(f"{config} dead --rule=pi", "--rule=ping")
    ends(f"{config} gateway test rel", "test relay")
    ends(f"{config} explain id:9", "explain id:905")
    ends(f"{config} explain email:an", "explain email:ana@example.com")
    ends("nudgectl feedback --uns", "--unsigned")
    ends("nudgectl push letters/rep", "letters/report-of-may.eml")


ODD = {"two words": "odd-1", "$(touch pwned)": "odd-2", "`touch pwned`": "odd-3", "a;touch pwned;": "odd-4",
       "it's": "odd-5", 'say "x"': "odd-6", "back\\slash": "odd-7", "-n": "odd-8", "*": "odd-9",
       "tilde~$HOME": "odd-10"}


@pytest.mark.parametrize("odd", ODD)
def test_names_that_strangers_chose(shell, odd, tmp_path):
    """What Tab writes is one word of the command, and nothing that the shell does: the command gets it as it is."""
    terminal, counter = shell
    mark = ODD[odd]
    counter.client.set(f"nudged:customer:id:{mark}{odd}", "{}")
    press_tab(terminal, f"nudgectl -c {counter.one.config} explain id:{mark}")
    terminal.wait(lambda screen: len(screen.replace("\n", "").split(f"id:{mark}")[-1]) > 1, "the rest of the name")
    terminal.keys("Enter")
    asked = f"id:{mark}{odd}"
    terminal.wait(lambda screen: "\nnudgectl: " in screen or f"\n{asked}\n" in screen, "the answer")
    screen = terminal.screen().replace("\n", "")
    assert asked in screen.split("explain", 1)[1].split(mark, 1)[1] or asked in screen, screen
    assert not list(tmp_path.rglob("pwned"))


def test_a_quote_that_is_open_in_bash(counter):
    """What stands behind it is written as it is: only what ends no quote and is nothing else in one."""
    counter.client.mset({"nudged:customer:id:x'$(touch pwned)": "{}", "nudged:customer:id:xy two": "{}"})
    for word, wanted in (("'id:x", ["id:xy two"]), ('"id:x', ["id:xy two"]), ("id:xy\\ t", ["xy\\ two"])):
        typed = f"nudgectl -c {counter.one.config} explain {word}"
        words = [str(BUILD / "nudgectl"), "-c", str(counter.one.config), "explain", *re.split("(:)", word)]
        if word[0] in "'\"":
            words[4:] = [word]
        typed = typed.replace("nudgectl", words[0], 1)
        done = subprocess.run(["bash", "-c",
                               f"source {SOURCE}/completions/nudgectl.bash; COMP_LINE=$1; COMP_POINT=${{#1}}; shift; "
                               'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nudgectl; printf "%s\\n" "${COMPREPLY[@]}"',
                               "-", typed, *words], capture_output=True, text=True, timeout=PATIENCE, check=True)
        assert done.stdout.splitlines() == wanted, (word, done)


def test_they_are_installed(tmp_path):
    """Where each shell looks."""
    make = subprocess.run(["make", "-s", "-C", BUILD, "install-data", f"DESTDIR={tmp_path}"], capture_output=True,
                          text=True, check=False, timeout=PATIENCE)
    assert make.returncode == 0, make.stderr
    found = {str(path.relative_to(tmp_path)).split("share/")[1] for path in tmp_path.rglob("*nudgectl*")
             if path.is_file() and "/man/" not in str(path)}
    assert found == {"bash-completion/completions/nudgectl", "zsh/site-functions/_nudgectl",
                     "fish/vendor_completions.d/nudgectl.fish"}
