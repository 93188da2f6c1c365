"""What docs/tokens/ gives shops that host the pages themselves: each reads the same tokens as nudged."""

import json
import shutil
import subprocess

import pytest

from conftest import PATIENCE, SOURCE
from web_pages import links_in, mailed_links, page_shop

FOLDER = SOURCE / "docs" / "tokens"
VECTORS = json.loads((FOLDER / "vectors.json").read_text())
LANGUAGES = {"py": ["python3"], "php": ["php"], "js": ["node"], "rb": ["ruby"], "go": ["go"]}


def program(language, folder):
    """How to run it."""
    words, file = LANGUAGES[language], FOLDER / f"nudged_token.{language}"
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not installed")
    if language != "go":
        return [*words, str(file)]
    built = folder / "nudged_token"
    subprocess.run(["go", "build", "-o", built, file], check=True, timeout=10 * PATIENCE,
                   env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "GOFLAGS": "-mod=mod", "GOPROXY": "off"})
    return [str(built)]


def read(words, keys, secret, rows):
    """What it says of each (purpose, token)."""
    lines = "".join(f"{purpose} {token}\n" for purpose, token in rows)
    done = subprocess.run([*words, keys, secret], input=lines.encode(), capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_reads_the_same(tmp_path, language):
    keys, secret = tmp_path / "keys", tmp_path / "secret"
    keys.write_text(VECTORS["keys"])
    secret.write_text(VECTORS["secret"])
    rows = VECTORS["tokens"]
    got = read(program(language, tmp_path), keys, secret, [(row["purpose"], row["token"]) for row in rows])
    assert [(row["about"], fields) for row, fields in zip(rows, got)] == [(row["about"], row["fields"]) for row in rows]
    assert len(got) == len(rows) > 35


@pytest.mark.parametrize("language", ["py", "php"])
def test_a_mailed_link(shop, tmp_path, language):
    """A token that the daemon made, with the keys and the secret of its installation."""
    smtp = page_shop(shop)
    shop.daemon().spawn()
    _, links = mailed_links(shop, smtp)
    shop.push({"type": "customer.subscription_requested", "customer": {"id": "7"}, "topics": ["news", "alerts"]})
    links |= links_in(smtp.next_mail())
    state = shop.folder / "state"
    rows = [(purpose, links[letter].rsplit("/", 1)[1])
            for purpose, letter in (("unsubscribe", "U"), ("preferences", "P"), ("confirm", "C"))]
    leave, choose, confirm = read(program(language, tmp_path), state / "token-keys", state / "secret", rows)
    assert leave == ["id:7", "offers"] and choose == ["id:7"] and confirm[:2] == ["id:7", "news,alerts"]
