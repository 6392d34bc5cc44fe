// What opening a microphone or camera threw, in words.
import { clientError, isRingdownError, type RingdownError } from '../errors.js';

const nameOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : '');

/** Whether the page may use no device at all of this kind: another one would not help. */
export const isRefusal = (thrown: unknown): boolean => ['NotAllowedError', 'SecurityError', 'insecure-page'].includes(nameOf(thrown));

/** An error that says what to do. */
export const deviceError = (kind: 'mic' | 'camera', thrown?: unknown): RingdownError => {
  if (isRingdownError(thrown)) return thrown;
  const device = kind === 'mic' ? 'microphone' : kind;
  if (isRefusal(thrown)) {
    return clientError(`${kind}-blocked`, {
      message: `The browser blocks the ${device} for this page.`,
      causes: [
        'It was refused when the browser asked.',
        `The page is in a frame without allow="${device}".`,
        'The operating system blocks it for the browser.',
      ],
      solutions: [
        'Allow it by the icon left of the address, and try again.',
        'Allow it for the browser in the system’s privacy settings.',
      ],
    }, thrown);
  }
  return thrown === undefined || ['NotFoundError', 'OverconstrainedError'].includes(nameOf(thrown))
    ? clientError(`${kind}-missing`, {
      message: `No ${device} was found.`,
      causes: ['None is plugged in.', 'It is switched off in the system’s settings.'],
      solutions: ['Plug one in and try again.'],
    }, thrown)
    : clientError(`${kind}-busy`, {
      message: `The ${device} could not be opened.`,
      causes: ['Another program holds it.', 'It has a fault.'],
      solutions: [`Close the other program, or choose another ${device}.`],
    }, thrown);
};

/** The page was loaded over http. */
export const insecurePage = (): RingdownError =>
  clientError('insecure-page', {
    message: 'This page may use neither microphone nor camera.',
    causes: ['It was loaded over http.'],
    solutions: ['Open it over https, or from localhost.'],
  });
