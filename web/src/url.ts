/** Links: a state as the fragment of an address, and back. */

import { DEFAULTS, type Key, type State } from './state';

/** Keys that every link names, so that it can be read; the others stand in it only where they are not as usual. */
const ALWAYS: readonly Key[] = ['v', 'i', 'k', 's', 'p', 'op', 'd', 'g', 'view', 't'];

/** What may stand in a fragment as it is; everything else is percent-encoded. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(/%2C/g, ',').replace(/%3A/g, ':');
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** The fragment of a state, without `#`. */
export function format(state: State): string {
  const keys = (Object.keys(DEFAULTS) as Key[]).filter(
    (key) => key !== 'embed' && (ALWAYS.includes(key) || state[key] !== DEFAULTS[key]),
  );
  return keys.map((key) => `${key}=${encode(state[key])}`).join('&');
}

const presets = new Map<string, string>();

/** Makes names known that a link may begin with: `preset=note-3`. */
export function learn(all: readonly { name: string; query: string }[]): void {
  for (const { name, query } of all) presets.set(name, query);
}

/** The state of a fragment; keys that it does not name are as usual. */
export function parse(fragment: string): State {
  const preset = presets.get(/(?:^|[#?&])preset=([^&]*)/.exec(fragment)?.[1] ?? '');
  const state: Record<Key, string> = { ...(preset === undefined ? DEFAULTS : parse(preset)) };
  for (const pair of fragment.replace(/^[#?]/, '').split('&')) {
    const [key, value] = pair.split(/=(.*)/s);
    if (key && key in DEFAULTS && value) state[key as Key] = decode(value);
    // Signed crops and JAX's pairs are kinds of padding.
    if ((key === 'crop' || key === 'jax') && value) {
      state.p = decode(value).split('x').map((pair) => key[0] + pair).join('x');
    }
  }
  return state;
}

/** The state of this page's address; `?embed=1` belongs to the page and not to the frame that it shows. */
export function here(): State {
  const state = parse(location.hash);
  const query = new URLSearchParams(location.search);
  return { ...state, embed: query.get('embed') ?? state.embed };
}

/** The address of a state. */
export function link(state: State): string {
  return `${location.href.split('#')[0] ?? ''}#${format(state)}`;
}

/** What a page that shows this state in a frame of its own has to contain. */
export function embed(state: State): string {
  const page = (location.href.split(/[?#]/)[0] ?? '') + '?embed=1';
  const source = `${page}#${format(state)}`.replace(/&/g, '&amp;').replace(/"/g, '&quot;');
  return `<iframe src="${source}" width="800" height="520" title="convt"></iframe>`;
}
