/** One user's way to the server, which can be cut. */
export class Line {
  #sockets = new Set();
  #until = 0;

  /** How many ms it is still cut for. */
  get cutFor() {
    return Math.max(0, this.#until - Date.now());
  }

  /** A constructor of sockets that go this way. */
  get WebSocket() {
    const dial = (url) => this.#dial(url);
    return function (url) {
      return dial(url);
    };
  }

  /** Breaks what is open, and lets nothing through for so many ms. */
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

const broken = { code: 1006, reason: "" }; // as a browser tells of a connection that broke

class Socket extends WebSocket {
  // What is on its way here is lost, and who listens is told at once.
  break() {
    const { onclose } = this;
    this.onopen = this.onmessage = this.onclose = null;
    this.close();
    onclose?.call(this, broken);
  }
}

// Nowhere is a socket while there is no way.
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
