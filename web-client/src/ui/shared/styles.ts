// Colours, type and the parts that every view shares. Pages set the `--ringdown-*` properties to match their own look.
import { css } from 'lit';

/** Custom properties; `light-dark()` follows the page's or the widget's colour scheme. */
export const tokens = css`
  :host {
    color-scheme: light dark;
    --bg: var(--ringdown-background, light-dark(#f7f5f1, #12181a));
    --surface: var(--ringdown-surface, light-dark(#ffffff, #1d272a));
    --sunken: light-dark(#efece6, #263136);
    --line: light-dark(#e4e0d8, #2d393d);
    --ink: var(--ringdown-text, light-dark(#1c2528, #e9eeed));
    --soft: light-dark(#576368, #a3b1b3);
    --edge: light-dark(#8a8f8d, #6f8085);
    --accent: var(--ringdown-accent, light-dark(#16606a, #6fc5c5));
    --on-accent: var(--ringdown-on-accent, light-dark(#ffffff, #0a2023));
    --tint: light-dark(#e1eeed, #1f3a3d);
    --go: light-dark(#1c7f4f, #2f9465);
    --go-hover: light-dark(#17693f, #3aa876);
    --stop: light-dark(#c33d2c, #d9604f);
    --stop-hover: light-dark(#a63222, #e5786a);
    --stop-tint: light-dark(#fbe9e5, #40241f);
    --stop-text: light-dark(#9c2d1f, #f2a79b);
    --busy: light-dark(#c33d2c, #e5786a);
    --ring: light-dark(#b97a12, #e0aa4e);
    --warn-tint: light-dark(#faf0dc, #3a2f1a);
    --warn-text: light-dark(#6d4a07, #f0cf94);
    --shadow: light-dark(0 1px 2px rgb(38 33 20 / 7%), 0 1px 2px rgb(0 0 0 / 40%));
    --lift: light-dark(0 8px 28px rgb(38 33 20 / 16%), 0 8px 28px rgb(0 0 0 / 55%));
    --radius: 12px;
    --sheet: light-dark(0 18px 60px rgb(38 33 20 / 28%), 0 18px 60px rgb(0 0 0 / 70%));
    --veil: light-dark(rgb(28 37 40 / 32%), rgb(0 0 0 / 55%));
    --font: var(--ringdown-font, ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
  }
  :host([theme='light']) { color-scheme: light; }
  :host([theme='dark']) { color-scheme: dark; }
`;

/** People's pictures and the dots that tell their presence. */
const faces = css`
  .avatar { --h: 190; position: relative; isolation: isolate; display: grid; place-items: center; width: 40px; height: 40px; flex: none; border-radius: 50%;
    font-weight: 600; font-size: 14px; letter-spacing: .02em; user-select: none;
    background: light-dark(hsl(var(--h) 38% 87%), hsl(var(--h) 24% 27%)); color: light-dark(hsl(var(--h) 48% 25%), hsl(var(--h) 50% 86%)); }
  .avatar img { grid-area: 1 / 1; width: 100%; height: 100%; border-radius: 50%; object-fit: cover; }
  .avatar.large { width: 104px; height: 104px; font-size: 36px; font-weight: 500; }
  .avatar.large svg { font-size: 44px; }
  .avatar.tiny { width: 34px; height: 34px; font-size: 12px; }
  .h0 { --h: 188; } .h1 { --h: 24; } .h2 { --h: 262; } .h3 { --h: 140; } .h4 { --h: 342; } .h5 { --h: 214; } .h6 { --h: 48; } .h7 { --h: 304; }
  .dot { position: absolute; right: -1px; bottom: -1px; width: 13px; height: 13px; border-radius: 50%; border: 2px solid var(--at, var(--bg)); background: var(--go); }
  .avatar.large .dot { right: 5px; bottom: 5px; width: 22px; height: 22px; border-width: 4px; }
  .avatar.large .dot.on-call::after { inset: 5.5px 2px; }
  .dot.offline, .dot.asleep { background: var(--at, var(--bg)); box-shadow: inset 0 0 0 2px var(--soft); }
  .dot.on-call, .dot.dnd, .dot.busy { background: var(--busy); }
  .dot.on-call::after, .dot.dnd::after { content: ''; position: absolute; inset: 3.5px 1.5px; border-radius: 1px; background: var(--at, var(--bg)); }
  .dot.away { background: var(--bg); box-shadow: inset 0 0 0 3.5px var(--ring); }
  .dot.ringing { background: var(--ring); animation: pulse 1.2s ease-in-out infinite; }
`;

/** What every view starts from. */
export const base = [faces, css`
  *, *::before, *::after { box-sizing: border-box; }
  :host { font: 400 14px/1.45 var(--font); color: var(--ink); -webkit-font-smoothing: antialiased; }
  :host([hidden]), [hidden] { display: none !important; }
  h1, h2, h3, h4, p, ul, ol, dl, dd, fieldset { margin: 0; padding: 0; border: 0; }
  ul, ol { list-style: none; }
  svg { display: block; font-size: 20px; flex: none; }
  button, input, select, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
  h1:focus, h2:focus, h3:focus { outline: 0; }
  button { cursor: pointer; border: 0; background: none; padding: 0; -webkit-tap-highlight-color: transparent; touch-action: manipulation; }
  button:disabled { cursor: default; opacity: .45; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  .soft { color: var(--soft); }
  .sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .clip { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
  .digits { font-variant-numeric: tabular-nums; }

  .button { display: inline-flex; align-items: center; justify-content: center; gap: 8px; min-height: 40px; padding: 0 16px;
    border-radius: 10px; font-weight: 600; background: var(--sunken); transition: background-color .15s, transform .1s; }
  .button:hover:not(:disabled) { background: color-mix(in srgb, var(--sunken), var(--ink) 8%); }
  .button:active:not(:disabled) { transform: scale(.98); }
  .button.primary { background: var(--accent); color: var(--on-accent); }
  .button.primary:hover:not(:disabled) { background: color-mix(in srgb, var(--accent), var(--ink) 14%); }
  .button.danger { background: var(--stop-tint); color: var(--stop-text); }
  .button.quiet { background: none; color: var(--accent); }
  .button.quiet:hover:not(:disabled) { background: var(--tint); }
  .button.wide { width: 100%; }
  .button.small { min-height: 32px; padding: 0 12px; font-size: 13px; border-radius: 8px; }
  .round { display: inline-grid; place-items: center; width: 40px; height: 40px; border-radius: 50%; flex: none;
    transition: background-color .15s, color .15s, transform .1s; }
  .round:hover:not(:disabled) { background: var(--sunken); }
  .round:active:not(:disabled) { transform: scale(.94); }
  .round.go, .round.stop { width: 64px; height: 64px; color: #fff; box-shadow: var(--shadow); }
  .round.go { background: var(--go); } .round.go:hover:not(:disabled) { background: var(--go-hover); }
  .round.stop { background: var(--stop); } .round.stop:hover:not(:disabled) { background: var(--stop-hover); }
  .round.go svg, .round.stop svg { font-size: 28px; }
  .field { display: block; width: 100%; min-height: 42px; padding: 0 12px; border-radius: 10px; border: 1px solid var(--edge);
    background: var(--surface); transition: border-color .15s; }
  .field::placeholder { color: var(--soft); opacity: 1; }
  .field:focus { outline: 2px solid var(--accent); outline-offset: -1px; border-color: transparent; }

  .row { display: flex; align-items: center; gap: 12px; width: 100%; min-height: 54px; padding: 7px 8px; border-radius: var(--radius); text-align: start; --at: var(--bg); }
  .row:hover, .row:focus-within, .row[aria-current='true'] { background: var(--sunken); --at: var(--sunken); }
  .row > .text { flex: 1; min-width: 0; line-height: 1.35; }
  .row .title { display: block; font-weight: 550; }
  .row .more { display: flex; align-items: center; gap: 6px; font-size: 13px; color: var(--soft); }
  .row .end { flex: none; display: flex; align-items: center; gap: 2px; font-size: 12px; color: var(--soft); white-space: nowrap; }

  .badge { display: inline-grid; place-items: center; min-width: 18px; height: 18px; padding: 0 5px; border-radius: 99px; background: var(--stop); color: light-dark(#fff, #1d0c09);
    font-size: 11px; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1; }

  .formrow { display: grid; gap: 5px; }
  .formrow > label, .formrow > .label { font-weight: 550; font-size: 13px; }
  .formrow .hint { font-size: 12.5px; color: var(--soft); }
  .formrow .wrong { font-size: 12.5px; color: var(--stop-text); }
  select.field { appearance: none; padding-inline-end: 34px; text-overflow: ellipsis;
    background: linear-gradient(45deg, transparent 50%, var(--soft) 50%) no-repeat right 17px center / 5px 5px,
      linear-gradient(-45deg, transparent 50%, var(--soft) 50%) no-repeat right 12px center / 5px 5px, var(--surface); }

  .switch { display: flex; align-items: center; gap: 12px; width: 100%; min-height: 44px; text-align: start; }
  .switch > span { flex: 1; min-width: 0; }
  .switch small { display: block; font-size: 12.5px; color: var(--soft); }
  .switch::after { content: ''; flex: none; width: 40px; height: 24px; border-radius: 99px; background: var(--edge); transition: background-color .15s;
    background-image: radial-gradient(circle at 12px 12px, #fff 8.5px, transparent 9px); }
  .switch[aria-checked='true']::after { background-color: var(--accent); background-image: radial-gradient(circle at 28px 12px, var(--on-accent) 8.5px, transparent 9px); }
  .switch:hover:not(:disabled)::after { filter: brightness(1.08); }

  .card { padding: 14px 16px; border-radius: 16px; background: var(--surface); box-shadow: var(--shadow); }
  .card + .card { margin-top: 12px; }
  .heading { font-size: 12.5px; font-weight: 600; color: var(--soft); }
  .scroll { overflow-y: auto; scrollbar-width: thin; scrollbar-color: var(--line) transparent; overscroll-behavior: contain; }

  .notice { display: flex; align-items: flex-start; gap: 10px; margin: 0 12px 8px; padding: 10px 12px; border-radius: var(--radius); background: var(--warn-tint); color: var(--warn-text); font-size: 13px; line-height: 1.4; animation: rise .2s ease-out; }
  .notice svg { margin-top: 1px; font-size: 18px; }
  .notice > div { flex: 1; min-width: 0; }
  .notice b { display: block; font-weight: 600; }
  .notice:not(:has(b)) { align-items: center; } .notice:not(:has(b)) svg { margin: 0; }
  .notice.stop { background: var(--stop-tint); color: var(--stop-text); }
  .notice.calm { background: var(--tint); color: var(--ink); }
  .notice .button { background: color-mix(in srgb, currentColor 14%, transparent); min-height: 30px; align-self: center; white-space: nowrap; }

  .empty { display: grid; justify-items: center; gap: 6px; padding: 48px 24px; text-align: center; color: var(--soft); }
  .empty svg { font-size: 32px; opacity: .7; }
  @keyframes pulse { 50% { opacity: .35; } }
  @keyframes turn { to { transform: rotate(1turn); } }
  .spinner { width: 30px; height: 30px; border-radius: 50%; border: 3px solid var(--line); border-top-color: var(--accent); animation: turn .9s linear infinite; }
  @keyframes rise { from { opacity: 0; transform: translateY(6px); } }
  @media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation: none !important; transition: none !important; } }
  @media (forced-colors: active) { .dot, .round.go, .round.stop, .button { forced-color-adjust: none; } }
`];
