/**
 * Calls fn when the browser hints that the network has changed or the page has slept; the
 * argument says whether the network may be back. Returns a function that removes the hints'
 * listeners. Other runtimes give no hints.
 */
export function onWake(fn) {
  const { document } = globalThis;
  const hints = [
    [globalThis, "online", () => fn(true)],
    [globalThis, "offline", () => fn(false)],
    [document, "visibilitychange", () => document.visibilityState === "visible" && fn(true)],
  ].filter(([target]) => typeof target?.addEventListener === "function");
  for (const [target, name, listener] of hints) target.addEventListener(name, listener);
  return () => {
    for (const [target, name, listener] of hints) target.removeEventListener(name, listener);
  };
}
