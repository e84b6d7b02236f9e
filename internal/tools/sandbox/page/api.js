import { parse } from "/client/index.js";

const timeout = 10_000; // longest wait for a response, in ms

/** An error response of the API. */
export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }

  /** Its messages for these fields, by name. A message may be "price is missing, volume is missing". */
  about(fields) {
    const parts = this.message.replace(/^.* Reason: /, "").split(/, (?=[a-z_]+ (?:is|does) )/);
    const named = parts.map((part) => [part.match(/^[a-z_]+/)?.[0], part]);
    return new Map(named.filter(([name]) => fields.includes(name)));
  }
}

/**
 * Calls the API and resolves with its response, in which every number is its text.
 * Cookies are omitted: two users may be logged in at the same time.
 */
export async function call(method, path, { token, body } = {}) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method,
    headers,
    body: body && JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
    signal: AbortSignal.timeout(timeout),
  }).catch((cause) => {
    throw new ApiError(0, cause.name === "TimeoutError" ? "The sandbox does not answer." : "The sandbox cannot be reached. Does it run?");
  });
  const text = await answer.text();
  const value = read(text);
  if (!answer.ok) throw new ApiError(answer.status, explain(value) ?? `The sandbox answers ${answer.status}.`);
  return value;
}

function read(text) {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

// Errors are {"error":{"message"}}, {"error":"…"} or {"errors":["…"]}.
function explain(value) {
  const { error, errors } = value ?? {};
  if (Array.isArray(errors)) return errors.join(", ");
  return typeof error === "string" ? error : error?.message;
}
