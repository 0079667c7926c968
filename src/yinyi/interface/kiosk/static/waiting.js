// What a press, or a code held under the scanner, does while the platform works: at once nothing more can be pressed, after 300 ms the page fades,
// after 3 s it explains, after 10 s it shows a way out.
import { lower, raise } from "./veil.js";

const FADE_MS = 300;
const EXPLAIN_MS = 3_000;
const WAY_OUT_MS = 10_000;

export function waiting() {
  const page = document.documentElement;
  const veil = document.getElementById("slow");
  const way = veil.querySelector(".go");
  let timers = [];

  const over = () => {
    timers.forEach(clearTimeout);
    timers = [];
    delete page.dataset.busy;
    delete page.dataset.wait;
    way.hidden = true;
    lower(veil);
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isNews(event)) return;
    page.dataset.busy = "";
    timers = [
      setTimeout(() => (page.dataset.wait = ""), FADE_MS),
      setTimeout(() => raise(veil), EXPLAIN_MS),
      setTimeout(() => (way.hidden = false), WAY_OUT_MS),
    ];
  });
  document.addEventListener("htmx:afterRequest", (event) => isNews(event) || over());
}

const isNews = (event) => event.target.closest?.(".news > div");
