// The honest banner: shown when the line to the platform is gone for more than three seconds.
import { again } from "./press.js";

const PATIENCE_MS = 3_000;

let timer = 0;

export function gone(isGone) {
  clearTimeout(timer);
  timer = 0;
  const screen = document.getElementById("screen");
  const wasGone = screen.dataset.line === "gone";
  if (isGone) screen.dataset.line = "gone";
  else delete screen.dataset.line;
  if (isGone !== wasGone) dispatchEvent(new Event("resize")); // the banner takes room
}

export function line() {
  document.addEventListener("htmx:sseError", () => {
    timer ||= setTimeout(() => gone(true), PATIENCE_MS);
  });
  document.addEventListener("htmx:sseOpen", () => {
    const wasGone = document.getElementById("screen").dataset.line === "gone";
    gone(false);
    if (wasGone) again();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if ("wiped" in document.documentElement.dataset) event.detail.shouldSwap = false; // of whoever has gone
    if (!event.detail.shouldSwap || event.detail.xhr.responseText.includes('id="screen"')) return;
    event.detail.shouldSwap = false; // not from our platform: something between answers in its place
    gone(true);
  });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, () => gone(true));
  }
}
