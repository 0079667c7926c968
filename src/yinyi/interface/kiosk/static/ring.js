// Rings that count down. The second circle's dash is what is left of the whole.
import { again } from "./press.js";

export function draw(ring, left, of) {
  ring.querySelector("circle + circle").setAttribute("stroke-dashoffset", String(100 - (100 * left) / of));
}

export function countdown(screen, signal) {
  for (const ring of screen.querySelectorAll(".ring[data-seconds]")) count(ring, signal);
}

function count(ring, signal) {
  const ends = performance.now() + Number(ring.dataset.seconds) * 1000;
  const of = Number(ring.dataset.of);
  const figure = ring.querySelector("b");
  const tick = () => {
    const left = Math.max(0, Math.round((ends - performance.now()) / 1000));
    figure.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    draw(ring, left, of);
    if (left > 0) return;
    clearInterval(timer);
    again();
  };
  const timer = setInterval(tick, 500);
  signal.addEventListener("abort", () => clearInterval(timer));
  draw(ring, Number(ring.dataset.seconds), of);
}
