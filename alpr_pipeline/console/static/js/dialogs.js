// Buttons that open a dialog.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-open-dialog]");
  if (button) document.getElementById(button.dataset.openDialog).showModal();
});
