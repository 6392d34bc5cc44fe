// Names for the generated types that the generator gives inline: a method's parameters and result, a push's data.
import type { PushFrame, Request, Results } from './generated.js';

/** A method's name on the wire. */
export type MethodName = Request['method'];

/** What a method takes. */
export type ParamsOf<M extends MethodName> = Extract<Request, { method: M }>['params'];

/** What a method gives. */
export type ResultOf<M extends MethodName> = Results[M];

/** A method with its parameters. */
export type AnyMethod = { [M in MethodName]: { method: M; params: ParamsOf<M> } }[MethodName];

/** A push without its number. */
export type Push = { [E in PushFrame['event']]: Pick<Extract<PushFrame, { event: E }>, 'event' | 'data'> }[PushFrame['event']];

/** What a push carries. */
export type DataOf<E extends PushFrame['event']> = Extract<PushFrame, { event: E }>['data'];
