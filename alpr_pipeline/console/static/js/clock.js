// The server's time: ages are counted by one clock, however wrong this machine's own is.
let ahead = 0;

/** Take over the server's time. */
export function setServerTime(text) {
  const server = Date.parse(text);
  if (!Number.isNaN(server)) ahead = server - Date.now();
}

/** The server's time now, in milliseconds. */
export function serverNow() {
  return Date.now() + ahead;
}

setServerTime(document.querySelector('meta[name="server-now"]')?.content ?? "");
