/** Weights and pictures that are dropped on the page or chosen from a disk. */

import type { App, Part } from '../app';
import { button, fill, h, select } from '../dom';
import { failed, readWeights } from '../engine';
import type { Answers, TensorEntry } from '../protocol';

/** The largest file that is read, in megabytes. */
const MOST_MEGABYTES = 256;

/** The largest side of a picture on the stage. */
const MOST_SIDE = 12;

export function files(app: App): Part {
  const { words } = app;
  const input = h('input', { type: 'file', accept: '.npy,.safetensors,image/*', class: 'sr', tabindex: -1, 'aria-label': words.choose,
    onchange: () => { const file = input.files?.[0]; input.value = ''; if (file) void take(file); } });
  const result = h('div', { class: 'answers', 'aria-live': 'polite' });
  const element = h('details', { class: 'panel fold files' },
    h('summary', {}, h('h2', {}, words.open)),
    h('p', { class: 'soft' }, words.openHelp),
    button(words.choose, () => input.click()), input, result);

  const say = (text: string): void => fill(result, h('p', { class: 'alarm' }, text));
  const take = async (file: File): Promise<void> => {
    element.open = true;
    if (file.size > MOST_MEGABYTES * 1e6) return say(words.tooBig(file.name, MOST_MEGABYTES));
    if (/\.(npy|safetensors)$/i.test(file.name)) {
      const bytes = new Uint8Array(await file.arrayBuffer());
      return weights(file.name, bytes);
    }
    if (file.type.startsWith('image/')) return picture(file);
    say(words.unknownFile(file.name));
  };

  const weights = (name: string, bytes: Uint8Array): void => {
    const answer = readWeights(bytes, { name, lang: app.lang });
    if (failed(answer)) return say(answer.error);
    const usable = answer.tensors.filter((tensor) => tensor.usable);
    const [first] = usable;
    if (!first) return say(answer.note ?? words.unknownFile(name));
    let tensor: TensorEntry = first;
    const pair: [number, number] = [0, 0];
    const channels = h('span', { class: 'row' });
    const preview = h('p', { class: 'soft figures' });
    const read = (): Answers['load'] | null => {
      const kernel = readWeights(bytes, { name, tensor: tensor.name, channels: pair, lang: app.lang });
      if (!failed(kernel)) return kernel;
      say(kernel.error);
      return null;
    };
    const show = (): void => {
      const kernel = read();
      if (kernel) preview.textContent = `${kernel.kernel?.join('×') ?? ''}: ${kernel.values?.slice(0, 9).join(', ') ?? ''}${(kernel.values?.length ?? 0) > 9 ? ' …' : ''}`;
    };
    const side = (which: 0 | 1): HTMLSelectElement => {
      const count = Math.min(tensor.shape[which] ?? 1, 4096);
      const options = Array.from({ length: count }, (_, at) => [String(at), String(at)] as const);
      return select(`${words.channelPair} ${which}`, options, '0', (value) => { pair[which] = Number(value); show(); });
    };
    const choose = (value: string): void => {
      tensor = usable.find((one) => one.name === value) ?? first;
      pair.fill(0);
      fill(channels, words.channelPair, side(0), '→', side(1));
      show();
    };
    const use = (): void => {
      const kernel = read();
      if (!kernel?.kernel || !kernel.values) return;
      const dims = kernel.kernel.length;
      const size = app.store.state.i.split('x');
      const i = Array.from({ length: dims }, (_, axis) => size[axis] ?? size[0] ?? '3').join('x');
      app.store.set({ kind: 'conv_transpose', i, k: kernel.kernel.join('x'), c: '1-1', g: '1', w: kernel.values.join(','), ...oneValue(app) });
    };
    fill(result,
      h('label', { class: 'row' }, words.tensor,
        select(words.tensor, usable.map((one) => [one.name, `${one.name} (${one.shape.join('×')})`] as const), first.name, choose)),
      channels, preview, button(words.useKernel, use, { class: 'primary' }));
    choose(first.name);
  };

  const picture = async (file: File): Promise<void> => {
    let image: ImageBitmap;
    try {
      image = await createImageBitmap(file);
    } catch {
      return say(words.badPicture(file.name));
    }
    const scale = Math.min(1, MOST_SIDE / Math.max(image.width, image.height));
    const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
    const canvas = h('canvas', { width, height });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) return say(words.badPicture(file.name));
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(image, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const grey = Array.from({ length: width * height }, (_, at) => {
      const [red = 0, green = 0, blue = 0] = data.subarray(at * 4, at * 4 + 3);
      return Math.round(((0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255) * 9);
    });
    app.store.set({ i: `${height}x${width}`, c: '1-1', g: '1', x: grey.join(','), ...oneValue(app) });
    fill(result, h('p', {}, words.pictureUsed(file.name, `${height}×${width}`)));
  };

  catchDrops(take);
  return { element, update: () => {} };
}

/** Parameters that name several axes take the first one's value: the file decides how many axes there are. */
function oneValue(app: App): Record<string, string> {
  const { state } = app.store;
  return Object.fromEntries((['s', 'p', 'op', 'd'] as const).map((key) => [key, state[key].split('x')[0] ?? '1']));
}

let receiver: ((file: File) => Promise<void>) | null = null;

/** The whole page is a place to drop a file on. */
function catchDrops(take: (file: File) => Promise<void>): void {
  const listening = receiver !== null;
  receiver = take;
  if (listening) return;
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    document.documentElement.classList.add('dropping');
  });
  for (const end of ['dragleave', 'drop', 'dragend']) {
    document.addEventListener(end, () => document.documentElement.classList.remove('dropping'));
  }
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) void receiver?.(file);
  });
}
