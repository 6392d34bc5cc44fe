// Runs in the page before its own scripts: a headset and a laptop, each with a microphone that speaks a tone and a
// loudspeaker, which a test plugs in and out. The page does not know of it.

(() => {
  const TONES = { headset: 1800, laptop: 900 };
  let plugged = ["headset", "laptop"];
  const devices = globalThis.navigator.mediaDevices;
  const open = new Map();
  const stop = globalThis.MediaStreamTrack.prototype.stop;
  const NativeContext = globalThis.AudioContext;

  devices.enumerateDevices = async () => plugged.flatMap((id) => [
    { kind: "audioinput", deviceId: id, label: `The ${id}`, groupId: id },
    { kind: "audiooutput", deviceId: `${id}-out`, label: `The ${id}`, groupId: id },
  ]);

  devices.getUserMedia = async ({ audio }) => {
    const wanted = audio?.deviceId?.exact;
    const id = wanted === undefined ? plugged[0] : plugged.find((one) => one === wanted);
    if (!audio || id === undefined) throw new globalThis.DOMException("none", wanted === undefined ? "NotFoundError" : "OverconstrainedError");
    const context = new NativeContext();
    const tone = context.createOscillator();
    tone.frequency.value = TONES[id];
    const quieter = context.createGain();
    quieter.gain.value = 0.25;
    const end = context.createMediaStreamDestination();
    tone.connect(quieter).connect(end);
    tone.start();
    const [track] = end.stream.getAudioTracks();
    open.set(track, { id, context });
    track.stop = () => {
      stop.call(track);
      if (open.delete(track)) void context.close();
    };
    return end.stream;
  };

  /** Plugs these in, and nothing else. */
  globalThis.__plug = (ids) => {
    plugged = ids;
    for (const [track, { id }] of open) {
      if (ids.includes(id)) continue;
      track.stop();
      track.dispatchEvent(new globalThis.Event("ended"));
    }
    devices.dispatchEvent(new globalThis.Event("devicechange"));
  };

  // Which loudspeaker was asked for, by whom.
  const sinks = [];
  globalThis.__sinks = sinks;
  const gone = (id) => id !== "" && !plugged.some((one) => `${one}-out` === id);
  for (const [kind, owner] of [["element", globalThis.HTMLMediaElement], ["context", NativeContext]]) {
    owner.prototype.setSinkId = async (id) => {
      if (gone(id)) throw new globalThis.DOMException("none", "NotFoundError");
      sinks.push({ kind, id });
    };
  }
})();
