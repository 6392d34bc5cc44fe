// Times as people say them, in the user's language.
import { language, t } from './index.js';

/** Milliseconds as 0:07, 12:34 or 1:02:03. */
export const duration = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  const two = (number: number): string => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
};

/** The time of day. */
export const timeOfDay = (time: number): string =>
  new Date(time).toLocaleTimeString(language(), { hour: '2-digit', minute: '2-digit' });

/** How many days ago it was by the calendar; 0 is today. */
export const daysAgo = (time: number, now: number): number => {
  const [date, today] = [new Date(time), new Date(now)];
  const day = (of: Date): number => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  return Math.round((day(today) - day(date)) / 86_400_000);
};

/** The day as a heading says it: Today, Yesterday, Mon 3 Feb. */
export const dayOf = (time: number, now: number): string => {
  const days = daysAgo(time, now);
  if (days === 0) return t('shell.today');
  if (days === 1) return t('shell.yesterday');
  return new Date(time).toLocaleDateString(language(), { weekday: 'short', day: 'numeric', month: 'short' });
};

/** A time as a list shows it: 14:05, Yesterday, Mon 3 Feb. */
export const when = (time: number, now: number): string => (daysAgo(time, now) === 0 ? timeOfDay(time) : dayOf(time, now));
