// How the widget's frame looks: header, notices, list, stage, navigation, words at the lower edge.
import { css } from 'lit';

export const phoneStyles = css`
  :host { display: block; position: relative; height: 100%; min-width: 280px; min-height: 360px; overflow: hidden; background: var(--bg); container: phone / inline-size; --at: var(--bg); }
  .frame { display: grid; grid-template: auto auto minmax(0, 1fr) auto / minmax(0, 1fr); grid-template-areas: 'head' 'top' 'body' 'nav'; height: 100%; }
  .frame > .full { grid-area: 1 / 1 / -1 / -1; }
  header { grid-area: head; display: flex; align-items: center; gap: 4px; padding: 10px 8px 8px 12px; min-width: 0; }
  header > .me { flex: 1; min-width: 0; }
  .me { display: flex; align-items: center; gap: 11px; line-height: 1.3; padding-inline-start: 4px; }
  .me > div { min-width: 0; }
  .me b { display: block; font-weight: 600; }
  .me span.soft { display: block; font-size: 12.5px; }
  header .round { color: var(--soft); }
  header .round[aria-pressed='true'] { color: var(--accent); background: var(--tint); }
  .top { grid-area: top; min-width: 0; }

  .return { display: flex; align-items: center; gap: 8px; width: calc(100% - 24px); min-height: 44px; margin: 0 12px 8px; padding: 6px 14px; border-radius: var(--radius); background: light-dark(#1b784b, #1f6e48); color: #fff; font-weight: 600; font-size: 13px; text-align: start; }
  .return:hover { background: light-dark(#166640, #237a50); }
  .return svg { font-size: 16px; }
  .return .clip { flex: 1; }

  .list { grid-area: body; display: flex; flex-direction: column; min-height: 0; min-width: 0; }
  .view { flex: 1; min-height: 0; min-width: 0; }
  .view > * { height: 100%; }
  .stage { grid-area: body; min-width: 0; min-height: 0; display: flex; flex-direction: column; position: relative; }
  .stage.none { display: none; }
  .placeholder { flex: 1; display: grid; place-content: center; justify-items: center; gap: 14px; padding: 24px; text-align: center; color: var(--soft); }
  .placeholder svg { font-size: 44px; opacity: .55; }
  .placeholder p { max-width: 300px; text-wrap: balance; }
  ringdown-sign-in.full { display: grid; }
  /* In a tall column a call stays within reach of the hand instead of spreading. */
  .stage > .ringing, .stage > .over { flex: 0 1 640px; min-height: 0; margin-block: auto; }
  .stage > .talking, .stage > .detail { flex: 1; min-height: 0; }
  .staged .list { display: none; }
  .aside { align-self: flex-start; display: inline-flex; align-items: center; gap: 2px; min-height: 32px; margin: -2px 0 0 8px; padding: 4px 10px 4px 5px; border-radius: 8px; color: var(--soft); font-size: 13px; }
  .aside svg { font-size: 16px; }
  .aside:hover { color: var(--ink); background: var(--sunken); }

  nav { grid-area: nav; display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); padding: 6px 4px calc(6px + env(safe-area-inset-bottom)); border-top: 1px solid var(--line); background: var(--surface); --at: var(--surface); }
  .tabs { display: contents; }
  nav button { position: relative; display: grid; justify-items: center; gap: 2px; min-width: 0; padding: 2px 0 4px; border-radius: var(--radius); color: var(--soft); font-size: 11.5px; font-weight: 550; }
  nav button > span { max-width: 100%; }
  nav i { position: relative; display: grid; place-items: center; width: 52px; height: 28px; border-radius: 99px; transition: background-color .15s; }
  nav .badge { position: absolute; left: 30px; top: -2px; box-shadow: 0 0 0 2px var(--surface); }
  nav button:hover { color: var(--ink); }
  nav button[aria-selected='true'] { color: var(--accent); }
  nav button[aria-selected='true'] i { background: var(--tint); }
  .staged nav { display: none; }
  .staged.beside nav { display: grid; }

  .connecting { display: grid; place-content: center; justify-items: center; gap: 14px; padding: 24px; text-align: center; color: var(--soft); }
  .toasts { position: absolute; inset: auto 0 72px; z-index: 30; display: grid; justify-items: center; gap: 8px; padding: 0 12px; pointer-events: none; }
  .toast { display: flex; align-items: center; gap: 12px; max-width: 400px; min-height: 44px; padding: 8px 8px 8px 16px; border-radius: 12px; background: light-dark(#263136, #e9eeed); color: light-dark(#fff, #1c2528); box-shadow: var(--lift); font-size: 13.5px; pointer-events: auto; animation: rise .2s ease-out; }
  .toast .button { min-height: 32px; padding: 0 10px; background: none; color: light-dark(#8fdada, #16606a); }
  .toast .round { width: 28px; height: 28px; } .toast .round:hover { background: rgb(128 128 128 / 30%); } .toast .round svg { font-size: 16px; }

  @container phone (min-width: 720px) {
    .frame { grid-template: auto auto minmax(0, 1fr) / 84px minmax(300px, 360px) minmax(0, 1fr); grid-template-areas: 'nav head stage' 'nav top stage' 'nav body stage'; }
    nav { grid-auto-flow: row; grid-auto-columns: auto; align-content: start; gap: 10px; padding: 18px 6px; border-top: 0; border-inline-end: 1px solid var(--line); }
    .staged nav { display: grid; }
    .staged .list { display: flex; }
    .stage, .stage.none { grid-area: stage; display: flex; border-inline-start: 1px solid var(--line); }
    .aside { display: none; }
    .toasts { inset-block-end: 20px; }
  }
  @container phone (min-width: 1100px) { .frame { grid-template-columns: 92px 380px minmax(0, 1fr); } }
  @media (prefers-contrast: more) { :host { --soft: light-dark(#3c474b, #c8d2d3); --line: light-dark(#8a8f8d, #6f8085); } }
`;
