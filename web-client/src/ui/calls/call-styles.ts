// How a call looks: who, what goes on, what can be done; beside a picture, in a narrow column, on a wide page.
import { css } from 'lit';

export const callStyles = css`
  :host { display: block; min-height: 0; container: call / size; --at: var(--bg); }
  .call { display: grid; grid-template: auto minmax(0, 1fr) auto auto / minmax(0, 1fr); justify-items: center; gap: 14px; height: 100%; min-height: 0; padding: 4px 16px max(20px, 4cqh); overflow-y: auto; text-align: center; }

  .others { display: grid; grid-template-columns: minmax(0, 1fr); gap: 6px; width: 100%; max-width: 460px; }
  .others:empty { display: none; }
  .call > .others { grid-row: 1; } .call > .who { grid-row: 2; } .call > .tools { grid-row: 3; } .call > .hangup { grid-row: 4; }
  .other { padding: 6px 6px 6px 10px; border-radius: var(--radius); background: var(--surface); box-shadow: var(--shadow); text-align: start; font-size: 13px; animation: rise .18s ease-out; }
  .line { display: flex; align-items: center; gap: 8px; }
  .line .text { flex: 1; min-width: 0; line-height: 1.3; }
  .line .text b { display: block; font-weight: 600; }
  .line .text span { display: flex; align-items: center; gap: 4px; font-size: 12.5px; }
  .line .text svg { font-size: 13px; }
  .line .button svg { font-size: 16px; }
  .ask { margin: 6px 0 2px; padding-inline-end: 4px; }
  .ask .button { flex: 1; min-width: 0; min-height: 36px; padding: 4px 8px; line-height: 1.2; }

  .who { display: grid; align-content: center; justify-items: center; gap: 3px; width: 100%; min-height: 0; }
  .who > .avatar { margin-bottom: 14px; transition: filter .3s; }
  .held > .avatar { filter: saturate(.2) opacity(.6); }
  h2 { max-width: 100%; min-height: 1.25em; font-size: 22px; font-weight: 600; letter-spacing: -.01em; line-height: 1.25; }
  .facts { display: flex; flex-wrap: wrap; justify-content: center; gap: 6px; margin-top: 8px; min-height: 28px; }
  .status { display: inline-flex; align-items: center; gap: 6px; padding: 3px 12px; border-radius: 99px; background: var(--sunken); font-weight: 550; font-size: 13.5px; min-height: 28px; }
  .status svg { font-size: 13px; }
  .status.hold, .status.mend { background: var(--warn-tint); color: var(--warn-text); }
  .status.rec { background: var(--stop-tint); color: var(--stop-text); }
  .status.rec::before { content: ''; width: 8px; height: 8px; border-radius: 50%; background: currentColor; animation: pulse 1.6s ease-in-out infinite; }
  .hint { margin-top: 6px; padding: 3px 12px; border-radius: 12px; background: var(--warn-tint); color: var(--warn-text); font-size: 12.5px; text-wrap: balance; }
  .hint:empty { display: none; }
  .levels { display: flex; gap: 18px; margin-top: 10px; font-size: 12px; color: var(--soft); min-height: 18px; }
  .levels span { display: inline-flex; align-items: center; gap: 7px; }

  /* With something open beside them, name and state make room. */
  .compact { align-content: start; grid-template-rows: auto auto auto minmax(0, 1fr); gap: 0; height: 100%; }
  .compact > .avatar, .compact > .number, .compact > .levels { display: none; }
  .compact h2 { font-size: 17px; }
  .compact .facts { margin: 4px 0 8px; }
  .panel { grid-row: 4; width: 100%; max-width: 460px; min-height: 0; overflow-y: auto; display: flex; flex-direction: column; text-align: start; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
  .panel > ringdown-keys { margin: auto; }
  .who > ringdown-room { grid-row: 4; height: 100%; }

  .tools { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 10px 4px; width: 100%; max-width: 380px; }
  .tool { position: relative; display: grid; justify-items: center; gap: 6px; min-width: 0; width: 100%; padding: 2px 0; font-size: 12px; line-height: 1.25; color: var(--soft); border-radius: var(--radius); }
  .tool .word { max-width: 100%; padding: 0 1px; }
  .tool i { position: relative; display: grid; place-items: center; width: 48px; height: 48px; border-radius: 50%; background: var(--surface); box-shadow: var(--shadow); color: var(--ink); font-style: normal; transition: background-color .15s, color .15s, transform .1s; }
  .tool i svg { font-size: 22px; }
  .tool .badge { position: absolute; inset: -2px -4px auto auto; }
  .tool:hover:not(:disabled, [aria-pressed='true'], [aria-expanded='true']) i { background: color-mix(in srgb, var(--surface), var(--accent) 10%); }
  .tool:focus-visible { outline: 0; } .tool:focus-visible i { outline: 2px solid var(--accent); outline-offset: 2px; }
  .tool:active:not(:disabled) i { transform: scale(.94); }
  .tool:disabled { opacity: 1; color: color-mix(in srgb, var(--soft), var(--bg) 35%); } .tool:disabled i { opacity: .42; }
  .tool[aria-pressed='true'] i, .tool[aria-expanded='true'] i { background: var(--accent); color: var(--on-accent); }
  .tool[aria-pressed='true'], .tool[aria-expanded='true'] { color: var(--ink); font-weight: 550; }
  .tool-menu { display: block; min-width: 0; }
  .tool-menu::part(opener) { width: 100%; min-width: 0; min-height: 0; border-radius: var(--radius); background: none; }
  .hangup { width: 60px; height: 60px; }

  .side { display: none; }

  /* A picture takes the room; what can be done is a row beneath it. */
  .video { grid-template: auto auto minmax(0, 1fr) auto / minmax(0, 1fr) auto; gap: 8px 10px; padding: 4px 12px 12px; }
  .video > .others, .video > .who, .video > ringdown-video, .video > .panel { grid-column: 1 / -1; }
  .video > .who { display: flex; flex-wrap: wrap; align-items: center; justify-content: center; gap: 4px 10px; height: auto; }
  .video > .who h2 { font-size: 15px; min-width: 0; }
  .video > .who .facts { margin: 0; }
  .video > .who .hint { margin: 0; }
  .video > .who > .avatar, .video .levels, .video .number { display: none; }
  .compact > ringdown-pin { align-self: start; justify-self: center; }
  .call.video > .who { grid-row: 2; } .video > ringdown-video, .video > .panel { grid-row: 3; } .video > .bar { grid-row: 4; }
  .video > .panel { place-self: stretch center; }
  .dock { display: flex; justify-content: center; gap: 8px; max-width: none; align-self: center; }
  .dock .tool { width: auto; }
  .dock .tool i { width: 44px; height: 44px; }
  .dock .word { display: none; }
  .video .hangup { width: 44px; height: 44px; align-self: center; }
  .video .hangup svg { font-size: 22px; }
  .video > .bar { grid-column: 1 / -1; display: flex; align-items: center; justify-content: center; gap: 8px; width: 100%; }
  .video > .bar .tools { width: auto; }

  @container call (max-height: 520px) {
    .call { gap: 10px; padding-bottom: 12px; }
    .tool i { width: 42px; height: 42px; } .tool { gap: 4px; font-size: 11.5px; } .tools { row-gap: 6px; }
    .hangup { width: 52px; height: 52px; }
    .who > .avatar.large { width: 76px; height: 76px; font-size: 27px; margin-bottom: 8px; }
  }
  @container call (max-height: 560px) { .busy > .who > .avatar.large { display: none; } .busy > .who { gap: 0; } .busy > .who h2 { font-size: 19px; } }
  @container call (max-height: 620px) { .open > .tools > :nth-child(n + 5) { display: none; } }
  /* Magnified four times: nothing lies over anything else, and all of it is scrolled to. */
  @container call (max-height: 430px) {
    .who > .avatar.large, .levels { display: none; }
    .call:not(.video) { grid-template-rows: auto minmax(min-content, 1fr) auto auto; }
    .call:not(.video) > .who { height: auto; min-height: min-content; }
    .call:not(.video) > .compact { grid-template-rows: auto auto auto auto; }
  }
  @media (forced-colors: active) {
    .tool i { border: 1px solid ButtonText; }
    .tool[aria-pressed='true'] i, .tool[aria-expanded='true'] i { forced-color-adjust: none; border-color: Highlight; background: Highlight; color: HighlightText; }
  }
  @container call (max-width: 400px) { .swap { padding: 0 8px; } .swap span { display: none; } }
  @container call (min-width: 600px) {
    .tools.full { grid-template-columns: repeat(9, minmax(0, 1fr)); max-width: 720px; }
    .call { padding-inline: 28px; }
    h2 { font-size: 26px; }
    .who > .avatar.large { width: 132px; height: 132px; font-size: 44px; }
    .compact h2 { font-size: 20px; }
  }
  /* What is opened stands beside the call. */
  @container call (min-width: 860px) {
    .call.aside { grid-template-columns: minmax(0, 1fr) 360px; }
    .call.aside > * { grid-column: 1; }
    .call.aside > .side { display: flex; flex-direction: column; grid-area: 1 / 2 / -1 / 3; width: 100%; min-height: 0; padding: 16px; border-radius: 20px; background: var(--surface); box-shadow: var(--shadow); overflow-y: auto; text-align: start; --at: var(--surface); }
    .call.aside.video > .others, .call.aside.video > .who, .call.aside.video > ringdown-video, .call.aside.video > .bar { grid-column: 1; }
  }
`;
