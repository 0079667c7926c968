// The demo wears what the kiosk brings along: its letters and its icons.
import { find } from "./build.js";

export function wear(page) {
  const fonts = page.querySelector('link[href$="/fonts.css"]');
  if (fonts && !find("#fonts")) {
    const link = document.createElement("link");
    link.id = "fonts";
    link.rel = "stylesheet";
    link.href = fonts.getAttribute("href");
    document.head.append(link);
  }
  const sprite = page.querySelector("svg.sprite");
  if (sprite && !find("svg.sprite")) document.body.append(document.importNode(sprite, true));
}
