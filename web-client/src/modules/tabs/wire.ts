// What tabs say to each other.

/** A message between tabs. `to` is a tab's name, `leader` or `all`. */
export interface TabMessage {
  readonly from: string;
  readonly to: string;
  readonly type:
    /** Is there a leader? To the leader: the frames of this tab follow. */
    | 'open'
    /** From the leader: they are taken. */
    | 'opened'
    /** A frame of the client protocol. */
    | 'text'
    /** From the leader: it is somebody else's phone. */
    | 'foreign'
    /** From the leader: it is connected, `open` is answered. */
    | 'leader'
    /** From the leader: its connection is lost, or it leads no more. */
    | 'closed'
    /** To the leader: this tab is gone. */
    | 'gone'
    /** To the leader: this tab is being looked at and would lead. */
    | 'want'
    /** From the leader: it may take the lead. */
    | 'take';
  readonly text?: string;
}

/** What tabs speak over: a `BroadcastChannel`. */
export interface TabChannel {
  postMessage(message: TabMessage): void;
  onmessage: ((event: { data: TabMessage }) => void) | null;
  close(): void;
}

/** Who leads: `navigator.locks`. */
export interface TabLocks {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly steal?: boolean; readonly signal?: AbortSignal },
    held: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown>;
}

/** A request of the client protocol as far as tabs look at it. */
export interface Frame {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Reads a frame; null for what is none. */
export const readFrame = (text: string): (Partial<Frame> & Record<string, unknown>) | null => {
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === 'object' && frame !== null ? frame as Record<string, unknown> : null;
  } catch {
    return null;
  }
};
