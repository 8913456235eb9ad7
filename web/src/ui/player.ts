/** Steps in time: play, pause, one on, one back, scrub, speed. */

import type { App, Model, Part } from '../app';
import { button, h, select } from '../dom';

export interface Player extends Part {
  toggle(): void;
  pause(): void;
  by(step: number): void;
}

const SPEEDS = ['0.5', '1', '2', '4', '8'] as const;

export function player(app: App): Player {
  const { words, store } = app;
  let speed = 1;
  let due = 0;
  let request = 0;
  const frames = () => app.model.frame?.frames ?? 1;

  const go = (step: number, quietly = false): void => {
    const t = Math.max(0, Math.min(frames() - 1, step));
    store.set({ t: String(t + 1) }, quietly ? 'none' : 'replace');
  };
  const by = (step: number): void => {
    pause();
    go(app.model.step + step);
  };
  const tick = (now: number): void => {
    if (!app.playing) return;
    request = requestAnimationFrame(tick);
    if (now < due || document.hidden) return;
    if (app.model.step + 1 >= frames() || app.model.refused) return pause();
    go(app.model.step + 1, true);
    due = now + Math.max(16, ((app.model.frame?.seconds ?? 0.5) * 1000) / speed) - 8;
  };
  const play = (): void => {
    if (frames() < 2 || app.model.refused) return;
    app.playing = true;
    if (app.model.step + 1 >= frames()) go(0, true);
    due = performance.now() + 250 / speed;
    request = requestAnimationFrame(tick);
    show();
  };
  const pause = (): void => {
    if (!app.playing) return;
    app.playing = false;
    cancelAnimationFrame(request);
    store.write('replace');
    // The picture is asked for once more, with its cells.
    store.touch();
    show();
  };
  const toggle = (): void => (app.playing ? pause() : play());

  const icon = (sign: string, name: string, act: () => void) =>
    button(sign, act, { 'aria-label': name, title: name, class: 'icon' });
  const first = icon('⏮', words.first, () => by(-frames()));
  const back = icon('◀', words.previous, () => by(-1));
  const playButton = icon('▶', words.play, toggle);
  playButton.classList.add('primary');
  const on = icon('▶', words.next, () => by(1));
  const last = icon('⏭', words.last, () => by(frames()));
  const slider = h('input', {
    type: 'range',
    min: 0,
    value: 0,
    'aria-label': words.stepName,
    oninput: () => {
      pause();
      go(Number(slider.value));
    },
  });
  const count = h('output', { class: 'count' });
  const speeds = select(words.speed, SPEEDS.map((value) => [value, `${value}×`] as const), '1', (value) => {
    speed = Number(value);
  });
  const element = h('div', { class: 'player', role: 'group', 'aria-label': words.play }, first, back, playButton, on, last, slider, count, speeds);
  back.textContent = '‹';
  on.textContent = '›';
  first.textContent = '«';
  last.textContent = '»';

  const show = (): void => {
    playButton.textContent = app.playing ? '❚❚' : '▶';
    const name = app.playing ? words.pause : words.play;
    playButton.setAttribute('aria-label', name);
    playButton.title = name;
  };
  const update = (model: Model): void => {
    const all = frames();
    slider.max = String(Math.max(0, all - 1));
    slider.value = String(model.step);
    slider.setAttribute('aria-valuetext', words.step(model.step + 1, all));
    count.textContent = `${model.step + 1} / ${all}`;
    const alone = all < 2;
    for (const control of [first, back, playButton, on, last, slider]) control.disabled = alone;
    if (model.refused && app.playing) pause();
  };
  return { element, update, toggle, pause, by };
}
