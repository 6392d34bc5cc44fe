// Sends a file, telling how far it is. `fetch` does not tell; it is used where a page gives its own, and outside of browsers.
import { clientError } from '../../errors.js';
import type { FileInfo } from '../../protocol/generated.js';

/** What becomes of an upload. */
export interface UploadOptions {
  /** Told 0 to 1. */
  readonly onProgress?: (progress: number) => void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Posts a file to an address that takes it. */
export const post = async (url: string, file: Blob, { onProgress, signal }: UploadOptions, own?: typeof fetch): Promise<FileInfo> => {
  const { ok, text } = own || typeof XMLHttpRequest === 'undefined' ? await byFetch(own ?? fetch, url, file, signal) : await byRequest(url, file, { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) });
  const answer = parsed(text);
  if (ok && answer) return answer as unknown as FileInfo;
  const { detail, title, solutions } = (answer ?? {}) as { detail?: string; title?: string; solutions?: string[] };
  throw clientError('upload-failed', { message: detail ?? title ?? 'The file was not sent.', solutions: solutions ?? ['Try again, or send a smaller file.'] });
};

interface Answer { readonly ok: boolean; readonly text: string }

const byFetch = async (send: typeof fetch, url: string, file: Blob, signal?: AbortSignal): Promise<Answer> => {
  const response = await send(url, { method: 'POST', body: file, ...(signal ? { signal } : {}) });
  return { ok: response.ok, text: await response.text() };
};

const byRequest = (url: string, file: Blob, { onProgress, signal }: UploadOptions): Promise<Answer> => new Promise((resolve) => {
  const request = new XMLHttpRequest();
  const abort = (): void => request.abort();
  request.upload.onprogress = ({ loaded, total }) => { if (total > 0) onProgress?.(loaded / total); };
  request.onloadend = () => {
    signal?.removeEventListener('abort', abort);
    resolve({ ok: request.status >= 200 && request.status < 300, text: request.responseText });
  };
  signal?.addEventListener('abort', abort);
  request.open('POST', url);
  request.send(file);
});

const parsed = (text: string): Record<string, unknown> | null => {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
};
