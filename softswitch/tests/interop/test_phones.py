"""Real telephones (baresip) through the switch: set-up, tear-down, hold, digits; judged by what is heard.

Each telephone speaks a tone of its own, so a test can say whose voice arrived and that no other did.
"""

import json
import pathlib
import subprocess
import tempfile
import time
import unittest
import urllib.request

from phone import Phone
from stand import Stand, binaries, free_base

ALICE_HZ, BOB_HZ, CAROL_HZ = 440, 950, 1370


def setUpModule():
    global stand, tones
    stand = Stand(free_base()).start()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ringdown-tones-"))
    tones = {}
    for hz in (ALICE_HZ, BOB_HZ, CAROL_HZ):
        tones[hz] = folder / f"{hz}.wav"
        subprocess.run(
            [binaries() / "audio-check", "make", tones[hz], "--hz", str(hz), "--seconds", "60", "--rate", "48000", "--level", "-12"],
            check=True,
            stdout=subprocess.DEVNULL,
        )


def tearDownModule():
    stand.stop()


class Telephones(unittest.TestCase):
    """Telephones made by `phone` are stopped after each test."""

    next_port = free_base() + 400

    def phone(self, name: str, hz: int, **options) -> Phone:
        account = stand.accounts[name]
        password = options.pop("password", account["sip_password"])
        registered = options.pop("registered", True)
        port = Telephones.next_port
        Telephones.next_port += 100
        telephone = Phone(account["sip_username"], password, f"127.0.0.1:{stand.ports.sip}", port, tones[hz], **options)
        self.addCleanup(telephone.stop)
        return telephone.start(registered)

    def talk(self, caller: Phone, callee: Phone, number: str, seconds: float = 3):
        """Calls, answers and talks."""
        caller.dial(number)
        callee.wait("CALL_INCOMING")
        caller.wait("CALL_RINGING")
        callee.command("accept")
        caller.wait("CALL_ESTABLISHED")
        callee.wait("CALL_ESTABLISHED")
        time.sleep(seconds)

    def assert_hears_only(self, telephone: Phone, hz: int, window: str = "1:2.5"):
        answer = subprocess.run(
            [binaries() / "audio-check", "tone", telephone.heard(), "--hz", str(hz), "--only", "--window", window],
            capture_output=True,
            text=True,
        )
        self.assertEqual(answer.returncode, 0, f"{telephone.user} should hear {hz} Hz only: {answer.stdout}{answer.stderr}")

    def assert_closed(self, telephone: Phone, *words: str):
        event = telephone.wait("CALL_CLOSED")
        self.assertTrue(any(word in event.get("param", "") for word in words), event)


class Calls(Telephones):
    def test_alaw_both_ways_and_the_caller_hangs_up(self):
        alice, bob = self.phone("alice", ALICE_HZ, codecs="PCMA"), self.phone("bob", BOB_HZ, codecs="PCMA")
        self.talk(alice, bob, "102")
        alice.command("hangup")
        bob.wait("CALL_CLOSED")
        self.assert_hears_only(alice, BOB_HZ)
        self.assert_hears_only(bob, ALICE_HZ)

    def test_opus_both_ways_and_the_called_side_hangs_up(self):
        alice, bob = self.phone("alice", ALICE_HZ, codecs="opus"), self.phone("bob", BOB_HZ, codecs="opus")
        self.talk(alice, bob, "102")
        bob.command("hangup")
        alice.wait("CALL_CLOSED")
        self.assert_hears_only(alice, BOB_HZ)
        self.assert_hears_only(bob, ALICE_HZ)

    def test_opus_and_alaw_are_transcoded(self):
        alice, bob = self.phone("alice", ALICE_HZ, codecs="opus"), self.phone("bob", BOB_HZ, codecs="PCMA")
        self.talk(alice, bob, "102")
        alice.command("hangup")
        bob.wait("CALL_CLOSED")
        self.assert_hears_only(alice, BOB_HZ)
        self.assert_hears_only(bob, ALICE_HZ)

    def test_tcp_to_udp(self):
        alice = self.phone("alice", ALICE_HZ, codecs="PCMU", transport="tcp")
        bob = self.phone("bob", BOB_HZ, codecs="PCMU")
        self.talk(alice, bob, "102")
        bob.command("hangup")
        alice.wait("CALL_CLOSED")
        self.assert_hears_only(alice, BOB_HZ)
        self.assert_hears_only(bob, ALICE_HZ)

    def test_two_devices_ring_and_one_answers(self):
        alice = self.phone("alice", ALICE_HZ)
        desk, soft = self.phone("bob", BOB_HZ), self.phone("bob", CAROL_HZ)
        alice.dial("102")
        desk.wait("CALL_INCOMING")
        soft.wait("CALL_INCOMING")
        soft.command("accept")
        alice.wait("CALL_ESTABLISHED")
        desk.wait("CALL_CLOSED")
        time.sleep(3)
        alice.command("hangup")
        soft.wait("CALL_CLOSED")
        self.assert_hears_only(alice, CAROL_HZ)
        self.assert_hears_only(soft, ALICE_HZ)

    def test_the_echo_test_speaks_and_then_echoes(self):
        alice = self.phone("alice", ALICE_HZ, codecs="PCMA")
        alice.dial("*43")
        alice.wait("CALL_ESTABLISHED")
        length = self.prompt_seconds("echo-test")
        time.sleep(length + 4)
        alice.command("hangup")
        alice.wait("CALL_CLOSED")
        self.assert_hears_only(alice, ALICE_HZ, f"{length + 1.5}:{length + 3}")

    def prompt_seconds(self, prompt: str) -> float:
        import wave

        path = next((pathlib.Path(__file__).resolve().parents[3] / "sounds" / "pack").glob(f"*/en/{prompt}.wav"))
        with wave.open(str(path)) as file:
            return file.getnframes() / file.getframerate()


class Endings(Telephones):
    def test_a_declined_call_tells_the_caller(self):
        alice, bob = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ)
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        alice.wait("CALL_RINGING")
        bob.command("hangup")  # baresip refuses with 486
        self.assert_closed(alice, "486", "Busy")

    def test_cancel_before_answer_stops_the_ringing(self):
        alice, bob = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ)
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        alice.wait("CALL_RINGING")
        alice.command("hangup")
        bob.wait("CALL_CLOSED")

    def test_an_unknown_number_is_not_found(self):
        alice = self.phone("alice", ALICE_HZ)
        alice.dial("999")
        self.assert_closed(alice, "404")

    def test_a_user_without_devices_is_unavailable(self):
        alice = self.phone("alice", ALICE_HZ)
        alice.dial("103")
        self.assert_closed(alice, "480")

    def test_nobody_answers(self):
        stand_user(stand, "bob", {"ringSeconds": 5})
        self.addCleanup(stand_user, stand, "bob", {"ringSeconds": 30})
        alice, bob = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ)
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        event = alice.wait("CALL_CLOSED", 12)
        self.assertIn("480", event["param"])
        bob.wait("CALL_CLOSED")

    def test_a_wrong_password_does_not_register(self):
        alice = self.phone("alice", ALICE_HZ, password="wrong", registered=False)
        alice.wait_refused()


class InCall(Telephones):
    def test_digits_arrive_as_pressed(self):
        for style in ("rtpevent", "info"):
            with self.subTest(style):
                alice = self.phone("alice", ALICE_HZ, codecs="PCMA", dtmf=style)
                bob = self.phone("bob", BOB_HZ, codecs="PCMA")
                self.talk(alice, bob, "102", 0.5)
                alice.press("159#*0")
                digits = [bob.wait("CALL_DTMF_START")["param"] for _ in range(6)]
                self.assertEqual("".join(digits), "159#*0")
                alice.command("hangup")
                bob.wait("CALL_CLOSED")
                alice.stop(), bob.stop()

    def test_hold_brings_music_and_resume_the_voice(self):
        alice, bob = self.phone("alice", ALICE_HZ, codecs="PCMA"), self.phone("bob", BOB_HZ, codecs="PCMA")
        self.talk(alice, bob, "102")
        alice.press("x")
        time.sleep(3)
        alice.press("X")
        time.sleep(3)
        alice.command("hangup")
        bob.wait("CALL_CLOSED")
        self.assert_hears_only(bob, ALICE_HZ, "1:2.5")
        self.assert_hears_only(bob, ALICE_HZ, "7.5:8.7")
        heard = subprocess.run(
            [binaries() / "audio-check", "tone", bob.heard(), "--hz", str(ALICE_HZ), "--only", "--window", "4:5.5"],
            capture_output=True,
            text=True,
        )
        self.assertNotEqual(heard.returncode, 0, f"bob hears alice while on hold: {heard.stdout}")


def stand_user(stand: Stand, name: str, changes: dict):
    """Changes an account over REST, as an admin."""

    def ask(method: str, path: str, body=None, token=None):
        request = urllib.request.Request(
            stand.url + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read() or "null")

    admin = stand.accounts["admin"]
    token = ask("POST", "/api/v1/login", {"username": "admin", "password": admin["password"]})["accessToken"]
    users = ask("GET", "/api/v1/users", token=token)
    users = users.get("users", users) if isinstance(users, dict) else users
    user = next(user for user in users if user["username"] == name)
    ask("PATCH", f"/api/v1/users/{user['id']}", changes, token)


if __name__ == "__main__":
    unittest.main(verbosity=2)
