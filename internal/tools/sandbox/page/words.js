// Events and orders in words. The REST API and events use different names for two
// fields: market and market_id, volume and origin_volume.

export const marketOf = (order) => order.market_id ?? order.market;
export const volumeOf = (order) => order.origin_volume ?? order.volume;

/** An order event in words. base returns the name of a market's currency. */
export function orderWords(order, base) {
  const what = `${order.side} ${volumeOf(order)} ${base(marketOf(order))}${order.price ? ` at ${order.price}` : ""}`;
  switch (order.state) {
    case "done":
      return `filled: ${what}`;
    case "cancel":
      return `${order.ord_type === "market" ? "ended" : "cancelled"}: ${what}`;
    default:
      return Number(order.trades_count) > 0 ? `partly filled: ${what}, ${order.remaining_volume} left` : `placed: ${what}`;
  }
}

const verbs = { ask: "sold", bid: "bought", both: "traded with yourself:" };

/** A trade event in words. */
export function tradeWords(trade, base) {
  return `${verbs[trade.side]} ${trade.volume} ${base(marketOf(trade))} at ${trade.price}`;
}

/** Whether the user sold or bought, for a trade of an event or of the REST API. */
export function tradeSide({ side }) {
  return { ask: "sell", bid: "buy" }[side] ?? side;
}

const reasons = {
  start: "the first connection",
  lost: "missed events are not available any more",
  gap: "events may be missing",
  missed: "an event is missing",
  reconnect: "another connection",
};

/** The reason of a resync in words. */
export function resyncWords({ reason }) {
  return `fetched orders and trades: ${reasons[reason] ?? reason}`;
}
