// The network between a page and the server, which a test can cut.

import net from "node:net";

/** Opens an address that leads to `url` until it is cut. */
export async function openLine(url) {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  let cut = false;
  const server = net.createServer((near) => {
    const far = cut ? null : net.connect(Number(port), hostname);
    for (const socket of [near, far]) {
      socket?.on("error", () => socket.destroy());
      socket?.on("close", () => sockets.delete(socket));
      if (socket) sockets.add(socket);
    }
    if (!far) {
      near.destroy();
      return;
    }
    near.pipe(far).pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise((resolve) => server.listen(0, hostname, resolve));
  return {
    url: `http://${hostname}:${server.address().port}`,
    /** Breaks every connection, and refuses new ones until it is mended. */
    cut: () => {
      cut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => {
      cut = false;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
