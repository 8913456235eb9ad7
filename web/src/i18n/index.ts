/** The page's words in the reader's language. */

import type { State } from '../state';
import { en, type Words } from './en';
import { zh } from './zh';

export type { Words };
export type Lang = 'en' | 'zh';

/** The language of a state; where it names none, the browser's. */
export function langOf(state: State): Lang {
  const name = state.lang || navigator.language;
  return name.startsWith('zh') ? 'zh' : 'en';
}

export function wordsOf(lang: Lang): Words {
  return lang === 'zh' ? zh : en;
}
