/** What the page shows: keys and values, as they stand in a link. */

export const DEFAULTS = {
  v: '1',
  kind: 'conv_transpose',
  i: '3x3',
  k: '3',
  s: '2',
  p: '1',
  op: '0',
  os: '',
  d: '1',
  g: '1',
  c: '1-1',
  x: 'count',
  w: 'count',
  b: '',
  gy: 'count',
  view: 'four-steps',
  t: '1',
  at: '',
  lang: '',
  theme: '',
  embed: '',
} as const;

export type Key = keyof typeof DEFAULTS;
export type State = Readonly<Record<Key, string>>;
export type Patch = Partial<Record<Key, string>>;

export const VIEWS = ['four-steps', 'scatter', 'matrix', 'side-by-side', 'gradient', 'overlap', 'reach'] as const;
export type View = (typeof VIEWS)[number];

/** Parameters with one value per axis. */
export const PER_AXIS = ['i', 'k', 's', 'p', 'op', 'd'] as const;
export type AxisKey = (typeof PER_AXIS)[number];

/** Keys whose change makes the present step and focus meaningless. */
const RESETS: readonly Key[] = ['kind', 'i', 'k', 's', 'p', 'op', 'os', 'd', 'g', 'c', 'view'];

/** The state after a change; a change of sizes or view starts again at the first step. */
export function changed(state: State, patch: Patch): State {
  const next = { ...state, ...patch };
  if (RESETS.some((key) => key in patch && patch[key] !== state[key])) {
    if (!('t' in patch)) next.t = '1';
    if (!('at' in patch)) next.at = '';
  }
  // Listed values belong to one size: another size begins with a rule again.
  const listed = (values: string) => values.includes(',');
  const resized = (keys: readonly Key[]) => keys.some((key) => key in patch && patch[key] !== state[key]);
  if (!('x' in patch) && listed(state.x) && resized(['i', 'c'])) next.x = DEFAULTS.x;
  if (!('w' in patch) && listed(state.w) && resized(['k', 'c', 'g'])) next.w = DEFAULTS.w;
  if (!('gy' in patch) && listed(state.gy) && resized([...PER_AXIS, 'kind', 'c'])) next.gy = DEFAULTS.gy;
  if (!('b' in patch) && listed(state.b) && resized(['c'])) next.b = DEFAULTS.b;
  // output_size takes the place of output_padding: who changes the one gives up the other.
  if ('op' in patch && !('os' in patch)) next.os = '';
  return next;
}

/** How many spatial axes there are. */
export function axes(state: State): number {
  return state.i.split('x').length;
}

/** The values of a parameter, one per axis. */
export function perAxis(state: State, key: AxisKey): string[] {
  const values = state[key].split('x');
  return Array.from({ length: axes(state) }, (_, axis) => values[axis] ?? values[values.length - 1] ?? '0');
}

/** The text of per-axis values: one for all where they agree. The input's size always names every axis. */
export function joinAxes(key: AxisKey, values: readonly string[]): string {
  const alike = values.every((value) => value === values[0]);
  return alike && key !== 'i' ? (values[0] ?? '') : values.join('x');
}
