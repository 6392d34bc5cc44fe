// Errors as the library throws and emits them. Each says in words what happened, why it may have, and what to do.
import type { ErrorCode, ErrorInfo } from './protocol/generated.js';

/** Errors that arise in the browser. Their codes are 5000 + the place in this list. */
export const CLIENT_ERRORS = [
  'not-connected',
  'connection-lost',
  'timeout',
  'closed',
  'bad-argument',
  'sign-in-failed',
  'sign-in-expired',
  'server-unreachable',
  'mic-blocked',
  'mic-missing',
  'mic-busy',
  'insecure-page',
  'webrtc-unsupported',
  'media-failed',
  'call-ended',
  'camera-blocked',
  'camera-missing',
  'camera-busy',
  'screen-refused',
  'video-refused',
  'upload-failed',
] as const;

/** The kind of an error of the browser's. */
export type ClientErrorName = (typeof CLIENT_ERRORS)[number];

/** The kind of an error, of the server's or the browser's. */
export type RingdownErrorName = ErrorCode | ClientErrorName;

/** What is known about an error beside its kind. */
export interface ErrorDetails {
  message: string;
  causes?: readonly string[];
  solutions?: readonly string[];
  /** Whether the client gave up: nothing works until `connect()` is called again. */
  fatal?: boolean;
}

/** Every error the library throws or emits. */
export class RingdownError extends Error {
  /** The kind: kebab-case and stable. */
  override readonly name: RingdownErrorName;
  /** A stable number: 4000 and up from the server, 5000 and up from the browser. */
  readonly code: number;
  /** What may have led to it. */
  readonly causes: readonly string[];
  /** What to do about it. */
  readonly solutions: readonly string[];
  /** Whether the client gave up. */
  readonly fatal: boolean;

  /** `cause` is what was thrown first. */
  constructor(name: RingdownErrorName, code: number, { message, causes = [], solutions = [], fatal = false }: ErrorDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name;
    this.code = code;
    this.causes = causes;
    this.solutions = solutions;
    this.fatal = fatal;
  }
}

/** An error of the browser's. */
export const clientError = (name: ClientErrorName, details: ErrorDetails, cause?: unknown): RingdownError =>
  new RingdownError(name, 5000 + CLIENT_ERRORS.indexOf(name), details, cause);

/** An error the server sent. */
export const serverError = (info: ErrorInfo): RingdownError => new RingdownError(info.name, info.code, info);

/** Whether it is one of this library's, or of a module's, which has the class once more. */
export const isRingdownError = (thrown: unknown): thrown is RingdownError => thrown instanceof Error && 'solutions' in thrown;

/** Anything thrown, as an error of this library's. */
export const asRingdownError = (thrown: unknown, name: ClientErrorName = 'media-failed'): RingdownError =>
  isRingdownError(thrown)
    ? thrown
    : clientError(name, { message: thrown instanceof Error ? thrown.message : String(thrown) }, thrown);

/** There is no connection and none is being made. */
export const notConnected = (): RingdownError =>
  clientError('not-connected', {
    message: 'The phone is not connected.',
    causes: ['connect() was not called, or the connection was given up.'],
    solutions: ['Call connect() and wait for it.'],
  });

/** The connection broke while the request was on its way: whether it took effect is not known. */
export const connectionLost = (method: string): RingdownError =>
  clientError('connection-lost', {
    message: `The connection was lost before the server confirmed ${method}.`,
    causes: ['The network changed or failed.', 'The server restarted.'],
    solutions: ['Wait for the connection and look at the call’s state.'],
  });

/** The server did not answer a request. */
export const timedOut = (method: string): RingdownError =>
  clientError('timeout', {
    message: `The server did not confirm ${method} in time.`,
    causes: ['The network is slow or gone, or the server is overloaded.'],
    solutions: ['Try again in a few seconds.'],
  });

/** An argument cannot be used. */
export const badArgument = (message: string): RingdownError => clientError('bad-argument', { message });

/** The call is over. */
export const callEnded = (): RingdownError => clientError('call-ended', { message: 'The call is over.' });
