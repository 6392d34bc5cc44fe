// Which calls this page records.
import type { Call } from '../../index.js';
import { t } from '../messages/index.js';
import type { PhoneModel } from '../shell/phone-model.js';

const recorded = new WeakSet<Call>();

/** Whether this page has the call recorded. */
export const isRecorded = (call: Call): boolean => recorded.has(call) && call.end === null;

/** Begins to record a call, or ends that. Who may not is told so. */
export const toggleRecording = (model: PhoneModel, call: Call): Promise<void> =>
  model.act(async () => {
    if (recorded.has(call)) {
      await call.stopRecording();
      recorded.delete(call);
      model.toast(t('calls.recording-kept'));
      return;
    }
    await call.record();
    recorded.add(call);
    model.announce(t('calls.recording'));
  });
