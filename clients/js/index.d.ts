/** Connects, and returns a client that reconnects until it is closed. Throws a TypeError for an invalid option. */
export function connect<O = Order, T = Trade>(options: Options): Ranger<O, T>;

/**
 * `JSON.parse`, except that every number becomes a string with its exact digits: `"9007199254740993"`,
 * `"0.10"`. Use it for REST responses, so that their ids equal those of events.
 */
export function parse(text: string): any;

export interface Options {
  /** The server's address: `wss://…`, or on a page a path of the same host. */
  url: string | URL;
  /** Called before each connection, and when the server announces that the token expires. */
  token: TokenFunction;
  /** Whether to receive events missed during a lost connection. `true` by default. */
  resume?: boolean;
  /** Stores the position across reloads of the page. Use it only if orders and trades are stored too. */
  storage?: PositionStorage;
  /** Only events of these markets: their `market_id`, or else `market`. All by default. */
  markets?: string[];
  /** Only these events. All by default. */
  events?: EventKind[];
  /** Parses the text of a message instead of `parse`, for example `JSON.parse` if no id exceeds 2^53. */
  parse?: (text: string) => any;
  /** WebSocket class for runtimes without one, such as `WebSocket` of the package `ws`. */
  WebSocket?: new (url: string) => SocketLike;
  /** Ms for the token function, for the server's answer, and for each `load` and `save`: at most 2147483647, 20000 by default. */
  timeout?: number;
  /** Bounds, in ms, of the random time between two connects, and between two calls of `resync` listeners after a failure. At most 2147483647; 1000 and 30000 by default. */
  retry?: { min?: number; max?: number };
}

/** Returns a session JWT, with or without the prefix Bearer. */
export type TokenFunction = (asked: {
  /** The last token is invalid or about to expire: return another one. */
  fresh: boolean;
  /** Aborted when the token is not needed any more. */
  signal: AbortSignal;
}) => string | Promise<string>;

export interface PositionStorage {
  /** Returns the saved position, if there is one. The client connects after that. */
  load(): string | null | undefined | Promise<string | null | undefined>;
  /** Replaces the saved position. If it returns a promise, the next call waits for it. */
  save(position: string): unknown;
}

export interface Ranger<O = Order, T = Trade> {
  readonly state: State["state"];
  /**
   * Position of the latest event that all listeners have received; undefined before the first and without `resume`.
   * It does not change while a resync has not succeeded.
   */
  readonly position: string | undefined;
  /** Adds a listener and returns a function that removes it. A listener that throws does not affect others. */
  on<Name extends keyof Events<O, T>>(name: Name, listener: (event: Events<O, T>[Name]) => unknown): () => void;
  /** Closes the connection for good. May be called at any time and more than once. */
  close(): void;
}

export interface Events<O = Order, T = Trade> {
  /** An order of this user changed. */
  order: Update<O>;
  /** This user traded. */
  trade: Update<T>;
  /** Fetch orders and trades over REST. Later events wait while a promise returned by a listener is pending. The event is repeated if a promise rejects or takes over 30 s, or a listener throws. */
  resync: Resync;
  /** Events between two times may never have reached ranger. A resync follows. */
  gap: Gap;
  state: State;
  /** Something that the author or the operator must fix. Without a listener it is reported as uncaught. */
  error: Error;
}

export type EventKind = "order" | "trade";

export interface Update<Data> {
  data: Data;
  /** The whole message as received. */
  text: string;
  /** Identifies the event, and is where to resume. Undefined without `resume`. */
  position: string | undefined;
  /** Time at which ranger received the event from the broker, Unix ms. Undefined without `resume`. */
  at: number | undefined;
  /** The event happened while this client was disconnected. */
  replay: boolean;
}

export interface Resync {
  /**
   * - `start`: the first connection
   * - `lost`: the server does not hold the position any more, so missed events are unknown
   * - `gap`: see Gap
   * - `missed`: an event is missing, which is a fault of the server
   * - `reconnect`: another connection, without `resume`
   */
  reason: "start" | "lost" | "gap" | "missed" | "reconnect";
  /** Of a gap, Unix ms. */
  from?: number;
  /** Of a gap, Unix ms. */
  to?: number;
}

export interface Gap {
  /** Unix ms. */
  from: number;
  /** Unix ms. */
  to: number;
  /** `exchange`, `binding`, `stream`, `overflow`, `broker`, `entry`, `member`, or a newer reason. */
  reason: string;
}

export type State =
  | { state: "connecting"; reason?: undefined; ms?: undefined; code?: undefined }
  | { state: "open"; reason?: undefined; ms?: undefined; code?: undefined }
  /** The next connect follows in `ms`. `code` is the close code, if there was one. */
  | { state: "waiting"; ms: number; reason: string; code?: number }
  /** Closed for good. */
  | { state: "closed"; reason: string; ms?: undefined; code?: number };

/** A number of the publisher with all its digits. */
export type Digits = string;

/** An order as published: it may have other fields, and some may be missing. */
export interface Order {
  id: Digits;
  side?: "sell" | "buy";
  ord_type?: "limit" | "market";
  price?: string | null;
  avg_price?: string | null;
  state?: "wait" | "done" | "cancel";
  market_id?: string;
  created_at?: string;
  origin_volume?: string | null;
  trades_count?: Digits;
  trades?: unknown[];
  [field: string]: unknown;
}

/** A trade as published, without the other side: it may have other fields, and some may be missing. */
export interface Trade {
  id: Digits;
  price?: string | null;
  volume?: string | null;
  funds?: string | null;
  market?: string;
  market_id?: string;
  created_at?: string;
  /** `both` if this user is seller and buyer. */
  side: "ask" | "bid" | "both";
  /** This user's order. */
  order_id?: Digits;
  ask?: Order;
  bid?: Order;
  [field: string]: unknown;
}

/** The part of WebSocket that the client uses. */
export interface SocketLike {
  onopen: any;
  onmessage: any;
  onclose: any;
  onerror: any;
  send(text: string): void;
  close(code?: number): void;
}
