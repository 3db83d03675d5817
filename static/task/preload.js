// @ts-check
/**
 * Fetches media ahead of their use, a few at once, in the order in which they are needed.
 *
 * Posters go through the browser's HTTP cache. Clips are kept as Blob URLs, and a clip's `sources` are replaced by its Blob
 * URL as soon as it is there: a loaded clip then starts without the network, also while the network is down, and in
 * browsers (WebKit) whose player does not read what fetch() has cached. Until then a clip plays from its own address.
 *
 * Where the installation has a bucket, clips are asked for there first. One that fails, for whatever reason, is loaded from
 * the server, and so are the next ones for a while.
 *
 * What fails, or stalls, is given up on in under half a minute; it is tried again when somebody asks, when the network is
 * back, and now and then without being asked.
 *
 * @typedef {import('./session.js').Clip} Clip
 * @typedef {import('./session.js').Source} Source
 * @typedef {{poster: string, sources: Source[]}} Media
 * @typedef {{url: string, kind: 'poster' | 'clip', clip: Clip | null}} Item  clip: null for what comes next
 */
import { download } from './download.js';

const PARALLEL = 4;
const RETRY_DELAYS = [500, 2_000, 6_000];
/** ms of stalled attempts and pauses after which a file is given up on: after three attempts, in well under 30 s. */
const ENOUGH = 22_000;
/** ms without a byte of any file after which those that still wait count as failed, too, and are tried soon. */
const NOTHING_COMES = 20_000;
const SOON = 1_000;
/** ms until what was given up on is tried once more without being asked. */
const AGAIN = 45_000;
/** ms for which the bucket is left alone after it failed. */
const BUCKET_AWAY = 300_000;
/** Bytes of clips that are no longer wanted and are still kept, for trials that show them again. */
const KEEP = 256 * 1024 * 1024;

/**
 * @param {{clips: Clip[]} | null} trial
 * @param {Media[]} upcoming
 * @param {(type: string) => boolean} canPlay
 * @param {(clip: Media) => Source[]} sourcesOf  also where a clip plays from memory already
 * @returns {Item[]}  posters of the trial, its clips in seat
 *   order, then the same of what comes next; each address once
 */
export function preloadOrder(trial, upcoming, canPlay, sourcesOf = ({ sources }) => sources) {
  const own = (trial?.clips ?? []).map((clip) => ({ clip, media: clip }));
  const media = [own, upcoming.map((each) => ({ clip: null, media: each }))].flatMap((group) => [
    ...group.map(({ clip, media }) => itemOf('poster', media.poster, clip)),
    ...group.map(({ clip, media }) => itemOf('clip', playable(sourcesOf(media), canPlay)?.src, clip)),
  ]);
  const seen = new Set();
  return media.flatMap((each) => {
    if (!each.url || seen.has(each.url)) return [];
    seen.add(each.url);
    return [each];
  });
}

/** @param {Item['kind']} kind @param {string} [url] @param {Clip | null} [clip] @returns {Item} */
const itemOf = (kind, url = '', clip = null) => ({ url, kind, clip });

/** @param {Source[]} sources @param {(type: string) => boolean} canPlay @returns {Source | undefined} */
function playable(sources, canPlay) {
  return sources.find(({ type }) => canPlay(type)) ?? sources[0];
}

/**
 * @param {{
 *   onChange?: () => void,
 *   onReady?: (clip: import('./session.js').Clip) => void,
 *   onFailed?: (clip: import('./session.js').Clip, url: string, reason: string, kind: 'poster' | 'clip') => void,
 *   fetch?: typeof globalThis.fetch, canPlay?: (type: string) => boolean, retryDelays?: number[], keep?: number, window?: number,
 *   enough?: number, again?: number, now?: () => number,
 *   fromBucket?: boolean,
 *   urls?: {createObjectURL: (blob: Blob) => string, revokeObjectURL: (url: string) => void},
 * }} parts
 */
export function createPreloader({
  onChange = () => {},
  onReady = () => {},
  onFailed = () => {},
  fetch = (...args) => globalThis.fetch(...args),
  canPlay = browserPlays,
  retryDelays = RETRY_DELAYS,
  keep = KEEP,
  window = undefined,
  enough = ENOUGH,
  again = AGAIN,
  now = () => performance.now(),
  urls = URL,
  fromBucket = false,
} = {}) {
  /**
   * By address, in the order of last use; posters have no Blob URL.
   * @type {Map<string, {blobUrl: string | null, bytes: number}>}
   */
  const loaded = new Map();
  /** @type {Map<string, {untried: boolean}>} */
  const failed = new Map();
  /** @type {Map<string, Item>} */
  const running = new Map();
  /**
   * What a clip could be played from before it was loaded.
   * @type {WeakMap<Media, Source[]>}
   */
  const addresses = new WeakMap();
  let lastBytes = now();
  let bucketFrom = fromBucket ? -Infinity : Infinity;
  /** @type {number & {unref?: () => void}} */
  let oneMoreTime = 0;
  /** @type {Item[]} */
  let wanted = [];
  /** @type {Item[]} */
  let queue = [];

  function pump() {
    while (running.size < PARALLEL) {
      const item = queue.shift();
      if (!item) return;
      if (!loaded.has(item.url) && !running.has(item.url)) load(item);
    }
  }

  /** @param {Item} item */
  async function load(item) {
    running.set(item.url, item);
    try {
      const blob = (item.kind === 'clip' && (await fetchFromBucket(item.url))) || (await fetchPatiently(item.url));
      const blobUrl = item.kind === 'clip' ? urls.createObjectURL(blob) : null;
      loaded.set(item.url, { blobUrl, bytes: blobUrl ? blob.size : 0 });
      failed.delete(item.url);
      for (const want of wanted) if (want.url === item.url) handOver(want);
    } catch (reason) {
      const error = /** @type {import('./download.js').DownloadError} */ (reason);
      const untried = error.stalled && now() - lastBytes > NOTHING_COMES ? queue.splice(0) : [];
      giveUp([item], error.message, false);
      giveUp(untried, error.message, true);
    } finally {
      running.delete(item.url);
      pump();
      onChange();
    }
  }

  /** @param {Item[]} items @param {string} reason @param {boolean} untried */
  function giveUp(items, reason, untried) {
    for (const { url } of items) {
      failed.set(url, { untried });
      for (const want of wanted) if (want.url === url && want.clip) onFailed(want.clip, url, reason, want.kind);
    }
    clearTimeout(oneMoreTime);
    oneMoreTime = setTimeout(retry, [...failed.values()].some((each) => each.untried) ? SOON : again);
    oneMoreTime.unref?.();
  }

  /** @param {string} url @returns {Promise<Blob | null>} */
  async function fetchFromBucket(url) {
    if (now() < bucketFrom || !url.startsWith('/media/')) return null;
    try {
      return await download(`${url}&from=bucket`, { fetch, window, onBytes: () => (lastBytes = now()) });
    } catch {
      bucketFrom = now() + BUCKET_AWAY;
      return null;
    }
  }

  /** @param {string} url */
  async function fetchPatiently(url) {
    let inVain = 0;
    for (let attempt = 0; ; attempt += 1) {
      const start = now();
      let bytes = start;
      try {
        return await download(url, { fetch, window, onBytes: () => (lastBytes = bytes = now()) });
      } catch (error) {
        inVain += now() - Math.max(start, bytes);
        if (attempt >= retryDelays.length || inVain + retryDelays[attempt] > enough) throw error;
        inVain += retryDelays[attempt];
        await new Promise((resolve) => setTimeout(resolve, retryDelays[attempt]));
      }
    }
  }

  /** @param {Item} item */
  function handOver({ clip, url, kind }) {
    if (kind !== 'clip' || !clip) return;
    if (!addresses.has(clip)) addresses.set(clip, clip.sources);
    const type = addresses.get(clip)?.find(({ src }) => src === url)?.type;
    const blobUrl = loaded.get(url)?.blobUrl;
    if (type && blobUrl) clip.sources = [{ src: blobUrl, type }];
    onReady(clip);
  }

  /** Tries again what could not be loaded. */
  function retry() {
    clearTimeout(oneMoreTime);
    const again = wanted.filter(({ url }) => failed.has(url));
    /** @param {Item} item */
    const isUntried = ({ url }) => failed.get(url)?.untried ?? false;
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
    /**
     * Replaces the list of what is wanted; downloads that run are let finish.
     * @param {{clips: Clip[]} | null} trial
     * @param {Media[]} upcoming
     */
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
    /**
     * A clip of the trial turned out not to play: its file counts as failed, and the next attempt loads it again.
     * @param {string} id
     */
    reject(id) {
      for (const { clip, url } of wanted.filter((want) => want.clip?.id === id && want.kind === 'clip')) {
        loaded.delete(url);
        if (clip) clip.sources = addresses.get(clip) ?? clip.sources;
        failed.set(url, { untried: false });
      }
      onChange();
    },
    /** How far the present trial's media are, in clips. */
    state() {
      const clips = wanted.filter(({ kind, clip }) => clip && kind === 'clip');
      /** @param {Map<string, unknown>} map */
      const count = (map) => clips.filter(({ url }) => map.has(url)).length;
      return { total: clips.length, ready: count(loaded), failed: count(failed) };
    },
  };
}

/** @param {string} type */
function browserPlays(type) {
  return document.createElement('video').canPlayType(type) !== '';
}
