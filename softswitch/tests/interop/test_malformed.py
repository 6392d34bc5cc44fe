"""Thousands of malformed messages against the running program, over UDP and TCP: after each one a request that is right
is answered within 200 ms, and at the end the program is the one that was started, ready and without a failure inside."""

import os
import socket
import struct
import subprocess
import time
import unittest

from stand import REALM, Stand, binaries

SEED, LIMIT = os.environ.get("MALFORMED_SEED", "1"), 0.2


def cases() -> list[bytes]:
    """Every case of the generator in `softswitch/crates/testkit/src/hostile.rs`."""
    out = subprocess.run([binaries() / "malformed", SEED, "102", REALM], check=True, capture_output=True).stdout
    found, at = [], 0
    while at < len(out):
        (length,) = struct.unpack_from("!I", out, at)
        found.append(out[at + 4 : at + 4 + length])
        at += 4 + length
    return found


class Malformed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # All of it comes from one address, which would soon not be heard any more.
        cls.stand = Stand(environment={"RINGDOWN_SIP_REQUESTS_PER_ADDRESS": "0"}).start()
        cls.addClassCleanup(cls.stand.stop)
        cls.cases = cases()
        cls.server = ("127.0.0.1", cls.stand.sip)

    def setUp(self):
        self.number, self.slowest = 0, 0.0
        self.process = self.stand.processes["softswitch"].pid

    def tearDown(self):
        self.assertEqual(self.stand.processes["softswitch"].pid, self.process)
        self.assertIsNone(self.stand.processes["softswitch"].poll(), "the program ended")
        self.assertEqual(self.stand.report()["contained_failures"], 0)

    def probe(self, peer: socket.socket, transport: str) -> bytes:
        """A request that is right; a stranger's is answered 401."""
        self.number += 1
        method, uri = (("OPTIONS", f"sip:102@{REALM}"), ("REGISTER", f"sip:{REALM}"))[self.number % 2]
        port = peer.getsockname()[1]
        return (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1:{port};branch=z9hG4bKprobe{self.number};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:102@{REALM}>;tag=p{self.number}\r\nTo: <sip:102@{REALM}>\r\n"
            f"Call-ID: probe-{transport}-{self.number}-\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        ).encode()

    def is_answered(self, peer: socket.socket, case: bytes):
        """Waits for the answer to the latest probe."""
        begin, seen = time.monotonic(), b""
        wanted = f"-{self.number}-\r\n".encode()
        while True:
            left = LIMIT - (time.monotonic() - begin)
            self.assertGreater(left, 0, f"nothing came in time after {case[:2000]!r}")
            peer.settimeout(left)
            try:
                seen = seen[-4096:] + peer.recv(65536)
            except TimeoutError:
                self.fail(f"nothing came after {case[:2000]!r}")
            head = seen[: seen.find(wanted)] if wanted in seen else b""
            if head.rfind(b"SIP/2.0 401") >= 0:
                self.slowest = max(self.slowest, time.monotonic() - begin)
                return

    def test_over_udp(self):
        self.assertGreaterEqual(len(self.cases), 5_000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", 0))
            for case in self.cases:
                if len(case) < 65_500:
                    peer.sendto(case, self.server)
                peer.sendto(self.probe(peer, "UDP"), self.server)
                self.is_answered(peer, case)
        print(f"{len(self.cases)} cases over UDP, slowest answer {self.slowest * 1000:.1f} ms")

    def test_over_tcp(self):
        with socket.create_connection(self.server) as good:
            for case in self.cases:
                with socket.create_connection(self.server) as peer:
                    try:
                        peer.sendall(case)
                    except ConnectionError:
                        pass  # closed before all of it was sent
                    good.sendall(self.probe(good, "TCP"))
                    self.is_answered(good, case)
        print(f"{len(self.cases)} cases over TCP, slowest answer {self.slowest * 1000:.1f} ms")

    def test_half_sent_messages_and_slow_senders_are_closed(self):
        """A message that is never finished costs a connection for seconds, and others are served meanwhile."""
        head = b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\nContent-Length: 100\r\n"
        with socket.create_connection(self.server) as good:
            peers = [socket.create_connection(self.server) for _ in range(40)]
            for number, peer in enumerate(peers):
                peer.sendall(head[: 10 + number])
            begin = time.monotonic()
            while time.monotonic() - begin < 7:
                for peer in peers[::2]:
                    try:
                        peer.sendall(b"x")  # a byte now and then keeps nothing open
                    except OSError:
                        pass
                good.sendall(self.probe(good, "TCP"))
                self.is_answered(good, b"a slow sender")
                time.sleep(0.3)
            for peer in peers:
                peer.settimeout(5)
                try:
                    while peer.recv(4096):
                        pass
                except ConnectionError:
                    pass
                peer.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
