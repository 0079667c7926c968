// Sheets that rise over the screen; what lies under one cannot be reached.
export function raise(veil) {
  veil.hidden = false;
  document.getElementById("screen").inert = true;
  veil.querySelector("button.first, a.first")?.focus({ preventScroll: true });
}

export function lower(veil) {
  veil.hidden = true;
  if (!document.querySelector(".veil:not([hidden])")) document.getElementById("screen").inert = false;
}
