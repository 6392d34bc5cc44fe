// Runs in a page of its own: a telephone built on a public SIP library, as somebody outside the project would build it.
// Nothing in it knows Ringdown. Both libraries are driven by the same few verbs and tell what happens in `state`.

import JsSIP from "jssip";
import { Web } from "sip.js";

/** The microphone as it is: noise suppression takes a pure tone for noise. */
const RAW = { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false }, video: false };

// To see what arrives at a track that was held: Chromium records silence of it, and plays it.
const Native = RTCPeerConnection;
globalThis.RTCPeerConnection = class extends Native {
  constructor(...args) {
    super(...args);
    globalThis.latestConnection = this;
  }
};

/**
 * Chromium now and then plays a track at no volume that SIP.js disabled for a hold and enabled again while its stream
 * was made anew: packets arrive and are decoded, and nothing is heard. Enabling it once more sets the volume.
 */
const enableAgain = async () => {
  for (const { track } of globalThis.latestConnection.getReceivers()) {
    track.enabled = false;
    await new Promise((resolve) => setTimeout(resolve, 50));
    track.enabled = true;
  }
};

/** The mean power of what arrives in the next second: 1 is full scale. */
globalThis.powerOfNextSecond = async () => {
  const power = await measuredPower();
  if (power > 0) return power;
  await enableAgain();
  return measuredPower();
};

const measuredPower = async () => {
  const energy = async () => {
    for (const entry of (await globalThis.latestConnection.getStats()).values()) {
      if (entry.type === "inbound-rtp") return { energy: entry.totalAudioEnergy, seconds: entry.totalSamplesDuration };
    }
    return { energy: 0, seconds: 0 };
  };
  const before = await energy();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = await energy();
  return (after.energy - before.energy) / (after.seconds - before.seconds);
};

/** What the other side says is played: a page hears nothing otherwise, and neither does the test. */
const speaker = () => Object.assign(document.createElement("audio"), { autoplay: true });

const fresh = () => ({ registered: 0, disconnected: 0, call: "none", held: false, digits: "", refusal: "" });

/** JsSIP refuses while its last re-INVITE is under way. */
async function soon(accepted) {
  while (!accepted()) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** JsSIP. */
class JsSipPhone {
  state = fresh();
  #session;

  constructor({ server, user, password, realm }) {
    const socket = new JsSIP.WebSocketInterface(server);
    this.ua = new JsSIP.UA({
      sockets: [socket],
      uri: `sip:${user}@${realm}`,
      password,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 1,
    });
    this.realm = realm;
    this.ua.on("registered", () => this.state.registered++);
    this.ua.on("registrationFailed", ({ cause }) => (this.state.refusal = cause));
    this.ua.on("disconnected", () => this.state.disconnected++);
    this.ua.on("newRTCSession", ({ session, originator }) => this.#take(session, originator));
    this.ua.start();
  }

  #take(session, originator) {
    this.#session = session;
    this.state.call = originator === "remote" ? "incoming" : "calling";
    const play = (connection) => {
      const loud = speaker();
      connection.addEventListener("track", ({ streams, track }) => {
        loud.srcObject = streams[0] ?? new MediaStream([track]);
      });
    };
    if (session.connection) play(session.connection);
    else session.on("peerconnection", ({ peerconnection }) => play(peerconnection));
    session.on("progress", () => {
      if (originator === "local") this.state.call = "ringing";
    });
    session.on("accepted", () => (this.state.call = "active"));
    session.on("hold", () => (this.state.held = true));
    session.on("unhold", () => (this.state.held = false));
    session.on("newDTMF", ({ dtmf, originator: from }) => {
      if (from === "remote") this.state.digits += dtmf.tone;
    });
    session.on("ended", () => (this.state.call = "ended"));
    session.on("failed", ({ cause }) => {
      this.state.call = "ended";
      this.state.refusal = cause;
    });
  }

  call(number) {
    this.ua.call(`sip:${number}@${this.realm}`, { mediaConstraints: RAW, pcConfig: { iceServers: [] } });
  }

  answer() {
    this.#session.answer({ mediaConstraints: RAW, pcConfig: { iceServers: [] } });
  }

  hangup() {
    this.#session.terminate();
  }

  hold() {
    return soon(() => this.#session.hold());
  }

  unhold() {
    return soon(() => this.#session.unhold());
  }

  /** Renegotiates with new ICE credentials. */
  restartIce() {
    return new Promise((resolve) => {
      this.#session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, resolve);
    });
  }

  press(key) {
    this.#session.sendDTMF(key, { transportType: "RFC2833" });
  }
}

/** SIP.js, by its SimpleUser. */
class SipJsPhone {
  state = fresh();

  constructor({ server, user, password, realm }) {
    const state = this.state;
    this.realm = realm;
    this.user = new Web.SimpleUser(server, {
      aor: `sip:${user}@${realm}`,
      media: { constraints: RAW, remote: { audio: speaker() } },
      reconnectionAttempts: 10,
      reconnectionDelay: 1,
      userAgentOptions: {
        authorizationUsername: user,
        authorizationPassword: password,
        logBuiltinEnabled: false,
        sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration: { iceServers: [] } },
      },
      delegate: {
        onRegistered: () => state.registered++,
        onServerConnect: () => void this.user.register(),
        onServerDisconnect: () => state.disconnected++,
        onCallReceived: () => (state.call = "incoming"),
        onCallCreated: () => (state.call = "calling"),
        onCallAnswered: () => (state.call = "active"),
        onCallHangup: () => (state.call = "ended"),
        onCallHold: (held) => (state.held = held),
        onCallDTMFReceived: (tone) => (state.digits += tone),
      },
    });
    void this.user.connect();
  }

  call(number) {
    void this.user.call(`sip:${number}@${this.realm}`);
  }

  answer() {
    void this.user.answer();
  }

  hangup() {
    void this.user.hangup();
  }

  hold() {
    void this.user.hold();
  }

  unhold() {
    void this.user.unhold();
  }

  /** As SIP INFO: SimpleUser knows no other way. */
  press(key) {
    void this.user.sendDTMF(key);
  }
}

const KINDS = { jssip: JsSipPhone, sipjs: SipJsPhone };

globalThis.startSoftphone = (kind, options) => {
  globalThis.softphone = new KINDS[kind](options);
};
