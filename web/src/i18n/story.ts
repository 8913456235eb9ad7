/** The six questions: one text in two languages, one place on the stage. */

import type { Patch } from '../state';
import type { Lang } from './index';
import { storyEn } from './story.en';
import { storyZh } from './story.zh';

/** The words of one question. */
export interface Telling {
  readonly title: string;
  readonly text: string;
  readonly question: string;
  readonly choices: readonly string[];
  readonly why: string;
}

export interface Section extends Telling {
  /** The right choice, counted from 0. */
  readonly answer: number;
  readonly patch: Patch;
}

const LAYER: Patch = { kind: 'conv_transpose', op: '0', d: '1', g: '1', c: '1-1', b: '', x: 'count', w: 'count', t: '1', at: '' };

/** Answer and place of each question. */
const STAGES: readonly { answer: number; patch: Patch }[] = [
  { answer: 1, patch: { ...LAYER, kind: 'conv', i: '4x4', k: '3', s: '1', p: '0', view: 'side-by-side' } },
  { answer: 2, patch: { ...LAYER, i: '2x2', k: '3', s: '1', p: '0', view: 'four-steps' } },
  { answer: 0, patch: { ...LAYER, i: '3x3', k: '3', s: '2', p: '1', op: '1', view: 'scatter' } },
  { answer: 1, patch: { ...LAYER, kind: 'conv', i: '3x3', k: '2', s: '1', p: '0', view: 'matrix' } },
  { answer: 2, patch: { ...LAYER, i: '4x4', k: '3', s: '2', p: '0', x: 'ones', w: 'ones', view: 'overlap' } },
  { answer: 1, patch: { ...LAYER, kind: 'conv', i: '4x4', k: '3', s: '1', p: '0', x: 'random:3', w: 'random:5', view: 'side-by-side' } },
];

export function sections(lang: Lang): Section[] {
  const tellings = lang === 'zh' ? storyZh : storyEn;
  return tellings.flatMap((telling, at) => {
    const stage = STAGES[at];
    return stage ? [{ ...telling, ...stage }] : [];
  });
}
