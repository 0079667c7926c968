// A card that is still in the card terminal: a sound every few seconds until it is taken.
import { chime } from "./idle.js";

const EVERY_MS = 4_000;

export function take(screen, signal) {
  if (!screen.querySelector("[data-take-card]")) return;
  chime();
  const timer = setInterval(chime, EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
}
