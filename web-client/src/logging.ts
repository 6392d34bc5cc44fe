// Logging: one line a lifecycle change at `info`, decisions at `debug`, things worth a look at `warn`, bugs at `error`.
// Names, numbers, tokens and session descriptions are never logged.

/** How much is logged. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Where lines go: `console` fits. */
export type LogSink = Record<Exclude<LogLevel, 'silent'>, (message: string, fields?: Readonly<Record<string, unknown>>) => void>;

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** A logger at this level, writing to `sink` (the console unless given). */
export const createLogger = (level: LogLevel, sink: LogSink = console): LogSink => {
  const write = (of: Exclude<LogLevel, 'silent'>): LogSink['debug'] => (message, fields = {}) => {
    if (ORDER.indexOf(of) >= ORDER.indexOf(level)) sink[of](`[ringdown] ${message}`, fields);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
};
