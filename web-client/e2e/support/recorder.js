// Runs in the page before its own scripts: records what every RTCPeerConnection of the page receives, as it would be
// heard, and when it was first heard. The page does not know of it.

(() => {
  const recordings = [];
  globalThis.__recordings = recordings;
  const Native = globalThis.RTCPeerConnection;

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
    const context = new AudioContext({ sampleRate: 48_000 });
    const recording = { rate: context.sampleRate, blocks: [], startedAt: 0, ended: false };
    recordings.push(recording);
    track.addEventListener("ended", () => (recording.ended = true));
    const code = `registerProcessor("recorder", class extends AudioWorkletProcessor {
      process(inputs) {
        const input = inputs[0][0];
        if (input) this.port.postMessage(input.slice());
        return true;
      }
    });`;
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    const node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 1 });
    node.port.onmessage = ({ data }) => {
      if (recording.blocks.length === 0) recording.startedAt = Date.now() - (data.length * 1000) / recording.rate;
      recording.blocks.push(data);
    };
    context.createMediaStreamSource(new MediaStream([track])).connect(node).connect(context.destination);
    await context.resume();
  }

  /** The last recording as base64 of 16-bit samples. */
  globalThis.__recorded = (index = recordings.length - 1) => {
    const recording = recordings[index];
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
