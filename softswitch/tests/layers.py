#!/usr/bin/env python3
"""Who may use whom, and what a pure crate may not touch (ARCHITECTURE.md).

Arrows between our crates are held against ARROWS; a new crate must be entered there. Pure crates may not reach a
runtime, a socket or a clock, neither through a dependency of theirs nor in their own source. Prints each breach and
exits 1.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "ringdown-"

# What each crate may use of ours in what ships. Arrows run down; nothing points up or sideways.
SWITCH_PARTS = {"types", "sip", "sdp", "rtc", "media", "call", "dialplan", "control"}
ARROWS = {
    "types": set(),
    "sip": {"types"},
    "sdp": {"types"},
    "rtc": {"types"},
    "media": {"types"},
    "call": {"types"},
    "dialplan": {"types", "control"},
    "control": {"types"},
    "plane": {"types", "rtc", "media"},
    "switch": SWITCH_PARTS,
    "softswitch": SWITCH_PARTS | {"plane", "switch"},
    # Drives whole switches and the phones beside them; only ever a dev-dependency.
    "testkit": SWITCH_PARTS | {"plane", "switch"},
    # Measures the parts, and whole programs from outside.
    "benches": SWITCH_PARTS | {"switch"},
    "protocol": {"control", "types"},
    "desk": {"control", "types", "protocol"},
    "compat": {"types", "protocol"},
    "update": set(),
    "updater": {"update"},
    "appserver": {"control", "types", "dialplan", "protocol", "desk", "compat"},
}
# Told the time and the random source; everything they do is a return value.
PURE = {"types", "sip", "sdp", "rtc", "media", "call", "dialplan", "control", "plane", "switch", "protocol", "desk", "compat", "update"}
# Of crates that are only ever dev-dependencies.
DEV_ONLY = {"testkit", "benches"}

# A runtime, a socket library or a thread pool anywhere below a pure crate.
IMPURE_CRATES = {"tokio", "async-std", "smol", "mio", "socket2", "polling", "async-io", "rayon", "axum", "hyper", "webrtc", "rtc"}
# What clippy's disallowed-methods would find too, and what it cannot see through a `use … as`.
IMPURE_SOURCE = [
    re.compile(pattern)
    for pattern in (
        r"\b(Instant|SystemTime)::now\b",
        r"\bthread::(spawn|sleep|Builder)\b",
        r"\b(UdpSocket|TcpStream|TcpListener|UnixStream|UnixListener)\b",
        r"\bstd::(fs|process|env)\b|\buse std::\{[^}]*\b(fs|process|env)\b",
        r"\b(Mutex|RwLock|Condvar)\b",
        r"\b(thread_rng|OsRng|getrandom)\b|\brand::(rng|random)\b",
    )
]


def main():
    packages = workspace()
    breaches = []
    for name, package in sorted(packages.items()):
        breaches += arrow_breaches(name, package, packages)
        if name in PURE:
            breaches += tree_breaches(package)
            breaches += source_breaches(package)
    breaches += [f"{name}: named in layers.py, but there is no such crate" for name in ARROWS.keys() - packages.keys()]
    for breach in breaches:
        print(breach)
    if breaches:
        sys.exit(1)
    print(f"{len(packages)} crates hold to the arrows; {len(PURE)} of them are pure")


def workspace():
    """Our packages by their short names."""
    metadata = json.loads(cargo("metadata", "--format-version=1", "--no-deps", "--locked"))
    return {package["name"].removeprefix(PREFIX): package for package in metadata["packages"]}


def arrow_breaches(name, package, packages):
    if name not in ARROWS:
        return [f"{name}: a new crate; enter in layers.py what it may use"]
    breaches = []
    for dependency in package["dependencies"]:
        short = dependency["name"].removeprefix(PREFIX)
        ours = dependency["name"].startswith(PREFIX) and short in packages
        if not ours or dependency["kind"] == "dev":
            continue
        if short in DEV_ONLY:
            breaches.append(f"{name} → {short}: only as a dev-dependency")
        elif short not in ARROWS[name]:
            breaches.append(f"{name} → {short}: no such arrow")
    return breaches


def tree_breaches(package):
    """Per crate by `cargo tree`: `cargo metadata` would add the features other crates of the workspace ask for."""
    lines = cargo("tree", "--locked", "-p", package["name"], "--edges=normal", "--prefix=none", "--format={p}").splitlines()
    reached = {line.split()[0] for line in lines if line.strip()}
    return [f"{package['name']}: reaches {crate}, which a pure crate may not" for crate in sorted(reached & IMPURE_CRATES)]


def source_breaches(package):
    folder = Path(package["manifest_path"]).parent
    breaches = []
    if not (folder / "clippy.toml").is_file():
        breaches.append(f"{package['name']}: pure, but without the clippy.toml that bans clocks and sockets")
    for file in sorted((folder / "src").rglob("*.rs")):
        if "tests" in (file.stem, file.parent.name):
            continue
        for number, line in production_lines(file.read_text()):
            # Prose may name what code may not.
            code = line.split("//")[0]
            for pattern in IMPURE_SOURCE:
                if found := pattern.search(code):
                    breaches.append(f"{file.relative_to(ROOT)}:{number}: {found.group(0)} in a pure crate")
    return breaches


def production_lines(text):
    """Numbered lines without items under `#[cfg(test)]`: a test may take any instant to start its own clock from."""
    in_test = False
    for number, line in enumerate(text.splitlines(), 1):
        if line == "#[cfg(test)]":
            in_test = True
        elif in_test:
            # rustfmt puts the end of a top-level item into the first column.
            in_test = not (line == "}" or (line[:1].strip() and line.endswith((";", "{}"))))
        else:
            yield number, line


def cargo(*arguments):
    done = subprocess.run(["cargo", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"cargo {arguments[0]} failed:\n{done.stderr}")
    return done.stdout


main()
