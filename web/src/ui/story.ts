/** Six questions: predict, then look. Each one sets the stage. */

import type { App, Part } from '../app';
import { button, fill, h } from '../dom';
import { type Section, sections } from '../i18n/story';

export function story(app: App): Part {
  const { words, lang } = app;
  const element = h('section', { class: 'story', 'aria-labelledby': 'story-title' },
    h('h2', { id: 'story-title' }, words.story),
    h('p', { class: 'soft' }, words.storyHelp),
    h('ol', {}, ...sections(lang).map((section, at) => h('li', {}, card(app, section, at)))));
  return { element, update: () => {} };
}

function card(app: App, section: Section, at: number): HTMLElement {
  const { words, store } = app;
  const verdict = h('div', { class: 'verdict', 'aria-live': 'polite' });
  const show = (): void => {
    store.set(section.patch);
    document.querySelector('.stage')?.scrollIntoView({ block: 'center', behavior: calm() ? 'auto' : 'smooth' });
  };
  const choices = section.choices.map((choice, index) => {
    const one = button(choice, () => answer(index), { 'aria-pressed': 'false' });
    return one;
  });
  const answer = (index: number): void => {
    choices.forEach((one, other) => {
      one.setAttribute('aria-pressed', String(other === index));
      one.classList.toggle('right', other === section.answer);
    });
    fill(verdict,
      h('p', {}, h('strong', {}, index === section.answer ? words.right : words.wrong), ' ', section.why),
      button(words.show, show, { class: 'primary', 'aria-label': `${words.show}: ${section.title}` }));
  };
  return h('article', { class: 'card' },
    h('h3', {}, h('span', { class: 'digit', 'aria-hidden': 'true' }, String(at + 1)), section.title),
    h('p', {}, section.text),
    h('p', { class: 'question' }, section.question),
    h('div', { class: 'choices', role: 'group', 'aria-label': section.question }, ...choices),
    verdict);
}

/** Whether the reader asked for little motion. */
export function calm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
