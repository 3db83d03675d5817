// @ts-check
/**
 * What a trial comes to: the keys of the submit body, out of the arena's state and what its players recorded.
 *
 * @typedef {object} Result the keys of the submit body; times in ms, pixels are CSS pixels
 * @property {import('../task/session.js').Placement[]} placements
 * @property {import('./state.js').Move[]} moves
 * @property {import('./player.js').Play[]} plays
 * @property {string[]} watched
 * @property {string[]} unplayable
 * @property {import('./record.js').Gap} [moves_gap]
 * @property {import('./record.js').Gap} [plays_gap]
 * @property {number} duration
 * @property {number} hidden
 * @property {{width: number, height: number, pixel_ratio: number}} viewport
 * @property {{x: number, y: number, diameter: number, item: number}} arena
 */

import { bounded } from './record.js';
import { placedIn } from './state.js';

/**
 * @param {import('./state.js').State} state
 * @param {object} around
 * @param {import('./player.js').Play[]} around.plays of all players
 * @param {import('./seats.js').SeatPlan|null} around.plan null before the arena was first shown
 * @param {Element} around.stage
 * @param {{now: () => number, hidden: () => number}} around.clock
 * @returns {Result}
 */
export function resultOf(state, { plays, plan, stage, clock }) {
  const ids = state.clips;
  const { left, top } = stage.getBoundingClientRect();
  const box = plan?.box ?? { x: 0, y: 0, diameter: 0 };
  const placed = placedIn(state);
  const moved = bounded(state.moves);
  const played = bounded([...plays].sort((a, b) => a.t - b.t));
  return {
    placements: ids.filter((id) => id in placed).map((id) => ({ clip: id, x: placed[id].x, y: placed[id].y })),
    moves: moved.kept.map((move) => ({ ...move, t: Math.round(move.t) })),
    plays: played.kept,
    watched: ids.filter((id) => state.watched[id]),
    unplayable: ids.filter((id) => state.failed[id] && !state.watched[id]),
    ...(moved.gap && { moves_gap: moved.gap }),
    ...(played.gap && { plays_gap: played.gap }),
    duration: Math.round(clock.now()),
    hidden: Math.round(clock.hidden()),
    viewport: { width: window.innerWidth, height: window.innerHeight, pixel_ratio: window.devicePixelRatio },
    arena: { x: left + box.x, y: top + box.y, diameter: box.diameter, item: plan?.item.width ?? 0 },
  };
}
