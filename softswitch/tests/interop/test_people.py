"""Lamps, presence and messages: sipp and baresip as they are, a scripted telephone, and a browser's side by its
protocol."""

import threading
import time
import unittest
from pathlib import Path

from phone import Phone
from ports import Ports
from scripted import Message, ScriptedPhone
from stand import REALM, end, spawn, wait_until
from telephones import ALICE_HZ, BOB_HZ, Telephones
from websocket import WebSocket

HERE = Path(__file__).resolve().parent / "sipp"
AWAY = (
    '<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model"'
    ' xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:102@pbx"><tuple id="a"><status><basic>open</basic></status>'
    "</tuple><d:person id='p'><r:activities><r:away/></r:activities></d:person></presence>"
)


class Browser:
    """What a page does, without the page."""

    def __init__(self, stand, who: str):
        self.socket = WebSocket(stand.http, Origin=stand.url)
        self.pushes: list[dict] = []
        self.last = 0
        client = {"name": "test", "version": "1"}
        self.welcome = self.ask("hello", {"token": stand.token(who), "client": client})

    def ask(self, method: str, params: dict) -> dict:
        self.last += 1
        self.socket.send({"id": self.last, "method": method, "params": params})
        while True:
            frame = self.socket.receive()
            if frame.get("id") == self.last:
                if "error" in frame:
                    raise AssertionError(frame["error"])
                return frame["result"]
            self.pushes.append(frame)

    def wait(self, event: str, holds=lambda data: True, seconds: float = 5) -> dict:
        while True:
            found = next((push for push in self.pushes if push["event"] == event and holds(push["data"])), None)
            if found:
                self.pushes.remove(found)
                return found["data"]
            self.pushes.append(self.socket.receive(seconds))


class People(Telephones):
    def setUp(self):
        self.ports = Ports()
        self.addCleanup(self.ports.release)

    def browser(self, who: str) -> Browser:
        browser = Browser(self.stand, who)
        self.addCleanup(browser.socket.close)
        return browser

    # sipp

    def sipp(self, name: str, who: str, whom: str, filled: dict, *more: str):
        """Runs a scenario for an account to its good end."""
        text = (HERE / f"{name}.xml").read_text()
        for word, value in filled.items():
            text = text.replace(word, value)
        scenario = self.folder / f"{name}.xml"
        scenario.write_text(text)
        account = self.stand.accounts[who]
        users = self.folder / f"{name}.csv"
        secret = f"[authentication username={account['sip_username']} password={account['sip_password']}]"
        users.write_text(f"SEQUENTIAL\n{account['sip_username']};{secret};\n")
        server = f"127.0.0.1:{self.stand.sip}"
        command = ["sipp", server, "-sf", scenario, "-inf", users, "-m", "1", "-nostdin", "-i", "127.0.0.1"]
        command += ["-p", str(self.ports[2]), "-key", "whom", whom, "-auth_uri", f"{whom}@{server}"]
        log = self.folder / f"{name}.log"
        process = spawn([*command, "-timeout", "10", "-timeout_error", *more], log, cwd=self.folder)
        self.addCleanup(end, process)
        self.assertEqual(process.wait(20), 0, f"{name} {filled}: " + log.read_text(errors="replace")[-2500:])

    def test_sipp_is_told_what_it_may_know(self):
        own = self.stand.accounts["alice"]["sip_username"]
        for event, whom, wanted in (
            ("dialog", "102", "<dialog-info [^>]*state=.full. entity=.sip:102@"),
            ("presence", "102", "<basic>closed</basic>"),
            ("message-summary", "101", "Messages-Waiting: no"),
            ("reg", own, "<registration aor=.sip:101@[^>]*state=.init."),
        ):
            for life, standing in (("0", "terminated;reason=timeout"), ("300", "active;expires=300")):
                with self.subTest(event, life=life):
                    filled = {"LIFE": life, "STANDING": standing, "WANTED": wanted}
                    escaped = {word: value.replace("<", "&lt;").replace(">", "&gt;") for word, value in filled.items()}
                    self.sipp("subscribe", "alice", whom, escaped, "-key", "event", event)

    def test_sipp_writes_to_a_telephone_and_to_nobody(self):
        bob = self.scripted("bob")
        with self.subTest("to bob"):

            def read():
                message = bob.wait_request("MESSAGE", seconds=10)
                self.assertEqual(message.body, "lunch?")
                bob.respond(message, 200)

            reader = threading.Thread(target=read)
            reader.start()
            self.sipp("message", "alice", "102", {"ANSWER": "200"})
            reader.join()
        with self.subTest("to nobody"):
            self.sipp("message", "alice", "999", {"ANSWER": "404"})

    # A scripted telephone

    def watch(self, phone: ScriptedPhone, event: str, whom: str) -> dict:
        dialog = phone.new_dialog(f"<sip:{whom}@{REALM}>")
        answer = phone.request("SUBSCRIBE", f"sip:{whom}@{REALM}", dialog, ("Event", event), ("Expires", "300"))
        self.assertEqual(answer.status, 200)
        return dialog

    def told(self, phone: ScriptedPhone, dialog: dict, wanted: str, seconds: float = 8) -> Message:
        """The first NOTIFY that says it; those before it are answered and passed over."""
        while True:
            notify = phone.wait_request("NOTIFY", dialog["call_id"], seconds)
            phone.respond(notify, 200)
            if wanted in notify.body:
                return notify

    def test_a_lamp_follows_a_call(self):
        alice, bob, carol = (self.scripted(name) for name in ("alice", "bob", "carol"))
        lamp = self.watch(alice, "dialog", "102")
        self.told(alice, lamp, "dialog-info")
        voice = self.voice(BOB_HZ)
        call = carol.call("102", self.voice(ALICE_HZ))
        ringing = bob.wait_call(voice)
        ringing.ring()
        early = self.told(alice, lamp, "<state>early</state>")
        self.assertIn('direction="recipient"', early.body)
        self.assertIn(">sip:103@", early.body)
        ringing.answer()
        call.wait_final()
        self.told(alice, lamp, "<state>confirmed</state>")
        call.hang_up()
        self.told(alice, lamp, "<state>terminated</state>")

    def test_a_telephones_presence_reaches_a_page_and_back(self):
        alice, bob = self.scripted("alice"), self.scripted("bob")
        page = self.browser("carol")
        watch = self.watch(alice, "presence", "102")
        self.told(alice, watch, "<basic>open</basic>")
        kind = ("Content-Type", "application/pidf+xml")
        dialog = bob.new_dialog(f"<sip:102@{REALM}>")
        more = (("Event", "presence"), ("Expires", "120"), kind)
        answer = bob.request("PUBLISH", f"sip:102@{REALM}", dialog, *more, body=AWAY)
        self.assertEqual(answer.status, 200)
        self.told(alice, watch, "<rpid:away/>")
        page.wait("presence", lambda data: any(entry.get("activity") == "away" for entry in data["entries"]))
        # What bob says in a browser goes first.
        own = self.browser("bob")
        own.ask("presence.set", {"activity": "meeting", "note": "until <3>"})
        self.assertIn("until &lt;3&gt;", self.told(alice, watch, "<rpid:meeting/>").body)
        over = (("Event", "presence"), ("SIP-If-Match", answer["sip-etag"]), ("Expires", "0"))
        gone = bob.request("PUBLISH", f"sip:102@{REALM}", dialog, *over)
        self.assertEqual(gone.status, 200)
        own.ask("presence.set", {})
        page.wait("presence", lambda data: any("activity" not in entry for entry in data["entries"]))

    def test_a_page_and_a_telephone_write_to_each_other(self):
        alice = self.scripted("alice")
        bob = self.browser("bob")
        dialog, kind = alice.new_dialog(f"<sip:102@{REALM}>"), ("Content-Type", "text/plain")
        answer = alice.request("MESSAGE", f"sip:102@{REALM}", dialog, kind, body="grüezi")
        self.assertEqual(answer.status, 202)
        message = bob.wait("chat.message")["message"]
        self.assertEqual(message["text"], "grüezi")
        sent = bob.ask("chat.send", {"to": "101", "text": "hoi <alice>"})["message"]
        arrived = alice.wait_request("MESSAGE")
        self.assertEqual((arrived.body, "sip:102@" in arrived["from"]), ("hoi <alice>", True))
        alice.respond(arrived, 200)
        self.assertEqual(bob.wait("chat.marks")["delivered"], sent["seq"])
        alice.register(0)
        # What nobody took comes when a telephone is there again.
        sent = bob.ask("chat.send", {"to": "101", "text": "still there?"})["message"]
        alice.register(300)
        arrived = alice.wait_request("MESSAGE")
        self.assertEqual(arrived.body, "still there?")
        alice.respond(arrived, 200)
        self.assertEqual(bob.wait("chat.marks")["delivered"], sent["seq"])

    # baresip

    def watcher(self, name: str, whom: str) -> Phone:
        """A real telephone that watches somebody's presence and its own mailbox."""
        return self.phone(name, ALICE_HZ, watches=whom)

    def shown(self, phone: Phone) -> str:
        """Its list of contacts with their presence."""
        phone.command("contacts")
        end = time.monotonic() + 5
        while time.monotonic() < end:
            event = phone.events.get(timeout=5)
            if event.get("token") == "contacts":
                return event["data"]
        raise AssertionError("no list of contacts")

    def assert_shows(self, phone: Phone, state: str, seconds: float = 15):
        wait_until(lambda: state in self.shown(phone), seconds, lambda: f"not {state}: {self.shown(phone)}", 0.2)

    def test_baresip_shows_presence_and_waiting_messages(self):
        alice = self.watcher("alice", "102")
        alice.wait_logged(r"Messages-Waiting: no", "hear of its mailbox", 10)
        self.assert_shows(alice, "Offline")
        bob = self.phone("bob", BOB_HZ)
        self.assert_shows(alice, "Online")
        bob.dial("*43")
        bob.wait("CALL_ESTABLISHED")
        self.assert_shows(alice, "Busy")
        bob.command("hangup")
        self.assert_shows(alice, "Online")
        bob.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
