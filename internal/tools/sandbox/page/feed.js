import { connect } from "/client/index.js";
import { time } from "./format.js";
import { session } from "./storage.js";
import { orderWords, resyncWords, tradeWords } from "./words.js";

/** The storage of a user's position across reloads. */
export function positionKey(user) {
  return `sandbox.position.${user.uid}`;
}

/**
 * Connects a user and passes events to the parts of a panel. Orders and trades are not
 * stored across reloads, so they are fetched before the connection resumes; events that
 * arrive again after that do no harm.
 */
export function follow({ account, line, key, base, parts: { balances, connection, log, orders, trades } }) {
  let fetched = 0; // Unix ms
  const fetch = async () => {
    await Promise.all([orders.fetch(), trades.fetch()]);
    balances.refresh();
    fetched = Date.now();
  };
  const ranger = connect({
    url: "/",
    token: (asked) => account.token(asked),
    WebSocket: line.WebSocket,
    retry: { min: 500, max: 2_000 },
    storage: {
      async load() {
        const position = session.get(key);
        if (position === null) return undefined;
        await fetch();
        connection.position(position);
        return position;
      },
      save(position) {
        session.set(key, position);
        connection.position(position);
      },
    },
  });

  // The latency of an event that waited for a fetch does not describe the connection.
  const took = (kind, event, text) => {
    const late = Date.now() - event.at;
    log.add({ ...event, kind, text, latency: late });
    connection.event(event, event.replay || event.at < fetched ? undefined : late);
    balances.refresh();
  };
  ranger.on("order", (event) => {
    orders.put(event.data);
    took("order", event, orderWords(event.data, base));
  });
  ranger.on("trade", (event) => {
    trades.add(event.data);
    took("trade", event, tradeWords(event.data, base));
  });
  ranger.on("resync", async (resync) => {
    await fetch();
    log.add({ kind: "resync", text: resyncWords(resync) });
  });
  ranger.on("gap", ({ from, to, reason, position }) => {
    log.add({ kind: "gap", text: `events from ${time(from)} to ${time(to)} may be missing: ${reason}`, position });
  });
  ranger.on("error", (error) => log.add({ kind: "error", text: said(error) }));
  let open = false;
  ranger.on("state", (state) => {
    const position = session.get(key);
    connection.state(state, position !== null);
    if (state.state === "open") log.add({ kind: "live", text: position === null ? "connected" : `connected, to go on from ${position}` });
    else if (open) log.add({ kind: "lost", text: `${state.reason}${state.code ? ` (${state.code})` : ""}` });
    open = state.state === "open";
  });
  return ranger;
}

// An error and its cause.
function said({ message, cause }) {
  return cause ? `${message}: ${said(cause)}` : message;
}
