"""baresip as a telephone: a tone for a microphone, a file for a loudspeaker, events for a display.

As a program it is driven over its standard input, one JSON object a line (`{"do": "dial", "with": "102"}`, also
`command`, `press`, `heard`, `stop`), and prints what happens, one JSON object a line.
"""

import argparse
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

MODULES = "/usr/lib/baresip/modules"


class Phone:
    """One baresip process with one account."""

    def __init__(self, user: str, password: str, server: str, port: int, tone: pathlib.Path, **options):
        self.user = user
        self.control_port = port + 4
        self.console_port = port + 6
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"ringdown-phone-{user}-"))
        self.records = self.folder / "records"
        self.records.mkdir()
        codecs = options.get("codecs", "opus,PCMA")
        transport = options.get("transport", "udp")
        (self.folder / "config").write_text(
            f"""poll_method epoll
call_local_timeout 120
call_max_calls 4
module_path {MODULES}
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
module cons.so
cons_listen 127.0.0.1:{port + 6}
module opus.so
module g711.so
module aufile.so
module sndfile.so
net_interface 127.0.0.1
sip_listen 127.0.0.1:{port}
ctrl_tcp_listen 127.0.0.1:{self.control_port}
audio_source aufile,{tone}
audio_player aufile,{self.folder}/player.wav
audio_alert aufile,/dev/null
audio_channels 1
ausrc_srate 48000
auplay_srate 48000
snd_path {self.records}
rtp_ports {port + 10}-{port + 60}
"""
        )
        account = (
            f"<sip:{user}@{server};transport={transport}>;auth_user={user};auth_pass={password};regint=120"
            f";audio_codecs={codecs};answermode={options.get('answer', 'manual')}"
            f";dtmfmode={options.get('dtmf', 'rtpevent')}"
        )
        (self.folder / "accounts").write_text(account + "\n")
        (self.folder / "contacts").write_text("")
        self.server = server
        self.control: socket.socket | None = None
        self.events: queue.Queue = queue.Queue()
        self.seen: list[dict] = []

    def start(self, registered: bool = True) -> "Phone":
        log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            ["baresip", "-f", self.folder, "-v"], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        self.control = self.connect()
        threading.Thread(target=self.read, daemon=True).start()
        if registered:
            self.wait_registered()
        return self

    def wait_registered(self, seconds: float = 10):
        """The first registration may be over before the control connection could hear of it."""
        end = time.monotonic() + seconds
        while not re.search(r"\{\d/\w+/v4\} 200 OK", self.log()):
            if time.monotonic() > end:
                raise AssertionError(f"{self.user} did not register within {seconds} s\n{self.log()}")
            time.sleep(0.05)

    def wait_refused(self, seconds: float = 10):
        """Until the registrar refused it."""
        end = time.monotonic() + seconds
        while not re.search(r"(401|403) ", self.log()):
            if time.monotonic() > end:
                raise AssertionError(f"{self.user} was not refused within {seconds} s\n{self.log()}")
            time.sleep(0.05)

    def connect(self) -> socket.socket:
        end = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.control_port), 1)
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError(f"baresip did not start:\n{self.log()}") from None
                time.sleep(0.05)

    def read(self):
        """Splits the netstrings of the control connection into events."""
        self.control.settimeout(None)
        buffer = b""
        while True:
            try:
                chunk = self.control.recv(65536)
            except OSError:
                return
            if not chunk:
                return
            buffer += chunk
            while b":" in buffer:
                length, rest = buffer.split(b":", 1)
                if len(rest) <= int(length):
                    break
                message, buffer = rest[: int(length)], rest[int(length) + 1 :]
                self.events.put(json.loads(message))

    def command(self, command: str, parameters: str = ""):
        message = json.dumps({"command": command, "params": parameters, "token": command})
        self.control.sendall(f"{len(message)}:{message},".encode())

    def dial(self, number: str):
        # The menu completes a bare number with the account's domain.
        self.command("dial", f"sip:{number}@{self.server}")

    def press(self, keys: str):
        """Presses keys of the telephone: digits, `x` for hold, `X` for resume."""
        with socket.create_connection(("127.0.0.1", self.console_port), 2) as console:
            for key in keys:
                console.sendall(key.encode())
                time.sleep(0.25)

    def wait(self, kind: str, seconds: float = 10) -> dict:
        """The next event of this type; those before it are kept in `seen`."""
        end = time.monotonic() + seconds
        while True:
            try:
                event = self.events.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                kinds = [seen.get("type") for seen in self.seen]
                raise AssertionError(f"{self.user}: no {kind} within {seconds} s, only {kinds}\n{self.log()}") from None
            self.seen.append(event)
            if event.get("type") == kind:
                return event

    def heard(self) -> pathlib.Path:
        """The file of what the telephone decoded in its last call; complete once the call is closed."""
        files = sorted(self.records.glob("*-dec.wav"))
        assert files, f"{self.user} recorded nothing\n{self.log()}"
        return files[-1]

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self.control:
            self.control.close()
        if not os.environ.get("RINGDOWN_KEEP_STATE"):
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("user", "password", "server", "port", "tone"):
        arguments.add_argument(f"--{name}", required=True)
    for name, default in (("codecs", "opus,PCMA"), ("transport", "udp"), ("answer", "manual"), ("dtmf", "rtpevent")):
        arguments.add_argument(f"--{name}", default=default)
    options = vars(arguments.parse_args())
    port, tone = int(options.pop("port")), pathlib.Path(options.pop("tone"))
    user, password, server = (options.pop(name) for name in ("user", "password", "server"))
    phone = Phone(user, password, server, port, tone, **options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        phone.start()
        print(json.dumps({"type": "REGISTERED"}), flush=True)
        threading.Thread(target=report, args=(phone,), daemon=True).start()
        for line in sys.stdin:
            order = json.loads(line)
            if order["do"] == "dial":
                phone.dial(order["with"])
            elif order["do"] == "press":
                phone.press(order["with"])
            elif order["do"] == "command":
                phone.command(order["with"])
            elif order["do"] == "heard":
                print(json.dumps({"type": "HEARD", "param": str(phone.heard())}), flush=True)
            else:
                break
    finally:
        phone.stop()


def report(phone: Phone):
    while True:
        print(json.dumps(phone.events.get()), flush=True)


if __name__ == "__main__":
    main()
