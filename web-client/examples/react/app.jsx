import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { SignIn } from 'ringdown-client/sign-in';
import { usePhone } from './use-phone.js';

const signIn = new SignIn({ server: '' });

const CallRow = ({ call }) => (
  <li>
    {call.peer.name || call.peer.number}: {call.state}
    {call.can.answer && <button onClick={() => call.answer()}>Answer</button>}
    {call.can.hold && <button onClick={() => call.hold()}>Hold</button>}
    {call.can.unhold && <button onClick={() => call.unhold()}>Take back</button>}
    {call.can.hangup && <button onClick={() => call.hangup()}>Hang up</button>}
  </li>
);

const Phone = ({ token }) => {
  const phone = usePhone({ server: '', token });
  if (phone?.state !== 'ready') return <p role="status">Connecting…</p>;
  return (
    <>
      <p role="status">Signed in as {phone.me.name}</p>
      <form onSubmit={(event) => { event.preventDefault(); phone.call(new FormData(event.target).get('number')); }}>
        <input name="number" placeholder="Number" required />
        <button>Call</button>
      </form>
      <ul>{phone.calls.map((call) => <CallRow key={call.id || 'placing'} call={call} />)}</ul>
    </>
  );
};

const App = () => {
  const [token, setToken] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    const { username, password } = Object.fromEntries(new FormData(event.target));
    await signIn.signIn(username, password);
    setToken(() => signIn.token);
  };
  if (token) return <Phone token={token} />;
  return (
    <form onSubmit={submit}>
      <input name="username" placeholder="Name" required />
      <input name="password" type="password" placeholder="Password" required />
      <button>Sign in</button>
    </form>
  );
};

createRoot(document.getElementById('app')).render(<><h1>A phone in React</h1><App /></>);
