// Icons, drawn on a 24 × 24 grid with a 1.8 stroke.
import { svg, type SVGTemplateResult } from 'lit';

const line = (paths: SVGTemplateResult): SVGTemplateResult => svg`
  <svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" stroke-width="1.8"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${paths}</svg>`;

const solid = (paths: SVGTemplateResult): SVGTemplateResult => svg`
  <svg viewBox="0 0 24 24" width="1em" height="1em" fill="currentColor" aria-hidden="true" focusable="false">${paths}</svg>`;

const HANDSET = 'M7 3.6 8.9 3c.6-.2 1.2.1 1.5.7l1.1 2.6c.2.5.1 1.1-.3 1.5L9.8 9.2a11.6 11.6 0 0 0 5 5l1.4-1.4c.4-.4 1-.5 1.5-.3l2.6 1.1c.6.3.9.9.7 1.5l-.6 1.9c-.3 1-1.1 1.6-2.1 1.6C10.700 18.200 5.800 13.300 5.400 5.700c0-1 .6-1.800 1.600-2.100Z';

export const icons = {
  phone: solid(svg`<path d=${HANDSET} transform="translate(-.6 1)"/>`),
  hangup: solid(svg`<path d=${HANDSET} transform="rotate(135 12 12) translate(-.6 1)"/>`),
  people: line(svg`<circle cx="9" cy="8.500" r="3.400"/><path d="M2.800 19.500c.5-3.400 3-5.300 6.200-5.300s5.700 1.900 6.200 5.300"/><path d="M15.800 5.400a3.200 3.200 0 0 1 0 6.200M17.800 14.600c1.900.7 3.100 2.300 3.400 4.900"/>`),
  keypad: solid(svg`<g>${[5.5, 12, 18.5].flatMap((y) => [5.5, 12, 18.5].map((x) => svg`<circle cx=${x} cy=${y} r="1.750"/>`))}</g>`),
  recent: line(svg`<circle cx="12" cy="12" r="8.700"/><path d="M12 7.200V12l3.200 2"/>`),
  settings: line(svg`<path d="M4 7h9M18 7h2M4 17h3M12 17h8"/><circle cx="15.500" cy="7" r="2.400"/><circle cx="9.500" cy="17" r="2.400"/>`),
  search: line(svg`<circle cx="10.800" cy="10.800" r="6.300"/><path d="m15.500 15.500 4.700 4.700"/>`),
  mic: line(svg`<rect x="9" y="3" width="6" height="11.500" rx="3"/><path d="M5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3"/>`),
  micOff: line(svg`<path d="M9 9V6a3 3 0 0 1 6-.3v5M15 13.600A3 3 0 0 1 9 12M5.500 11.500a6.500 6.500 0 0 0 10.700 5M18.500 11.500c0 .9-.2 1.700-.5 2.500M12 18v3M4 3.500l16 17"/>`),
  pause: solid(svg`<rect x="6.500" y="5" width="3.800" height="14" rx="1.300"/><rect x="13.700" y="5" width="3.800" height="14" rx="1.300"/>`),
  play: solid(svg`<path d="M8 5.600c0-1 1-1.600 1.900-1.100l9.500 5.900c.8.500.8 1.700 0 2.200l-9.500 5.900c-.9.500-1.900-.1-1.900-1.100Z"/>`),
  speaker: line(svg`<path d="M4 9.800v4.400h3.200L12 18.500v-13L7.200 9.800Z"/><path d="M15.500 9a4.200 4.200 0 0 1 0 6M18 6.500a7.800 7.800 0 0 1 0 11"/>`),
  mute: line(svg`<path d="M4 9.800v4.400h3.200L12 18.500v-13L7.200 9.800ZM16 9.700l4.600 4.600M20.600 9.700 16 14.300"/>`),
  backspace: line(svg`<path d="M9 5.500h10.500v13H9L3.500 12ZM12 9.500l5 5M17 9.500l-5 5"/>`),
  close: line(svg`<path d="m6 6 12 12M18 6 6 18"/>`),
  back: line(svg`<path d="m14.500 5.500-6.500 6.500 6.500 6.500"/>`),
  incoming: line(svg`<path d="M18 6 7 17M7 8.500V17h8.500"/>`),
  outgoing: line(svg`<path d="M6 18 17 7M8.500 7H17v8.500"/>`),
  missed: line(svg`<path d="m4 7 7.500 7.500L20 6M20 12V6h-6"/>`),
  offline: line(svg`<path d="M4 4l16 16M8.500 16a5 5 0 0 1 6.500-.5M5 12.500a10 10 0 0 1 4-2.300M13 9.700a10 10 0 0 1 6 2.800M2 9a14.500 14.500 0 0 1 4-2.500M10.500 5.200A14.500 14.500 0 0 1 22 9"/><circle cx="12" cy="19.300" r=".6"/>`),
  signOut: line(svg`<path d="M10 4H6a1.500 1.500 0 0 0-1.500 1.500v13A1.500 1.500 0 0 0 6 20h4M15 8l4 4-4 4M19 12H9.500"/>`),
  warning: line(svg`<path d="M12 4 2.800 19.500h18.400ZM12 10v4.500M12 17v.1"/>`),
  device: line(svg`<path d="M4.500 14v-2a7.500 7.500 0 0 1 15 0v2"/><rect x="3.500" y="13.500" width="4" height="6.500" rx="1.600"/><rect x="16.500" y="13.500" width="4" height="6.500" rx="1.600"/>`),
} as const satisfies Record<string, SVGTemplateResult>;
