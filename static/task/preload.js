/**
 * Fetches media ahead of their use, a few at once, in the order in which they are needed.
 *
 * Posters go through the browser's HTTP cache. Clips are kept as Blob URLs, and a clip's `sources` are replaced by its Blob
 * URL as soon as it is there: a loaded clip then starts without the network, also while the network is down, and in
 * browsers (WebKit) whose player does not read what fetch() has cached. Until then a clip plays from its own address.
 *
 * What fails, or stalls, is given up on in under half a minute; it is tried again when somebody asks, when the network is
 * back, and now and then without being asked.
 */
import { download } from './download.js';

const PARALLEL = 4;
const PAUSES = [500, 2_000, 6_000];
/** ms of stalled attempts and pauses after which a file is given up on: after three attempts, in well under 30 s. */
const ENOUGH = 22_000;
/** ms without a byte of any file after which those that still wait count as failed, too, and are tried soon. */
const NOTHING_COMES = 20_000;
const SOON = 1_000;
/** ms until what was given up on is tried once more without being asked. */
const AGAIN = 45_000;
/** Bytes of clips that are no longer wanted and are still kept, for trials that show them again. */
const KEEP = 256 * 1024 * 1024;

/**
 * @param {import('./session.js').Trial | null} trial
 * @param {{poster: string, sources: import('./session.js').Source[]}[]} upcoming
 * @param {(type: string) => boolean} canPlay
 * @param {(clip: object) => import('./session.js').Source[]} sourcesOf  also where a clip plays from memory already
 * @returns {{url: string, kind: 'poster' | 'clip', clip: object | null}[]}  posters of the trial, its clips in seat
 *   order, then the same of what comes next; each address once
 */
export function preloadOrder(trial, upcoming, canPlay, sourcesOf = ({ sources }) => sources) {
  const clips = trial?.clips ?? [];
  const own = new Set(clips);
  const media = [clips, upcoming].flatMap((group) => [
    ...group.map((clip) => ({ url: clip.poster, kind: 'poster', clip: own.has(clip) ? clip : null })),
    ...group.map((clip) => ({
      url: playable(sourcesOf(clip), canPlay)?.src,
      kind: 'clip',
      clip: own.has(clip) ? clip : null,
    })),
  ]);
  const seen = new Set();
  return media.filter(({ url }) => url && !seen.has(url) && seen.add(url));
}

function playable(sources, canPlay) {
  return sources.find(({ type }) => canPlay(type)) ?? sources[0];
}

/**
 * @param {{
 *   onChange?: () => void,
 *   onReady?: (clip: import('./session.js').Clip) => void,
 *   onFailed?: (clip: import('./session.js').Clip, url: string, reason: string, kind: 'poster' | 'clip') => void,
 *   fetch?: typeof fetch, canPlay?: (type: string) => boolean, pauses?: number[], keep?: number, window?: number,
 *   enough?: number, again?: number, now?: () => number,
 *   urls?: {createObjectURL: (blob: Blob) => string, revokeObjectURL: (url: string) => void},
 * }} parts
 */
export function createPreloader({
  onChange = () => {},
  onReady = () => {},
  onFailed = () => {},
  fetch = (...args) => globalThis.fetch(...args),
  canPlay = browserPlays,
  pauses = PAUSES,
  keep = KEEP,
  window = undefined,
  enough = ENOUGH,
  again = AGAIN,
  now = () => performance.now(),
  urls = URL,
} = {}) {
  /** address -> {blobUrl, bytes}; posters have no Blob URL. In the order of last use. */
  const loaded = new Map();
  const failed = new Map();
  const running = new Map();
  /** What a clip could be played from before it was loaded. */
  const addresses = new WeakMap();
  let lastBytes = now();
  let oneMoreTime = 0;
  let wanted = [];
  let queue = [];

  function pump() {
    while (running.size < PARALLEL && queue.length) {
      const item = queue.shift();
      if (!loaded.has(item.url) && !running.has(item.url)) load(item);
    }
  }

  async function load(item) {
    running.set(item.url, item);
    try {
      const blob = await fetchPatiently(item.url);
      const blobUrl = item.kind === 'clip' ? urls.createObjectURL(blob) : null;
      loaded.set(item.url, { blobUrl, bytes: blobUrl ? blob.size : 0 });
      failed.delete(item.url);
      for (const want of wanted) if (want.url === item.url) handOver(want);
    } catch (error) {
      const untried = error.stalled && now() - lastBytes > NOTHING_COMES ? queue.splice(0) : [];
      giveUp([item], error.message, false);
      giveUp(untried, error.message, true);
    } finally {
      running.delete(item.url);
      pump();
      onChange();
    }
  }

  function giveUp(items, reason, untried) {
    for (const { url } of items) {
      failed.set(url, { untried });
      for (const want of wanted) if (want.url === url && want.clip) onFailed(want.clip, url, reason, want.kind);
    }
    clearTimeout(oneMoreTime);
    oneMoreTime = setTimeout(retry, [...failed.values()].some((each) => each.untried) ? SOON : again);
    oneMoreTime.unref?.();
  }

  async function fetchPatiently(url) {
    let inVain = 0;
    for (let attempt = 0; ; attempt += 1) {
      const start = now();
      let bytes = start;
      try {
        return await download(url, { fetch, window, onBytes: () => (lastBytes = bytes = now()) });
      } catch (error) {
        inVain += now() - Math.max(start, bytes);
        if (attempt >= pauses.length || inVain + pauses[attempt] > enough) throw error;
        inVain += pauses[attempt];
        await new Promise((resolve) => setTimeout(resolve, pauses[attempt]));
      }
    }
  }

  function handOver({ clip, url, kind }) {
    if (kind !== 'clip' || !clip) return;
    if (!addresses.has(clip)) addresses.set(clip, clip.sources);
    const { type } = addresses.get(clip).find(({ src }) => src === url) ?? {};
    if (type) clip.sources = [{ src: loaded.get(url).blobUrl, type }];
    onReady(clip);
  }

  /** Tries again what could not be loaded. */
  function retry() {
    clearTimeout(oneMoreTime);
    const again = wanted.filter(({ url }) => failed.has(url));
    const isUntried = ({ url }) => failed.get(url).untried;
    queue.unshift(...again.filter(isUntried), ...again.filter((item) => !isUntried(item)));
    failed.clear();
    lastBytes = now();
    pump();
    onChange();
  }

  /** Lets go of the clips unused for longest until what is kept beyond need fits. */
  function release() {
    const needed = new Set(wanted.map(({ url }) => url));
    let bytes = [...loaded.values()].reduce((sum, medium) => sum + medium.bytes, 0);
    for (const [url, medium] of loaded) {
      if (bytes <= keep) return;
      if (needed.has(url) || !medium.blobUrl) continue;
      urls.revokeObjectURL(medium.blobUrl);
      loaded.delete(url);
      bytes -= medium.bytes;
    }
  }

  return {
    /** Replaces the list of what is wanted; downloads that run are let finish. */
    want(trial, upcoming = []) {
      wanted = preloadOrder(trial, upcoming, canPlay, (clip) => addresses.get(clip) ?? clip.sources);
      for (const item of wanted) {
        const medium = loaded.get(item.url);
        if (!medium) continue;
        loaded.delete(item.url);
        loaded.set(item.url, medium);
        handOver(item);
      }
      release();
      queue = wanted.filter(({ url }) => !loaded.has(url) && !running.has(url));
      failed.clear();
      pump();
      onChange();
    },
    retry,
    /** A clip of the trial turned out not to play: its file counts as failed, and is loaded anew by the next try. */
    reject(id) {
      for (const { clip, url } of wanted.filter((want) => want.clip?.id === id && want.kind === 'clip')) {
        loaded.delete(url);
        if (addresses.has(clip)) clip.sources = addresses.get(clip);
        failed.set(url, { untried: false });
      }
      onChange();
    },
    /** How far the present trial's media are, in clips. */
    state() {
      const clips = wanted.filter(({ kind, clip }) => clip && kind === 'clip');
      const count = (map) => clips.filter(({ url }) => map.has(url)).length;
      return { total: clips.length, ready: count(loaded), failed: count(failed) };
    },
  };
}

function browserPlays(type) {
  return document.createElement('video').canPlayType(type) !== '';
}
