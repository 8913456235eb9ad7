/** What the page asks the engine, and what it answers. */

import type { Patch } from './state';

/** `[map, index, x, y, width, height, label, corner]`: a cell of a picture, in the picture's units. */
export type CellRow = readonly [string, readonly number[], number, number, number, number, string, string];

export interface Repair {
  readonly label: string;
  readonly patch: Patch;
}

export interface Hint {
  readonly kind: 'exact' | 'scale' | 'even' | 'uneven' | 'holes';
  readonly text: string;
  readonly patch?: Patch;
}

export interface Sizes {
  readonly problem: string;
  readonly axes: readonly { letters: string; numbers: string; value: number; crop: readonly [number, number] }[];
  readonly input: readonly number[];
  readonly weight: readonly number[];
  readonly output: readonly number[];
  readonly products: string;
  readonly hints: readonly Hint[];
}

export interface Refused {
  readonly refused: { readonly text: string; readonly repairs: readonly Repair[] };
}

export interface Frame {
  /** Counts drawings; the next one may say only what differs from the one that is shown. */
  readonly serial: number;
  readonly svg: string;
  /** How many elements the whole drawing has. */
  readonly items: number;
  /** Which of them are in `svg`; all, where this is missing. */
  readonly changed?: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly caption: string;
  readonly seconds: number;
  readonly frames: number;
  readonly cells?: readonly CellRow[];
  readonly tables?: readonly { readonly title: string; readonly rows: readonly (readonly string[])[] }[];
}

export interface Term {
  readonly input: readonly number[];
  readonly tap: readonly number[];
  readonly output: readonly number[];
  readonly letter: string;
  readonly factors: readonly [number, number];
  readonly product: number;
}

export interface Inspected {
  readonly value: number | null;
  readonly bias: number | null;
  readonly text: string;
  readonly terms: readonly Term[];
  readonly linked: readonly (readonly [map: string, index: readonly number[]])[];
}

export interface Solution {
  readonly k: number;
  readonly s: number;
  readonly p: number;
  readonly op: number;
  readonly even: boolean;
  readonly exact: boolean;
  readonly taps: number;
}

export interface Snippet {
  readonly name: string;
  readonly text: string;
  readonly notes: readonly string[];
}

export interface Ported {
  readonly weight: string;
  readonly call: string;
  readonly warnings: readonly string[];
}

export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly usable: boolean;
}

export interface Requests {
  presets: Record<string, never>;
  describe: { state: string; lang: string };
  frame: { state: string; step: number; theme: string; cells: boolean; shown?: number };
  inspect: { state: string; map: string; index: readonly number[] };
  numbers: { state: string; array: 'x' | 'w' | 'gy' };
  balance: { state: string };
  code: { state: string };
  port: { state: string; from: string; to: string };
  solve: { input?: number; output?: number; scale?: number; dilation?: number };
  export: { state: string; format: string; step?: number };
  load: { name: string; tensor?: string; channels?: readonly [number, number]; lang: string };
}

export interface Answers {
  presets: { presets: readonly { name: string; en: string; zh: string; query: string }[] };
  describe: Sizes | Refused;
  frame: Frame | Refused;
  inspect: Inspected;
  numbers: { numbers: readonly number[] };
  balance: { weights: readonly number[]; left: number };
  code: { snippets: readonly Snippet[] };
  port: Ported;
  solve: { solutions: readonly Solution[] };
  export: { name: string; type: string; base64: string };
  load: {
    tensors: readonly TensorEntry[];
    kernel?: readonly number[];
    values?: readonly number[];
    note?: string;
  };
}
