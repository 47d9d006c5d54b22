// The stream of hits: opened, watched for silence, opened again. It tells the page what it hears and how it is.
//   alpr:hit           a card, new or changed; `late` when it was there before this page was opened
//   alpr:synchronised  all open hits were told; `seen` are their identities
//   alpr:heard         anything at all came
//   alpr:connection    `state`: connecting, live, lost, signed-out
import { signedOut } from "./ask.js";
import { setServerTime } from "./clock.js";

const SILENCE_MS = 12_000; // the server speaks every five seconds
const PAUSES_MS = [300, 1_000, 2_000, 4_000, 5_000];
const STREAM = "/hits/stream";

let source = null;
let silence = 0;
let retry = 0;
let failures = 0;
let synchronisedOnce = false;
let seen = new Set();

/** Watch, if this page shows a connection. */
export function watch() {
  if (!document.querySelector("[data-connection]")) return;
  addEventListener("online", connect);
  addEventListener("offline", () => lose("this machine has no network"));
  addEventListener("pagehide", () => { clearTimeout(retry); source?.close(); });
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  connect();
}

function connect() {
  close();
  seen = new Set();
  source = new EventSource(STREAM);
  source.addEventListener("hit", onHit);
  source.addEventListener("synchronised", onSynchronised);
  source.addEventListener("beat", (event) => { setServerTime(event.data); heard(); });
  source.addEventListener("error", () => lose("the server does not answer"));
  listen();
}

function onHit(event) {
  const holder = document.createElement("template");
  holder.innerHTML = event.data;
  const card = holder.content.firstElementChild;
  seen.add(card.dataset.hit);
  heard();
  tell("alpr:hit", { card, late: !synchronisedOnce });
}

function onSynchronised(event) {
  setServerTime(event.data);
  synchronisedOnce = true;
  failures = 0;
  tell("alpr:connection", { state: "live" });
  heard();
  tell("alpr:synchronised", { seen });
}

function heard() {
  listen();
  tell("alpr:heard", {});
}

function listen() {
  clearTimeout(silence);
  silence = setTimeout(() => lose("the server has gone silent"), SILENCE_MS);
}

/** Close the stream, say so, find out why, and try again. */
async function lose(why) {
  close();
  const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)];
  failures += 1;
  tell("alpr:connection", { state: "lost", why });
  const answer = await fetch("/api/v1/me", { cache: "no-store" }).catch(() => null);
  if (answer?.status === 401) return signedOut();
  if (answer?.status === 503) tell("alpr:connection", { state: "lost", why: "the server cannot reach its database" });
  clearTimeout(retry);
  retry = setTimeout(connect, pause);
}

function close() {
  clearTimeout(silence);
  clearTimeout(retry);
  source?.close();
  source = null;
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}
