/**
 * Where the enlarged view goes: into the largest free rectangle beside the circle, on the side away from the clip
 * itself, so that it never covers the place of a clip in the arena (while the whole arena is shown).
 */

import { positionOf } from './state.js';

const MARGIN = 8;

/**
 * @param {{width: number, height: number}} stage pixels
 * @param {ReturnType<import('./seats.js').seatPlan>} plan
 * @param {number} aspect width / height of the clip
 * @param {boolean} toTheRight or below, where both sides offer as much
 * @returns {{left: number, top: number, width: number, height: number}} pixels in the stage
 */
export function panelRectangle(stage, { box, item }, aspect, toTheRight) {
  const beside = (stage.width - box.diameter - item.width) / 2 - 2 * MARGIN;
  const above = (stage.height - box.diameter - item.height) / 2 - 2 * MARGIN;
  const fit = (width, height) => {
    const used = Math.max(60, Math.min(width, height * aspect));
    return { width: used, height: used / aspect };
  };
  const wide = fit(beside, stage.height - 2 * MARGIN);
  const tall = fit(stage.width - 2 * MARGIN, above);
  const size = wide.width >= tall.width ? wide : tall;
  const start = MARGIN;
  if (size === wide) {
    const left = toTheRight ? stage.width - size.width - MARGIN : start;
    return { left, top: (stage.height - size.height) / 2, ...size };
  }
  const top = toTheRight ? stage.height - size.height - MARGIN : start;
  return { left: (stage.width - size.width) / 2, top, ...size };
}

/** Put the panel there. */
export function placePanel(view, state, plan, id, clip) {
  const { width, height } = view.stage.getBoundingClientRect();
  const at = positionOf(state, id);
  const tall = plan.box.diameter + plan.item.height < height - width + plan.box.diameter + plan.item.width;
  const away = tall ? at.y > 0 : at.x < 0;
  const aspect = clip.width > 0 && clip.height > 0 ? clip.width / clip.height : plan.item.width / plan.item.height;
  const rectangle = panelRectangle({ width, height }, plan, aspect, away);
  for (const [key, value] of Object.entries(rectangle)) view.panel.style[key] = `${value}px`;
}
