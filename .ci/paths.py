#!/usr/bin/env python3
"""Every path our pages name exists: in `code`, in [links](target), and in lists like softswitch/crates/{sip,sdp}.

Looked at are README.md, ARCHITECTURE.md, CONTRIBUTING.md and docs/*.md. A word is taken for a path of ours when it
begins with one of our top folders or is the name of a file at the top.
"""

import re
import sys
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted((ROOT / "docs").glob("*.md"))
TOPS = "softswitch|appserver|web-client|sounds|docs|\\.ci"
# Made by a build or a run, so absent from a clean clone.
MADE = ("state/", "sounds/pack", "web-client/dist", "web-client/node_modules", "target/")
CODE_PATH = re.compile(rf"(?<![\w/.-])(?:\./)?((?:{TOPS})/[\w./{{}},*-]*[\w}}*/]|[A-Z]{{4,}}\.md|Cargo\.(?:toml|lock)|compose\.yaml|Dockerfile|deny\.toml)")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def main():
    named, missing = 0, []
    for page in (page for page in PAGES if page.exists()):
        for number, line in enumerate(page.read_text().splitlines(), 1):
            for shown, path in dict.fromkeys(paths_in(line, page)):
                named += 1
                if not exists(path):
                    missing.append(f"{page.relative_to(ROOT)}:{number}: {shown} does not exist")
    for line in missing:
        print(line)
    print(f"{named} paths named, {len(missing)} missing")
    sys.exit(1 if missing or not named else 0)


def paths_in(line, page):
    for target in LINK.findall(line):
        if not re.match(r"[a-z]+:", target):
            yield target, (page.parent / target).resolve()
    for found in CODE_PATH.findall(LINK.sub("]", line)):
        if found.startswith(MADE):
            continue
        for path in expand(found):
            yield path, ROOT / path


def expand(path):
    """a/{b,c}.md → a/b.md, a/c.md"""
    parts = re.split(r"\{([^}]*)\}", path)
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    return ["".join(choice) for choice in product(*choices)]


def exists(path):
    if "*" in str(path):
        return any(ROOT.glob(str(path.relative_to(ROOT))))
    return path.exists()


main()
