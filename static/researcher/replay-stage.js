// @ts-check
/** Replays a trial on a session's page: the arena with its clips, and the buttons to play, step and scrub. */
import { toPixels, WHOLE } from '../arena/geometry.js';
import { seatPlan } from '../arena/seats.js';
import { find } from '../page.js';
import { makeSvg, part } from './elements.js';
import { load } from './live.js';
import { clock, inWords, nextStop, prepared, previousStop, stateAt } from './replay.js';
import { counted } from './words.js';

/**
 * @typedef {{id: string, label: string, poster: string | null, seat: number}} Clip
 * @typedef {import('./replay.js').Record & {clips: Clip[], aspect: number, moves_left_out: number}} Trial
 */

const WIDTH = 960;
const HEIGHT = 600;

/** @param {string} address of the trial's record */
export async function mountReplay(address) {
  /** @type {Trial} */
  const trial = await load(address);
  const record = prepared(trial);
  const labels = new Map(trial.clips.map(({ id, label }) => [id, label]));
  /** @param {string} clip */
  const label = (clip) => labels.get(clip) ?? clip;
  const plan = seatPlan(WIDTH, HEIGHT, trial.clips.length, trial.aspect);
  const items = new Map(trial.clips.map((clip) => [clip.id, item(clip, plan.item)]));
  part('stage').replaceChildren(
    makeSvg(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': 'The arena; the line below says what happens' },
      makeSvg('circle', { class: 'ring', cx: plan.box.x, cy: plan.box.y, r: plan.box.diameter / 2 }),
      ...items.values(),
    ),
  );
  const slider = find(document, '#replay-time', HTMLInputElement);
  const toggle = part('toggle', HTMLButtonElement);
  const speed = find(document, '#replay-speed', HTMLSelectElement);
  slider.max = String(Math.ceil(record.duration));
  let t = record.duration;
  let running = 0;

  /** @param {number} time @param {{glide?: boolean}} [how] */
  function show(time, { glide = true } = {}) {
    t = Math.min(record.duration, Math.max(0, time));
    const state = stateAt(record, t);
    part('stage').classList.toggle('gliding', glide);
    trial.clips.forEach(({ id }, place) => {
      const element = items.get(id);
      if (!element) return;
      const { x, y } = toPixels(state.places.get(id) ?? plan.seats[place], WHOLE, plan.box);
      element.style.transform = `translate(${x}px, ${y}px)`;
      element.classList.toggle('playing', state.playing.has(id));
      element.classList.toggle('moved', state.last?.clip === id && t < record.duration);
    });
    slider.value = String(Math.round(t));
    slider.setAttribute('aria-valuetext', `${clock(t)} of ${clock(record.duration)}`);
    part('time').textContent = `${clock(t)} of ${clock(record.duration)}`;
    part('event').textContent = inWords(state, record.moves.length, label);
  }

  function pause() {
    cancelAnimationFrame(running);
    running = 0;
    toggle.textContent = 'Play';
    part('event').setAttribute('aria-live', 'polite');
  }

  function play() {
    if (t >= record.duration) show(0);
    toggle.textContent = 'Pause';
    // While it runs, the line would be read out without end.
    part('event').setAttribute('aria-live', 'off');
    let before = performance.now();
    /** @param {number} now */
    const frame = (now) => {
      show(t + (now - before) * Number(speed.value));
      before = now;
      if (t >= record.duration) pause();
      else running = requestAnimationFrame(frame);
    };
    running = requestAnimationFrame(frame);
  }

  toggle.addEventListener('click', () => (running ? pause() : play()));
  /** @param {() => number} where */
  const step = (where) => () => {
    pause();
    show(where());
  };
  part('next').addEventListener(
    'click',
    step(() => nextStop(record, t)),
  );
  part('previous').addEventListener(
    'click',
    step(() => previousStop(record, t)),
  );
  slider.addEventListener('input', () => {
    pause();
    show(Number(slider.value), { glide: false });
  });
  if (trial.moves_left_out) {
    part('replay-gap').textContent =
      `The record was too long to be sent whole: ${counted(trial.moves_left_out, 'move')} of it ${trial.moves_left_out === 1 ? 'is' : 'are'} missing. The end is as it was handed in.`;
    part('replay-gap').hidden = false;
  }
  show(t, { glide: false });
  part('replay').hidden = false;
}

/** @param {Clip} clip @param {{width: number, height: number}} size pixels */
function item({ label, poster }, { width, height }) {
  const box = { x: -width / 2, y: -height / 2, width, height };
  return makeSvg(
    'g',
    { class: 'item' },
    makeSvg('title', {}, label),
    makeSvg('rect', { class: 'ground', ...box }),
    poster
      ? makeSvg('image', { href: poster, ...box, preserveAspectRatio: 'xMidYMid slice' })
      : makeSvg('text', { 'text-anchor': 'middle', y: 4 }, label),
    makeSvg('rect', { class: 'frame', ...box }),
    makeSvg('path', { class: 'mark', d: `M ${-width / 2 + 4} ${-height / 2 + 3} l 13 8 l -13 8 z` }),
  );
}
