// A client that speaks the client protocol frame by frame, and descriptions for it: no browser, no media.

import { EventEmitter, once } from "node:events";

const PATIENCE_MS = 10_000;

/** One connection. `link` is `{ send(text), close() }`; the transport calls `handleText` and `handleClose`. */
export class Wire {
  #link;
  #next = 1;
  #waiting = new Map();
  #pushes = [];
  #passed = [];
  #news = new EventEmitter();
  welcome = null;
  lastSeq = 0;
  closedWith = null;

  attach(link) { this.#link = link; return this; }

  handleText(text) {
    const frame = JSON.parse(text);
    if ("event" in frame) {
      // Numbers grow by one; 0 is not counted.
      if (frame.seq !== 0 && frame.seq !== this.lastSeq + 1) this.gap = `${this.lastSeq} → ${frame.seq}`;
      if (frame.seq !== 0) this.lastSeq = frame.seq;
      this.#pushes.push(frame);
    } else {
      // A state counts on from its number; pushes after it may come in the same read of the socket.
      if (frame.result?.state) this.lastSeq = frame.result.seq;
      this.#waiting.get(frame.id)?.(frame);
      this.#waiting.delete(frame.id);
      if (frame.id === 0) this.#pushes.push({ event: "error", data: frame.error });
    }
    this.#news.emit("news");
  }

  handleClose(code) {
    this.closedWith = code;
    for (const settle of this.#waiting.values()) settle({ error: { name: `closed ${code}` } });
    this.#news.emit("news");
  }

  send(text) { this.#link.send(text); }
  /** Breaks the connection. */
  drop() {
    this.#link.close();
    if (this.closedWith === null) this.handleClose(1006);
  }

  /** Asks; throws the error that is answered. */
  async request(method, params = {}) {
    const id = this.#next++;
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answered;
    if (error) throw error;
    return result;
  }

  async hello(token) {
    this.welcome = await this.request("hello", { token, client: { name: "conformance", version: "1" } });
    return this;
  }

  async resume({ welcome }, lastSeq) {
    this.welcome = welcome;
    this.lastSeq = lastSeq;
    return this.request("resume", { session: welcome.session, secret: welcome.secret, lastSeq });
  }

  /** The data of the next push of an event that fits; those before it are passed over. */
  async push(event, fits = () => true) {
    return this.#until(() => {
      const place = this.#pushes.findIndex((push) => push.event === event && fits(push.data));
      if (place < 0) return undefined;
      const passed = this.#pushes.splice(0, place + 1);
      this.#passed.push(...passed);
      return passed.at(-1).data;
    }, event);
  }

  /** The same where the order is free: it may have come before. */
  async told(event, fits = () => true) {
    return this.#until(() => [...this.#passed, ...this.#pushes].find((push) => push.event === event && fits(push.data))?.data, event);
  }

  /** The code the connection is closed with. */
  closed() { return this.#until(() => this.closedWith ?? undefined, "close"); }

  async #until(look, what) {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#news.emit("news");
    }, PATIENCE_MS);
    try {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        if (late) throw new Error(`no ${what} in time; there came ${this.#pushes.map(({ event, data }) => `${event} ${data.call?.state ?? data.reason ?? ""}`).join(", ") || "nothing"}`);
        await once(this.#news, "news");
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

const FINGERPRINT = `sha-256 ${Array.from({ length: 32 }, (_, place) => (0xa0 + (place % 16)).toString(16).toUpperCase()).join(":")}`;
const OWN = ["a=ice-ufrag:conf", "a=ice-pwd:conformanceconformancecon", `a=fingerprint:${FINGERPRINT}`];

/** An offer as a browser makes it; whoever made it never connects. */
export const offer = () => ({
  type: "offer",
  sdp: [
    "v=0", "o=- 4611 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "a=msid-semantic: WMS",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 126", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", ...OWN, "a=ice-options:trickle", "a=setup:actpass",
    "a=mid:0", "a=sendrecv", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000", "a=rtpmap:126 telephone-event/8000", "",
  ].join("\r\n"),
});

/** An answer that takes everything. */
export const answerTo = ({ sdp }) => ({
  type: "answer",
  sdp: sdp.split(/\r?\n/).filter((line) => !/^a=(candidate|end-of-candidates|ice-lite)/.test(line))
    .map((line) => line.replace(/^a=ice-ufrag:.*/, OWN[0]).replace(/^a=ice-pwd:.*/, OWN[1]).replace(/^a=fingerprint:.*/, OWN[2]).replace(/^a=setup:.*/, "a=setup:active"))
    .join("\r\n"),
});
