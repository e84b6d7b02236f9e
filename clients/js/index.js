// ranger-client: a trader's own orders and trades, as they happen. README.md
// says how to use it, index.d.ts what each thing is.
export { connect } from "./ranger.js";
export { parse } from "./numbers.js";
