const phone = document.querySelector('ringdown-phone');
const status = document.getElementById('status');

// Click to call: the contact travels with the call, to the other side as well.
for (const button of document.querySelectorAll('[data-number]')) {
  button.addEventListener('click', () => phone.call(button.dataset.number, { contact: button.dataset.contact }));
}

// Screen pop: who calls, and what their side sent along.
document.addEventListener('ringdown:incoming', ({ detail }) => {
  status.textContent = `${detail.name || detail.number} calls about contact ${detail.variables.contact ?? 'unknown'}`;
});

// A call record.
document.addEventListener('ringdown:ended', ({ detail }) => {
  status.textContent = `Call ${detail.callId} with ${detail.number}: ${detail.reason}, ${Math.round(detail.durationMs / 1000)} s`;
});
