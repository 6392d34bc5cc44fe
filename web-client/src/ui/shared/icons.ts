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
  check: line(svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`),
  more: solid(svg`<circle cx="5.5" cy="12" r="1.8"/><circle cx="12" cy="12" r="1.8"/><circle cx="18.5" cy="12" r="1.8"/>`),
  add: line(svg`<path d="M12 5v14M5 12h14"/>`),
  addPerson: line(svg`<circle cx="10" cy="8.5" r="3.6"/><path d="M3.5 20c.5-3.6 3.1-5.6 6.5-5.6 1.5 0 2.9.4 4 1.2M18 13.5v7M14.5 17h7"/>`),
  transfer: line(svg`<path d="M4 12h13M12.5 6.5 18 12l-5.5 5.5M21 5v14"/>`),
  swap: line(svg`<path d="M7 20V5M3 9l4-4 4 4M17 4v15M13 15l4 4 4-4"/>`),
  merge: line(svg`<path d="M12 20v-8M12 12C12 8 9 8 6 4M12 12c0-4 3-4 6-8M5 8.5V3.8h4.6M19 8.5V3.8h-4.6"/>`),
  park: line(svg`<rect x="3.8" y="3.8" width="16.4" height="16.4" rx="4.5"/><path d="M10 17V7.5h3a2.9 2.9 0 0 1 0 5.8h-3"/>`),
  record: line(svg`<circle cx="12" cy="12" r="8.4"/><circle cx="12" cy="12" r="3.6" fill="currentColor"/>`),
  lock: line(svg`<rect x="5" y="10.5" width="14" height="9.5" rx="2.5"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5"/>`),
  unlock: line(svg`<rect x="5" y="10.5" width="14" height="9.5" rx="2.5"/><path d="M8 10.5V8a4 4 0 0 1 7.6-1.8"/>`),
  remove: line(svg`<circle cx="10" cy="8.5" r="3.6"/><path d="M3.5 20c.5-3.6 3.1-5.6 6.5-5.6s6 2 6.5 5.6M16.5 10.5h5"/>`),
  moveHere: line(svg`<rect x="3.5" y="5" width="17" height="12" rx="2.2"/><path d="M9 20.5h6M12 8v6M9.3 11.5 12 14.2l2.7-2.7"/>`),
  chat: line(svg`<path d="M12 4.2c5 0 8.8 3.2 8.8 7.3s-3.8 7.3-8.8 7.3c-1 0-2-.1-2.9-.4L4.4 20l1.2-3.5c-1.5-1.3-2.4-3-2.4-5 0-4.1 3.8-7.3 8.8-7.3Z"/>`),
  send: line(svg`<path d="M4.5 12 4 4.5 20.5 12 4 19.5ZM4.5 12H12"/>`),
  attach: line(svg`<path d="m20 11.5-8 8a5 5 0 0 1-7.1-7.1l8.4-8.3a3.4 3.4 0 0 1 4.8 4.8l-8.3 8.2a1.7 1.7 0 0 1-2.4-2.4l7.6-7.5"/>`),
  file: line(svg`<path d="M13.5 3.5h-6A2 2 0 0 0 5.5 5.5v13a2 2 0 0 0 2 2h9a2 2 0 0 0 2-2v-10ZM13.5 3.5v5h5"/>`),
  download: line(svg`<path d="M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14"/>`),
  edit: line(svg`<path d="m4.5 19.5 1-4.2L16 4.8a1.9 1.9 0 0 1 2.7 0l.5.5a1.9 1.9 0 0 1 0 2.7L8.7 18.5Z"/>`),
  trash: line(svg`<path d="M5 7h14M10 4h4M7 7l.8 11.2A2 2 0 0 0 9.8 20h4.4a2 2 0 0 0 2-1.8L17 7M10.3 10.5v6M13.7 10.5v6"/>`),
  star: line(svg`<path d="m12 3.8 2.5 5.1 5.6.8-4 4 .9 5.6-5-2.7-5 2.7.9-5.6-4-4 5.6-.8Z"/>`),
  starred: solid(svg`<path d="m12 3 2.8 5.6 6.2.9-4.5 4.4 1.1 6.2-5.6-3-5.6 3 1.1-6.2L3 9.5l6.2-.9Z"/>`),
  voicemail: line(svg`<circle cx="6.5" cy="12" r="3.7"/><circle cx="17.5" cy="12" r="3.7"/><path d="M6.5 15.7h11"/>`),
  forward: line(svg`<path d="M4 18v-3a5 5 0 0 1 5-5h10M14.5 5 20 10l-5.5 5"/>`),
  bell: line(svg`<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15ZM10 20.5h4"/>`),
  bellOff: line(svg`<path d="M6 16.5V11c0-1 .2-1.9.6-2.7M9 5.8A6 6 0 0 1 18 11v3.5M16 18H4.5L6 16.5M10 20.5h4M4 4l16 16"/>`),
  moon: line(svg`<path d="M19.8 14.2A8.2 8.2 0 0 1 9.8 4.2a8.2 8.2 0 1 0 10 10Z"/>`),
  clock: line(svg`<circle cx="12" cy="12" r="8.4"/><path d="M12 7.5V12l3 2"/>`),
  language: line(svg`<circle cx="12" cy="12" r="8.6"/><path d="M3.5 12h17M12 3.4c2.6 2.5 3.8 5.4 3.8 8.6s-1.2 6.1-3.8 8.6c-2.6-2.5-3.8-5.4-3.8-8.6s1.2-6.1 3.8-8.6Z"/>`),
  account: line(svg`<circle cx="12" cy="8.3" r="3.8"/><path d="M4.8 20c.6-3.7 3.4-5.8 7.2-5.8s6.6 2.1 7.2 5.8"/>`),
  info: line(svg`<circle cx="12" cy="12" r="8.6"/><path d="M12 11v5.2M12 7.8v.1"/>`),
  popOut: line(svg`<path d="M13.5 4.5h6v6M19 5l-8 8M10 5.5H6.5a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V14"/>`),
  shrink: line(svg`<path d="M10 4.5V10H4.5M14 19.5V14h5.5M10 10 4.5 4.5M14 14l5.5 5.5"/>`),
  videoOff: line(svg`<path d="M5 6.5A2 2 0 0 0 3 8.5v7a2 2 0 0 0 2 2h8.5a2 2 0 0 0 2-1.5M9 6.5h4.5a2 2 0 0 1 2 2V12M16 10.5l5-3v9l-3-1.8M3.5 3.5l17 17"/>`),
  signal: line(svg`<path d="M5 19v-4M10 19v-7M15 19V8.5M20 19V5"/>`),
  palette: line(svg`<circle cx="12" cy="12" r="8.6"/><path d="M12 3.4v17.2" /><path d="M12 3.4a8.6 8.6 0 0 1 0 17.2Z" fill="currentColor" stroke="none"/>`),
} as const satisfies Record<string, SVGTemplateResult>;

/** An icon's name. */
export type IconName = keyof typeof icons;
