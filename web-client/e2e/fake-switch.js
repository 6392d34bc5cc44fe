// The media of the fake server, in a browser page: a WebRTC peer per call that sends a tone.
const peers = new Map();
const socket = new WebSocket(`ws://${location.host}/switch`);
const tell = (message) => socket.send(JSON.stringify(message));

const open = (call) => {
  const peer = new RTCPeerConnection();
  peers.set(call, peer);
  const context = new AudioContext();
  const [tone, loudness, out] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
  loudness.gain.value = 0.2;
  tone.connect(loudness).connect(out);
  tone.start();
  peer.addTrack(out.stream.getAudioTracks()[0], out.stream);
  peer.onicecandidate = ({ candidate }) => tell({ type: 'candidate', call, candidate: candidate?.candidate || null });
  return peer;
};

socket.onmessage = async ({ data }) => {
  const { type, call, description, candidate } = JSON.parse(data);
  const peer = peers.get(call) ?? open(call);
  if (type === 'offer') {
    await peer.setLocalDescription(await peer.createOffer());
    tell({ type: 'incoming', call, description: peer.localDescription.toJSON() });
  } else if (type === 'describe') {
    await peer.setRemoteDescription(description);
    if (description.type === 'offer') {
      await peer.setLocalDescription(await peer.createAnswer());
      tell({ type: 'description', call, description: peer.localDescription.toJSON() });
    }
  } else if (type === 'candidate') {
    await peer.addIceCandidate({ candidate: candidate ?? '', sdpMLineIndex: 0 });
  } else if (type === 'close') {
    peer.close();
    peers.delete(call);
  }
};
