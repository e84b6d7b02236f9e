const known = ["url", "token", "resume", "storage", "markets", "events", "parse", "WebSocket", "timeout", "retry"];
const longest = 2 ** 31 - 1; // longest delay of a timer in ms; a longer one fires at once
const kinds = new Map([["order", "orderbook"], ["trade", "trade"]]); // option to protocol

/** Returns the checked options with defaults. Throws a TypeError that says what is wrong. */
export function settings(options) {
  if (typeof options !== "object" || options === null) throw wrong("options", "an object with url and token");
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`connect: there is no option ${JSON.stringify(name)}; there are ${known.join(", ")}`);
  }
  const { token, storage, parse, resume = true, timeout = 20_000, WebSocket = globalThis.WebSocket } = options;
  const { min = 1_000, max = 30_000 } = options.retry ?? {};
  if (typeof token !== "function") throw wrong("token", "a function that returns a JWT, or a promise of one");
  if (typeof resume !== "boolean") throw wrong("resume", "true or false");
  if (storage !== undefined && !(typeof storage?.load === "function" && typeof storage.save === "function")) throw wrong("storage", "an object with load() and save(position)");
  if (storage !== undefined && !resume) throw wrong("storage", "left out if resume is false: there are no positions");
  if (parse !== undefined && typeof parse !== "function") throw wrong("parse", "a function of a JSON text");
  if (typeof WebSocket !== "function") throw wrong("WebSocket", "a constructor: this runtime has no WebSocket");
  if (!isTime(timeout)) throw wrong("timeout", `a number of ms over 0, and ${longest} at most`);
  if (!(isTime(min) && isTime(max) && max >= min)) throw wrong("retry", `{ min, max } in ms, with 0 < min <= max <= ${longest}`);
  return {
    url: address(options.url),
    token,
    storage,
    parse,
    WebSocket,
    timeout,
    retry: { min, max },
    terms: {
      resume,
      markets: names("markets", options.markets),
      events: names("events", options.events)?.map((name) => {
        if (!kinds.has(name)) throw wrong("events", `of ${[...kinds.keys()].join(" and ")}, not ${JSON.stringify(name)}`);
        return kinds.get(name);
      }),
    },
  };
}

function address(url) {
  const error = wrong("url", "like wss://push.example.com/, or on a page a path of the same host");
  if (!url) throw error; // a page would resolve it to its own address
  let parsed;
  try {
    parsed = new URL(url, globalThis.location?.href);
  } catch {
    throw error;
  }
  parsed.protocol = parsed.protocol.replace(/^http/, "ws");
  parsed.hash = ""; // WebSocket URLs have none
  if (!/^wss?:$/.test(parsed.protocol)) throw error;
  return parsed.href;
}

function isTime(ms) {
  return typeof ms === "number" && ms > 0 && ms <= longest;
}

function names(option, list) {
  if (list === undefined) return undefined;
  const ok = Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === "string" && name !== "");
  if (!ok) throw wrong(option, "an array of at least one name; leave it out for all");
  return [...list];
}

function wrong(option, want) {
  return new TypeError(`connect: ${option} must be ${want}`);
}
