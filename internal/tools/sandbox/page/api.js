import { parse } from "/client/index.js";

const patience = 10_000; // ms that an answer may take

/** An answer of the API that is no success. */
export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }

  /** What it says of which of these fields, by name. A message may be "price is missing, volume is missing". */
  about(fields) {
    const parts = this.message.replace(/^.* Reason: /, "").split(/, (?=[a-z_]+ (?:is|does) )/);
    const named = parts.map((part) => [part.match(/^[a-z_]+/)?.[0], part]);
    return new Map(named.filter(([name]) => fields.includes(name)));
  }
}

/**
 * Calls the API and resolves with its answer, in which every number is the text that
 * stands there. Cookies are left out: two users may be logged in side by side.
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
    signal: AbortSignal.timeout(patience),
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
