// How the widget's frame looks: header, notices, list, stage, tabs.
import { css } from 'lit';

export const phoneStyles = css`
  :host { display: flex; flex-direction: column; position: relative; min-width: 280px; min-height: 420px; overflow: hidden; background: var(--bg); container: phone / inline-size; }
  :host { --at: var(--bg); }
  header { display: flex; align-items: center; gap: 11px; padding: 12px 8px 10px 16px; }
  .me { flex: 1; min-width: 0; line-height: 1.3; }
  .me b { display: block; font-weight: 600; }
  .me span { display: block; font-size: 12.5px; }
  header .round { color: var(--soft); }
  header .round[aria-pressed='true'] { color: var(--accent); background: var(--tint); }

  .notice { display: flex; align-items: flex-start; gap: 10px; margin: 0 12px 8px; padding: 10px 12px; border-radius: var(--radius); background: var(--warn-tint); color: var(--warn-text); font-size: 13px; line-height: 1.4; animation: rise .2s ease-out; }
  .notice svg { margin-top: 1px; font-size: 18px; }
  .notice div { flex: 1; }
  .notice b { display: block; font-weight: 600; }
  .notice.stop { background: var(--stop-tint); color: var(--stop-text); }
  .notice.calm { background: var(--tint); color: var(--ink); }
  .notice .button { background: color-mix(in srgb, currentColor 14%, transparent); min-height: 30px; align-self: center; white-space: nowrap; }

  .return { display: flex; align-items: center; gap: 8px; margin: 0 12px 8px; padding: 9px 14px; border-radius: var(--radius); background: light-dark(#1c7f4f, #22774f); color: #fff; font-weight: 600; font-size: 13px; text-align: left; }
  .return svg { font-size: 16px; }
  .return .clip { flex: 1; }

  .body { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(0, 1fr); }
  .list { display: flex; flex-direction: column; min-height: 0; min-width: 0; grid-area: 1 / 1; }
  .list > ringdown-settings { flex: 1; min-height: 0; }
  .view { flex: 1; min-height: 0; }
  .stage { grid-area: 1 / 1; min-width: 0; min-height: 0; display: flex; flex-direction: column; }
  ringdown-sign-in.stage { display: grid; flex: 1; }
  /* In a tall column a call stays within reach of the hand instead of spreading. */
  .stage > :not(.aside) { flex: 0 1 680px; min-height: 0; margin-block: auto; }
  .stage > ringdown-call[video] { flex: 1 1 auto; }
  .staged .list { display: none; }
  .aside { align-self: flex-start; display: inline-flex; align-items: center; gap: 2px; margin: -4px 0 0 10px; padding: 5px 10px 5px 5px; border-radius: 8px; color: var(--soft); font-size: 13px; }
  .aside svg { font-size: 16px; }
  .aside:hover { color: var(--ink); background: var(--sunken); }

  nav { display: grid; grid-template-columns: repeat(3, 1fr); padding: 6px 8px calc(6px + env(safe-area-inset-bottom)); border-top: 1px solid var(--line); background: var(--surface); }
  nav button { display: grid; justify-items: center; gap: 2px; padding: 2px 0 4px; border-radius: var(--radius); color: var(--soft); font-size: 11.5px; font-weight: 550; }
  nav i { display: grid; place-items: center; width: 52px; height: 28px; border-radius: 99px; transition: background-color .15s; }
  nav button:hover { color: var(--ink); }
  nav button[aria-selected='true'] { color: var(--accent); }
  nav button[aria-selected='true'] i { background: var(--tint); }

  .connecting { flex: 1; display: grid; place-content: center; justify-items: center; gap: 14px; padding: 24px; text-align: center; color: var(--soft); }
  .spinner { width: 30px; height: 30px; border-radius: 50%; border: 3px solid var(--line); border-top-color: var(--accent); animation: turn .9s linear infinite; }
  @keyframes turn { to { transform: rotate(1turn); } }

  @container phone (min-width: 720px) {
    .body.staged { grid-template-columns: minmax(320px, 400px) minmax(0, 1fr); }
    .staged .list { display: flex; border-right: 1px solid var(--line); }
    .staged .stage { grid-area: 1 / 2; }
    .aside { display: none; }
  }
`;
