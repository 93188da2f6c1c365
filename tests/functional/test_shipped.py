"""What comes with nudged to be copied: every rule, letter and sample is sound, in each language, and
does what its tests say."""

import re

import pytest
import yaml

from conftest import SOURCE, shipped_config

LANGUAGES = ["en", "fi", "ro", "ru"]
FORMS = {"en": {"one", "other"}, "fi": {"one", "other"}, "ro": {"one", "few", "other"},
         "ru": {"one", "few", "many", "other"}}
TO_STAFF = {"review-alert", "data-request"}  # plain text
RULES = [rule for path in sorted(SOURCE.glob("rules/*.yaml")) if path.name != "events.yaml" and
         not path.name.endswith(".test.yaml") for rule in yaml.load_all(path.read_text(), yaml.BaseLoader)]


def steps_of(rule):
    """All steps, those of branches and shares too."""
    waiting = [{key: rule[key] for key in ("wait", "send") if key in rule}, *rule.get("steps", [])]
    while waiting:
        step = waiting.pop()
        if not isinstance(step, dict):
            continue
        yield step
        then = step.get("then", [])
        for branch in then.values() if isinstance(then, dict) else [then]:
            waiting += branch
        waiting += step.get("else", [])


def templates_of(rule):
    sends = [step["send"] for step in steps_of(rule) if "send" in step]
    return [send if isinstance(send, str) else send["template"] for send in sends]


def shipped(shop, locale="en"):
    """The shipped configuration, in a folder of its own; nothing runs."""
    config = shipped_config()
    config |= {"state": str(shop.folder / "state"), "rules": str(SOURCE / "rules"),
               "templates": str(SOURCE / "templates")}
    config["shop"]["locale"] = locale
    path = shop.folder / f"shipped-{locale}.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False))
    return path


@pytest.mark.parametrize("locale", LANGUAGES)
def test_all_of_it_is_sound(shop, locale):
    """`check` makes each message with its sample, in the shop's language."""
    status, out, err = shop.ctl("check", "--strict", config=shipped(shop, locale))
    assert (status, err) == (0, "") and out.startswith("0 errors, 0 warnings"), out


def test_the_rules_do_what_their_tests_say(shop):
    status, out, err = shop.ctl("test", config=shipped(shop))
    assert (status, err) == (0, "") and re.search(r"^[1-9]\d* passed, 0 failed", out, re.M), out + err


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_a_rule_is_short_and_tested(rule):
    tested = "".join(path.read_text() for path in SOURCE.glob("rules/*.test.yaml"))
    assert rule["about"].endswith(".") and len(list(steps_of(rule))) < 12
    for template in templates_of(rule):
        assert re.search(rf"\bsent: {template}\b", tested), f"no test expects {template}"
        for part in ("html", "text"):
            assert (SOURCE / f"templates/{template}.{part}.liquid").exists() or template in TO_STAFF


def test_every_letter_has_a_rule():
    sent = {template for rule in RULES for template in templates_of(rule)}
    assert sent == {path.name.split(".")[0] for path in SOURCE.glob("templates/*.text.liquid")}


def texts(node, path=()):
    """(key, text or forms) of a file of translations."""
    for key, value in node.items():
        if isinstance(value, dict) and "other" not in value:
            yield from texts(value, (*path, key))
        else:
            yield ".".join((*path, key)), value


def test_each_language_says_all_in_its_own_forms():
    """The same keys, the forms of plurals that the CLDR has for it, and the same values in the text."""
    files = {locale: dict(texts(yaml.safe_load((SOURCE / f"templates/locales/{locale}.yaml").read_text())))
             for locale in LANGUAGES}
    for locale in LANGUAGES:
        assert files[locale].keys() == files["en"].keys(), locale
        for key, text in files[locale].items():
            english = files["en"][key]
            assert isinstance(text, dict) == isinstance(english, dict), (locale, key)
            if isinstance(text, dict):
                assert set(text) == FORMS[locale], (locale, key)
            else:
                names = [set(re.findall(r"{{ (\w+) }}", one)) for one in (text, english)]
                assert names[0] == names[1], (locale, key)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_preview_knows_each_sample(shop, locale):
    """A sample is enough to look at the letter of its rule."""
    config = shipped(shop)
    for rule in RULES:
        for template in templates_of(rule):
            status, out, err = shop.ctl("preview", template, "--locale", locale, "--as", "text", config=config)
            assert status == 0 and "translation missing" not in out, (template, out, err)
            assert "Ana" in out, template
