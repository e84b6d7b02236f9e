/** Connects, and returns a client that comes back for as long as it takes. Throws a TypeError for a wrong option. */
export function connect<O = Order, T = Trade>(options: Options): Ranger<O, T>;

/**
 * `JSON.parse`, but that every number is given as the text that stands there:
 * `"9007199254740993"`, `"0.10"`. For REST answers, so that their ids are like those of events.
 */
export function parse(text: string): any;

export interface Options {
  /** The server's address: `wss://…`, or on a page a path of its own host. */
  url: string | URL;
  /** Called before each connection, and when the server says that the token ends. */
  token: TokenFunction;
  /** Whether to get after a lost connection what was missed. `true` by default. */
  resume?: boolean;
  /** Keeps the position over a reload of the page. Give it only if orders and trades are kept as well. */
  storage?: PositionStorage;
  /** Only events of these markets: their `market_id`, or else `market`. All by default. */
  markets?: string[];
  /** Only these events. All by default. */
  events?: EventKind[];
  /** Reads the text of a message instead of `parse`, say `JSON.parse` where no id exceeds 2^53. */
  parse?: (text: string) => any;
  /** Where the runtime has none: `WebSocket` of the package `ws`. */
  WebSocket?: new (url: string) => SocketLike;
  /** Ms that the token function, then the server, and each `load` and `save` may take: 2147483647 at most, 20000 by default. */
  timeout?: number;
  /** Bounds of the time between two tries in ms, which is random, and between two times that a resync which failed is told. 2147483647 at most, 1000 and 30000 by default. */
  retry?: { min?: number; max?: number };
}

/** Returns a JWT of a session, with or without the word Bearer before it. */
export type TokenFunction = (asked: {
  /** The last one is of no use any more, or will soon be: return another. */
  fresh: boolean;
  /** Aborted when nobody waits for the token any more. */
  signal: AbortSignal;
}) => string | Promise<string>;

export interface PositionStorage {
  /** What was saved last, if anything was. The client connects when it has that. */
  load(): string | null | undefined | Promise<string | null | undefined>;
  /** Keeps a position in place of the last one. Where it returns a promise, the next call waits for that. */
  save(position: string): unknown;
}

export interface Ranger<O = Order, T = Trade> {
  readonly state: State["state"];
  /**
   * That of the latest thing that all listeners have had; undefined before the first, and without `resume`.
   * It stays while a resync has not succeeded.
   */
  readonly position: string | undefined;
  /** Adds a listener, and returns what removes it. One that throws does not harm the others. */
  on<Name extends keyof Events<O, T>>(name: Name, listener: (event: Events<O, T>[Name]) => unknown): () => void;
  /** Ends the connection for good. May be called at any time, and again. */
  close(): void;
}

export interface Events<O = Order, T = Trade> {
  /** An order of this user changed. */
  order: Update<O>;
  /** This user traded. */
  trade: Update<T>;
  /** Fetch orders and trades over REST. While a promise that the listener returns is pending, what follows waits. It is told again where one rejects or takes over 30 s, or the listener throws. */
  resync: Resync;
  /** Events between two times may never have reached ranger. A resync follows. */
  gap: Gap;
  state: State;
  /** Something that the author or the operator has to mend. Without a listener it is reported as uncaught. */
  error: Error;
}

export type EventKind = "order" | "trade";

export interface Update<Data> {
  data: Data;
  /** The whole message, as it came. */
  text: string;
  /** What to tell this event from others by, and to resume from. Undefined without `resume`. */
  position: string | undefined;
  /** When ranger took the event from the broker, Unix ms. Undefined without `resume`. */
  at: number | undefined;
  /** It happened while this client was away. */
  replay: boolean;
}

export interface Resync {
  /**
   * - `start`: the first connection
   * - `lost`: the position is not held any more, so what was missed is not known
   * - `gap`: see there
   * - `missed`: an event did not come, which is a fault
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
  /** `exchange`, `binding`, `stream`, `overflow`, `member`, or one that is newer. */
  reason: string;
}

export type State =
  | { state: "connecting"; reason?: undefined; ms?: undefined; code?: undefined }
  | { state: "open"; reason?: undefined; ms?: undefined; code?: undefined }
  /** The next try comes in `ms`. `code` is that of the close, if there was one. */
  | { state: "waiting"; ms: number; reason: string; code?: number }
  /** For good. */
  | { state: "closed"; reason: string; ms?: undefined; code?: number };

/** A number of the publisher's, every digit of it. */
export type Digits = string;

/** As it was published: there may be other fields, and some may be missing. */
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

/** As it was published, but for the other side: there may be other fields, and some may be missing. */
export interface Trade {
  id: Digits;
  price?: string | null;
  volume?: string | null;
  funds?: string | null;
  market?: string;
  market_id?: string;
  created_at?: string;
  /** `both` where this user is seller and buyer. */
  side: "ask" | "bid" | "both";
  /** This user's order. */
  order_id?: Digits;
  ask?: Order;
  bid?: Order;
  [field: string]: unknown;
}

/** What the client needs of a WebSocket. */
export interface SocketLike {
  onopen: any;
  onmessage: any;
  onclose: any;
  onerror: any;
  send(text: string): void;
  close(code?: number): void;
}
