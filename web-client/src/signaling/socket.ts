// The only file that touches WebSocket.

/** What a socket says. After `onClose` it says nothing more. */
export interface SocketHandlers {
  onOpen: () => void;
  onText: (text: string) => void;
  onClose: (code: number) => void;
}

/** An open or opening connection. */
export interface Socket {
  send(text: string): void;
  /** Closes at once; `onClose` is not called. */
  close(): void;
}

/** Opens a connection. */
export type OpenSocket = (url: string, handlers: SocketHandlers) => Socket;

/** Opens a WebSocket. */
export const openWebSocket: OpenSocket = (url, handlers) => {
  const socket = new WebSocket(url);
  let open = true;
  const closed = (code: number): void => {
    if (!open) return;
    open = false;
    handlers.onClose(code);
  };
  socket.onopen = () => {
    if (open) handlers.onOpen();
  };
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (open && typeof data === 'string') handlers.onText(data);
  };
  socket.onclose = ({ code }) => closed(code);
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      open = false;
      socket.close(1000);
    },
  };
};
