#!/usr/bin/python3
"""Writes what the man pages take from docs/*.md, so that nothing is told in two places.

Between two such lines of a page stands the section of that name, as mdoc; "tables of": only its
tables.

    .\\" from docs/liquid.md: Tags
    .\\" end

`./dev manual` writes it, `--check` only compares.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(r'^\.\\" from (tables of )?(docs/\S+\.md): (.+)\n(?:.*\n)*?\.\\" end\n', re.M)

# Where the text of a page in docs/ stands in the manual.
PAGES = {
    "rules.md": "nudged-rules 5", "cel.md": "nudged-rules 5", "liquid.md": "nudged-templates 7",
    "templates.md": "nudged-templates 7", "reference.md": "nudged.yaml 5", "testing.md": "nudgectl-test 1",
    "intake.md": "nudged-tokens 5", "webhooks.md": "nudged-webhooks 5",
}  # fmt: skip
INLINE = re.compile(r"(``.+?``|`[^`]+`|\*\*.+?\*\*|\[[^]]+\]\([^)]+\)|<https?:[^>]+>)", re.S)


# --- a line of Markdown ---


def escaped(text):
    return text.replace("\\", "\\e")


def quoted(text, hyphen=False):
    """An argument of a macro, which is never taken for a macro or a delimiter itself."""
    text = escaped(text).replace('"', "\\(dq")
    guard = "\\&" if re.fullmatch(r"%?[A-Z][a-z]{0,2}", text) else ""
    return '"' + guard + (text.replace("-", "\\-") if hyphen else text) + '"'


def reference(target, text, page):
    """What a link becomes: its words, and the page, unless that is this one."""
    name = target.partition("#")[0].rpartition("/")[2]
    if target.startswith("#") or PAGES.get(name) == page:
        return [("text", text)]
    if name in PAGES:
        link = ("Xr", PAGES[name])
    else:
        link = ("Lk", quoted(target)) if "://" in target else ("Pa", f"docs/{name}")
    if text.removesuffix(".md") == name.removesuffix(".md"):
        return [link]
    return [("text", text + " ("), link, ("text", ")")]


def pieces(text, page, code="Ql"):
    """[("text", …), ("Ql", …), …]; the words of a macro are ready to be its arguments."""
    found = []
    for part in INLINE.split(text):
        link = re.fullmatch(r"\[([^]]+)\]\(([^)]+)\)", part, re.S)
        if part.startswith("``"):
            found.append((code, quoted(part[2:-2].strip(), True)))
        elif part.startswith("`"):
            found.append((code, quoted(part[1:-1], True)))
        elif part.startswith("**"):
            found += [("Sy", quoted(words)) if kind == "text" else (kind, words)
                      for kind, words in pieces(part[2:-2], page, code)]  # fmt: skip
        elif link:
            found += reference(link[2], re.sub(r"[`*]", "", link[1]), page)
        elif part:
            found.append(("text", part.strip("<>") if part.startswith("<http") else part))
    return found


def words(text, page, code="Ql"):
    """Each word, as the pieces that it is made of without a space between."""
    found, glued = [], False
    for kind, part in pieces(re.sub(r"\s+", " ", text).strip(), page, code):
        if kind != "text":
            found = found if glued else [*found, []]
            found[-1].append((kind, part))
            glued = True
            continue
        for place, word in enumerate(part.split(" ")):
            glued = glued and place == 0
            if word and glued and found[-1][-1][0] == "text":
                found[-1][-1] = ("text", found[-1][-1][1] + word)
            elif word:
                found = found if glued else [*found, []]
                found[-1].append(("text", word))
            glued = bool(word) or (glued and place == 0 and part == "")
    return found


def macro(word):
    """A word with a macro in it: "(", Ql "x", ")," become `Ql ( "x" ) ,`, others stand glued."""
    before = after = ""
    if word[0][0] == "text" and word[0][1] in ("(", "["):
        before = word.pop(0)[1] + " "
    if word[-1][0] == "text" and re.fullmatch(r"[.,:;?!)\]]+", word[-1][1]):
        after = "".join(f" {c}" for c in word.pop()[1])
    parts = [(kind, part) if kind != "text" else ("No", quoted(part)) for kind, part in word]
    first, *rest = parts
    return f"{first[0]} {before}{first[1]}" + "".join(f" Ns {kind} {part}" for kind, part in rest) + after


def prose(text, page):
    """Lines of text and of macros; each sentence begins a line."""
    lines, line = [], []

    def end_line():
        if line:
            told = " ".join(line)
            lines.append(("\\&" if told[0] in ".'" else "") + told)
            line.clear()

    for word in words(text, page):
        if any(kind != "text" for kind, _ in word):
            end_line()
            lines.append("." + macro(word))
            continue
        line.append(escaped("".join(part for _, part in word)))
        if re.search(r"[.!?]\)?$", line[-1]) or sum(map(len, line)) > 90:
            end_line()
    end_line()
    return lines


def tag(text, page):
    """The arguments of .It: code is bold."""
    told = [macro(word) if any(kind != "text" for kind, _ in word) else "No " + quoted(word[0][1])
            for word in words(text, page, "Ic")]  # fmt: skip
    return ".It " + " ".join(told)


# --- blocks of lines ---


def cells(line):
    line = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)]


def key_row(row, page):
    """A row of the reference: type, default, range, what changes it, and what it is for."""
    key, kind, default, span, changed, about = row
    facts = kind if kind not in ("section", "any value") else ""
    if kind == "choice":
        facts, span = "one of " + span, ""
    facts += f", {span}" if span else ""
    if default:
        facts += ", required" if default == "required" else f"; default {default}"
    if changed == "restart":
        facts += "; a change counts after a restart"
    about = about[:1].upper() + about[1:]
    lines = [tag(key, page), *prose(about.rstrip(".") + ".", page)]
    return lines + (prose(f"({facts.lstrip(',; ')})", page) if facts else [])


def table(rows, page):
    head, body = [cell.lower() for cell in cells(rows[0])], [cells(row) for row in rows[2:]]
    lines = [".Bl -tag -width Ds"]
    for row in body:
        if head[0] == "key" and len(head) == 6:
            lines += key_row(row, page)
            continue
        lines.append(tag(row[0], page))
        main = head.index("meaning") if "meaning" in head[1:] else 1
        facts = [cell if name in ("type", "unit") else f"{name}: {cell}"
                 for place, (name, cell) in enumerate(zip(head, row)) if place not in (0, main) and cell]  # fmt: skip
        lines += prose(row[main] + (f" ({', '.join(facts)})" if facts else ""), page)
    return lines + [".El"]


def literal(block):
    text = [escaped(line).replace("-", "\\-") for line in block]
    return [".Bd -literal -offset indent", *("\\&" + line if line[:1] in (".", "'") else line for line in text), ".Ed"]


def bullets(block, page):
    items = re.split(r"^- ", "\n".join(block), flags=re.M)[1:]
    lines = [".Bl -bullet"]
    for item in items:
        lines += [".It", *prose(item, page)]
    return lines + [".El"]


def blocks(text):
    """Runs of lines of one kind: a table, code, a list, a heading, a paragraph."""
    kind, run, fence = None, [], False
    for line in text.split("\n"):
        here = ("code" if fence or line.startswith("```") or line.startswith("    ") and kind != "list" else
                "table" if line.startswith("|") else "heading" if line.startswith("#") else
                "list" if line.startswith("- ") or kind == "list" and line.strip() and line[:2] == "  " else
                "text" if line.strip() else None)  # fmt: skip
        fence ^= line.startswith("```")
        if here != kind and run:
            yield kind, run
            run = []
        kind = here
        if here:
            run.append(line)
    if run:
        yield kind, run


def mdoc(text, page, only_tables=False):
    lines = []
    for kind, run in blocks(text):
        if only_tables and kind != "table":
            continue
        if kind == "code":
            run = [line for line in run if not line.startswith("```")]
            run = [line.removeprefix("    ") for line in run] if all(
                line.startswith("    ") for line in run if line) else run
        if lines and kind in ("text", "table") and not lines[-1].startswith(".Pp"):
            lines.append(".Pp" if kind == "text" else "")
        lines += {
            "table": lambda: table(run, page), "code": lambda: literal(run), "list": lambda: bullets(run, page),
            "text": lambda: prose("\n".join(run), page),
            "heading": lambda: [".Pp", f".Sy {quoted(run[0].lstrip('# '))}", ".Pp"],
        }[kind]()  # fmt: skip
    while lines[:1] == [".Pp"]:
        lines.pop(0)
    text = "\n".join(line for line in lines if line) + "\n"
    return re.sub(r"(?:\.Pp\n)+(?=\.(?:Pp|Bd|Bl|$))", "", text)


# --- pages ---


def sections(path, title):
    """(title, text) of each section of that title, in which * stands for anything: from below its
    heading to the next of its rank."""
    pattern = re.compile(re.escape(title).replace("\\*", ".*"))
    found, rank, fence = [], 0, False
    for line in (ROOT / path).read_text().split("\n"):
        fence ^= line.startswith("```")
        heading = re.fullmatch(r"(#+) (.*)", line) if not fence else None
        if heading and len(heading[1]) <= (rank or 9):
            name = heading[2].replace("`", "")
            rank = len(heading[1]) if pattern.fullmatch(name) else 0
            found += [(name, [])] if rank else []
        elif rank:
            found[-1][1].append(line)
    if not found:
        raise SystemExit(f"{path} has no section `{title}`")
    return [(name, "\n".join(lines)) for name, lines in found]


def made(path):
    page = f"{path.name[:-2]} {path.name[-1]}"

    def fill(mark):
        tables, source, title = mark.groups()
        text = "".join((f".Ss {name}\n" if "*" in title else "") + mdoc(body, page, bool(tables))
                       for name, body in sections(source, title))  # fmt: skip
        return f'.\\" from {tables or ""}{source}: {title}\n{text}.\\" end\n'

    return MARK.sub(fill, path.read_text())


def main():
    stale = 0
    for path in sorted((ROOT / "docs/man").iterdir()):
        new = made(path)
        if new == path.read_text():
            continue
        stale += 1
        if "--check" in sys.argv:
            print(f"docs/man/{path.name} is not what the pages say: run ./dev manual")
        else:
            path.write_text(new)
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
