// A WebSocket (RFC 6455) for a test's client, because Node.js before 22 has none
// and Debian's has no library: text messages, in the shape that browsers have.
// It believes what the server sends.

import { randomBytes } from "node:crypto";
import { request } from "node:http";

const [text, close, ping, pong] = [1, 8, 9, 10];

export class WebSocket {
  #socket;
  #read = Buffer.alloc(0);
  #code = 1006;
  #reason = "";

  constructor(url) {
    const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": 13, "Sec-WebSocket-Key": randomBytes(16).toString("base64") };
    request(url.replace(/^ws/, "http"), { headers })
      .on("upgrade", (_, socket, head) => this.#upgraded(socket, head))
      .on("response", () => this.#ended())
      .on("error", () => this.#ended())
      .end();
  }

  send(message) {
    this.#frame(text, Buffer.from(message));
  }

  close(code = 1000) {
    this.#frame(close, Buffer.from([code >> 8, code & 0xff]));
    this.#socket?.end();
  }

  /** Breaks the connection, as a lost network does. */
  cut() {
    this.#socket.destroy();
  }

  #upgraded(socket, head) {
    this.#socket = socket;
    socket.on("data", (data) => this.#take(data));
    socket.on("error", () => {});
    socket.on("close", () => this.#ended());
    this.onopen?.({});
    this.#take(head);
  }

  #ended() {
    this.onclose?.({ code: this.#code, reason: this.#reason });
  }

  #take(data) {
    this.#read = Buffer.concat([this.#read, data]);
    for (;;) {
      const short = this.#read[1];
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (this.#read.length < head) return;
      const length = head === 4 ? this.#read.readUInt16BE(2) : head === 10 ? Number(this.#read.readBigUInt64BE(2)) : short;
      if (this.#read.length < head + length) return;
      const payload = this.#read.subarray(head, head + length);
      const opcode = this.#read[0] & 0xf;
      this.#read = this.#read.subarray(head + length);
      this.#message(opcode, payload);
    }
  }

  #message(opcode, payload) {
    if (opcode === text) this.onmessage?.({ data: payload.toString() });
    if (opcode === ping) this.#frame(pong, payload);
    if (opcode !== close) return;
    [this.#code, this.#reason] = [payload.readUInt16BE(0), payload.toString("utf8", 2)];
    this.#frame(close, payload.subarray(0, 2));
    this.#socket.end();
  }

  #frame(opcode, payload) {
    const long = payload.length > 125; // and below 65536: our own
    const head = long ? [0x80 | opcode, 0xfe, payload.length >> 8, payload.length & 0xff] : [0x80 | opcode, 0x80 | payload.length];
    const mask = [0, 0, 0, 0]; // a mask like any other
    this.#socket?.write(Buffer.concat([Buffer.from([...head, ...mask]), payload]));
  }
}
