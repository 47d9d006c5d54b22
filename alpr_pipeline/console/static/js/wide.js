// Large pictures: the queue makes room for them. New hits still stand across the page.
const KEPT = "alpr.wide";
const main = document.querySelector(".watch main");

function show(wide) {
  main.classList.toggle("wide", wide);
  for (const button of document.querySelectorAll("[data-wide]")) button.setAttribute("aria-pressed", String(wide));
}

if (main) {
  show(localStorage.getItem(KEPT) === "on");
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-wide]")) return;
    const wide = !main.classList.contains("wide");
    localStorage.setItem(KEPT, wide ? "on" : "off");
    show(wide);
  });
}
