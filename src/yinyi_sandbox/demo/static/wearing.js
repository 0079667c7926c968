// The demo wears what the kiosk brings along: its letters and its icons.
import { find } from "./build.js";

const ICONS = "/demo/icons.svg";

export function wear(page) {
  const fonts = page.querySelector('link[href$="/fonts.css"]');
  if (fonts && !find("#fonts")) {
    const link = document.createElement("link");
    link.id = "fonts";
    link.rel = "stylesheet";
    link.href = fonts.getAttribute("href");
    document.head.append(link);
    draw();
  }
}

async function draw() {
  const answer = await fetch(ICONS);
  const drawn = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  if (answer.ok) document.body.append(document.importNode(drawn.documentElement, true));
}
