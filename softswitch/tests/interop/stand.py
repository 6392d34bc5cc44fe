"""A test stand: one app server and one softswitch with a state folder of their own.

As a program it brings a stand up, prints one JSON line that describes it, and takes it down when its standard
input closes or it is told to end. Tests in Python use `Stand` itself.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]


def binaries() -> pathlib.Path:
    """The folder of the built programs."""
    named = os.environ.get("RINGDOWN_BIN")
    if named:
        return pathlib.Path(named)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for profile in ("release", "debug"):
        if (target / profile / "softswitch").exists() and (target / profile / "appserver").exists():
            return target / profile
    sys.exit("stand: build the programs first, or name their folder in RINGDOWN_BIN")


class Ports:
    """The ports of one stand: all of them above `base`, so that several stands run side by side."""

    def __init__(self, base: int):
        self.http = base
        self.health = base + 1
        self.sip = base + 2
        self.webrtc = base + 10
        self.rtp = f"{base + 100}-{base + 299}"


class Stand:
    """One app server and one softswitch."""

    def __init__(self, base: int = 28000, address: str = "127.0.0.1", environment: dict | None = None):
        self.ports = Ports(base)
        self.address = address
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="ringdown-stand-"))
        self.environment = environment or {}
        self.processes: dict[str, subprocess.Popen] = {}

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.ports.http}"

    def start(self) -> "Stand":
        """Starts both programs and waits until calls can be placed."""
        (self.state / "node-token").write_text("stand-" + os.urandom(16).hex())
        self.start_appserver()
        self.start_softswitch()
        self.accounts = self.read_accounts()
        return self

    def start_appserver(self):
        self.spawn(
            "appserver",
            {
                "RINGDOWN_HTTP_LISTEN": f"{self.address}:{self.ports.http}",
                "RINGDOWN_WEB_ROOT": str(ROOT / "web-client" / "dist"),
                "RINGDOWN_DEMO": "1",
                "RINGDOWN_STATE": str(self.state / "appserver"),
                "RINGDOWN_NODE_TOKEN_FILE": str(self.state / "node-token"),
            },
        )
        self.wait_for(f"{self.url}/healthz")

    def start_softswitch(self):
        self.spawn(
            "softswitch",
            {
                "RINGDOWN_STATE": str(self.state / "softswitch"),
                "RINGDOWN_APPSERVER_URL": f"ws://{self.address}:{self.ports.http}/node",
                "RINGDOWN_NODE_TOKEN_FILE": str(self.state / "node-token"),
                "RINGDOWN_SIP_LISTEN": f"{self.address}:{self.ports.sip}",
                # The telephones of Debian 12 know only MD5 and refuse a list with anything else in it.
                "RINGDOWN_SIP_DIGEST": "md5",
                "RINGDOWN_ADVERTISED_ADDRESS": self.address,
                "RINGDOWN_WEBRTC_PORT": str(self.ports.webrtc),
                "RINGDOWN_RTP_PORTS": self.ports.rtp,
                "RINGDOWN_HEALTH_LISTEN": f"{self.address}:{self.ports.health}",
                "RINGDOWN_SOUNDS": str(ROOT / "sounds" / "pack"),
            },
        )
        self.wait_for(f"http://{self.address}:{self.ports.health}/readyz")

    def spawn(self, program: str, environment: dict):
        log = open(self.state / f"{program}.log", "ab")
        # What the caller set for one program wins over the stand's own.
        environment = {**os.environ, "RINGDOWN_LOG": "info", **environment, **self.environment}
        self.processes[program] = subprocess.Popen(
            [binaries() / program], env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )

    def wait_for(self, url: str, seconds: float = 20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for program, process in self.processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{program} ended with {process.returncode}:\n{self.log(program)}")
            try:
                with urllib.request.urlopen(url, timeout=1) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.05)
        raise RuntimeError(f"{url} did not get ready:\n{self.log('appserver')}\n{self.log('softswitch')}")

    def log(self, program: str, characters: int = 4000) -> str:
        path = self.state / f"{program}.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""

    def read_accounts(self) -> dict:
        """The accounts of the first start, by sign-in name."""
        text = (self.state / "appserver" / "first-run.txt").read_text()
        return parse_accounts(text)

    def stop_program(self, program: str, how=signal.SIGTERM) -> int:
        process = self.processes.pop(program)
        process.send_signal(how)
        try:
            return process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise RuntimeError(f"{program} did not end within 10 s of the signal")

    def stop(self):
        codes = {program: self.stop_program(program) for program in ("softswitch", "appserver") if program in self.processes}
        if not os.environ.get("RINGDOWN_KEEP_STATE"):
            shutil.rmtree(self.state, ignore_errors=True)
        if any(codes.values()):
            raise RuntimeError(f"programs did not end cleanly: {codes}")

    def describe(self) -> dict:
        return {
            "url": self.url,
            "sip": f"{self.address}:{self.ports.sip}",
            "health": f"http://{self.address}:{self.ports.health}",
            "state": str(self.state),
            "accounts": self.accounts,
            "pids": {program: process.pid for program, process in self.processes.items()},
        }


def parse_accounts(text: str) -> dict:
    """Reads the table of first-run.txt: name, role, extension, password, SIP user name, SIP password."""
    accounts = {}
    for line in text.splitlines():
        fields = re.split(r"\s{2,}|\t|\s*\|\s*", line.strip().strip("|").strip())
        if len(fields) >= 4 and fields[0] in ("alice", "bob", "carol", "admin"):
            padded = fields + ["-"] * (6 - len(fields))
            accounts[padded[0]] = dict(
                zip(("username", "role", "extension", "password", "sip_username", "sip_password"), padded)
            )
    return accounts


def free_base() -> int:
    """A port base that nobody uses at the moment."""
    for base in range(28000, 60000, 400):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", base))
                return base
            except OSError:
                continue
    raise RuntimeError("no free ports")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--base", type=int, default=0, help="lowest port; 0 picks a free range")
    options = arguments.parse_args()
    stand = Stand(options.base or free_base())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        stand.start()
        print(json.dumps(stand.describe()), flush=True)
        sys.stdin.read()
    finally:
        stand.stop()


if __name__ == "__main__":
    main()
