// What only a browser can do. Every module starts anew with each screen and stops when the signal says so.
import { readAloud } from "./aloud.js";
import { clock } from "./clock.js";
import { coming } from "./coming.js";
import { fit } from "./fit.js";
import { idle, idling } from "./idle.js";
import { line } from "./line.js";
import { pad, typing } from "./pad.js";
import { pager } from "./pager.js";
import { hands } from "./press.js";
import { countdown } from "./ring.js";
import { take } from "./take.js";
import { waiting } from "./waiting.js";
import { wholePages } from "./whole.js";

const eachScreen = [fit, clock, coming, countdown, idle, pad, pager, readAloud, take];
let left = new AbortController();

function begin() {
  left.abort();
  left = new AbortController();
  const screen = document.getElementById("screen");
  for (const start of eachScreen) start(screen, left.signal);
}

begin();
hands();
idling();
line();
typing();
waiting();
wholePages();
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id !== "screen") return;
  begin();
  document.querySelector("#screen h1")?.focus({ preventScroll: true });
});
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("contextmenu", (event) => event.preventDefault());
