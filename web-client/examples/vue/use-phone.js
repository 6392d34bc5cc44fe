import { onScopeDispose, shallowRef, triggerRef } from 'vue';
import { RingdownClient } from 'ringdown-client';

/** A client for as long as the component is there. `phone.value` redraws whatever changes. */
export const usePhone = (options) => {
  const client = new RingdownClient(options);
  const phone = shallowRef(client);
  const redraw = () => triggerRef(phone);
  for (const event of ['state', 'callEnded', 'directory', 'presence']) client.on(event, redraw);
  client.on('call', (call) => {
    for (const event of ['state', 'held', 'mute', 'peer']) call.on(event, redraw);
    redraw();
  });
  onScopeDispose(() => client.destroy());
  return phone;
};
