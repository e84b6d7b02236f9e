// Messages with an object under their first key. Unknown, newer ones are ignored.
const objects = ["success", "error", "orderbook", "trade", "heartbeat", "gap", "token"];

/**
 * Reads a message of the server: its first key tells what it is.
 * Throws where it is no such message.
 */
export function read(text) {
  if (typeof text !== "string") throw new TypeError("a binary message");
  const message = JSON.parse(text); // the numbers of the protocol itself fit a double
  if (!isObject(message)) throw new TypeError("a message that is no object");
  const [kind] = Object.keys(message);
  const body = message[kind];
  if (objects.includes(kind) && !isObject(body)) throw new TypeError(`a message ${kind} without an object`);
  return { kind, body, message, text };
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
