// @ts-check
/** A matrix of pairs with posters at its edges, and a card with the pair under the pointer: its clips play. */

import { given } from '../page.js';
import { css } from './colour.js';
import { make } from './elements.js';
import { mountPairCard } from './pair-card.js';
import { drawMatrix, drawStrip, token } from './matrix.js';
import { pairIndex } from './pairs.js';
import { drawPoster, drawTile, posterOf } from './posters.js';

/** Cells smaller than this (CSS px) leave no room for posters at the edges. */
const MIN_POSTER = 13;
const GAP = 3;
/** Cells larger than this (CSS px) are all of one size; smaller ones may differ by a device pixel, to fill the width. */
const EVEN_CELL = 10;
/** The whole matrix should be in view at once. */
const SHARE_OF_HEIGHT = 0.78;
const MIN_SIDE = 240;
/** @type {Record<string, [number, number]>} rows and columns */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * @typedef {import('./pair-card.js').Pictured} Pictured a clip
 * @typedef {object} View
 * @property {Pictured[]} clips
 * @property {(number | null)[]} values condensed
 * @property {number[]} order
 * @property {[number, number]} range
 * @property {[number, number, number][]} colours
 * @property {[string, string]} ends words at the two ends of the legend
 * @property {string} [middle] what the colour in the middle stands for
 * @property {boolean} anyMissing
 * @property {string} label what a screen reader says
 * @property {(pair: number) => [string, string][]} facts names and values about a pair
 */

/**
 * @param {HTMLElement} element emptied and filled
 * @returns {{show: (view: View) => void}}
 */
export function mountHeatmap(element) {
  const canvas = make('canvas', { tabindex: 0, role: 'img' });
  const strip = make('canvas', { class: 'strip', 'aria-hidden': 'true' });
  const low = make('span');
  const high = make('span');
  const middle = make('span', { class: 'middle' });
  const missing = make('span', { class: 'missing' }, 'not known');
  const legend = make('div', { class: 'legend' }, low, make('span', { class: 'scale' }, strip, middle), high, missing);
  const card = make('div', { class: 'pair-card', hidden: true, 'aria-hidden': 'true' });
  const pairCard = mountPairCard(card);
  const spoken = make('p', { class: 'unseen', 'aria-live': 'polite' });
  element.replaceChildren(canvas, legend, card, spoken);
  const context = given(canvas.getContext('2d'));
  const ground = document.createElement('canvas');
  const paint = given(ground.getContext('2d'));

  /** @type {View | null} */
  let view = null;
  /** @type {{row: number, column: number} | null} */
  let at = null;
  let place = { cell: 0, margin: 0 };
  let frame = 0;

  /** @param {View} next */
  function show(next) {
    const same = view !== null && view.clips.length === next.clips.length;
    view = next;
    if (!same) at = null;
    canvas.setAttribute('aria-label', `${next.label}. Arrow keys go from pair to pair.`);
    drawStrip(strip, next.colours);
    [low.textContent, high.textContent] = next.ends;
    middle.textContent = next.middle ?? '';
    missing.hidden = !next.anyMissing;
    arrange();
    describe();
  }

  /** Sizes and the picture without a cursor. */
  function arrange() {
    // Nothing has a size while the figure is hidden; the observer calls again once it is shown.
    if (!view || element.clientWidth === 0) return;
    const n = view.order.length;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.floor(
      ratio * Math.min(element.clientWidth, Math.max(MIN_SIDE, SHARE_OF_HEIGHT * window.innerHeight)),
    );
    const gap = Math.round(GAP * ratio);
    const withPosters = Math.floor((width - gap) / (n + 1));
    const posters = withPosters >= MIN_POSTER * ratio;
    const exact = width / n;
    const cell = posters ? withPosters : exact > EVEN_CELL * ratio ? Math.floor(exact) : exact;
    const margin = posters ? cell + gap : 0;
    place = { cell, margin };
    const size = Math.round(margin + cell * n);
    for (const one of [canvas, ground]) one.width = one.height = size;
    canvas.style.width = canvas.style.height = `${size / ratio}px`;
    strip.style.width = `${Math.min(220, size / ratio / 2)}px`;
    drawGround();
  }

  function drawGround() {
    if (!view) return;
    const { clips, order } = view;
    const n = order.length;
    const { cell, margin } = place;
    paint.clearRect(0, 0, ground.width, ground.height);
    drawMatrix(paint, view, {
      x: margin,
      y: margin,
      size: Math.round(cell * n),
      diagonal: token('--raised'),
      missing: token('--missing'),
    });
    if (margin) {
      order.forEach((item, k) => {
        const image = posterOf(clips[item], drawSoon);
        if (clips[item].poster === null) {
          const colours = { ground: css(token('--raised')), ink: css(token('--text')) };
          drawTile(paint, clips[item].label, 0, margin + k * cell, cell, colours);
          drawTile(paint, clips[item].label, margin + k * cell, 0, cell, colours);
        }
        if (!image) return;
        paint.imageSmoothingEnabled = true;
        paint.imageSmoothingQuality = 'high';
        drawPoster(paint, image, 0, margin + k * cell, cell);
        drawPoster(paint, image, margin + k * cell, 0, cell);
      });
    }
    draw();
  }

  /** Once in the next frame, however many posters have come by then. */
  function drawSoon() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(drawGround);
  }

  /** The picture with the cursor. */
  function draw() {
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(ground, 0, 0);
    if (!at) return;
    const { cell, margin } = place;
    const line = Math.max(2, Math.round(2 * (window.devicePixelRatio || 1)));
    const x = margin + at.column * cell;
    const y = margin + at.row * cell;
    context.lineWidth = line;
    context.strokeStyle = css(token('--accent'));
    if (margin) {
      context.strokeRect(line / 2, y + line / 2, cell - line, cell - line);
      context.strokeRect(x + line / 2, line / 2, cell - line, cell - line);
    }
    // A dark line within a light one shows on every colour of the map.
    context.strokeStyle = '#ffffff';
    context.strokeRect(x - line / 2, y - line / 2, cell + line, cell + line);
    context.strokeStyle = '#000000';
    context.lineWidth = Math.max(1, line / 2);
    context.strokeRect(x - line / 4, y - line / 4, cell + line / 2, cell + line / 2);
  }

  /** @param {number} row @param {number} column */
  function moveTo(row, column) {
    if (!view) return;
    const n = view.order.length;
    const inside = row >= 0 && column >= 0 && row < n && column < n;
    const next = inside ? { row, column } : null;
    if (next?.row === at?.row && next?.column === at?.column) return;
    at = next;
    draw();
    describe();
  }

  /** What is known about the pair, in a card beside the cell and for screen readers. */
  function describe() {
    if (!at || !view) {
      pairCard.hide();
      return;
    }
    const { clips, order } = view;
    const [row, column] = [order[at.row], order[at.column]];
    const [first, second] = [clips[row], clips[column]];
    const facts = first === second ? [] : view.facts(pairIndex(row, column, order.length));
    const names = first === second ? [first] : [first, second];
    pairCard.show(names, facts);
    spoken.textContent = [names.map((clip) => clip.label).join(' and '), ...facts.map((fact) => fact.join(' '))].join(
      ', ',
    );
    placeCard(at);
  }

  /**
   * Beside the cell, on the side where there is more room, within the figure from top to bottom.
   * @param {{row: number, column: number}} at
   */
  function placeCard(at) {
    const scale = canvas.clientWidth / canvas.width;
    const x = canvas.offsetLeft + (place.margin + (at.column + 0.5) * place.cell) * scale;
    const y = canvas.offsetTop + (place.margin + (at.row + 0.5) * place.cell) * scale;
    const away = (place.cell * scale) / 2 + 12;
    const left = x < element.clientWidth / 2 ? x + away : x - away - card.offsetWidth;
    card.style.left = `${Math.max(left, 0)}px`;
    card.style.top = `${Math.max(0, Math.min(y - card.offsetHeight / 2, canvas.offsetTop + canvas.clientHeight - card.offsetHeight))}px`;
  }

  canvas.addEventListener('pointermove', (event) => {
    if (!view) return;
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    const column = Math.floor(((event.clientX - box.left) * scale - place.margin) / place.cell);
    const row = Math.floor(((event.clientY - box.top) * scale - place.margin) / place.cell);
    moveTo(row, column);
  });
  const leave = () => moveTo(-1, -1);
  canvas.addEventListener('pointerleave', leave);
  canvas.addEventListener('blur', leave);
  canvas.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (!step || !view) return;
    event.preventDefault();
    const n = view.order.length;
    const from = at ?? { row: 0, column: 0 };
    moveTo(Math.min(Math.max(from.row + step[0], 0), n - 1), Math.min(Math.max(from.column + step[1], 0), n - 1));
  });
  new ResizeObserver(arrange).observe(element);
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => view && drawGround());
  return { show };
}

/**
 * A small picture of an RDM.
 * @param {HTMLCanvasElement} canvas
 * @param {import('./matrix.js').Matrix} matrix
 * @param {number} size CSS px
 */
export function drawThumb(canvas, matrix, size) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.height = Math.round(size * ratio);
  drawMatrix(given(canvas.getContext('2d')), matrix, {
    x: 0,
    y: 0,
    size: canvas.width,
    diagonal: token('--raised'),
    missing: token('--missing'),
  });
}
