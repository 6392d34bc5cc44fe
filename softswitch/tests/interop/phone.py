"""baresip as a telephone: a tone for a microphone, a file for a loudspeaker, events for a display.

As a program it is driven over its standard input, one JSON object a line (`{"do": "dial", "with": "102"}`, also
`command`, `press`, `heard`, `stop`), and prints what happens, one JSON object a line.
"""

import argparse
import array
import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import wave

from ports import Ports
from stand import end, spawn, temporary, wait_until

MODULES = "/usr/lib/baresip/modules"


class Phone:
    """One baresip process with one account. `options`: codecs, transport, host, answer, dtmf,
    watches (the number whose presence it shows), video (`vp8` or `vp9`: it has a camera that shows one colour),
    media (how it encrypts: srtp, srtp-mand or dtls_srtp)."""

    def __init__(self, user: str, password: str, server: str, tone: pathlib.Path, **options):
        self.user = user
        self.ports = Ports()
        self.control_port, self.console_port = self.ports[4], self.ports[6]
        self.temporary = temporary(f"phone-{user}")
        self.folder = pathlib.Path(self.temporary.name)
        self.records = self.folder / "records"
        self.records.mkdir()
        codecs = options.get("codecs", "PCMA").replace("opus", "opus/48000/2").replace("G722", "G722/16000/1")
        if "opus" in codecs:
            # baresip's Opus has two channels, and so must its microphone.
            tone = in_stereo(tone, self.folder / "microphone.wav")
        transport = options.get("transport", "udp")
        watches, video, media = (options.get(name) for name in ("watches", "video", "media"))
        host = options.get("host", "127.0.0.1")
        (self.folder / "config").write_text(
            f"""poll_method epoll
call_local_timeout 120
call_max_calls 4
sip_verify_server no
module_path {MODULES}
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
module cons.so
cons_listen 127.0.0.1:{self.console_port}
{"module contact.so" if watches else ""}
{"module presence.so" if watches else ""}
{"module mwi.so" if watches else ""}
{f"module {video}.so" if video else ""}
{"module fakevideo.so" if video else ""}
{"module snapshot.so" if video else ""}
{"video_source fakevideo,nil" if video else ""}
{"video_display fakevideo,nil" if video else ""}
video_size 320x240
video_fps 10
video_bitrate 300000
{"module srtp.so" if media else ""}
{"module dtls_srtp.so" if media == "dtls_srtp" else ""}
module opus.so
module g711.so
module g722.so
module aufile.so
module sndfile.so
net_interface {host.strip("[]")}
sip_listen {host}:{self.ports[2]}
ctrl_tcp_listen 127.0.0.1:{self.control_port}
audio_source aufile,{tone}
audio_player aufile,{self.folder}/player.wav
audio_alert aufile,/dev/null
audio_channels 1
ausrc_srate 48000
auplay_srate 48000
snd_path {self.records}
rtp_ports {self.ports[10]}-{self.ports[60]}
"""
        )
        account = (
            f"<sip:{user}@{server};transport={transport}>;auth_user={user};auth_pass={password};regint=120"
            f";audio_codecs={codecs};answermode={options.get('answer', 'manual')}"
            f";dtmfmode={options.get('dtmf', 'rtpevent')}"
            f"{f';mediaenc={media}' if media else ''}"
        )
        if video:
            account += f";video_codecs={video}"
        (self.folder / "accounts").write_text(account + "\n")
        contact = f'"Watched" <sip:{watches}@{server}>;presence=p2p\n' if watches else ""
        (self.folder / "contacts").write_text(contact)
        self.server = server
        self.process: subprocess.Popen | None = None
        self.control: socket.socket | None = None
        self.events: queue.Queue = queue.Queue()
        self.seen: list[dict] = []

    def start(self, registered: bool = True) -> "Phone":
        self.process = spawn(["baresip", "-f", self.folder, "-v"], self.folder / "log")
        self.control = self.connect()
        threading.Thread(target=self.read, daemon=True).start()
        if registered:
            self.wait_registered()
        return self

    def wait_registered(self, seconds: float = 10):
        """The first registration may be over before the control connection could hear of it."""
        self.wait_logged(r"\{\d/\w+/v[46]\} 200 OK", "register", seconds)

    def wait_refused(self, seconds: float = 10):
        """Until the registrar refused it."""
        self.wait_logged(r"(401|403) ", "get refused", seconds)

    def wait_logged(self, pattern: str, what: str, seconds: float):
        wait_until(
            lambda: re.search(pattern, self.log()),
            seconds,
            lambda: f"{self.user} did not {what} within {seconds} s\n{self.log()}",
        )

    def connect(self) -> socket.socket:
        end = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.control_port), 1)
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError(f"baresip did not start:\n{self.log()}") from None
                time.sleep(0.02)

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
                time.sleep(0.15)
                # The key is let go: without it the last digit lasts until the end of the call.
                console.sendall(b"\x04")
                time.sleep(0.1)

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

    def seen_picture(self) -> pathlib.Path | None:
        """A picture of what the telephone sees now; `None` where it has decoded nothing."""
        path = self.folder / "seen.png"
        path.unlink(missing_ok=True)
        self.command("snapshot_recv", str(path))
        end = time.monotonic() + 3
        while time.monotonic() < end:
            written = list(self.folder.glob("seen*.png"))
            if written and written[0].stat().st_size and "png: wrote" in self.log():
                return written[0]
            time.sleep(0.1)
        return None

    def heard(self) -> pathlib.Path:
        """The file of what the telephone decoded in its last call; complete once the call is closed."""
        files = sorted(self.records.glob("*-dec.wav"))
        assert files, f"{self.user} recorded nothing\n{self.log()}"
        return files[-1]

    def log(self) -> str:
        return self.whole_log()[-3000:]

    def whole_log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        """Ends it; what it heard goes with it. Stopping twice is once."""
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                end(self.process)
        if self.control:
            self.control.close()
        self.temporary.cleanup()
        self.ports.release()


def in_stereo(mono: pathlib.Path, stereo: pathlib.Path) -> pathlib.Path:
    """Writes the same sound with two channels."""
    with wave.open(str(mono)) as source, wave.open(str(stereo), "wb") as target:
        target.setnchannels(2)
        target.setsampwidth(2)
        target.setframerate(source.getframerate())
        samples = array.array("h", source.readframes(source.getnframes()))
        doubled = array.array("h", bytes(4 * len(samples)))
        doubled[0::2] = doubled[1::2] = samples
        target.writeframes(doubled.tobytes())
    return stereo


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("user", "password", "server", "tone"):
        arguments.add_argument(f"--{name}", required=True)
    for name, default in (("codecs", "PCMA"), ("transport", "udp"), ("answer", "manual"), ("dtmf", "rtpevent")):
        arguments.add_argument(f"--{name}", default=default)
    options = vars(arguments.parse_args())
    user, password, server = (options.pop(name) for name in ("user", "password", "server"))
    phone = Phone(user, password, server, pathlib.Path(options.pop("tone")), **options)
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
