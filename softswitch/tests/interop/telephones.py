"""What tests with telephones share: one stand for a file of tests, tones, and telephones that end with their test."""

import pathlib
import signal
import subprocess
import unittest

from phone import Phone
from scripted import ScriptedPhone
from stand import Stand, binaries, temporary
from voice import Voice

ALICE_HZ, BOB_HZ, CAROL_HZ = 440, 950, 1370

# Whoever ends a run ends it as Ctrl-C does, so that nothing stays behind.
signal.signal(signal.SIGTERM, signal.default_int_handler)


class Telephones(unittest.TestCase):
    """A stand for the class; `environment` are settings of its programs, `expected_warnings` what they may warn of."""

    environment: dict[str, str] = {}
    expected_warnings: tuple[str, ...] = ()
    ipv6 = False

    @classmethod
    def setUpClass(cls):
        folder = temporary("tests")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.stand = Stand(environment=cls.environment, warnings=cls.expected_warnings, ipv6=cls.ipv6).start()
        cls.addClassCleanup(lambda: cls.stand.stop())

    def phone(self, name: str, hz: int, **options) -> Phone:
        """A real telephone (baresip), registered."""
        account = self.stand.accounts[name]
        password = options.pop("password", account["sip_password"])
        registered = options.pop("registered", True)
        server = f"{options.get('host', '127.0.0.1')}:{options.pop('port', self.stand.sip)}"
        telephone = Phone(account["sip_username"], password, server, self.microphone(hz), **options)
        self.addCleanup(telephone.stop)
        return telephone.start(registered)

    def scripted(self, name: str, registered: bool = True, **options) -> ScriptedPhone:
        """A telephone that does what the test says."""
        telephone = ScriptedPhone(self.stand.accounts[name], self.stand.sip, **options)
        self.addCleanup(telephone.stop)
        if registered:
            self.assertEqual(telephone.register().status, 200)
            self.addCleanup(telephone.register, 0)
        return telephone

    def voice(self, hz: int) -> Voice:
        voice = Voice(hz)
        self.addCleanup(voice.stop)
        return voice

    @classmethod
    def microphone(cls, hz: int) -> pathlib.Path:
        """A file with a minute of the tone."""
        path = cls.folder / f"{hz}.wav"
        if not path.exists():
            make = [binaries() / "audio-check", "make", path, "--hz", str(hz), "--seconds", "60", "--rate", "48000"]
            subprocess.run([*make, "--level", "-12"], check=True, stdout=subprocess.DEVNULL)
        return path

    def measure(self, file: pathlib.Path, hz: int, window: str) -> tuple[bool, str]:
        """Whether a file holds this tone and no other, within a window in seconds."""
        command = [binaries() / "audio-check", "tone", file, "--hz", str(hz), "--only", "--window", window]
        answer = subprocess.run(command, capture_output=True, text=True)
        self.assertIn(answer.returncode, (0, 1), answer.stderr)
        return answer.returncode == 0, answer.stdout + answer.stderr

    def assert_hears_only(self, who: Phone | Voice, hz: int, window: str = "1:2.5"):
        hears, measured = self.measure(self.heard(who), hz, window)
        self.assertTrue(hears, f"should hear {hz} Hz only: {measured}")

    def assert_does_not_hear(self, who: Phone | Voice, hz: int, window: str):
        hears, measured = self.measure(self.heard(who), hz, window)
        self.assertFalse(hears, f"should not hear {hz} Hz: {measured}")

    def heard(self, who: Phone | Voice) -> pathlib.Path:
        if isinstance(who, Phone):
            return who.heard()
        return who.write(self.folder / f"heard-{who.port}.wav")

    def assert_closed(self, telephone: Phone, *words: str, seconds: float = 10):
        event = telephone.wait("CALL_CLOSED", seconds)
        self.assertTrue(any(word in event.get("param", "") for word in words), event)
