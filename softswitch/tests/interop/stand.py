"""A test stand: one app server and one softswitch with a state folder of their own.

As a program it brings a stand up, prints one JSON line that describes it, and takes it down when its standard
input closes or it is told to end. `kill PROGRAM` and `start PROGRAM` on standard input do so, and print the line anew.
Tests in Python use `Stand` itself.
"""

import argparse
import atexit
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from ports import Ports

ROOT = pathlib.Path(__file__).resolve().parents[3]
REALM = "ringdown.local"
# What a log may warn of in a test: the programs of a stand do not start at the same moment, and may be stopped.
EXPECTED_WARNINGS = ("app server not reachable", "app server link lost")


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


def spawn(command: list, log: pathlib.Path, **options) -> subprocess.Popen:
    """Starts a program that ends when we do, whatever ends us; what it prints goes to the end of `log`."""
    with open(log, "ab") as output:
        tied = ["setpriv", "--pdeathsig", "TERM", *(str(part) for part in command)]
        options = {"stdout": output, "stderr": output, "stdin": subprocess.DEVNULL, **options}
        process = subprocess.Popen(tied, **options)
    # Ahead of the folders, which go at exit too.
    atexit.register(end, process)
    return process


def end(process: subprocess.Popen):
    """Kills a program that still runs."""
    if process.poll() is None:
        process.kill()
        process.wait()


def temporary(name: str) -> tempfile.TemporaryDirectory:
    """A folder that goes when its owner does; RINGDOWN_KEEP_STATE keeps it to look into."""
    if os.environ.get("RINGDOWN_KEEP_STATE"):
        return KeptFolder(name)
    return tempfile.TemporaryDirectory(prefix=f"ringdown-{name}-")


class KeptFolder:
    """A folder that stays."""

    def __init__(self, name: str):
        self.name = tempfile.mkdtemp(prefix=f"ringdown-{name}-")

    def cleanup(self):
        pass


class Stand:
    """One app server and one softswitch. `environment` wins over the stand's own settings; `warnings` are parts of
    lines the logs may warn of beside the expected."""

    def __init__(self, address: str = "127.0.0.1", environment: dict | None = None, warnings: tuple = (), **options):
        self.ports = Ports(300)
        self.http, self.health, self.sip = self.ports[1], self.ports[2], self.ports[3]
        self.sip_tls, self.sip_ws, self.sip_wss = self.ports[4], self.ports[5], self.ports[6]
        self.webrtc, self.rtp = self.ports[10], (self.ports[100], self.ports[299])
        self.address = address
        # With `ipv6` SIP is served at ::1 too.
        self.addresses = [address, "[::1]"] if options.get("ipv6") else [address]
        self.folder = temporary("stand")
        self.state = pathlib.Path(self.folder.name)
        self.environment = environment or {}
        self.warnings = EXPECTED_WARNINGS + warnings
        self.processes: dict[str, subprocess.Popen] = {}
        self.accounts: dict[str, dict] = {}
        self.tokens: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.http}"

    def start(self) -> "Stand":
        """Starts both programs and waits until calls can be placed."""
        try:
            (self.state / "node-token").write_text("stand-" + os.urandom(16).hex())
            self.start_appserver()
            self.start_softswitch()
            self.accounts = parse_accounts((self.state / "appserver" / "first-run.txt").read_text())
        except BaseException:
            self.abandon()
            raise
        return self

    def start_appserver(self):
        self.start_program(
            "appserver",
            {
                "RINGDOWN_HTTP_LISTEN": f"{self.address}:{self.http}",
                "RINGDOWN_WEB_ROOT": str(ROOT / "web-client" / "dist"),
                "RINGDOWN_DEMO": "1",
                "RINGDOWN_COMPAT": "1",
                "RINGDOWN_STATE": str(self.state / "appserver"),
                "RINGDOWN_NODE_TOKEN_FILE": str(self.state / "node-token"),
            },
        )
        self.wait_for(f"{self.url}/healthz")

    def start_softswitch(self):
        self.start_program(
            "softswitch",
            {
                "RINGDOWN_STATE": str(self.state / "softswitch"),
                "RINGDOWN_APPSERVER_URL": f"ws://{self.address}:{self.http}/node",
                "RINGDOWN_NODE_TOKEN_FILE": str(self.state / "node-token"),
                "RINGDOWN_SIP_LISTEN": ",".join(f"{address}:{self.sip}" for address in self.addresses),
                "RINGDOWN_SIP_TLS_LISTEN": f"{self.address}:{self.sip_tls}",
                "RINGDOWN_SIP_WS_LISTEN": f"{self.address}:{self.sip_ws}",
                "RINGDOWN_SIP_WSS_LISTEN": f"{self.address}:{self.sip_wss}",
                # The telephones of Debian 12 know only MD5 and refuse a list with anything else in it.
                "RINGDOWN_SIP_DIGEST": "md5",
                "RINGDOWN_ADVERTISED_ADDRESS": self.address,
                "RINGDOWN_WEBRTC_PORT": str(self.webrtc),
                "RINGDOWN_RTP_PORTS": f"{self.rtp[0]}-{self.rtp[1]}",
                "RINGDOWN_HEALTH_LISTEN": f"{self.address}:{self.health}",
                "RINGDOWN_SOUNDS": str(ROOT / "sounds" / "pack"),
            },
        )
        self.wait_for(f"http://{self.address}:{self.health}/readyz")

    def obey(self, order: str):
        """Does what a line of standard input says."""
        verb, program = order.split()
        if verb == "kill":
            self.stop_program(program, signal.SIGKILL)
        elif verb == "start":
            {"appserver": self.start_appserver, "softswitch": self.start_softswitch}[program]()

    def start_program(self, program: str, environment: dict):
        environment = {**os.environ, "RINGDOWN_LOG": "info", "NO_COLOR": "1", **environment, **self.environment}
        # The app server prints the accounts of its first start; its log is what else it says.
        with open(self.state / f"{program}.out", "ab") as output:
            self.processes[program] = spawn(
                [binaries() / program], self.state / f"{program}.log", env=environment, stdout=output
            )

    def wait_for(self, url: str, seconds: float = 20):
        wait_until(lambda: self.answers(url), seconds, lambda: f"{url} did not get ready:\n{self.logs()}")

    def answers(self, url: str) -> bool:
        for program, process in self.processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{program} ended with {process.returncode}:\n{self.logs()}")
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    def report(self) -> dict:
        """What the softswitch says of itself."""
        with urllib.request.urlopen(f"http://{self.address}:{self.health}/readyz", timeout=5) as answer:
            return json.loads(answer.read())

    def log(self, program: str) -> str:
        path = self.state / f"{program}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self) -> str:
        return "\n".join(f"{program}: {self.log(program)[-4000:]}" for program in ("appserver", "softswitch"))

    def ask(self, method: str, path: str, body=None, by: str = "admin"):
        """A REST request by one of the accounts."""
        headers = {"Content-Type": "application/json"}
        if path != "/api/v1/login":
            headers["Authorization"] = f"Bearer {self.token(by)}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, method=method, data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read() or "null")

    def token(self, name: str) -> str:
        if name not in self.tokens:
            credentials = {"username": name, "password": self.accounts[name]["password"]}
            self.tokens[name] = self.ask("POST", "/api/v1/login", credentials)["accessToken"]
        return self.tokens[name]

    def change_user(self, name: str, changes: dict):
        """Changes an account, and waits until the softswitch has heard of it."""
        user = next(user for user in self.ask("GET", "/api/v1/users") if user["username"] == name)
        if all(user[key] == value for key, value in changes.items()):
            return
        directories = self.log("softswitch").count("directory in force")
        self.ask("PATCH", f"/api/v1/users/{user['id']}", changes)
        wait_until(
            lambda: self.log("softswitch").count("directory in force") > directories,
            5,
            lambda: f"no new directory at the softswitch:\n{self.logs()}",
        )

    def stop_program(self, program: str, how=signal.SIGTERM) -> int:
        process = self.processes.pop(program)
        process.send_signal(how)
        try:
            return process.wait(10)
        except subprocess.TimeoutExpired:
            end(process)
            raise RuntimeError(f"{program} did not end within 10 s of the signal:\n{self.logs()}") from None

    def stop(self):
        """Ends both programs and judges how they did: they end cleanly, and their logs are quiet and discreet."""
        try:
            codes = {name: self.stop_program(name) for name in ("softswitch", "appserver") if name in self.processes}
            if any(codes.values()):
                raise RuntimeError(f"programs did not end cleanly: {codes}\n{self.logs()}")
            complaints = self.complaints()
            if complaints:
                raise RuntimeError("logs:\n" + "\n".join(complaints))
        finally:
            self.abandon()

    def abandon(self):
        for process in self.processes.values():
            end(process)
        self.processes.clear()
        self.folder.cleanup()
        self.ports.release()

    def complaints(self) -> list[str]:
        """Lines of the logs that should not be there: errors, warnings of nothing, and what is nobody's business."""
        secrets = {account[key] for account in self.accounts.values() for key in ("password", "sip_password")} - {"-"}
        secrets |= {(self.state / "node-token").read_text(), *self.tokens.values()}
        # The programs themselves are at 127.0.0.1; telephones may be elsewhere on this host.
        private = r"\b(alice|bob|carol|adams|brown|clark)\b|sip:|authorization|bearer|127\.0\.0\.(?!1\b)"
        names = re.compile(private, re.IGNORECASE)
        found = []
        for program in ("appserver", "softswitch"):
            for line in self.log(program).splitlines():
                loud = re.search(r"\bERROR\b|panicked", line) or (
                    " WARN " in line and not any(expected in line for expected in self.warnings)
                )
                if loud or names.search(line) or any(secret in line for secret in secrets):
                    found.append(f"{program}: {line}")
        return found

    def describe(self) -> dict:
        return {
            "url": self.url,
            "sip": f"{self.address}:{self.sip}",
            "sip_ws": f"ws://{self.address}:{self.sip_ws}",
            "sip_wss": f"wss://{self.address}:{self.sip_wss}",
            "health": f"http://{self.address}:{self.health}",
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


def wait_until(holds, seconds: float, message, pause: float = 0.02):
    """Waits for something that can only be looked at. `message` says, when it is called, what did not happen."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(message())
        time.sleep(pause)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tls", action="store_true", help="serve the pages by TLS too, with a self-signed certificate")
    parser.add_argument("--digest", help="what telephones may authenticate with, preferred first")
    parser.add_argument("--public", action="store_true", help="name the stand's address as its public URL")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    stand = Stand()
    if arguments.public:
        stand.environment["RINGDOWN_PUBLIC_URL"] = stand.url
    if arguments.tls:
        stand.environment["RINGDOWN_PUBLIC_URL"] = stand.url.replace("http:", "https:")
    if arguments.digest:
        stand.environment["RINGDOWN_SIP_DIGEST"] = arguments.digest
    stand.start()
    try:
        print(json.dumps(stand.describe()), flush=True)
        for order in sys.stdin:
            stand.obey(order)
            print(json.dumps(stand.describe()), flush=True)
    finally:
        stand.stop()


if __name__ == "__main__":
    main()
