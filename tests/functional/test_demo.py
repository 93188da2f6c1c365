"""nudgectl demo: its folder and its page, on the shipped examples."""

import json
import re
import subprocess

import html5lib
import pytest

from conftest import BUILD, SOURCE


def came_in_time(folder):
    """Whether who bought in time did: ten events later, before the shortest wait is over. Redis has written down
    when it had which."""
    commands = b"".join(path.read_bytes() for path in folder.glob("state/redis/appendonlydir/*.aof"))
    form = rb'nudged:events\r\n\$\d+\r\n(\d+)-\d+\r\n.*\r\nevent\r\n.*\r\n.*"day-'
    times = [int(at) for at in re.findall(form, commands)]
    assert len(times) == 25
    return all(later - earlier < 1750 for earlier, later in zip(times, times[10:]))


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """The folder of a demo that is over, and what it printed. Where the machine stood still for so long that who
    bought in time did not, it is shown once more."""
    for _ in range(10):
        folder = tmp_path_factory.mktemp("demo") / "day"
        done = subprocess.run([BUILD / "nudgectl", "demo", "--folder", folder, "--examples", SOURCE],
                              capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        if came_in_time(folder):
            break
    return folder, done.stdout


def tree_of(path):
    return html5lib.parse(path.read_text(), treebuilder="lxml", namespaceHTMLElements=False).getroot()


def texts(tree, path):
    return [" ".join("".join(found.itertext()).split()) for found in tree.xpath(path)]


def test_every_picture_is_there(day):
    """Files beside the pages: nothing is fetched from a site that there is not."""
    folder, _ = day
    pages = sorted(folder.glob("html/[0-9][0-9].html"))
    assert len(pages) == 19
    sources = [(page, image.get("src")) for page in pages for image in tree_of(page).iter("img")]
    names = {source for _, source in sources}
    assert names == {f"img/{name}.png" for name in ("book", "cup", "logo", "pot", "shop", "tea")}
    for name in names:
        picture = (folder / "html" / name).read_bytes()
        assert picture.startswith(b"\x89PNG") and picture == (SOURCE / "demo" / name).read_bytes()
    assert "https://shop.example/img/" not in "".join(page.read_text() for page in folder.glob("html/*.html"))


def test_pictures_are_small_and_of_many_shapes():
    shapes = set()
    for path in SOURCE.glob("demo/img/*.png"):
        data = path.read_bytes()
        assert len(data) < 12 * 1024, path
        width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        shapes.add((width > height) - (width < height))
    assert shapes == {-1, 0, 1}


def test_the_page_shows_which_message_is_open(day):
    folder, out = day
    index = tree_of(folder / "html/index.html")
    rows = re.findall(r"^ +(\d+)  (\S.*?)  +(\S.*)$", out.split("\nSent:")[0], re.M)
    assert texts(index, "//a[@class='mail']") == [" ".join(f"{subject}{to}".split()) for _, to, subject in rows]
    opened = index.xpath("//a[@aria-current]")
    assert len(opened) == 1 and opened[0].get("href") == index.xpath("//iframe/@src")[0] == "01.html"
    assert texts(index, "//header/strong") == [rows[0][2]]
    for link in index.xpath("//a[@class='mail']"):
        assert (folder / "html" / link.get("href")).exists() and (folder / "html" / link.get("data-text")).exists()
    assert "setAttribute('aria-current'" in "".join(index.xpath("//script/text()"))


def test_the_page_says_what_was_held_back_and_why(day):
    folder, out = day
    index = tree_of(folder / "html/index.html")
    held = texts(index, "//h2[.='Held back, and why']/following-sibling::ul[1]/li")
    for line in ["There is no addressLiam: rule welcome, no-address",
                 "The cart was emptiedolga.shchukina@example.com: rule abandoned-cart, no-longer",
                 "Marketing was not wanted, or no longerpavel.zhdanov@example.com: rule feedback, no-consent",
                 "The order or the answer came firstemma.oneill@example.com: rule feedback, until"]:
        assert line in held
    counted = re.findall(r"^ +(\d+)  ", out.split("Held back, and why:\n")[1].split("\n\n")[0], re.M)
    assert len(held) == sum(map(int, counted))
    given_up = texts(index, "//h2[.='Given up']/following-sibling::ul[1]/li")
    assert len(given_up) == 1 and given_up[0].endswith("dead letter, no-customer")
    events = sum(line.startswith("{") for line in (SOURCE / "demo/events.jsonl").read_text().splitlines())
    assert texts(index, "//nav//p") == [f"{events} events, 19 messages, {len(held)} held back, 1 given up"]


def test_the_page_runs_from_its_folder_alone(day):
    """No address of another place, in the page or in a message's text page."""
    folder, _ = day
    index = tree_of(folder / "html/index.html")
    addresses = [value for element in index.iter("*") for name, value in element.items() if name in ("src", "href")]
    assert addresses and not [address for address in addresses if re.match(r"\w+:|/", address)]
    assert index.get("lang") == "en" and texts(index, "//title") == ["A day of a small shop"]


def test_the_events_are_those_of_a_shop():
    """Their sums are right, and what is said of an item is what is said of it elsewhere."""
    for line in (SOURCE / "demo/events.jsonl").read_text().splitlines()[1:]:
        event = json.loads(line)
        data = event.get("cart") or event.get("order") or {}
        items = sum(round(item.get("price", 0) * item.get("quantity", 1) * 100) for item in data.get("items", []))
        if event["type"] == "cart.updated" and "items" in data:
            assert round(data["total"] * 100) == items, line
        if event["type"] == "order.placed":
            assert round(data["subtotal"] * 100) == items, line
            total = data["subtotal"] - data.get("discount", 0) + data["shipping"]
            assert abs(data["total"] - total) < 0.001 and data["shipping"] == (0 if items >= 5000 else 4.9), line
