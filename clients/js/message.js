// Messages with an object under their first key. Unknown, newer ones are ignored.
const objects = ["success", "error", "orderbook", "trade", "heartbeat", "gap", "token"];

/** Parses a message of the server; its first key is its kind. Throws if it is not one. */
export function read(text) {
  if (typeof text !== "string") throw new TypeError("binary message");
  const message = JSON.parse(text); // the numbers of the protocol itself fit a double
  if (!isObject(message)) throw new TypeError("message is not an object");
  const [kind] = Object.keys(message);
  const body = message[kind];
  if (objects.includes(kind) && !isObject(body)) throw new TypeError(`message ${kind} without an object`);
  return { kind, body, message, text };
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
