// The phone in a window of its own.
import '../ui/index.js';
import { applyQuery } from './query.js';

const phone = document.querySelector('ringdown-phone');
if (phone) applyQuery(phone);

// The whole page is the phone: it speaks its language.
document.addEventListener('ringdown:language', (event) => {
  document.documentElement.lang = (event as CustomEvent<{ readonly language: string }>).detail.language;
});
