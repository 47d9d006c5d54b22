// Passkeys: signing in with one, and adding one. The browser asks the authenticator; the server checks what it signed.
import { ask } from "./ask.js";

const adding = document.querySelector("[data-passkey-add]");
const entering = document.querySelector("[data-passkey-sign-in]");
const able = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);

if (adding) adding.addEventListener("submit", (event) => { event.preventDefault(); guarded(adding, add); });
if (entering) {
  entering.hidden = !able;
  entering.addEventListener("click", () => guarded(entering.closest("[data-signin]"), enter));
}

async function add() {
  const { challenge_id, options } = await post("/api/v1/me/passkeys/challenge");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = JSON.stringify(await navigator.credentials.create({ publicKey }));
  const { name, password } = Object.fromEntries(new FormData(adding));
  await ask("/api/v1/me/passkeys", { method: "POST", body: { challenge_id, credential, name, password } });
  location.reload();
}

async function enter() {
  const form = document.querySelector("[data-signin] form");
  const password = form.elements.password.value;
  const { challenge_id, options } = await post("/api/v1/session/passkey/challenge", { alone: !password });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = JSON.stringify(await navigator.credentials.get({ publicKey }));
  await post("/api/v1/session/passkey", { challenge_id, credential, password });
  location.assign(form.elements.next.value);
}

async function post(path, body = {}) {
  return (await ask(path, { method: "POST", body, stay: true })).json();
}

async function guarded(place, act) {
  const said = place.querySelector("[data-said]") ?? document.querySelector("[data-said]");
  said.hidden = true;
  try {
    if (!able) throw new Error("This browser knows no passkeys: use a newer one.");
    await act();
  } catch (failure) {
    said.textContent = failure.name === "NotAllowedError" ? "The passkey was not used: it was cancelled, or took too long."
      : failure.name === "InvalidStateError" ? "This device holds a passkey of yours already."
      : failure.message;
    said.hidden = false;
  }
}
