import { backoff } from "./backoff.js";

const spread = 5_000; // ms over which clients spread their reconnects after 1001

/**
 * What follows the end of a socket (docs/protocol.md, Closes), after so many
 * failures: stop, for good; or the next try in ms, with a fresh token or not.
 * hasty: the wait is our own, and news of the network may cut it short.
 */
export function after({ code, refused }, failures, retry) {
  const later = backoff(failures, retry);
  const atOnce = failures === 0 ? 0 : later; // no immediate retry after a failure
  switch (code) {
    case 1001: // going away
      return { ms: Math.max(Math.random() * spread, failures && later), fresh: false };
    case 1012: // restart
      return { ms: atOnce, fresh: false };
    case 1009: // message too big
      return { ms: later, fresh: true };
    case 4001: // token expired
      return { ms: atOnce, fresh: true };
    case 4003: // too many attempts
    case 4004: // revoked
    case 4009: // identity changed
      return { stop: true };
    case 1006: // the connection broke or could not be opened
    case undefined: // no socket was created
      return { ms: later, fresh: refused === true, hasty: refused !== true };
    default:
      return { ms: later, fresh: code >= 4000 && code < 4100 };
  }
}

/** What the author of the page can do about a close, where it is theirs. */
export function advice(code) {
  switch (code) {
    case 1002:
    case 1007:
      return "what was sent did not arrive as it was: look at what is between the page and the server";
    case 1009:
      return "the token is longer than the server takes (MAX_MESSAGE_BYTES), so a fresh one is asked for";
    case 4003:
      return "the token function gave tokens that the server refused: its log says why";
    case 4009:
      return "the token function gave another user's token: close() and connect() anew when the user changes";
    default:
      return undefined;
  }
}
