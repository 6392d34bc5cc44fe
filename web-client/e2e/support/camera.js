// Runs in the page before its own scripts: keeps the page's peer connections for their statistics, lets a test choose
// the video codec the page offers, and has a screen to share that is a colour.

(() => {
  const peers = [];
  globalThis.__peers = peers;
  const Native = globalThis.RTCPeerConnection;
  /** The one video codec the page offers, such as `video/H264`; null for all. */
  globalThis.__videoCodec = null;

  class WatchedPeerConnection extends Native {
    constructor(...args) {
      super(...args);
      peers.push(this);
    }

    addTransceiver(kind, init) {
      const transceiver = super.addTransceiver(kind, init);
      const wanted = globalThis.__videoCodec;
      if (kind === "video" && wanted) {
        const helpers = ["video/rtx", "video/red", "video/ulpfec"];
        const { codecs } = globalThis.RTCRtpReceiver.getCapabilities("video");
        transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === wanted || helpers.includes(mimeType)));
      }
      return transceiver;
    }
  }
  globalThis.RTCPeerConnection = WatchedPeerConnection;

  /** The video streams that come in on the latest peer connection: codec and what was decoded. */
  globalThis.__videoIn = async () => {
    const report = await peers.at(-1).getStats();
    const all = [...report.values()];
    return all.filter(({ type, kind }) => type === "inbound-rtp" && kind === "video").map((stats) => ({
      mid: stats.mid,
      codec: report.get(stats.codecId)?.mimeType ?? "",
      decoded: stats.framesDecoded ?? 0,
      keyFrames: stats.keyFramesDecoded ?? 0,
      ssrc: stats.ssrc,
      lost: stats.packetsLost ?? 0,
    }));
  };

  if (globalThis.navigator.mediaDevices) {
    globalThis.navigator.mediaDevices.getDisplayMedia = async () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [640, 360];
      const context = canvas.getContext("2d");
      let at = 0;
      globalThis.setInterval(() => {
        context.fillStyle = "#00c000";
        context.fillRect(0, 0, 640, 360);
        context.fillStyle = "#ffffff";
        context.fillRect((at += 4) % 640, 0, 12, 360);
      }, 66);
      return canvas.captureStream(15);
    };
  }
})();
