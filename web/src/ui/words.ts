/** Names of maps. */

import type { Words } from '../i18n';

/** The name of a map in the reader's language. */
export function nameOf(words: Words, map: string): string {
  return words.map[map] ?? map;
}

/** A number as one writes it: short, with a true minus. */
export function number(value: number): string {
  const short = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
  return short.replace('-', '−');
}
