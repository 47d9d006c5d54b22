// The sound of a hit, for whoever turned it on. A browser makes none before the person has touched the page: then the
// button says so, rather than claim that the sound is on.
const button = document.querySelector("[data-sound]");
const KEPT = "alpr.sound";
// Pitches in Hz, and how often they come again while hits of that priority wait.
const TUNES = {
  high: { notes: [880, 1175, 880, 1175, 880, 1175], again_ms: 8_000 },
  medium: { notes: [784, 988, 784], again_ms: 20_000 },
  low: { notes: [659], again_ms: 60_000 },
  lost: { notes: [440, 330], again_ms: 30_000 },
};
const NOTE_S = 0.16;

let context = null;
let level = null;
let lost = false;
let repeating = 0;

function wanted() {
  return localStorage.getItem(KEPT) === "on";
}

function sounding() {
  return wanted() && context?.state === "running";
}

function show() {
  const word = !wanted() ? "Sound off" : sounding() ? "Sound on" : "Sound waits for a click";
  button.querySelector("[data-sound-word]").textContent = word;
  button.setAttribute("aria-pressed", String(sounding()));
  button.querySelector("use").setAttribute("href", `/static/icons.svg#sound-${sounding() ? "on" : "off"}`);
}

async function start() {
  context ??= new AudioContext();
  context.onstatechange = show;
  if (context.state === "suspended") await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 300))]);
  show();
}

function play(tune) {
  if (!sounding()) return;
  tune.notes.forEach((pitch, i) => {
    const at = context.currentTime + i * NOTE_S;
    const tone = new OscillatorNode(context, { type: "triangle", frequency: pitch });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(0.5, at + 0.015);
    loudness.gain.setTargetAtTime(0, at + NOTE_S * 0.7, 0.02);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + NOTE_S);
  });
}

/** Play the tune of the state now, and again as long as the state lasts. */
function repeat(atOnce) {
  clearInterval(repeating);
  const tune = lost ? TUNES.lost : TUNES[level];
  if (!tune) return;
  if (atOnce) play(tune);
  repeating = setInterval(() => play(tune), tune.again_ms);
}

if (button) {
  button.addEventListener("click", async () => {
    const on = !sounding();
    localStorage.setItem(KEPT, on ? "on" : "off");
    if (on) {
      await start();
      play(TUNES.low); // so that one hears what was turned on
    }
    show();
  });
  for (const touch of ["pointerdown", "keydown"]) {
    addEventListener(touch, () => { if (wanted() && !sounding()) start(); }, { capture: true });
  }
  document.addEventListener("alpr:alarm", ({ detail }) => {
    const changed = level !== detail.level;
    level = detail.level;
    if (detail.fresh || changed) repeat(detail.fresh);
  });
  document.addEventListener("alpr:connection", ({ detail }) => {
    const before = lost;
    lost = ["lost", "signed-out"].includes(detail.state);
    if (lost !== before) repeat(false);
  });
  if (wanted()) start();
  show();
}
