#!/usr/bin/env python3
"""No file of ours grows past 800 production lines: the tail is what makes a codebase unpleasant.

A file's tests do not count: in Rust what follows `#[cfg(test)]` on a module, elsewhere files named as tests. Files
above the aim of 400 are listed for information.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AIM, LIMIT = 400, 800
FOLDERS = ["softswitch", "appserver", "web-client", "sounds", ".ci"]
SKIPPED = {"node_modules", "dist", "target", "pack", "corpus", "artifacts", "generated", "__pycache__", "playwright-report"}
SUFFIXES = {".rs", ".ts", ".tsx", ".js", ".mjs", ".css", ".html", ".py", ".sh", ".sql", ""}


def main():
    counted = sorted(((production_lines(file), file) for file in files()), reverse=True)
    for lines, file in counted:
        if lines > AIM:
            print(f"{lines:5} {file.relative_to(ROOT)}{'   over the limit' if lines > LIMIT else ''}")
    print(f"{len(counted)} files, the longest {counted[0][0]} lines; aim {AIM}, limit {LIMIT}")
    sys.exit(1 if counted[0][0] > LIMIT else 0)


def files():
    for top in [ROOT / folder for folder in FOLDERS]:
        for path in top.rglob("*"):
            inside = path.relative_to(ROOT)
            if not SKIPPED.isdisjoint(inside.with_suffix("").parts) or not path.is_file() or path.suffix not in SUFFIXES:
                continue
            # Programs without an ending are scripts; anything else without one is data.
            if path.suffix == "" and not path.read_bytes().startswith(b"#!"):
                continue
            yield path


def production_lines(path):
    text = path.read_text(errors="replace")
    if path.name.endswith((".test.ts", ".spec.ts")) or path.name == "tests.rs":
        return 0
    if path.suffix == ".rs":
        # `mod tests;` lives in another file; `mod tests {` ends the production part of this one.
        text = re.split(r"^#\[cfg\(test\)\]\n(?:#\[.*\]\n)*mod \w+ \{", text, maxsplit=1, flags=re.MULTILINE)[0]
    return len(text.splitlines())


main()
