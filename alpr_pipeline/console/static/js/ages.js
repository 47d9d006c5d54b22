// Ages that tick, and times in the zone of whoever looks.
import { serverNow } from "./clock.js";

const UNITS = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };

/** How long ago something was, in the words of words.py: `12 s`, `3 min 5 s`, `2 h 4 min`. */
export function age(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const at = UNITS.findIndex(([size]) => seconds >= size);
  if (at < 0 || at === UNITS.length - 1) return `${seconds} s`;
  const [size, unit] = UNITS[at];
  const [finer, finerUnit] = UNITS[at + 1];
  const rest = Math.floor((seconds % size) / finer);
  return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${finerUnit}` : ""}`;
}

function tick() {
  const now = serverNow();
  for (const time of document.querySelectorAll("time[data-age][datetime]")) {
    const text = age(now - Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

function localise(root) {
  for (const time of root.querySelectorAll("time[data-clock]")) {
    const moment = new Date(time.dateTime);
    const today = moment.toDateString() === new Date(serverNow()).toDateString();
    time.textContent = (today ? "" : `${moment.toLocaleDateString("en-CA")} `) + moment.toLocaleTimeString("en-GB", CLOCK);
    time.title = moment.toISOString();
  }
  for (const time of root.querySelectorAll("time[data-date]")) {
    time.textContent = new Date(time.dateTime).toLocaleDateString("en-CA");
    time.title = time.dateTime;
  }
}

localise(document);
tick();
setInterval(tick, 1000);
document.addEventListener("alpr:detail", (event) => { localise(event.target); tick(); });
document.addEventListener("alpr:hit", tick);
