// Runs in a page before its own scripts: what the benchmark reads afterwards. Timing only.
(() => {
  const seen = (window.__bench = { clicked: 0, first: null, whole: null, frames: [], scripts: [], messages: [], isWatching: false });
  const isDrawn = (worlds) => Number(worlds.dataset.lines) > 0 && Number(worlds.dataset.steps) > 0;
  new MutationObserver(() => {
    const worlds = document.querySelector('[data-testid=worlds]');
    if (!worlds) return;
    const since = performance.now() - seen.clicked;
    seen.first ??= isDrawn(worlds) ? since : null;
    if (seen.first !== null && !document.querySelector('[data-testid=loading]')) seen.whole ??= since;
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-lines', 'data-steps'] });

  addEventListener('click', () => (seen.clicked = performance.now()), { capture: true, once: true });

  const ask = window.requestAnimationFrame.bind(window);
  let now = -1;
  window.requestAnimationFrame = (draw) =>
    ask((at) => {
      const began = performance.now();
      draw(at);
      const took = performance.now() - began;
      if (!seen.isWatching) return;
      if (at === now) seen.scripts[seen.scripts.length - 1] += took;
      else seen.scripts.push(took);
      now = at;
    });
  let last = null;
  const watch = (at) => {
    if (!seen.isWatching) return;
    if (last !== null) seen.frames.push(at - last);
    last = at;
    ask(watch);
  };
  seen.start = () => {
    [seen.frames, seen.scripts, last, seen.isWatching] = [[], [], null, true];
    ask(watch);
  };
  seen.stop = () => {
    seen.isWatching = false;
    return { frames: seen.frames, scripts: seen.scripts };
  };

  // An event of the log, from its arrival to the end of what it makes the page do at once.
  const told = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
  Object.defineProperty(WebSocket.prototype, 'onmessage', {
    ...told,
    set(hear) {
      told.set.call(this, hear && function (event) {
        const began = performance.now();
        hear.call(this, event);
        if (typeof event.data !== 'string') queueMicrotask(() => seen.messages.push(performance.now() - began));
      });
    },
  });
})();
