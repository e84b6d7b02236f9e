const steps = [1, 2, 2.5, 5, 10];
const spans = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600]; // seconds

/** A few round prices from min to max: { at, text }. */
export function priceTicks(min, max, about) {
  const raw = (max - min) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * steps.find((s) => s * power >= raw);
  const fraction = Math.max(0, Math.round(-Math.log10(power))) + (step === 2.5 * power && power <= 1 ? 1 : 0); // digits
  const ticks = [];
  for (let n = Math.ceil(min / step); n * step <= max; n++) ticks.push({ at: n * step, text: (n * step).toFixed(fraction) });
  return ticks;
}

/** A few round times from min to max, in Unix ms. */
export function timeTicks(min, max, about = 5) {
  const step = 1000 * (spans.find((s) => s * 1000 * about >= max - min) ?? spans.at(-1));
  const ticks = [];
  for (let at = Math.ceil(min / step) * step; at <= max; at += step) ticks.push(at);
  return ticks;
}

/**
 * Places trades, oldest first, on the time axis: { at, price, volume, trade }. The API
 * gives times in seconds, so trades of the same second are spread over it.
 */
export function placed(trades) {
  const points = trades.map((trade) => ({ at: Date.parse(trade.created_at), price: Number(trade.price), volume: Number(trade.volume), trade }));
  for (let i = 0, n; i < points.length; i += n) {
    const same = points.slice(i).findIndex(({ at }) => at !== points[i].at);
    n = same < 0 ? points.length - i : same;
    for (let k = n - 1; k >= 0; k--) points[i + k].at += (1000 * (k + 1)) / n;
  }
  return points;
}
