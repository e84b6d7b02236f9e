import { backoff } from "./backoff.js";

const spread = 5_000; // ms over which clients spread their reconnects after 1001

/**
 * Returns what follows the end of a socket (docs/protocol.md, Closes) after a number of
 * failures: stop for good, or the pause before the next connect in ms, and whether it needs a
 * fresh token. hasty: coming back online or becoming visible may shorten the pause.
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

/** Returns what the author of the page can do about a close, if anything. */
export function advice(code) {
  switch (code) {
    case 1002:
    case 1007:
      return "data was changed in transit: check proxies between the page and the server";
    case 1009:
      return "the token is longer than the server accepts (MAX_MESSAGE_BYTES): a new one is requested";
    case 4003:
      return "the token function returned tokens that the server refused: see its log";
    case 4009:
      return "the token function returned a token of another user: call close() and connect() again when the user changes";
    default:
      return undefined;
  }
}
