#!/usr/bin/env python3
"""What we build upon: licences we may use, registries we trust, crates we do not take. The rules are in deny.toml.

cargo-deny reads the same file and also knows security advisories; this check needs neither it nor a network, and
covers the packages of the web client as well.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RULES = tomllib.loads((ROOT / "deny.toml").read_text())
ALLOWED = set(RULES["licenses"]["allow"])
EXCEPTIONS = {rule["crate"]: set(rule["allow"]) for rule in RULES["licenses"].get("exceptions", [])}
DENIED = {rule["crate"]: rule.get("reason", "denied") for rule in RULES["bans"]["deny"]}
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def main():
    prove_that_it_can_fail()
    crates = json.loads(
        subprocess.run(["cargo", "metadata", "--format-version=1", "--locked"], cwd=ROOT, check=True, capture_output=True).stdout
    )["packages"]
    problems = [problem for crate in crates for problem in crate_problems(crate)]
    lock = ROOT / "web-client" / "package-lock.json"
    modules = json.loads(lock.read_text())["packages"] if lock.exists() else {}
    problems += [problem for path, module in modules.items() for problem in module_problems(path, module)]
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(1)
    print(f"{len(crates)} crates and {len(modules)} web packages are under licences we may use")


def crate_problems(crate):
    name, source = crate["name"], crate["source"]
    if name in DENIED:
        yield f"{name}: {DENIED[name]}"
    if source is None:
        return
    if source != REGISTRY:
        yield f"{name}: comes from {source}"
    expression = crate["license"] or read_licence(crate)
    if not expression:
        yield f"{name} {crate['version']}: states no licence"
    elif not permits(expression, ALLOWED | EXCEPTIONS.get(name, set())):
        yield f"{name} {crate['version']}: {expression}"


def read_licence(crate):
    """The licence of a crate that only points to its text. The MIT one is recognised by what it grants and demands."""
    if not crate["license_file"]:
        return None
    text = " ".join((Path(crate["manifest_path"]).parent / crate["license_file"]).read_text().split())
    grants = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
    demands = "The above copyright notice and this permission notice shall be included in all copies"
    return "MIT" if grants in text and demands in text else None


def module_problems(path, module):
    # The entry without a path is the web client itself.
    if not path or module.get("link"):
        return
    expression = module.get("license")
    if not expression:
        yield f"{path}: states no licence"
    elif not permits(str(expression), ALLOWED):
        yield f"{path}: {expression}"


def permits(expression, allowed):
    """Whether an SPDX expression can be met with allowed licences only. AND binds tighter than OR; `/` is an old OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def peek():
        return tokens[position].upper() if position < len(tokens) else None

    def take():
        nonlocal position
        position += 1
        return tokens[position - 1]

    def either():
        result = both()
        while peek() == "OR":
            take()
            result = both() or result
        return result

    def both():
        result = one()
        while peek() == "AND":
            take()
            result = one() and result
        return result

    def one():
        if peek() == "(":
            take()
            result = either()
            take()
            return result
        name = take()
        if peek() == "WITH":
            take()
            name += " WITH " + take()
        return name in allowed

    result = either()
    return result and position == len(tokens)


def prove_that_it_can_fail():
    """A check that passes everything is worse than none."""
    allowed = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"}
    for good in ("MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(GPL-2.0 OR MIT) AND Apache-2.0", "Apache-2.0 WITH LLVM-exception"):
        assert permits(good, allowed), good
    for bad in ("GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-2.0) AND AGPL-3.0", "MIT WITH something", "MIT GPL-3.0"):
        assert not permits(bad, allowed), bad
    assert not ALLOWED & {"GPL-2.0", "GPL-3.0", "AGPL-3.0", "GPL-2.0-only", "GPL-3.0-only", "AGPL-3.0-only"}


main()
