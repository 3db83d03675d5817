// @ts-check
/**
 * Colour maps computed in OKLab, where equal steps look equally large: lightness rises all the way, so a map can be read
 * in grey too and by people who do not see all colours. Source of the space: Ottosson (2020), "A perceptual color space
 * for image processing".
 */

/** @typedef {[number, number, number]} Triple */

const STEPS = 256;

/** Dissimilarity: deep violet, blue, green, yellow. */
export const DISSIMILARITY = table({ lightness: [0.22, 0.93], hue: [302, 100], chroma: [0.1, 0.1, 0.15] });

/** Evidence: one hue, from nearly black to pale, so that nobody takes it for a dissimilarity. */
export const EVIDENCE = table({ lightness: [0.2, 0.95], hue: [40, 75], chroma: [0.06, 0.12, 0.06] });

/** Categories of an attribute, told apart by lightness as well as by hue. */
export const CATEGORIES = [
  [0.55, 0.16, 255],
  [0.75, 0.15, 65],
  [0.62, 0.14, 155],
  [0.48, 0.17, 350],
  [0.82, 0.13, 105],
  [0.68, 0.11, 205],
  [0.58, 0.19, 25],
  [0.42, 0.12, 300],
].map(([lightness, chroma, hue]) => css(rgb(lab(lightness, chroma, hue))));

/**
 * The colour of `share` (0 to 1, clipped) on a map.
 * @param {Triple[]} map
 * @param {number} share
 * @returns {Triple} red, green, blue, 0 to 255
 */
export function colourOf(map, share) {
  const step = Math.round(Math.min(Math.max(share, 0), 1) * (map.length - 1));
  return map[step];
}

/** @param {Triple} colour */
export function css(colour) {
  return `rgb(${colour.join(' ')})`;
}

/**
 * A map of 256 colours along a path through OKLab, at equal distances on the path.
 * @param {{lightness: [number, number], hue: [number, number], chroma: [number, number, number]}} path
 *   hue in degrees; chroma at the start, in the middle and at the end
 * @returns {Triple[]}
 */
export function table({ lightness, hue, chroma }) {
  const fine = 2048;
  /** @type {Triple[]} */
  const points = [];
  const along = [0];
  for (let k = 0; k <= fine; k += 1) {
    const t = k / fine;
    const c = t < 0.5 ? mix(chroma[0], chroma[1], 2 * t) : mix(chroma[1], chroma[2], 2 * t - 1);
    points.push(lab(mix(lightness[0], lightness[1], t), c, mix(hue[0], hue[1], t)));
    if (k > 0) along.push(along[k - 1] + distance(points[k - 1], points[k]));
  }
  const colours = [];
  let at = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const wanted = (along[fine] * step) / (STEPS - 1);
    while (at < fine && along[at] < wanted) at += 1;
    colours.push(rgb(points[at]));
  }
  return colours;
}

/**
 * @param {number} lightness
 * @param {number} chroma
 * @param {number} hue degrees
 * @returns {Triple} OKLab
 */
function lab(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180;
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

/** @param {Triple} colour OKLab @returns {Triple} sRGB, 0 to 255 */
function rgb([lightness, a, b]) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return /** @type {Triple} */ (
    [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    ].map(gamma)
  );
}

/**
 * Linear light to an sRGB byte.
 * @param {number} linear
 */
function gamma(linear) {
  const light = Math.min(Math.max(linear, 0), 1);
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
}

/** @param {number} from @param {number} to @param {number} t */
function mix(from, to, t) {
  return from + (to - from) * t;
}

/** @param {Triple} p @param {Triple} q */
function distance(p, q) {
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}
