/** The page after a practice round: what was placed beside what was expected, and a word on it. */
import { comparePractice } from './practice.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Fills the feedback screen.
 * @param {HTMLElement} screen
 * @param {import('./session.js').Trial} trial  with its target
 * @param {import('./session.js').Placement[]} placements
 * @param {(text: string, params?: object) => string} t
 */
export function fillFeedback(screen, trial, placements, t) {
  const { verdict, worst, expected } = comparePractice(placements, trial.target);
  const words = {
    close: t('Very good: clips that belong together are close to each other.'),
    partly: t('A good start. Some distances are not as expected yet.'),
    different: t('Here the distances should say something else. Compare the two pictures.'),
    unknown: t('Compare the two pictures.'),
  };
  const hint = {
    closer: t('The two marked clips are alike and should be closer together.'),
    apart: t('The two marked clips differ and should be farther apart.'),
  };
  screen.querySelector('[data-verdict]').textContent = words[verdict];
  screen.querySelector('[data-hint]').textContent = worst ? hint[worst.should] : '';
  const marked = new Set(worst ? [worst.a, worst.b] : []);
  draw(screen.querySelector('[data-yours]'), trial.clips, placements, marked, t('Your arrangement'));
  draw(screen.querySelector('[data-expected]'), trial.clips, expected, marked, t('The expected arrangement'));
}

/** Says what comes next, once the server has decided it, and lets the participant go on. */
export function announceNext(screen, next, t) {
  const again = next.trial?.purpose === 'practice';
  screen.querySelector('[data-next]').textContent = again
    ? t('Next comes another practice round.')
    : t('The practice is over. Now it counts.');
  screen.querySelector('button').disabled = false;
}

function draw(figure, clips, placements, marked, caption) {
  const size = Math.min(0.2, 0.62 / Math.sqrt(clips.length));
  const known = new Map(clips.map((clip) => [clip.id, clip]));
  const picture = element('svg', { viewBox: '-0.58 -0.58 1.16 1.16', role: 'img', 'aria-label': caption });
  picture.append(element('circle', { class: 'rim', r: 0.5 }));
  for (const { clip, x, y } of placements) {
    const { poster, width: across, height: down } = known.get(clip);
    // Clips of all shapes get the same area.
    const [width, height] = [size * Math.sqrt(across / down), size * Math.sqrt(down / across)];
    const box = { x: x - width / 2, y: -y - height / 2, width, height };
    picture.append(element('image', { ...box, href: poster, preserveAspectRatio: 'xMidYMid slice' }));
    if (marked.has(clip)) picture.append(element('rect', { ...box, class: 'mark' }));
  }
  const label = document.createElement('figcaption');
  label.textContent = caption;
  figure.replaceChildren(picture, label);
}

function element(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
