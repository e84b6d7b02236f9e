// ranger-client: a trader's own orders and trades in real time. README.md explains how
// to use it; index.d.ts documents the types.
export { connect } from "./ranger.js";
export { parse } from "./numbers.js";
