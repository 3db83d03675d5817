// @ts-check
/**
 * Builds the arena's elements once. What changes afterwards is changed by render.js.
 *
 * For tests and styles: every clip is `[data-clip="ID"]`, the circle `[data-arena]`, the Done button `[data-done]`, the
 * line that says what is missing `[data-status]`.
 *
 * @typedef {import('../task/text.js').Translate} Translate
 * @typedef {{id: string, poster: string, kind?: import('../task/session.js').Kind, caption?: string}} Face
 * @typedef {ReturnType<typeof buildView>} ArenaView
 */

import { helpLines, shortcuts } from './inputs.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element with attributes and children; texts become text nodes, so nothing is ever parsed as HTML.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @template {keyof SVGElementTagNameMap} K @param {K} tag @param {string} className */
function ink(tag, className) {
  const element = document.createElementNS(SVG, tag);
  element.setAttribute('class', className);
  return element;
}

/**
 * An icon drawn from one path in a 20 x 20 box.
 * @param {string} path
 */
function icon(path) {
  const svg = ink('svg', 'arena__icon');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

const ICONS = {
  undo: 'M7 4 3 8l4 4M3 8h9a5 5 0 0 1 0 10H8',
  redo: 'm13 4 4 4-4 4M17 8H8a5 5 0 0 0 0 10h4',
  out: 'M4 10h12',
  in: 'M4 10h12M10 4v12',
  whole: 'M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4',
  help: 'M7 7.5a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M10 15.6v.4',
  close: 'M5 5l10 10M15 5 5 15',
};

/** @param {keyof typeof ICONS} name @param {string} label @param {string} [shortcut] */
function tool(name, label, shortcut = '') {
  const title = shortcut ? `${label} (${shortcut})` : label;
  return make('button', { type: 'button', class: 'arena__tool', 'aria-label': label, title }, icon(ICONS[name]));
}

/**
 * @param {HTMLElement} element is emptied and filled
 * @param {{clips: Face[], question: string, background: string,
 *          inputs: import('./inputs.js').Inputs, t: Translate}} options
 */
export function buildView(element, { clips, question, background, inputs, t }) {
  /** @type {{undo?: string, redo?: string, out?: string, in?: string, whole?: string}} */
  const keys = inputs.touchOnly ? {} : { ...shortcuts(inputs, t), out: '−', in: '+', whole: '0' };
  const closeLabel = t('Close');
  const parts = {
    circle: make('div', { class: 'arena__circle', 'data-arena': '' }),
    ink: ink('svg', 'arena__ink'),
    guides: ink('path', 'arena__guides'),
    lasso: ink('path', 'arena__lasso'),
    panel: make('figure', { class: 'arena__panel', 'data-panel': '', hidden: '' }),
    panelBody: make('div', { class: 'arena__panel-body' }),
    panelName: make('figcaption', { class: 'arena__hidden' }),
    close: make('button', { type: 'button', class: 'arena__close', 'aria-label': closeLabel, title: closeLabel }),
    help: make('dl', { class: 'arena__help', 'data-panel': '', 'data-help': '', hidden: '' }),
    undo: tool('undo', t('Undo'), keys.undo),
    redo: tool('redo', t('Redo'), keys.redo),
    zoomOut: tool('out', t('Zoom out'), keys.out),
    zoomIn: tool('in', t('Zoom in'), keys.in),
    whole: tool('whole', t('Show the whole arena'), keys.whole),
    helpButton: tool('help', inputs.touchOnly ? t('Help') : t('Mouse, touch and keys')),
    note: make('p', { class: 'arena__note', 'data-panel': '', 'data-note': '', role: 'status', hidden: '' }),
    noteWords: make('span', { dir: 'auto' }),
    noteClose: make('button', {
      type: 'button',
      class: 'arena__note-close',
      'aria-label': closeLabel,
      title: closeLabel,
    }),
    blocked: make('div', { class: 'arena__blocked', 'data-blocked': '', role: 'alert', hidden: '' }),
    status: make('p', { class: 'arena__status', dir: 'auto', 'data-status': '' }),
    guidance: make('p', { class: 'arena__guidance', dir: 'auto', 'data-guidance': '' }),
    done: make('button', { type: 'button', class: 'arena__done', dir: 'auto', 'data-done': '' }, t('Done')),
    live: make('div', { class: 'arena__hidden', 'aria-live': 'polite', 'data-live': '' }),
  };
  parts.close.append(icon(ICONS.close));
  parts.noteClose.append(icon(ICONS.close));
  parts.note.append(parts.noteWords, parts.noteClose);
  parts.panel.append(parts.panelBody, parts.panelName, parts.close);
  parts.ink.setAttribute('aria-hidden', 'true');
  parts.ink.append(parts.guides, parts.lasso);
  parts.helpButton.setAttribute('aria-expanded', 'false');
  for (const [term, text] of helpLines(inputs, t)) {
    parts.help.append(make('dt', { dir: 'auto' }, term), make('dd', { dir: 'auto' }, text));
  }

  const items = new Map(clips.map((clip) => [clip.id, makeItem(clip, t)]));
  const seats = new Map(clips.map((clip) => [clip.id, make('div', { class: 'arena__seat', hidden: '' })]));
  const stage = make(
    'div',
    {
      class: 'arena__stage',
      'data-stage': '',
      role: 'application',
      tabindex: '0',
      'aria-label': t('Arena with {n} clips', { n: clips.length }),
      'aria-describedby': 'arena-question',
    },
    parts.circle,
    ...seats.values(),
    parts.ink,
    ...items.values(),
    parts.note,
    parts.panel,
    parts.help,
  );
  /** @param {string} label @param {...HTMLElement} tools */
  const group = (label, ...tools) =>
    make('div', { class: 'arena__tools', role: 'group', 'aria-label': label }, ...tools);
  const bar = make(
    'div',
    { class: 'arena__bar' },
    group(t('Change'), parts.undo, parts.redo),
    group(t('View'), parts.zoomOut, parts.zoomIn, parts.whole),
    make('div', { class: 'arena__tools' }, parts.helpButton),
    make('div', { class: 'arena__words' }, parts.status, parts.guidance),
    parts.done,
  );
  const root = make(
    'div',
    { class: 'arena', 'data-background': background },
    make('h1', { class: 'arena__question', id: 'arena-question', dir: 'auto', 'data-question': '' }, question),
    stage,
    bar,
    parts.blocked,
    parts.live,
  );
  element.replaceChildren(root);
  return { ...parts, items, seats, stage, bar, root };
}

/** @param {Face} clip @param {Translate} t */
function makeItem(clip, t) {
  const item = {
    class: 'clip',
    'data-clip': clip.id,
    role: 'button',
    tabindex: '0',
    'aria-roledescription': t('clip'),
  };
  return make('div', { ...item, 'data-kind': clip.kind ?? 'clip' }, ...faceOf(clip, clip.poster));
}

/**
 * What an item looks like while it does not play, small or large: its picture; of a sound also a line that shows how far
 * it has played, and its label.
 * @param {Face} clip
 * @param {string} src
 */
export function faceOf({ kind, caption }, src) {
  const picture = make('img', { class: 'clip__poster', src, alt: '', draggable: 'false', decoding: 'async' });
  if (kind !== 'sound') return [picture];
  const line = make('span', { class: 'clip__line' });
  return caption ? [picture, line, make('span', { class: 'clip__caption', dir: 'auto' }, caption)] : [picture, line];
}
