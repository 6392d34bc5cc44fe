// Checking the phone before the first call.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { CheckName, CheckProblem, CheckReport, CheckResult } from '../../modules/diagnostics/index.js';
import { t, type MessageKey } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import '../shared/level-meter.js';
import { kitOf } from './kit.js';

const NAMES: Readonly<Record<CheckName, MessageKey>> = {
  browser: 'devices.check-browser', microphone: 'devices.check-microphone', sound: 'devices.check-sound',
  server: 'devices.check-server', media: 'devices.check-media', quality: 'devices.check-quality',
};

const PROBLEMS: Readonly<Record<CheckProblem, MessageKey>> = {
  'insecure-page': 'devices.problem-insecure', 'no-webrtc': 'devices.problem-browser',
  'microphone-blocked': 'devices.problem-mic-blocked', 'microphone-missing': 'devices.problem-mic-missing', 'microphone-busy': 'devices.problem-mic-busy',
  'microphone-silent': 'devices.problem-mic-silent', 'microphone-muted': 'devices.problem-mic-muted',
  'sound-locked': 'devices.problem-sound', 'loudspeaker-missing': 'devices.problem-loudspeaker',
  'not-connected': 'devices.problem-server', 'slow-server': 'devices.problem-slow',
  'call-refused': 'devices.problem-refused', 'no-audio-path': 'devices.problem-path', 'nothing-arrives': 'devices.problem-one-way', 'nothing-leaves': 'devices.problem-one-way',
  'over-tcp': 'devices.problem-tcp', 'in-a-call': 'devices.problem-in-call',
  loss: 'devices.problem-loss', jitter: 'devices.problem-loss', delay: 'devices.problem-delay',
};

const VERDICTS: Readonly<Record<CheckReport['verdict'], MessageKey>> = {
  ready: 'devices.verdict-ready', degraded: 'devices.verdict-degraded', blocked: 'devices.verdict-blocked', inconclusive: 'devices.verdict-inconclusive',
};

/** One button, six results, what to do about each, and the report for an admin. */
@customElement('ringdown-checks')
export class ChecksView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; gap: 14px; text-align: start; }
    p { font-size: 13.5px; }
    ul { display: grid; gap: 2px; }
    li { display: grid; grid-template-columns: 20px 1fr auto; gap: 2px 10px; align-items: center; min-height: 34px; font-size: 14px; }
    li > svg { font-size: 17px; }
    li small { grid-column: 2 / -1; font-size: 12.5px; color: var(--soft); }
    li .digits { font-size: 12.5px; color: var(--soft); }
    .ok > svg { color: var(--accent); } .failed > svg, .failed b { color: var(--stop-text); } .warning > svg { color: var(--warn-text); }
    .skipped { color: var(--soft); }
    .verdict { font-weight: 600; }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; }
    .spinner { width: 15px; height: 15px; }
  `];

  @state() private results: readonly CheckResult[] = [];
  @state() private running: CheckName | null = null;
  @state() private verdict: CheckReport['verdict'] | null = null;
  @state() private level = 0;
  #stop: AbortController | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.abort();
  }

  override render(): TemplateResult {
    return html`
      <p class="soft">${t('devices.check-hint')}</p>
      <div class="actions">
        <button class="button primary small" @click=${this.#run} data-testid="check-run">${this.#stop ? t('devices.stop') : t('devices.check-run')}</button>
        <button class="button small" @click=${() => void this.model.call('*43')} ?disabled=${this.#stop !== null} data-testid="echo-test">${t('devices.echo-test')}</button>
      </div>
      <ul aria-label=${t('devices.check')}>
        ${this.results.map((result) => this.#result(result))}
        ${this.running ? html`<li data-testid="check-running"><span class="spinner"></span><span>${t(NAMES[this.running])}</span>
          ${this.running === 'microphone' ? html`<ringdown-level .level=${this.level}></ringdown-level><small>${t('devices.say-something')}</small>` : nothing}</li>` : nothing}
      </ul>
      <p class="verdict" role="status" data-testid="check-verdict" data-verdict=${this.verdict ?? ''}>${this.verdict ? t(VERDICTS[this.verdict]) : ''}</p>
      <div class="actions"><button class="button small" @click=${this.#copy} data-testid="report-copy">${t('devices.report-copy')}</button></div>
      <p class="soft">${t('devices.report-hint')}</p>`;
  }

  #result({ name, verdict, problem, measured }: CheckResult): TemplateResult {
    const { roundTripMs } = measured;
    return html`<li class=${verdict} data-testid="check-${name}" data-verdict=${verdict}>
      ${icons[verdict === 'ok' ? 'check' : verdict === 'skipped' ? 'more' : 'warning']}
      <b>${t(NAMES[name])}<span class="sr">: ${t(WORDS[verdict])}</span></b>
      <span class="digits">${typeof roundTripMs === 'number' ? t('devices.milliseconds', { ms: roundTripMs }) : ''}</span>
      ${problem ? html`<small>${t(PROBLEMS[problem])}</small>` : nothing}</li>`;
  }

  readonly #run = (): void => {
    if (this.#stop) {
      this.#stop.abort();
      return;
    }
    const kit = kitOf(this.model);
    if (!kit) return;
    const stop = this.#stop = new AbortController();
    this.results = [];
    this.verdict = null;
    // Somebody who calls comes first.
    const off = kit.client.on('incoming', () => stop.abort());
    kit.diagnostics.precall({
      signal: stop.signal,
      onProgress: (name, result) => {
        this.running = result ? null : name;
        if (result) this.results = [...this.results, result];
      },
      onLevel: (level) => { this.level = level; },
    }).then(({ verdict }) => { this.verdict = verdict; }, () => { this.verdict = 'inconclusive'; }).finally(() => {
      off();
      this.running = null;
      this.#stop = null;
      this.requestUpdate();
    });
  };

  readonly #copy = (): void => {
    void this.model.act(async () => {
      const report = JSON.stringify(await kitOf(this.model)?.diagnostics.report(), null, 1);
      try {
        await navigator.clipboard.writeText(report);
        this.model.toast(t('devices.report-copied'));
      } catch {
        // A frame without the right to the clipboard: a file then.
        save(report);
      }
    });
  };
}

const WORDS = { ok: 'devices.word-ok', warning: 'devices.word-warning', failed: 'devices.word-failed', skipped: 'devices.word-skipped' } as const;

const save = (text: string): void => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = 'ringdown-report.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
