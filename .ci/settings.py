#!/usr/bin/env python3
"""README's table of settings, the programs and compose.yaml name the same RINGDOWN_* variables."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = re.compile(r"RINGDOWN_[A-Z][A-Z0-9_]*[A-Z0-9]")
# Understood by compose.yaml itself, not by a program.
OF_COMPOSE = {"RINGDOWN_HTTP_PUBLISH", "RINGDOWN_ENGINE_SOCKET", "RINGDOWN_IMPORT_FOLDER"}


def main():
    switch = (ROOT / "softswitch/src/config.rs").read_text()
    keys = re.search(r"const KEYS: \[&str; \d+\] = \[(.*?)\];", switch, re.DOTALL)
    known = {"RINGDOWN_" + key.upper() for key in re.findall(r'"(\w+)"', keys.group(1))}
    for program in ("appserver/src/config.rs", "appserver/updater/src/config.rs"):
        known |= set(VARIABLE.findall((ROOT / program).read_text()))
    table = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `RINGDOWN_")]
    told = {name for line in table for name in VARIABLE.findall(line.split("|")[1])}
    passed_on = set(re.findall(r"^ +(RINGDOWN_\w+):", (ROOT / "compose.yaml").read_text(), re.MULTILINE))
    problems = [f"{name}: not in README's table" for name in sorted(known - told)]
    problems += [f"{name}: in README's table, but no program knows it" for name in sorted(told - known)]
    problems += [f"{name}: in compose.yaml, but no program knows it" for name in sorted(passed_on - known - OF_COMPOSE)]
    for problem in problems:
        print(problem)
    if problems or not known:
        sys.exit(1)
    print(f"{len(known)} settings, each in README's table")


main()
