import { Liveness } from "./liveness.js";
import { read } from "./message.js";
import { Renewal } from "./renewal.js";
import { ask, bare } from "./token.js";

const refusal = "Authentication failed.";

/** One socket, from requesting the token to its end. */
export class Session {
  #settings;
  #on;
  #fresh;
  #ws;
  #timer;
  #openedAt;
  #resolve;
  #life = new AbortController(); // aborted when the session ends
  #liveness = new Liveness(() => this.#ws.send("ping"), () => this.end({ reason: "the server is silent" }));
  #renewal = new Renewal(() => this.#authenticate({}));

  /**
   * on.hello() returns what is sent with the first token, on.open(success) is called when it is
   * accepted, on.message(message) for each later message, on.fail(error) for errors that the
   * author must fix. fresh: the last token is not usable.
   */
  constructor(settings, fresh, on) {
    this.#settings = settings;
    this.#fresh = fresh;
    this.#on = on;
  }

  /** Resolves when the socket ends, with { code, reason, refused, openedAt }; only reason is always set. */
  run() {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#connect().catch((error) => this.end({ reason: `no connection: ${error?.message ?? error}` }));
    });
  }

  /** Ends the session, unless it has ended. */
  end(ending) {
    if (this.#life.signal.aborted) return;
    this.#life.abort(new Error("the connection has ended"));
    clearTimeout(this.#timer);
    this.#liveness.stop();
    this.#renewal.stop();
    if (this.#ws) {
      this.#ws.onopen = this.#ws.onmessage = this.#ws.onclose = null;
      if (ending.code === undefined) this.#ws.close(1000);
    }
    this.#resolve({ ...ending, openedAt: this.#openedAt });
  }

  /** Pings the server. */
  check() {
    if (this.#openedAt !== undefined) this.#liveness.check();
  }

  // The token comes first: the server closes sockets that do not send one soon.
  async #connect() {
    const jwt = await this.#token();
    this.#life.signal.throwIfAborted(); // a socket opened now would never be closed
    const { WebSocket, url } = this.#settings;
    const ws = (this.#ws = this.#open(WebSocket, url));
    this.#limit();
    ws.onopen = () => this.#send({ jwt: `Bearer ${jwt}`, ...this.#on.hello() });
    ws.onmessage = ({ data }) => this.#take(data);
    ws.onerror = () => {}; // onclose follows; ws for Node.js throws errors without a listener
    ws.onclose = ({ code, reason }) => this.end({ code, reason: reason || (code === 1006 ? "the connection broke" : "closed") });
  }

  #open(WebSocket, url) {
    try {
      return new WebSocket(url);
    } catch (error) {
      this.#on.fail(error); // the page must not connect to that url
      throw error;
    }
  }

  async #token() {
    const { token, timeout } = this.#settings;
    const jwt = bare(await ask(token, this.#fresh, timeout, this.#life.signal));
    if (jwt !== undefined) return jwt;
    const error = new TypeError("token() must return a JWT, as a string");
    this.#on.fail(error);
    throw error;
  }

  #limit() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end({ reason: "the server does not answer" }), this.#settings.timeout);
  }

  // Requests a new token and sends it on the open socket.
  async #authenticate(terms) {
    this.#fresh = true;
    const jwt = await this.#token();
    this.#send({ jwt: `Bearer ${jwt}`, ...terms });
  }

  #send(message) {
    this.#renewal.sent();
    this.#ws.send(JSON.stringify(message));
  }

  #take(data) {
    this.#liveness.heard();
    if (data === "pong") return;
    let message;
    try {
      message = read(data);
    } catch (cause) {
      this.#on.fail(new Error("the server sent an invalid message: check that a ranger server answers at the url", { cause }));
      return;
    }
    if (message.kind === "success") this.#succeed(message.body);
    else if (message.kind === "error") this.#refuse(message.body.message);
    else if (this.#openedAt === undefined) return; // it is the challenge
    else if (message.kind === "token") this.#renewal.due(message.body.expires_in);
    else this.#on.message(message); // reconnect needs no handling: the announced close has the same meaning
  }

  #succeed(success) {
    if (this.#renewal.answered(true) || this.#openedAt !== undefined) return;
    clearTimeout(this.#timer);
    this.#openedAt = Date.now();
    this.#liveness.start();
    this.#on.open(success);
  }

  // A token may expire in transit, so a token that was not new is requested once more.
  #refuse(text) {
    if (this.#renewal.answered(false)) return;
    if (this.#openedAt === undefined && text === refusal && !this.#fresh) {
      clearTimeout(this.#timer); // requesting a token has its own timeout
      this.#authenticate(this.#on.hello()).then(
        () => this.#life.signal.aborted || this.#limit(),
        (error) => this.end({ reason: error.message, refused: true }),
      );
      return;
    }
    const error = text === refusal ? "the server refused the token: see its log" : `the server answered: ${text}`;
    this.#on.fail(new Error(error));
    if (this.#openedAt === undefined) this.end({ reason: error, refused: true });
  }
}
