// How messages look.
import { css } from 'lit';

/** Of messages and what stands between them. */
export const messageStyles = css`
  .message { max-width: 82%; align-self: flex-start; background: var(--sunken); border-radius: 12px; padding: 6px 10px; overflow-wrap: anywhere; }
  .said { white-space: pre-wrap; }
  .message a { color: inherit; text-decoration: underline; }
  .mine { align-self: flex-end; background: var(--tint); }
  .found { outline: 2px solid var(--accent); outline-offset: 2px; }
  .who { font-size: 12px; font-weight: 600; }
  .foot { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; justify-content: flex-end; font-size: 11px; color: var(--soft); }
  .foot ringdown-menu::part(opener) { min-width: 28px; min-height: 28px; }
  .gone { font-style: italic; color: var(--soft); }
  .failed { color: var(--stop-text); }
  .signs { display: flex; flex-wrap: wrap; gap: 4px; padding-top: 4px; }
  .sign { min-width: 24px; min-height: 26px; padding: 0 8px; border-radius: 99px; background: var(--surface); border: 1px solid var(--line); font-size: 13px; }
  .sign[aria-pressed='true'] { border-color: var(--accent); }
  .divider { align-self: center; padding: 6px 0 2px; font-size: 12px; color: var(--soft); }
  .divider.new { align-self: stretch; display: flex; align-items: center; gap: 10px; color: var(--stop-text); font-weight: 600; }
  .divider.new::before, .divider.new::after { content: ''; flex: 1; border-top: 1px solid; opacity: .5; }
  progress { display: block; width: 160px; max-width: 100%; accent-color: var(--accent); }
`;
