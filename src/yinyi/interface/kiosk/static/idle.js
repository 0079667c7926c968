// Nobody there any more? Ask for the last twenty seconds, then end the session. The page says how long it may idle;
// 0 means never: a payment or a print is running.
import { draw } from "./ring.js";
import { lower, raise } from "./veil.js";
import { leaveBy } from "./whole.js";

const ASK_S = 20;

export function idle(screen, signal) {
  const veil = document.getElementById("idle");
  const total = Number(screen.dataset.idleS);
  if (!veil.hidden) lower(veil);
  if (!total) return;
  const asks = Math.min(ASK_S, total / 2);
  const ring = veil.querySelector(".ring");
  let touched = performance.now();

  const stay = () => {
    touched = performance.now();
    if (!veil.hidden) lower(veil);
  };
  const tick = () => {
    const left = Math.ceil(total - (performance.now() - touched) / 1000);
    if (left <= 0) {
      clearInterval(timer);
      leaveBy(veil.querySelector("form"));
    } else if (left <= asks) {
      if (veil.hidden) {
        raise(veil);
        chime();
      }
      ring.querySelector("b").textContent = left;
      draw(ring, left, asks);
    }
  };
  const timer = setInterval(tick, 250);
  signal.addEventListener("abort", () => clearInterval(timer));
  for (const sign of ["pointerdown", "keydown", "input"]) {
    addEventListener(sign, () => veil.hidden && stay(), { signal, passive: true });
  }
  veil.querySelector("button.first").addEventListener("click", stay, { signal });
}

export function chime() {
  const sound = new AudioContext();
  if (sound.state !== "running") return void sound.close();
  const tone = sound.createOscillator();
  const volume = sound.createGain();
  volume.gain.setValueAtTime(0.08, sound.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + 0.6);
  tone.frequency.value = 660;
  tone.connect(volume).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.6);
  tone.addEventListener("ended", () => sound.close());
}
