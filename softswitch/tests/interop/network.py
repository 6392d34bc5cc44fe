"""One call between two telephones over a bad network, inside a network namespace of its own.

Run by test_network.py under `unshare --net`. It spoils the loopback device, brings a stand up, lets alice and bob talk,
and prints one JSON line: what the switch says of the call's quality. It exits with 77 where the kernel cannot spoil
anything, and says why.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time
import urllib.request

from phone import Phone
from stand import Stand, binaries, temporary, wait_until

SKIP = 77


def run(*command: str) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as missing:
        return subprocess.CompletedProcess(command, 127, "", str(missing))


def spoil(loss: int, delay: int, ports: tuple[int, int]) -> str:
    """Loses `loss` percent of the calls' packets, both ways, and delays by `delay` ms where the kernel can. Returns by
    what means."""
    reasons = []
    netem = run("tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", f"{loss}%", "delay", f"{delay}ms")
    if netem.returncode == 0:
        return "netem"
    reasons.append(f"netem: {netem.stderr.strip()}")
    span = f"{ports[0]}:{ports[1]}"
    chance = ["-m", "statistic", "--mode", "random", "--probability", str(loss / 100), "-j", "DROP"]
    # At the input, so that no sender is told.
    rules = [["-A", "INPUT", "-p", "udp", side, span, *chance] for side in ("--dport", "--sport")]
    done = [run("iptables", *rule) for rule in rules]
    if all(result.returncode == 0 for result in done):
        return "netfilter"
    reasons.append(f"netfilter: {done[0].stderr.strip()}")
    print("; ".join(reasons))
    sys.exit(SKIP)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--loss", type=int, default=5)
    options.add_argument("--delay", type=int, default=20)
    options.add_argument("--seconds", type=float, default=25)
    options = options.parse_args()
    if run("ip", "link", "set", "lo", "up").returncode != 0:
        print("the loopback device of the namespace cannot be brought up")
        sys.exit(SKIP)
    stand = Stand()
    means = spoil(options.loss, options.delay, stand.rtp)
    stand.start()
    folder = temporary("network")
    phones = []
    try:
        tone = pathlib.Path(folder.name) / "tone.wav"
        make = [binaries() / "audio-check", "make", tone, "--hz", "440", "--seconds", "60", "--rate", "48000"]
        subprocess.run([*make, "--level", "-12"], check=True, stdout=subprocess.DEVNULL)
        for name in ("alice", "bob"):
            account = stand.accounts[name]
            server = f"127.0.0.1:{stand.sip}"
            phones.append(Phone(account["sip_username"], account["sip_password"], server, tone, codecs="PCMA").start())
        alice, bob = phones
        alice.dial("102")
        bob.wait("CALL_INCOMING", 30)
        bob.command("accept")
        alice.wait("CALL_ESTABLISHED", 30)
        time.sleep(options.seconds)
        alice.command("hangup")
        bob.wait("CALL_CLOSED", 30)

        def history():
            return stand.ask("GET", "/api/v1/history", by="alice")["entries"]

        wait_until(lambda: history() and history()[0]["quality"], 20, lambda: f"no figures: {history()}")
        with urllib.request.urlopen(f"http://127.0.0.1:{stand.health}/metrics", timeout=5) as page:
            metrics = page.read().decode()
        print(json.dumps({"means": means, "quality": history()[0]["quality"], "metrics": metrics}))
    finally:
        for phone in phones:
            phone.stop()
        stand.abandon()
        folder.cleanup()


if __name__ == "__main__":
    main()
