// Events and orders in words. REST and events name two fields differently:
// market and market_id, volume and origin_volume.

export const marketOf = (order) => order.market_id ?? order.market;
export const volumeOf = (order) => order.origin_volume ?? order.volume;

/** What an order's event says. base names what a market trades. */
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

/** What a trade's event says. */
export function tradeWords(trade, base) {
  return `${verbs[trade.side]} ${trade.volume} ${base(marketOf(trade))} at ${trade.price}`;
}

/** Whether the user sold or bought, of a trade by event or by REST. */
export function tradeSide({ side }) {
  return { ask: "sell", bid: "buy" }[side] ?? side;
}

const reasons = {
  start: "the first connection",
  lost: "what was missed is not held any more",
  gap: "events may be missing",
  missed: "an event did not come",
  reconnect: "another connection",
};

/** Why everything was fetched anew. */
export function resyncWords({ reason }) {
  return `fetched orders and trades: ${reasons[reason] ?? reason}`;
}
