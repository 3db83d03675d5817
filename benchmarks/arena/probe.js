/** Measures inside the page, whoever made it: frame times, and the time from pointing at a clip to its first frame. */
(() => {
  const probe = { frames: [], firstFrames: [], motions: [], running: false };
  window.probe = probe;

  probe.start = () => {
    probe.frames = [];
    probe.running = true;
    let last = null;
    const tick = (time) => {
      if (last !== null) probe.frames.push(time - last);
      last = time;
      if (probe.running) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  };
  probe.stop = () => {
    probe.running = false;
    return probe.frames;
  };

  // When was a clip pointed at, when could its video's first frame be seen, and when did the next frame come?
  let pointed = null;
  addEventListener(
    'pointerover',
    (event) => (pointed = event.target.closest('[data-clip]') ? event.timeStamp : null),
    true,
  );
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function playAndWatch() {
    const since = pointed;
    if (since !== null) this.requestVideoFrameCallback((now) => probe.motions.push(now - since));
    return play.call(this);
  };

  new MutationObserver((changes) => {
    const shown = changes.some(({ target }) => target.matches('video.is-shown') && target.closest('[data-clip]'));
    const since = pointed;
    if (!shown || since === null) return;
    pointed = null;
    requestAnimationFrame((now) => probe.firstFrames.push(Math.max(now, performance.now()) - since));
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ['class'] });

  // The first moment at which a clip can be dragged: the page is ready, and the picture of a clip is there.
  const pictures = () => [...document.querySelectorAll('[data-clip] img, .jspsych-free-sort-draggable')];
  const look = () => {
    if (document.documentElement?.dataset.ready !== undefined) {
      const loaded = pictures().map((image) => image.complete && image.naturalWidth > 0);
      if (loaded.some(Boolean)) probe.firstDrag ??= performance.now();
      if (loaded.length > 0 && loaded.every(Boolean)) probe.allPictures ??= performance.now();
    }
    if (probe.allPictures === undefined) setTimeout(look, 20);
  };
  look();
})();
