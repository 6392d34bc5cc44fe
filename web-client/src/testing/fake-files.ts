// The fake server's files: in memory, sent and had by the addresses of `file.place` and `file.link`.
import type { FileInfo, FileLink } from '../protocol/generated.js';
import { FakeFault } from './fake-people.js';

interface Kept {
  readonly info: FileInfo;
  readonly owner: string;
  readonly body: Blob;
  /** Given to somebody: it may be given once. */
  given: boolean;
}

/** The fake server's files. */
export class FakeFiles {
  readonly #files = new Map<string, Kept>();
  readonly #mayRead: (userId: string, file: string) => boolean;
  #next = 1;

  /** @internal Files are kept by the desk. */
  constructor(mayRead: (userId: string, file: string) => boolean) {
    this.#mayRead = mayRead;
  }

  /** Where a person sends a file to. */
  place(userId: string): FileLink {
    return { path: `/api/v1/files?place=${encodeURIComponent(userId)}`, expiresIn: 3600 };
  }

  /** Where a person has a file. */
  link(userId: string, file: string): FileLink {
    const kept = this.#files.get(file);
    if (!kept || (kept.owner !== userId && !this.#mayRead(userId, file))) throw new FakeFault('bad-request', 'no such file');
    return { path: `/api/v1/files/${file}?link=open`, expiresIn: 3600 };
  }

  /** A person gives a file of their own to a conversation. */
  give(userId: string, file: string): FileInfo {
    const kept = this.#files.get(file);
    if (kept?.owner !== userId || kept.given) throw new FakeFault('bad-request', 'you have no such file that was not given already');
    kept.given = true;
    return kept.info;
  }

  /** What the server answers over HTTP to somebody who has such an address. */
  async answer(url: URL, method: string, body: Blob): Promise<Response> {
    const place = url.searchParams.get('place');
    const file = this.#files.get(/^\/api\/v1\/files\/([0-9a-f]{32})$/.exec(url.pathname)?.[1] ?? '');
    if (method === 'GET' && file && url.searchParams.has('link')) {
      return new Response(await file.body.arrayBuffer(), { headers: { 'content-type': file.info.mediaType } });
    }
    if (method !== 'POST' || url.pathname !== '/api/v1/files' || place === null) return refusal(404, 'There is nothing here.');
    if (body.size > MAX_BYTES) return refusal(413, 'The file is too large.');
    const id = (this.#next++).toString(16).padStart(32, 'f');
    const info: FileInfo = { id, name: url.searchParams.get('name') ?? 'file', mediaType: body.type || 'application/octet-stream', size: body.size };
    this.#files.set(id, { info, owner: place, body, given: false });
    return Response.json(info, { status: 201 });
  }
}

const refusal = (status: number, title: string): Response => Response.json({ title }, { status });

/** As the real server unless it is told otherwise. */
const MAX_BYTES = 25 * 1024 * 1024;
