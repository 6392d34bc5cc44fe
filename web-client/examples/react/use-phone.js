import { useEffect, useReducer, useState } from 'react';
import { RingdownClient } from 'ringdown-client';

/** A client for as long as the component is there. It is destroyed with it: no socket, timer or device is left. */
export const usePhone = ({ server, token }) => {
  const [client, setClient] = useState(null);
  const [, redraw] = useReducer((count) => count + 1, 0);

  useEffect(() => {
    if (!token) return undefined;
    const made = new RingdownClient({ server, token });
    for (const event of ['state', 'callEnded', 'directory', 'presence']) made.on(event, redraw);
    made.on('call', (call) => {
      for (const event of ['state', 'held', 'mute', 'peer']) call.on(event, redraw);
      redraw();
    });
    made.connect().catch(() => redraw());
    setClient(made);
    return () => made.destroy();
  }, [server, token]);

  return client;
};
