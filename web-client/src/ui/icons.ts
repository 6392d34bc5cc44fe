// Icons, drawn on a 24 × 24 grid with a 1.8 stroke.
import { svg, type SVGTemplateResult } from 'lit';

const line = (paths: SVGTemplateResult): SVGTemplateResult => svg`
  <svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" stroke-width="1.8"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${paths}</svg>`;

const solid = (paths: SVGTemplateResult): SVGTemplateResult => svg`
  <svg viewBox="0 0 24 24" width="1em" height="1em" fill="currentColor" aria-hidden="true" focusable="false">${paths}</svg>`;

const HANDSET = 'M7 3.6 8.9 3c.6-.2 1.2.1 1.5.7l1.1 2.6c.2.5.1 1.1-.3 1.5L9.8 9.2a11.6 11.6 0 0 0 5 5l1.4-1.4c.4-.4 1-.5 1.5-.3l2.6 1.1c.6.3.9.9.7 1.5l-.6 1.9c-.3 1-1.1 1.6-2.1 1.6C10.7 18.2 5.8 13.3 5.4 5.7c0-1 .6-1.8 1.6-2.1Z';

export const icons = {
  phone: solid(svg`<path d=${HANDSET} transform="translate(-2.9 -1.2) scale(1.22)"/>`),
  hangup: solid(svg`<path d=${HANDSET} transform="rotate(135 12 12) translate(-2.9 -1.2) scale(1.22)"/>`),
  people: line(svg`<circle cx="9" cy="8.5" r="3.4"/><path d="M2.8 19.5c.5-3.4 3-5.3 6.2-5.3s5.7 1.9 6.2 5.3"/><path d="M15.8 5.4a3.2 3.2 0 0 1 0 6.2M17.8 14.6c1.9.7 3.1 2.3 3.4 4.9"/>`),
  keypad: solid(svg`<g>${[5.5, 12, 18.5].flatMap((y) => [5.5, 12, 18.5].map((x) => svg`<circle cx=${x} cy=${y} r="1.75"/>`))}</g>`),
  recent: line(svg`<circle cx="12" cy="12" r="8.7"/><path d="M12 7.2V12l3.2 2"/>`),
  settings: line(svg`<path d="M4 7h9M18 7h2M4 17h3M12 17h8"/><circle cx="15.5" cy="7" r="2.4"/><circle cx="9.5" cy="17" r="2.4"/>`),
  search: line(svg`<circle cx="10.8" cy="10.8" r="6.3"/><path d="m15.5 15.5 4.7 4.7"/>`),
  mic: line(svg`<rect x="9" y="3" width="6" height="11.5" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>`),
  micOff: line(svg`<path d="M9 9V6a3 3 0 0 1 6-.3v5M15 13.6A3 3 0 0 1 9 12M5.5 11.5a6.5 6.5 0 0 0 10.7 5M18.5 11.5c0 .9-.2 1.7-.5 2.5M12 18v3M4 3.5l16 17"/>`),
  video: line(svg`<rect x="3" y="6.5" width="12" height="11" rx="2.4"/><path d="m15 10.8 5.8-3.2v8.8L15 13.2"/>`),
  screen: line(svg`<rect x="3" y="4.5" width="18" height="12.5" rx="2"/><path d="M9 20.5h6M12 13.5V8.3M9.4 10.7 12 8.1l2.6 2.6"/>`),
  full: line(svg`<path d="M4.5 9V4.5H9M15 4.5h4.5V9M19.5 15v4.5H15M9 19.5H4.5V15"/>`),
  pause: solid(svg`<rect x="6.5" y="5" width="3.8" height="14" rx="1.3"/><rect x="13.7" y="5" width="3.8" height="14" rx="1.3"/>`),
  play: solid(svg`<path d="M8 5.6c0-1 1-1.6 1.9-1.1l9.5 5.9c.8.5.8 1.7 0 2.2l-9.5 5.9c-.9.5-1.9-.1-1.9-1.1Z"/>`),
  speaker: line(svg`<path d="M4 9.8v4.4h3.2L12 18.5v-13L7.2 9.8Z"/><path d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11"/>`),
  mute: line(svg`<path d="M4 9.8v4.4h3.2L12 18.5v-13L7.2 9.8ZM16 9.7l4.6 4.6M20.6 9.7 16 14.3"/>`),
  backspace: line(svg`<path d="M9 5.5h10.5v13H9L3.5 12ZM12 9.5l5 5M17 9.5l-5 5"/>`),
  close: line(svg`<path d="m6 6 12 12M18 6 6 18"/>`),
  back: line(svg`<path d="m14.5 5.5-6.5 6.5 6.5 6.5"/>`),
  incoming: line(svg`<path d="M18 6 7 17M7 8.5V17h8.5"/>`),
  outgoing: line(svg`<path d="M6 18 17 7M8.5 7H17v8.5"/>`),
  missed: line(svg`<path d="m4 7 7.5 7.5L20 6M20 12V6h-6"/>`),
  offline: line(svg`<path d="M4 4l16 16M8.5 16a5 5 0 0 1 6.5-.5M5 12.5a10 10 0 0 1 4-2.3M13 9.7a10 10 0 0 1 6 2.8M2 9a14.5 14.5 0 0 1 4-2.5M10.5 5.2A14.5 14.5 0 0 1 22 9"/><circle cx="12" cy="19.3" r=".6"/>`),
  signOut: line(svg`<path d="M10 4H6a1.5 1.5 0 0 0-1.5 1.5v13A1.5 1.5 0 0 0 6 20h4M15 8l4 4-4 4M19 12H9.5"/>`),
  warning: line(svg`<path d="M12 4 2.8 19.5h18.4ZM12 10v4.5M12 17v.1"/>`),
  device: line(svg`<path d="M4.5 14v-2a7.5 7.5 0 0 1 15 0v2"/><rect x="3.5" y="13.5" width="4" height="6.5" rx="1.6"/><rect x="16.5" y="13.5" width="4" height="6.5" rx="1.6"/>`),
} as const satisfies Record<string, SVGTemplateResult>;
