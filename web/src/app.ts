/** What every part of the page is given. */

import { ask, failed } from './engine';
import { langOf, type Lang, type Words, wordsOf } from './i18n';
import type { Frame, Refused, Sizes } from './protocol';
import { changed, type Key, type State } from './state';
import type { Store } from './store';
import { format } from './url';

/** A state with all that the engine says of it. */
export interface Model {
  readonly state: State;
  /** The state as the engine reads it. */
  readonly query: string;
  readonly sizes: Sizes | null;
  readonly refused: Refused['refused'] | null;
  readonly frame: Frame | null;
  readonly step: number;
}

/** A part of the page. */
export interface Part {
  readonly element: HTMLElement;
  update(model: Model): void;
}

export interface App {
  readonly store: Store;
  readonly lang: Lang;
  readonly words: Words;
  /** Whether steps follow each other by themselves. */
  playing: boolean;
  model: Model;
  /** Says something to eyes and ears for a moment. */
  announce(text: string): void;
}

/** Keys that decide sizes and numbers, but not how they are looked at. */
const PROBLEM: readonly Key[] = ['kind', 'i', 'k', 's', 'p', 'op', 'os', 'd', 'g', 'c', 'x', 'w', 'b', 'gy', 'lang'];

/** Light or dark: the state's wish, else the system's. */
export function themeOf(state: State): 'light' | 'dark' {
  if (state.theme === 'light' || state.theme === 'dark') return state.theme;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** The state with its language and theme spelled out, as a query. */
export function queryOf(state: State): string {
  return format({ ...state, lang: langOf(state), theme: themeOf(state), embed: '' });
}

/** Asks the engine about a state; `before` saves asking again what has not changed. */
export function modelOf(state: State, before: Model | null, playing: boolean): Model {
  const lang = langOf(state);
  const query = queryOf(state);
  let sizes = before?.sizes ?? null;
  let refused: Refused['refused'] | null = null;
  const same = before !== null && PROBLEM.every((key) => state[key] === before.state[key]);
  if (!same || !sizes) {
    const answer = ask('describe', { state: query, lang });
    sizes = null;
    if (failed(answer)) refused = { text: answer.error, repairs: [] };
    else if ('refused' in answer) refused = answer.refused;
    else sizes = answer;
  }
  const step = Math.max(0, (Math.trunc(Number(state.t)) || 1) - 1);
  // A refused state keeps the last picture, so that nothing jumps while a value is typed.
  let frame = before?.frame ?? null;
  if (sizes) {
    const answer = ask('frame', { state: query, step, theme: themeOf(state), cells: !playing, ...(frame ? { shown: frame.serial } : {}) });
    if (failed(answer)) refused = { text: answer.error, repairs: [] };
    else if ('refused' in answer) refused = answer.refused;
    else frame = answer;
    if (refused) sizes = null;
  }
  // A link to a state that is refused shows, faintly, what its first repair would.
  const repair = refused?.repairs[0];
  if (!frame && repair) {
    const repaired = queryOf(changed(state, repair.patch));
    const answer = ask('frame', { state: repaired, step, theme: themeOf(state), cells: false });
    if (!failed(answer) && !('refused' in answer)) frame = answer;
  }
  return { state, query, sizes, refused, frame, step: Math.min(step, (frame?.frames ?? 1) - 1) };
}

/** The words of a state's language. */
export function wordsFor(state: State): { lang: Lang; words: Words } {
  const lang = langOf(state);
  return { lang, words: wordsOf(lang) };
}
