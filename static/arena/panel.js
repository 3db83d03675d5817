/**
 * Where the enlarged view goes: beside the circle, or into a corner where there is little room beside it, away from the
 * clip itself. It never covers the place of a clip in the arena (while the whole arena is shown).
 */

import { positionOf } from './state.js';

const MARGIN = 8;
const SMALLEST = 60; // pixels of width: where there is no room at all the view is still seen
const ENOUGH = 1.8; // times a clip's width; below that a corner is tried, where it hides more of the waiting clips

/**
 * @param {{width: number, height: number}} stage pixels
 * @param {ReturnType<import('./seats.js').seatPlan>} plan
 * @param {number} aspect width / height of the clip
 * @param {{right: boolean, below: boolean}} side where it may go when both sides offer as much
 * @returns {{left: number, top: number, width: number, height: number}} pixels in the stage
 */
export function panelRectangle(stage, plan, aspect, side) {
  const beside = (stage.width - plan.box.diameter - plan.item.width) / 2 - 2 * MARGIN;
  const above = (stage.height - plan.box.diameter - plan.item.height) / 2 - 2 * MARGIN;
  const wide = Math.min(beside, (stage.height - 2 * MARGIN) * aspect);
  const tall = Math.min(stage.width - 2 * MARGIN, above * aspect);
  const straight = Math.max(wide, tall);
  const corner = straight < ENOUGH * plan.item.width ? widestInCorner(stage, plan, aspect) : 0;
  const useCorner = corner > straight;
  const width = Math.max(SMALLEST, corner, straight);
  const height = width / aspect;
  const left = side.right ? stage.width - width - MARGIN : MARGIN;
  const top = side.below ? stage.height - height - MARGIN : MARGIN;
  if (useCorner) return { left, top, width, height };
  if (wide >= tall) return { left, top: (stage.height - height) / 2, width, height };
  return { left: (stage.width - width) / 2, top, width, height };
}

/** The largest width with which a rectangle in a corner keeps clear of every clip in the circle; by halving. */
function widestInCorner(stage, { box, item }, aspect) {
  // A clip's centre lies in the circle, so the rectangle grown by half a clip must not reach into it.
  const clear = (width) => {
    const across = stage.width / 2 - MARGIN - width - item.width / 2 - MARGIN;
    const along = stage.height / 2 - MARGIN - width / aspect - item.height / 2 - MARGIN;
    return Math.hypot(Math.max(0, across), Math.max(0, along)) >= box.diameter / 2;
  };
  let [low, high] = [0, Math.min(stage.width, stage.height * aspect) - 2 * MARGIN];
  while (high - low > 1) {
    const middle = (low + high) / 2;
    if (clear(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Put the panel there. */
export function placePanel(view, state, plan, id, clip) {
  const { width, height } = view.stage.getBoundingClientRect();
  const at = positionOf(state, id);
  const aspect = clip.width > 0 && clip.height > 0 ? clip.width / clip.height : plan.item.width / plan.item.height;
  const rectangle = panelRectangle({ width, height }, plan, aspect, { right: at.x < 0, below: at.y > 0 });
  for (const [key, value] of Object.entries(rectangle)) view.panel.style[key] = `${value}px`;
}
