// @ts-check
/**
 * How large the enlarged view is, and where it lies. Its shorter side takes at least 60 % of the window's shorter side,
 * as far as the clip's shape lets it fit; where there is more room beside the circle it takes that. It lies on the
 * side away from the clip itself, over the arena where it has to: a press beside it closes it.
 */

import { positionOf } from './state.js';

const MARGIN = 8;
const SHARE = 0.6; // of the window's shorter side

/**
 * @param {{width: number, height: number}} screen the window, pixels
 * @param {{left: number, top: number, width: number, height: number}} stage in the window, pixels
 * @param {import('./seats.js').SeatPlan} plan
 * @param {number} aspect width / height of the clip
 * @param {{right: boolean, below: boolean}} side where it may go
 * @returns {{left: number, top: number, width: number, height: number}} pixels in the window
 */
export function panelRectangle(screen, stage, plan, aspect, side) {
  /** @param {number} width @param {number} height */
  const fitting = (width, height) => Math.min(width - 2 * MARGIN, (height - 2 * MARGIN) * aspect);
  const wanted = SHARE * Math.min(screen.width, screen.height) * Math.max(1, aspect);
  const beside = fitting((stage.width - plan.box.diameter - plan.item.width) / 2, stage.height);
  const above = fitting(stage.width, (stage.height - plan.box.diameter - plan.item.height) / 2);
  const width = Math.max(40, Math.min(fitting(screen.width, screen.height), Math.max(wanted, beside, above)));
  const height = width / aspect;
  const isAbove = above > beside && above > wanted;
  const across = side.right ? stage.left + stage.width - width - MARGIN : stage.left + MARGIN;
  const along = side.below ? stage.top + stage.height - height - MARGIN : stage.top + MARGIN;
  const middle = { left: stage.left + (stage.width - width) / 2, top: stage.top + (stage.height - height) / 2 };
  // Over the bars only where it does not fit between them.
  /** @param {number} start @param {number} size @param {number} whole */
  const hold = (start, size, whole) => Math.max(MARGIN, Math.min(start, whole - size - MARGIN));
  return {
    left: hold(isAbove ? middle.left : across, width, screen.width),
    top: hold(isAbove ? along : middle.top, height, screen.height),
    width,
    height,
  };
}

/**
 * Put the panel there.
 * @param {import('./view.js').ArenaView} view
 * @param {import('./state.js').State} state
 * @param {import('./seats.js').SeatPlan} plan
 * @param {string} id
 * @param {{width: number, height: number}} clip
 */
export function placePanel(view, state, plan, id, clip) {
  const { left, top, width, height } = view.stage.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const screen = { width: clientWidth, height: clientHeight };
  const at = positionOf(state, id);
  const aspect = clip.width > 0 && clip.height > 0 ? clip.width / clip.height : plan.item.width / plan.item.height;
  const side = { right: at.x < 0, below: at.y > 0 };
  const rectangle = panelRectangle(screen, { left, top, width, height }, plan, aspect, side);
  for (const [key, value] of Object.entries(rectangle)) view.panel.style.setProperty(key, `${value}px`);
}
