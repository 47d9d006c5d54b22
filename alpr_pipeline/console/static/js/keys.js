// Single keys: each presses or enters the visible control that names it in data-key. They can be turned off
// (WCAG 2.1.4), and never act while somebody types.
const KEPT = "alpr.keys";
const toggle = document.querySelector("[data-keys-on]");

function typing(target) {
  return target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])") !== null;
}

function press(key) {
  const named = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((control) => control.checkVisibility());
  if (!named) return false;
  const enters = named.matches("input:not([type=checkbox], [type=radio]), select, textarea");
  if (enters || named.matches("input")) named.focus();
  if (!enters) named.click();
  named.scrollIntoView({ block: "nearest" });
  return true;
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  if (localStorage.getItem(KEPT) === "off" || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (press(event.key.toLowerCase())) event.preventDefault();
});

if (toggle) {
  toggle.checked = localStorage.getItem(KEPT) !== "off";
  toggle.addEventListener("change", () => localStorage.setItem(KEPT, toggle.checked ? "on" : "off"));
}
