// @ts-check
/** How the clips of one RDM lie to each other: on a map, and joined in a tree. */

import { attributesToColour, coloursBy } from './attributes.js';
import { make, part } from './elements.js';
import { RequestError } from './live.js';
import { mountMap } from './map.js';
import { colour, dimensions } from './results-choice.js';
import { showTree } from './tree.js';
import { fitOfMap, number } from './words.js';

/** With more clips than this, posters hide each other on the map. */
const MAX_POSTERS = 80;

/** @type {Record<string, string>} by the number of dimensions */
const MAP_HINTS = {
  2: 'Point at a clip to play it.',
  3: 'Point at a clip to play it; drag the background to turn the map.',
};

/**
 * @typedef {object} Wanted whose map and tree
 * @property {import('./results.js').Clip[]} clips
 * @property {string} rater
 * @property {() => boolean} isWanted whether they still are
 * @property {(what: string, more?: string) => Promise<any>} load
 */

const mapFigure = mountMap(part('map'));

/** @param {Wanted} wanted */
export async function drawMap({ clips, rater, isWanted, load }) {
  const dims = dimensions.value;
  if (!clips.length) return;
  fillAttributes(clips);
  const isStill = () => isWanted() && dims === dimensions.value;
  if (dims === '3') mapFigure.say('The map in 3 dimensions is being computed.');
  try {
    const { positions, stress } = await load(`maps/${rater}`, `&dims=${dims}`);
    if (!isStill()) return;
    const { colours, legend } = coloursBy(clips, colour.value);
    part('colour-legend').replaceChildren(...legend);
    mapFigure.show({
      clips,
      positions,
      points: part('points', HTMLInputElement).checked,
      colours,
      words: `Clips that are alike lie close together. Stress ${number(stress)} in ${dims} dimensions: ${fitOfMap(stress)}. ${MAP_HINTS[dims]}`,
    });
    part('map').hidden = false;
    part('no-map').hidden = true;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (!isStill()) return;
    part('map').hidden = true;
    part('no-map').hidden = false;
    part('no-map').textContent = error.message;
  }
}

/** @param {Wanted} wanted */
export async function drawTree({ clips, rater, isWanted, load }) {
  /** @type {{problem: string | null} & import('./tree.js').Tree} */
  const tree = await load(`trees/${rater}`);
  if (!isWanted()) return;
  part('tree').hidden = tree.problem !== null;
  part('no-tree').hidden = tree.problem === null;
  part('no-tree').textContent = tree.problem;
  if (tree.problem !== null) return;
  showTree(part('tree'), tree, clips, coloursBy(clips, colour.value).colours);
}

/** @param {import('./results.js').Clip[]} clips */
function fillAttributes(clips) {
  const names = attributesToColour(clips);
  part('colour').hidden = names.length === 0;
  if (colour.options.length === names.length + 1) return;
  colour.append(...names.map((name) => make('option', { value: name }, name)));
  part('points', HTMLInputElement).checked = clips.length > MAX_POSTERS;
}
