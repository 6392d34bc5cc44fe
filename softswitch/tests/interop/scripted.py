"""A telephone that does what a test says, message by message: SIP over UDP as RFC 3261 has it, and digest.

It is for what no real telephone does on request: answering just when it is cancelled, lying about its address,
declining with a status of one's choice.
"""

import hashlib
import os
import re
import socket
import threading
import time

from stand import REALM
from voice import Voice

MARK = "\r\n"


class Message:
    """A request or a response. Header names are in small letters."""

    def __init__(self, datagram: bytes):
        head, _, self.body = datagram.decode(errors="replace").partition(MARK + MARK)
        self.start, *lines = head.split(MARK)
        fields = (line.partition(":") for line in lines)
        self.headers = [(name.strip().lower(), value.strip()) for name, _, value in fields]

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known == name.lower()]

    def __getitem__(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """Of the request, or of what the response answers."""
        return self["cseq"].split()[-1]

    @property
    def number(self) -> int:
        return int(self["cseq"].split()[0])

    def __repr__(self):
        return f"<{self.start} · {self['cseq']}>"


def compose(start: str, headers: list[tuple[str, str]], body: str = "") -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body.encode())}"]
    return (MARK.join(lines) + MARK + MARK + body).encode()


def credentials(challenge: str, method: str, uri: str, user: str, password: str, count: int = 1) -> str:
    """The value of Authorization that answers a value of WWW-Authenticate (RFC 7616)."""
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))
    algorithm = given.get("algorithm", "MD5")
    digest = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm]

    def hashed(text: str) -> str:
        return digest(text.encode()).hexdigest()

    nc, cnonce = f"{count:08x}", "0a4f113b"
    secret, request = hashed(f"{user}:{given['realm']}:{password}"), hashed(f"{method}:{uri}")
    response = hashed(f"{secret}:{given['nonce']}:{nc}:{cnonce}:auth:{request}")
    return (
        f'Digest username="{user}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm={algorithm}, qop=auth, nc={nc}, cnonce="{cnonce}"'
    )


class ScriptedPhone:
    """One telephone of one account. `knows` are its digest algorithms; `contact` is where it says it is."""

    def __init__(self, account: dict, port: int, **options):
        self.user, self.password = account["sip_username"], account["sip_password"]
        self.server = ("127.0.0.1", port)
        self.knows = options.get("knows", ("SHA-256", "MD5"))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((options.get("address", "127.0.0.1"), 0))
        self.address, self.port = self.socket.getsockname()
        self.contact = f"<sip:{self.user}@{options.get('contact', f'{self.address}:{self.port}')}>"
        self.inbox: list[Message] = []
        self.seen: dict[bytes, bytes] = {}  # datagrams that came, and what was answered
        self.repeated: list[bytes] = []  # those that came again
        self.arrived = threading.Condition()
        self.cseq = 0
        self.registration = self.new_dialog(f"<sip:{self.user}@{REALM}>")
        self.running = True
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    # --- Sending

    def new_dialog(self, to: str) -> dict:
        """What the requests of one dialog share."""
        own = f"<sip:{self.user}@{REALM}>;tag={os.urandom(4).hex()}"
        return {"from": own, "to": to, "call_id": f"{os.urandom(8).hex()}@scripted"}

    def headers(self, method: str, dialog: dict, number: int, branch: str | None = None) -> list[tuple[str, str]]:
        branch = branch or f"z9hG4bK{os.urandom(8).hex()}"
        return [
            ("Via", f"SIP/2.0/UDP {self.address}:{self.port};branch={branch};rport"),
            ("Max-Forwards", "70"),
            ("From", dialog["from"]),
            ("To", dialog["to"]),
            ("Call-ID", dialog["call_id"]),
            ("CSeq", f"{number} {method}"),
            ("Contact", self.contact),
        ]

    def send(self, message: bytes, to: tuple[str, int] | None = None):
        self.socket.sendto(message, to or self.server)

    def request(self, method: str, uri: str, dialog: dict, *more: tuple[str, str], body: str = "") -> Message:
        """Sends a request, with credentials once they are asked for, and waits for its final response."""
        self.cseq += 1
        self.send(compose(f"{method} {uri} SIP/2.0", [*self.headers(method, dialog, self.cseq), *more], body))
        answer = self.wait_final(dialog, f"{self.cseq} {method}")
        if answer.status != 401:
            return answer
        proof = self.proof(answer, method, uri)
        if not proof:
            return answer
        self.cseq += 1
        headers = [*self.headers(method, dialog, self.cseq), ("Authorization", proof), *more]
        self.send(compose(f"{method} {uri} SIP/2.0", headers, body))
        return self.wait_final(dialog, f"{self.cseq} {method}")

    def proof(self, answer: Message, method: str, uri: str) -> str | None:
        """Credentials for the first challenge it understands, as RFC 8760 §2.4 asks for."""
        for challenge in answer.all("www-authenticate"):
            if any(f"algorithm={known}," in f"{challenge}," for known in self.knows):
                return credentials(challenge, method, uri, self.user, self.password)
        return None

    def register(self, expires: int = 300, contact: str | None = None) -> Message:
        more = (("Expires", str(expires)),)
        own, self.contact = self.contact, contact or self.contact
        answer = self.request("REGISTER", f"sip:{REALM}", self.registration, *more)
        self.contact = own
        return answer

    # --- Receiving

    def listen(self):
        while self.running:
            try:
                datagram, source = self.socket.recvfrom(65536)
            except OSError:
                return
            if not datagram.strip():
                continue
            with self.arrived:
                # What comes again is answered again, and told once.
                if datagram in self.seen:
                    self.repeated.append(datagram)
                    if self.seen[datagram]:
                        self.send(self.seen[datagram], source)
                    continue
                self.seen[datagram] = b""
                message = Message(datagram)
                message.datagram, message.source, message.at = datagram, source, time.monotonic()
                self.inbox.append(message)
                self.arrived.notify_all()

    def wait(self, matches, what: str, seconds: float = 5) -> Message:
        """Takes the first message that matches."""
        end = time.monotonic() + seconds
        with self.arrived:
            while True:
                found = next((message for message in self.inbox if matches(message)), None)
                if found:
                    self.inbox.remove(found)
                    return found
                if not self.arrived.wait(end - time.monotonic()) and time.monotonic() > end:
                    raise AssertionError(f"{self.user}: no {what} within {seconds} s, only {self.inbox}")

    def wait_final(self, dialog: dict, cseq: str, seconds: float = 5) -> Message:
        return self.wait(
            lambda message: message.status >= 200
            and (message["call-id"], message["cseq"]) == (dialog["call_id"], cseq),
            f"final response to {cseq}",
            seconds,
        )

    def wait_request(self, method: str, call_id: str | None = None, seconds: float = 5) -> Message:
        return self.wait(
            lambda message: not message.status
            and message.method == method
            and (call_id is None or message["call-id"] == call_id),
            method,
            seconds,
        )

    def is_quiet(self, method: str, seconds: float = 1) -> bool:
        """Whether no such request comes for a while."""
        try:
            self.wait_request(method, seconds=seconds)
            return False
        except AssertionError:
            return True

    def respond(self, request: Message, status: int, *more: tuple[str, str], tag: str = "", body: str = ""):
        """Answers a request, and its retransmissions from then on."""
        same = [(name, value) for name, value in request.headers if name in ("via", "from", "call-id", "cseq")]
        to = request["to"] + (f";tag={tag}" if tag and ";tag=" not in request["to"] else "")
        answer = compose(f"SIP/2.0 {status} Scripted", [*same, ("To", to), ("Contact", self.contact), *more], body)
        with self.arrived:
            self.seen[request.datagram] = answer
            self.send(answer, request.source)

    # --- Calling

    def call(self, number: str, voice: Voice, *more: tuple[str, str], offer: str | None = None) -> "Call":
        call = Call(self, self.new_dialog(f"<sip:{number}@{REALM}>"), voice)
        call.invite(f"sip:{number}@{REALM}", offer or voice.description(), *more)
        return call

    def wait_call(self, voice: Voice, seconds: float = 5) -> "Call":
        invite = self.wait_request("INVITE", seconds=seconds)
        tag = os.urandom(4).hex()
        dialog = {"from": f"{invite['to']};tag={tag}", "to": invite["from"], "call_id": invite["call-id"]}
        call = Call(self, dialog, voice)
        call.request, call.tag = invite, tag
        call.target = uri_of(invite["contact"])
        return call

    def stop(self):
        if self.running:
            self.running = False
            # Wakes the listener.
            self.socket.sendto(b"", (self.address, self.port))
            self.thread.join()
            self.socket.close()


class Call:
    """One side of a call. The caller uses `invite` to `acknowledge`, the called side `ring` to `answer`."""

    def __init__(self, phone: ScriptedPhone, dialog: dict, voice: Voice):
        self.phone, self.dialog, self.voice = phone, dialog, voice
        self.target = ""
        self.number = 0
        self.branch = ""
        self.request: Message | None = None
        self.tag = ""

    # The caller

    def invite(self, uri: str, offer: str, *more: tuple[str, str]):
        """Sends the INVITE, and again with credentials."""
        more = (("Content-Type", "application/sdp"), *more)
        for proof in (None, "wanted"):
            self.phone.cseq += 1
            self.number, self.branch = self.phone.cseq, f"z9hG4bK{os.urandom(8).hex()}"
            headers = self.phone.headers("INVITE", self.dialog, self.number, self.branch)
            if proof:
                headers.append(("Authorization", self.phone.proof(challenge, "INVITE", uri)))
            self.target = uri
            self.phone.send(compose(f"INVITE {uri} SIP/2.0", [*headers, *more], offer))
            if not proof:
                challenge = self.wait_final()
                if challenge.status != 401:
                    raise AssertionError(f"an INVITE without credentials got {challenge.status}")

    def wait_status(self, status: int, seconds: float = 5) -> Message:
        """A provisional response."""
        return self.phone.wait(
            lambda message: message.status == status and message["call-id"] == self.dialog["call_id"],
            str(status),
            seconds,
        )

    def wait_final(self, seconds: float = 5) -> Message:
        """The final response to the INVITE, which is acknowledged."""
        return self.take_final(self.unacknowledged(seconds))

    def unacknowledged(self, seconds: float = 5) -> Message:
        """The final response to the INVITE."""
        return self.phone.wait_final(self.dialog, f"{self.number} INVITE", seconds)

    def take_final(self, answer: Message) -> Message:
        if answer.status < 300:
            self.dialog["to"] = answer["to"]
            self.target = uri_of(answer["contact"])
            self.voice.follow(answer.body)
            self.acknowledge()
        else:
            self.acknowledge(answer["to"], self.branch)
        return answer

    def acknowledge(self, to: str | None = None, branch: str | None = None):
        dialog = {**self.dialog, "to": to or self.dialog["to"]}
        headers = self.phone.headers("ACK", dialog, self.number, branch)
        self.phone.send(compose(f"ACK {self.target} SIP/2.0", headers))

    def cancel(self):
        headers = self.phone.headers("CANCEL", self.dialog, self.number, self.branch)
        self.phone.send(compose(f"CANCEL {self.target} SIP/2.0", headers))

    # The called side

    def ring(self):
        self.phone.respond(self.request, 180, tag=self.tag)

    def refuse(self, status: int):
        self.phone.respond(self.request, status, tag=self.tag)
        self.phone.wait_request("ACK", self.dialog["call_id"])

    def answer(self, description: str | None = None):
        """Answers without waiting for the ACK."""
        self.voice.follow(self.request.body)
        kind = ("Content-Type", "application/sdp")
        self.phone.respond(self.request, 200, kind, tag=self.tag, body=description or self.voice.description())

    def wait_request(self, method: str, seconds: float = 5) -> Message:
        return self.phone.wait_request(method, self.dialog["call_id"], seconds)

    # Both

    def ask(self, method: str, *more: tuple[str, str], body: str = "") -> Message:
        """A request in the dialog."""
        return self.phone.request(method, self.target, self.dialog, *more, body=body)

    def hang_up(self):
        answer = self.ask("BYE")
        if answer.status != 200:
            raise AssertionError(f"BYE got {answer}")

    def wait_hung_up(self, seconds: float = 5) -> Message:
        bye = self.wait_request("BYE", seconds)
        self.phone.respond(bye, 200)
        return bye


def uri_of(contact: str) -> str:
    return re.search(r"<([^>]*)>", contact).group(1) if "<" in contact else contact.split(";")[0]
