// Counts what the library holds in a page: `held()`. Runs before the page's first script.
(() => {
  const held = { timers: new Set(), sockets: new Set(), contexts: new Set(), peers: new Set(), tracks: new Set(), listeners: new Map(), workers: new Set(), channels: new Set() };
  for (const [set, clear, repeats] of [["setTimeout", "clearTimeout", false], ["setInterval", "clearInterval", true]]) {
    const [begin, stop] = [globalThis[set], globalThis[clear]];
    globalThis[set] = (work, ms, ...rest) => {
      const id = begin(() => { if (!repeats) held.timers.delete(id); work(...rest); }, ms);
      held.timers.add(id);
      return id;
    };
    globalThis[clear] = (id) => { held.timers.delete(id); stop(id); };
  }
  const watch = (name, kind) => {
    const Original = globalThis[name];
    globalThis[name] = new Proxy(Original, { construct: (target, given) => { const made = new target(...given); held[kind].add(made); return made; } });
  };
  watch("WebSocket", "sockets");
  watch("AudioContext", "contexts");
  watch("RTCPeerConnection", "peers");
  watch("Worker", "workers");
  watch("BroadcastChannel", "channels");
  const [stopWorker, closeChannel] = [Worker.prototype.terminate, BroadcastChannel.prototype.close];
  Worker.prototype.terminate = function terminate() { held.workers.delete(this); stopWorker.call(this); };
  BroadcastChannel.prototype.close = function close() { held.channels.delete(this); closeChannel.call(this); };
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const take = (track) => { held.tracks.add(track); return track; };
  navigator.mediaDevices.getUserMedia = async (...given) => { const stream = await open(...given); stream.getTracks().forEach(take); return stream; };
  const clone = MediaStreamTrack.prototype.clone;
  MediaStreamTrack.prototype.clone = function cloned() { return take(clone.call(this)); };
  const [add, remove] = [EventTarget.prototype.addEventListener, EventTarget.prototype.removeEventListener];
  const lasting = (target) => target === globalThis || target === document || target === navigator.mediaDevices || target === navigator.connection;
  EventTarget.prototype.addEventListener = function added(type, listener, options) {
    // What drives the page listens too.
    if (lasting(this ?? globalThis) && listener && new Error().stack.includes('/ringdown-')) {
      const key = {};
      held.listeners.set(key, type);
      options?.signal?.addEventListener("abort", () => held.listeners.delete(key));
      listener.counted = key;
    }
    return add.call(this ?? globalThis, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function removed(type, listener, options) {
    if (lasting(this ?? globalThis)) held.listeners.delete(listener?.counted);
    return remove.call(this ?? globalThis, type, listener, options);
  };
  globalThis.held = () => ({
    timers: held.timers.size,
    sockets: [...held.sockets].filter(({ readyState }) => readyState < 2).length,
    contexts: [...held.contexts].filter(({ state }) => state !== "closed").length,
    peers: [...held.peers].filter(({ connectionState }) => connectionState !== "closed").length,
    tracks: [...held.tracks].filter(({ readyState }) => readyState === "live").length,
    workers: held.workers.size,
    channels: held.channels.size,
    listeners: [...held.listeners.values()].sort().join(" "),
    nodes: document.querySelectorAll("*").length,
    stored: sessionStorage.length,
  });
})();
