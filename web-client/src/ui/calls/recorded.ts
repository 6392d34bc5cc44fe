// Recording a call, and fetching what was recorded.
import type { Call } from '../../index.js';
import { t } from '../messages/index.js';
import type { PhoneModel } from '../shell/phone-model.js';

/** Begins to record a call, or ends that. */
export const toggleRecording = (model: PhoneModel, call: Call): Promise<void> =>
  model.act(async () => {
    const { recording } = call.info;
    if (!recording) {
      await call.record();
      return;
    }
    await call.stopRecording();
    tellKept(model, recording);
  });

/** Says that there is a recording, and offers to save it. */
export const tellKept = (model: PhoneModel, recording: string): void =>
  model.toast(t('calls.recording-kept'), { label: t('calls.save-recording'), run: () => void model.act(() => save(model, recording)) });

/** Hands the recording to the browser as a file. */
const save = async (model: PhoneModel, recording: string): Promise<void> => {
  const token = await model.accessToken?.() ?? '';
  const answer = await fetch(`${model.origin}/api/v1/recordings/${recording}`, { headers: { authorization: `Bearer ${token}` } }).catch(() => null);
  if (!answer?.ok) {
    model.toast(t('calls.recording-not-saved'));
    return;
  }
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? `recording-${recording}.ogg`;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
};
