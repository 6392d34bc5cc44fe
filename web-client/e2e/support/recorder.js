// Runs in the page before its own scripts: records what every RTCPeerConnection of the page receives, as it would be
// heard, and when it was first heard; once asked to, also what the page itself plays. The page does not know of it.

(() => {
  const recordings = [];
  globalThis.__recordings = recordings;
  const Native = globalThis.RTCPeerConnection;
  const NativeContext = globalThis.AudioContext;
  const connect = globalThis.AudioNode.prototype.connect;

  // The moment of a click itself: a test's click first waits until the control stands still.
  globalThis.addEventListener("click", (event) => {
    globalThis.__clickedAt = globalThis.performance.timeOrigin + event.timeStamp;
  }, true);

  // Every track of the microphone, and the copies made of it.
  const microphones = [];
  globalThis.__microphones = microphones;
  const keep = (track) => {
    microphones.push(track);
    const clone = track.clone.bind(track);
    track.clone = () => keep(clone());
    return track;
  };
  const devices = globalThis.navigator.mediaDevices;
  const getUserMedia = devices?.getUserMedia.bind(devices);
  if (devices) {
    devices.getUserMedia = async (constraints) => {
      const stream = await getUserMedia(constraints);
      stream.getAudioTracks().forEach(keep);
      return stream;
    };
  }

  class RecordedPeerConnection extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener("track", (event) => {
        if (event.track.kind === "audio") record(event.track);
      });
    }
  }
  globalThis.RTCPeerConnection = RecordedPeerConnection;

  async function record(track) {
    const context = new NativeContext({ sampleRate: 48_000 });
    const recording = newRecording(context);
    recordings.push(recording);
    const node = await recorderNode(context, recording);
    connect.call(context.createMediaStreamSource(new MediaStream([track])), node);
    await context.resume();
  }

  const newRecording = (context) => ({ rate: context.sampleRate, blocks: [], startedAt: 0 });

  /** A node that writes down what is connected to it, and silence where nothing is. */
  async function recorderNode(context, recording) {
    const code = `registerProcessor("recorder", class extends AudioWorkletProcessor {
      process(inputs) {
        this.port.postMessage(inputs[0][0]?.slice() ?? new Float32Array(128));
        return true;
      }
    });`;
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    const node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 1 });
    node.port.onmessage = ({ data }) => {
      if (recording.blocks.length === 0) recording.startedAt = Date.now() - (data.length * 1000) / recording.rate;
      recording.blocks.push(data);
    };
    connect.call(node, context.destination);
    return node;
  }

  let pageContext = null;
  let played = null;
  globalThis.AudioContext = class extends NativeContext {
    constructor(...args) {
      super(...args);
      pageContext = this;
    }
  };

  /** Records what the page plays by its audio context from here on. */
  globalThis.__recordSpeaker = async () => {
    played = newRecording(pageContext);
    const node = await recorderNode(pageContext, played);
    globalThis.AudioNode.prototype.connect = function (target, ...rest) {
      if (target === pageContext.destination) connect.call(this, node);
      return connect.call(this, target, ...rest);
    };
  };

  /** A recording, the last unless another is named, as base64 of 16-bit samples; an empty one before there is any. */
  globalThis.__recorded = (which = recordings.length - 1) => {
    const recording = (which === "speaker" ? played : recordings[which]) ?? { rate: 48_000, startedAt: 0, blocks: [] };
    const length = recording.blocks.reduce((sum, block) => sum + block.length, 0);
    const samples = new Int16Array(length);
    let at = 0;
    for (const block of recording.blocks) {
      for (const sample of block) samples[at++] = Math.max(-1, Math.min(1, sample)) * 32_767;
    }
    const bytes = new Uint8Array(samples.buffer);
    let text = "";
    for (let start = 0; start < bytes.length; start += 0x8000) {
      text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
    }
    return { rate: recording.rate, startedAt: recording.startedAt, base64: btoa(text) };
  };
})();
