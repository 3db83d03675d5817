// @ts-check
/**
 * A trial as it was at any moment of it. Pure: the record and a time give the state.
 *
 * @typedef {{x: number, y: number}} Point arena units
 * @typedef {{clip: string, t: number, x: number | null, y: number | null, how: string}} Move  null: back to its seat
 * @typedef {{clip: string, t: number, ms: number, how: string, ended: boolean}} Play
 * @typedef {object} Record times in ms since the arena was shown
 * @property {Move[]} moves in the order in which they were made, their times never stepping back
 * @property {Play[]} plays
 * @property {({clip: string} & Point)[]} placements what was handed in
 * @property {number} duration
 * @typedef {{places: Map<string, Point>, playing: Set<string>, last: Move | null, done: number}} State  places of the clips in
 *   the arena (others are on their seats), which clips play, the last move, and how many there have been
 */

/**
 * A record whose moves never step back: after a page was loaded again its clock began anew, the order of moves did not.
 * @param {Record} record
 * @returns {Record}
 */
export function prepared({ moves, plays, placements, duration }) {
  let latest = 0;
  const inOrder = moves.map((move) => {
    latest = Math.max(latest, move.t);
    return { ...move, t: latest };
  });
  const ends = plays.map(({ t, ms }) => t + ms);
  return { moves: inOrder, plays, placements, duration: Math.max(duration, latest, ...ends) };
}

/**
 * @param {Record} record
 * @param {number} t
 * @returns {State} at the end what was handed in, also where moves are missing from the record
 */
export function stateAt({ moves, plays, placements, duration }, t) {
  /** @type {Map<string, Point>} */
  const places = new Map();
  let done = 0;
  for (const { clip, x, y, t: at } of moves) {
    if (at > t) break;
    done += 1;
    if (x === null || y === null) places.delete(clip);
    else places.set(clip, { x, y });
  }
  if (t >= duration) {
    places.clear();
    for (const { clip, x, y } of placements) places.set(clip, { x, y });
  }
  const playing = new Set(plays.filter((play) => play.t <= t && t < play.t + play.ms).map(({ clip }) => clip));
  return { places, playing, last: done ? moves[done - 1] : null, done };
}

/**
 * The times at which something is put down, and the end: where a step leads.
 * @param {Record} record
 * @returns {number[]} rising
 */
export function stops({ moves, duration }) {
  return [...new Set([0, ...moves.map(({ t }) => t), duration])].sort((a, b) => a - b);
}

/** @param {Record} record @param {number} t @returns {number} the next stop after t, or the end */
export function nextStop(record, t) {
  return stops(record).find((stop) => stop > t) ?? record.duration;
}

/** @param {Record} record @param {number} t @returns {number} the last stop before t, or the beginning */
export function previousStop(record, t) {
  return stops(record).findLast((stop) => stop < t) ?? 0;
}

/** @type {{[how: string]: string}} */
const HOW = { drag: 'dragged', click: 'placed by click', key: 'moved by key', lasso: 'moved in a group' };

/**
 * @param {State} state
 * @param {number} total number of moves
 * @param {(clip: string) => string} label
 * @returns {string} what is to be seen at the moment
 */
export function inWords({ last, done, playing }, total, label) {
  const parts = [];
  if (last === null) parts.push('Nothing was moved yet');
  else {
    const back = last.x === null ? ', back to its seat' : '';
    const how = last.how === 'undo' || last.how === 'redo' ? `moved by ${last.how}` : (HOW[last.how] ?? last.how);
    parts.push(`Move ${done} of ${total}: ${label(last.clip)} ${how}${back}`);
  }
  if (playing.size) parts.push(`playing: ${[...playing].map(label).join(', ')}`);
  return `${parts.join('; ')}.`;
}

/** @param {number} ms @returns {string} "1:05" */
export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
