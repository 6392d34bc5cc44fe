// In your page: import … from 'https://pbx.example/ringdown-client.js', and that address for `server`.
import { RingdownClient } from '../../../ringdown-client.js';
import { SignIn } from '../../../ringdown-sign-in.js';

const [signInForm, dialForm, status, list] = ['sign-in', 'dial', 'status', 'calls'].map((id) => document.getElementById(id));
const signIn = new SignIn({ server: '' });
const client = new RingdownClient({ server: '', token: signIn.token });
const tell = (text) => { status.textContent = text; };

signInForm.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(signInForm));
  try {
    await signIn.signIn(username, password);
    await client.connect();
    signInForm.hidden = true;
    dialForm.hidden = false;
    tell(`Signed in as ${client.me.name}`);
  } catch (error) {
    tell(`${error.message} ${error.solutions?.join(' ') ?? ''}`);
  }
});

dialForm.addEventListener('submit', (event) => {
  event.preventDefault();
  client.call(new FormData(dialForm).get('number')).catch((error) => tell(error.message));
});

client.on('incoming', (call) => {
  client.audio.startRinging();
  call.on('state', () => client.audio.stopRinging());
});

client.on('error', (error) => tell(error.message));

// One row for each call, with a button for everything that makes sense at the moment.
client.on('call', (call) => {
  const row = document.createElement('li');
  list.append(row);
  const draw = () => {
    const button = (label, may, act) => (may ? [Object.assign(document.createElement('button'), { textContent: label, onclick: () => act().catch((error) => tell(error.message)) })] : []);
    row.replaceChildren(`${call.peer.name || call.peer.number}: ${call.state} `,
      ...button('Answer', call.can.answer, () => call.answer()),
      ...button('Hold', call.can.hold, () => call.hold()),
      ...button('Take back', call.can.unhold, () => call.unhold()),
      ...button('Hang up', call.can.hangup, () => call.hangup()));
  };
  for (const event of ['state', 'held', 'peer']) call.on(event, draw);
  call.on('ended', ({ reason }) => { row.remove(); tell(`Call ended: ${reason}`); });
  draw();
});
