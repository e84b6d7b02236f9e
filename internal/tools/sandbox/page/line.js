/** One user's connection to the server, which can be cut. */
export class Line {
  #sockets = new Set();
  #until = 0;

  /** Time in ms until the cut ends. */
  get cutFor() {
    return Math.max(0, this.#until - Date.now());
  }

  /** A WebSocket class that uses this connection. */
  get WebSocket() {
    const dial = (url) => this.#dial(url);
    return function (url) {
      return dial(url);
    };
  }

  /** Breaks open sockets and refuses new ones for a time in ms. */
  cut(ms) {
    this.#until = Date.now() + ms;
    for (const socket of this.#sockets) socket.break();
    this.#sockets.clear();
  }

  #dial(url) {
    if (this.cutFor > 0) return new Nowhere();
    const socket = new Socket(url);
    this.#sockets.add(socket);
    socket.addEventListener("close", () => this.#sockets.delete(socket));
    return socket;
  }
}

const broken = { code: 1006, reason: "" }; // as a browser reports a broken connection

class Socket extends WebSocket {
  // Messages in transit are lost, and listeners are called at once.
  break() {
    const { onclose } = this;
    this.onopen = this.onmessage = this.onclose = null;
    this.close();
    onclose?.call(this, broken);
  }
}

// A socket opened during a cut.
class Nowhere {
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;

  constructor() {
    setTimeout(() => this.onclose?.(broken));
  }

  send() {}
  close() {}
}
