// Runs in a page of its own: clients that were written for other servers. The Verto clients are vertojs and SignalWire's, as
// they are; the second knows `verto.attach` and conferences. The Webitel client speaks that product's protocol as its
// connectors do. Nothing in it knows Ringdown.

import { Verto as VertoClient } from "@signalwire/js";
import { Verto } from "vertojs";

/** The microphone as it is: noise suppression takes a pure tone for noise. */
const RAW = { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } };

const microphone = async () => (await window.navigator.mediaDevices.getUserMedia(RAW)).getAudioTracks();

/** vertojs with the few things a page does around it. */
class VertoPhone {
  calls = new Map();
  log = [];

  async start({ url, login, password }) {
    this.verto = new Verto({
      transportConfig: { socketUrl: url, login, passwd: password },
      rtcConfig: { iceServers: [] },
      ice_timeout: 500,
    });
    this.verto.subscribeEvent("invite", (call) => {
      this.#take(call, "incoming");
      // Whichever of the two sockets is first: what the user asked for is answered.
      if (globalThis.webitel?.asked.has(call.id)) void this.answer(call.id);
    });
    await this.verto.login();
  }

  #take(call, state) {
    const known = { call, state, held: false };
    this.calls.set(call.id, known);
    call.subscribeEvent("track", (track) => {
      const speaker = Object.assign(document.createElement("audio"), { autoplay: true });
      speaker.srcObject = new MediaStream([track]);
      document.body.append(speaker);
    });
    call.subscribeEvent("answer", () => (known.state = "active"));
    call.subscribeEvent("media", () => (known.state = "early"));
    call.subscribeEvent("hold", () => (known.held = true));
    call.subscribeEvent("unhold", () => (known.held = false));
    call.subscribeEvent("bye", () => (known.state = "ended"));
    return known;
  }

  async call(number) {
    const call = this.verto.call(await microphone(), number, { caller_id_name: "Alice" });
    this.#take(call, "calling");
    return call.id;
  }

  async answer(id) {
    const known = this.calls.get(id ?? this.latest());
    known.call.answer(await microphone());
    known.state = "active";
  }

  latest() {
    return [...this.calls.keys()].at(-1);
  }

  do(verb, id = this.latest()) {
    this.calls.get(id).call[verb]();
  }

  state() {
    return [...this.calls].map(([id, { state, held }]) => ({ id, state, held }));
  }
}

/** A Webitel connector: commands with their replies, and the events it saw. */
class WebitelClient {
  events = [];
  /** Channels of calls its user asked for. */
  asked = new Set();
  #waiting = new Map();

  async start({ url, account, secret, phone }) {
    this.#socket = new WebSocket(url);
    this.#socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    await new Promise((resolve, reject) => {
      this.#socket.onopen = resolve;
      this.#socket.onerror = () => reject(new Error("no connection"));
    });
    this.account = account;
    this.phone = phone;
    const greeted = await this.do("auth", { account, secret });
    await this.do("login");
    return greeted;
  }

  #socket;

  #hear(frame) {
    if (!frame["webitel-event-name"]) {
      this.#waiting.get(frame["exec-uuid"])?.(frame);
      return;
    }
    this.events.push(frame);
    // The library answers what its user asked for.
    if (frame["Event-Name"] === "CHANNEL_CREATE" && frame.variable_w_jsclient_originate_number) {
      this.asked.add(frame["Unique-ID"]);
      if (this.phone?.calls.has(frame["Unique-ID"])) void this.phone.answer(frame["Unique-ID"]);
    }
  }

  do(name, args) {
    const id = window.crypto.randomUUID();
    this.#socket.send(JSON.stringify({ "exec-uuid": id, "exec-func": name, ...(args && { "exec-args": args }) }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}

/** SignalWire's client with the few things a page does around it: it keeps its session by itself, and its calls with it. */
class RecoveringPhone {
  notes = [];

  async start({ url, login, password }) {
    this.client = new VertoClient({ host: url, login, passwd: password });
    this.client.iceServers = [];
    await this.client.setAudioSettings(RAW.audio);
    this.client.disableWebcam();
    this.client.remoteElement = document.body.appendChild(Object.assign(document.createElement("audio"), { autoplay: true }));
    const ready = new Promise((resolve) => this.client.on("signalwire.ready", resolve));
    this.client.on("signalwire.notification", ({ type, call, ...more }) => {
      this.notes.push({ type, id: call?.id, state: call?.state, ...JSON.parse(JSON.stringify(more)) });
    });
    this.client.connect();
    await ready;
  }

  call(number) {
    return this.client.newCall({ destinationNumber: number }).id;
  }

  do(verb, ...args) {
    return Object.values(this.client.calls)[0]?.[verb](...args);
  }

  state() {
    return Object.values(this.client.calls).map(({ id, state, role, extension }) => ({ id, state, role, extension }));
  }
}

globalThis.startRecovering = async (options) => {
  globalThis.recovering = new RecoveringPhone();
  await globalThis.recovering.start(options);
};

globalThis.startVerto = async (options) => {
  globalThis.verto = new VertoPhone();
  await globalThis.verto.start(options);
};

globalThis.startWebitel = async (options) => {
  globalThis.webitel = new WebitelClient();
  return globalThis.webitel.start({ ...options, phone: globalThis.verto });
};
