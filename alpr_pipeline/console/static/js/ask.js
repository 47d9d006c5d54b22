// Requests to this server, with the few ways in which they fail.

/** A request that did not succeed: `offline`, `away` (a part of the server), or `refused` with the server's reason. */
export class Failure extends Error {
  constructor(kind, status, detail) {
    super(detail);
    this.kind = kind;
    this.status = status;
  }
}

/**
 * Ask for something; send `body` as JSON where there is one. Raises Failure; a session that has ended leads to sign-in,
 * unless one is to `stay`.
 */
export async function ask(path, { method = "GET", body, stay = false } = {}) {
  const options = { method, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    const lost = method === "GET" ? "" : " Nothing was sent: try again when the connection is back.";
    throw new Failure("offline", 0, `No connection to the server.${lost}`);
  }
  if (answer.ok) return answer;
  if (answer.status === 401 && !stay) signedOut();
  const detail = await answer.json().then((problem) => problem.detail, () => "") || answer.statusText;
  throw new Failure(answer.status >= 500 ? "away" : "refused", answer.status, detail);
}

/** Go to sign in, and come back here. */
export function signedOut() {
  document.dispatchEvent(new CustomEvent("alpr:connection", { detail: { state: "signed-out" } }));
  const back = new URLSearchParams({ ended: "true", next: location.pathname });
  location.assign(`/signin?${back}`);
}
