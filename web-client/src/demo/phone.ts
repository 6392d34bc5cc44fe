// The phone in a window of its own.
import '../ui/index.js';
import { applyQuery } from './query.js';

const phone = document.querySelector('ringdown-phone');
if (phone) applyQuery(phone);
