"""The least rights that nudged needs in a Redis: what README says, and what the code names."""

import re
import subprocess

from conftest import SOURCE

CALL = re.compile(r"\(\s*['\"]([A-Z]+)['\"](?:,\s*['\"]([A-Za-z]+)['\"])?")
WITH_PARTS = {"CLIENT", "SCRIPT", "XGROUP", "XINFO"}  # of which a right names the part too
PARTS = {"CLIENT": {"CACHING", "ID", "SETNAME", "TRACKING", "UNBLOCK"}, "SCRIPT": {"LOAD"}}  # in C they stand apart
# Of a connection that has no user yet: everybody may; of a cluster alone: test_redis_cluster.py; and of who is
# behind Sentinels, and of these: test_redis_sentinel.py. READONLY is an answer here.
OF_OTHERS = {"AUTH", "CLUSTER", "READONLY", "ROLE", "SENTINEL"}


def in_readme():
    """The words of README's ACL SETUSER behind the user's name, without the password."""
    text = (SOURCE / "README.md").read_text()
    line = re.search(r"ACL SETUSER nudged ((?:[^\n]*\\\n)*[^\n]*)", text)[1].replace("\\\n", " ")
    words = [word.strip("'") for word in line.split()]
    return [word for word in words if not word.startswith(">")]


def commands_in_readme():
    return {word[1:] for word in in_readme() if word.startswith("+")}


def in_table(name="table"):
    """What the daemon asks for before it enters, in the order of the table; `wished`: what it does without."""
    text = (SOURCE / "daemon/store/rights_table.c").read_text()
    return re.findall(r'"([a-z|]+)"', text.partition(f"rights_{name}[]")[2].partition("}")[0])


def named_in_code(known):
    """Every command of Redis (`known`, in capitals) that a script or a file of C names."""
    found = set()
    for path in [*SOURCE.glob("daemon/store/*.lua"), *SOURCE.glob("daemon/**/*.c")]:
        text = path.read_text()
        for command, part in CALL.findall(text) if path.suffix == ".lua" else []:
            if command in WITH_PARTS:
                found.add(f"{command}|{part}".lower())
            elif command in known:
                found.add(command.lower())
        for command in re.findall(r'"([A-Z]+)"', text) if path.suffix == ".c" else []:
            if command in WITH_PARTS:
                found |= {f"{command}|{part}".lower() for part in PARTS[command]}
            elif command in known - OF_OTHERS:
                found.add(command.lower())
    return found


def commands_known(client):
    """What the server calls a command, in capitals."""
    path = client.connection_pool.connection_kwargs["path"]
    listed = subprocess.run(["redis-cli", "-s", path, "COMMAND", "LIST"], capture_output=True,
                            text=True, check=True).stdout
    return {name.upper() for name in listed.split() if "|" not in name}
