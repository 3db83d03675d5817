// @ts-check
/** The card beside a cell of a matrix: both clips, which play once somebody stays on the pair, and what is known of it. */

import { make } from './elements.js';

/** Who only passes over cells starts no clips. */
const STAY = 250;

/**
 * @typedef {import('../task/session.js').Source} Source
 * @typedef {{label: string, poster: string | null, sources?: Source[]}} Pictured a clip, or a rater
 */

/**
 * @param {HTMLElement} card
 * @returns {{show: (pair: Pictured[], facts: [string, string][]) => void, hide: () => void}}
 */
export function mountPairCard(card) {
  let timer = 0;

  function hide() {
    clearTimeout(timer);
    // A video that is only taken out of the page goes on loading.
    for (const video of card.querySelectorAll('video')) stop(video);
    card.hidden = true;
  }

  /** @param {Pictured[]} pair @param {[string, string][]} facts names and values */
  function show(pair, facts) {
    hide();
    const figures = pair.map(pictured);
    card.replaceChildren(
      make('div', { class: 'posters' }, ...figures),
      make('dl', {}, ...facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value)))),
    );
    card.hidden = false;
    timer = window.setTimeout(() => figures.forEach((figure, place) => play(figure, pair[place])), STAY);
  }

  return { show, hide };
}

/** @param {Pictured} clip */
function pictured({ poster, label }) {
  return make(
    'figure',
    {},
    poster ? make('img', { src: poster, alt: '', width: 64, height: 64 }) : null,
    make('figcaption', {}, label),
  );
}

/** @param {HTMLElement} figure @param {Pictured} clip */
function play(figure, { poster, sources = [] }) {
  const video = make('video', { muted: true, loop: true, playsinline: true, poster });
  video.muted = true;
  const source = sources.find(({ type }) => video.canPlayType(type) !== '');
  const image = figure.querySelector('img');
  if (!source || !image) return;
  // It shows the poster until there is a frame, and where the clip cannot be played.
  image.replaceWith(video);
  video.src = source.src;
  video.play().catch(() => {});
}

/** @param {HTMLVideoElement} video */
function stop(video) {
  video.pause();
  video.removeAttribute('src');
  video.load();
}
