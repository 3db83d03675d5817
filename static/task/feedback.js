// @ts-check
/** The page after a practice round: what was placed beside what was expected, and what to do better. The server judges. */
import { find, given } from '../page.js';

const SVG = 'http://www.w3.org/2000/svg';
const MAX_SIDE = 0.17; // of the circle's diameter: side of a drawn shape
const APART = 0.94; // of the room between neighbours that a drawn shape fills

/**
 * @typedef {import('./session.js').Placement} Placement
 * @typedef {import('./session.js').Clip} Clip
 * @typedef {import('./text.js').Translate} Translate
 * @typedef {{kind: 'one_spot'|'use_circle'|'closer'|'apart', clips: string[]}} Advice
 * @typedef {{key: string, clips: import('./session.js').Clip[], placements: Placement[], expected: Placement[],
 *   verdict: 'good'|'nearly'|'different', advice: Advice[]}} PracticeFeedback
 *   expected: the known layout in arena units, turned and mirrored to lie as the participant's does
 */

/**
 * Fills the feedback screen.
 * @param {HTMLElement} screen
 * @param {PracticeFeedback} practice
 * @param {import('./text.js').Translate} t
 */
export function fillFeedback(screen, practice, t) {
  const { clips, placements, expected, verdict, advice } = practice;
  const words = {
    good: t('Well done: shapes that are alike lie close together.'),
    nearly: t('A good start. Most people would put some of the shapes elsewhere.'),
    different: t('Most people would arrange these shapes in another way. Compare the two pictures.'),
  };
  find(screen, '[data-verdict]').textContent = words[verdict];
  find(screen, '[data-hint]').textContent = advice.map((each) => inWords(each, clips, t)).join(' ');
  const marked = new Set(advice.flatMap((each) => each.clips));
  const size = sizeOfShapes(expected);
  draw(find(screen, '[data-yours]'), clips, placements, size, marked, t('Your arrangement'));
  draw(find(screen, '[data-expected]'), clips, expected, size, marked, t('As most people would put them'));
}

/**
 * Says what comes next, once the server has decided it, and lets the participant go on.
 * @param {HTMLElement} screen
 * @param {import('./session.js').SessionView} next
 * @param {Translate} t
 */
export function announceNext(screen, next, t) {
  const again = next.trial?.purpose === 'practice';
  find(screen, '[data-next]').textContent = again
    ? t('Next comes another practice round.')
    : t('Practice is over. From now on it counts.');
  find(screen, 'button', HTMLButtonElement).disabled = false;
}

/** @param {Advice} advice @param {Clip[]} clips @param {Translate} t */
function inWords({ kind, clips: [first, second] }, clips, t) {
  if (kind === 'one_spot') return t('All the shapes are in one spot. Put different ones far apart.');
  if (kind === 'use_circle') return t('Use the whole circle: put what differs most at opposite edges.');
  /** @param {string} id */
  const name = (id) => t(given(clips.find((clip) => clip.id === id)?.label));
  const pair = { a: name(first), b: name(second) };
  if (kind === 'closer') return t('“{a}” and “{b}” look alike to most people: put them closer together.', pair);
  return t('“{a}” and “{b}” look different to most people: put them farther apart.', pair);
}

/**
 * The largest size at which squares at these places do not overlap: the pictures of the known layout lie apart.
 * @param {Placement[]} places
 * @returns {number} arena units
 */
export function sizeOfShapes(places) {
  const gaps = places.flatMap((a, i) => {
    return places.slice(i + 1).map((b) => Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y)));
  });
  return Math.min(MAX_SIDE, APART * Math.min(...gaps));
}

/**
 * @param {HTMLElement} figure
 * @param {Clip[]} clips
 * @param {Placement[]} placements
 * @param {number} size
 * @param {Set<string>} marked
 * @param {string} caption
 */
function draw(figure, clips, placements, size, marked, caption) {
  const known = new Map(clips.map((clip) => [clip.id, clip]));
  const picture = element('svg', { viewBox: '-0.6 -0.6 1.2 1.2', role: 'img', 'aria-label': caption });
  picture.append(element('circle', { class: 'rim', r: 0.5 }));
  for (const { clip, x, y } of placements) {
    const box = { x: x - size / 2, y: -y - size / 2, width: size, height: size };
    picture.append(
      element('image', { ...box, href: given(known.get(clip)).poster, preserveAspectRatio: 'xMidYMid slice' }),
    );
    if (marked.has(clip)) picture.append(element('rect', { ...box, class: 'mark' }));
  }
  const label = document.createElement('figcaption');
  label.dir = 'auto';
  label.textContent = caption;
  figure.replaceChildren(picture, label);
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function element(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}
