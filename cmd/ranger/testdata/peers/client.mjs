// client.mjs URL: the browser client. It prints each event as a line. Of its
// input, "token JWT" answers what asks for a token, and "cut" breaks the
// connection. It closes at the end of its input.

import { createInterface } from "node:readline";

import { connect } from "../../../../clients/js/index.js";
import { WebSocket } from "./websocket.mjs";

let socket, give;
const print = (...words) => console.log(words.join(" "));

const ranger = connect({
  url: process.argv[2],
  retry: { min: 1 },
  token: ({ fresh }) => {
    print("token", fresh);
    return new Promise((resolve) => (give = resolve));
  },
  WebSocket: class extends WebSocket {
    constructor(url) {
      super(url);
      socket = this;
    }
  },
});
for (const kind of ["order", "trade"]) ranger.on(kind, ({ data, replay }) => print(kind, JSON.stringify(data), replay));
ranger.on("resync", ({ reason }) => print("resync", reason));
ranger.on("gap", ({ reason }) => print("gap", reason));
ranger.on("error", ({ message }) => print("error", message));
ranger.on("state", ({ state, code }) => {
  if (state !== "connecting") print(state, code ?? "");
});

for await (const line of createInterface({ input: process.stdin })) {
  const [word, jwt] = line.split(" ");
  if (word === "token") give(jwt);
  if (word === "cut") socket.cut();
}
ranger.close();
