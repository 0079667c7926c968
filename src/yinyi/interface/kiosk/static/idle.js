// Nobody there any more? Ask for the last twenty seconds, then end the session. The page says how long it may idle;
// 0 means never: a payment or a print is running. A page that only draws itself anew goes on idling.
import { draw } from "./ring.js";
import { lower, raise } from "./veil.js";
import { leaveBy } from "./whole.js";

const ASK_S = 20;
const AGAIN_MS = 3_000;

let touched = 0;
let page = "";
let news = false;

export function idling() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    news = Boolean(event.detail.requestConfig.elt.closest(".news > div"));
  });
}

export function idle(screen, signal) {
  const veil = document.getElementById("idle");
  const total = Number(screen.dataset.idleS);
  const before = page;
  page = `${location.pathname} ${total}`;
  const same = news && page === before;
  news = false;
  if (!veil.hidden && !same) lower(veil);
  if (!total) return;
  const asks = Math.min(ASK_S, total / 2);
  const ring = veil.querySelector(".ring");
  if (!same) touched = performance.now();
  if (!veil.hidden) screen.inert = true;

  const stay = () => {
    touched = performance.now();
    if (!veil.hidden) lower(veil);
  };
  const tick = () => {
    const left = Math.ceil(total - (performance.now() - touched) / 1000);
    if (left <= 0) {
      clearInterval(timer);
      leave(veil.querySelector("form"));
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

// Line or no line, nothing of whoever has gone stays on the screen; the session itself ends as soon as it can.
async function leave(form) {
  if (await leaveBy(form)) return;
  wipe();
  setTimeout(leave, AGAIN_MS, form);
}

function wipe() {
  if ("wiped" in document.documentElement.dataset) return;
  document.documentElement.dataset.wiped = "";
  document.title = "";
  for (const part of document.querySelectorAll("#screen :is(h1, .sub, .steps, .over, .act, .dock, .veil, .news)")) {
    part.remove();
  }
  lower(document.getElementById("idle"));
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
