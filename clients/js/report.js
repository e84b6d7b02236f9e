/** Reports an error that nobody listens for, as one that nobody caught. */
export function report(error) {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else console.error(error);
}
