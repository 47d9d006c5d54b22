// Buttons that copy, for the dispatch system in the next window.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const word = button.querySelector("span");
  const done = await navigator.clipboard?.writeText(button.dataset.copy).then(() => true, () => false);
  word.textContent = done ? "Copied" : "Not copied: select it by hand";
  setTimeout(() => { word.textContent = "Copy"; }, 1500);
});
