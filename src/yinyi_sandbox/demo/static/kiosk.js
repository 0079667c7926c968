// The kiosk's screen in its frame: paired without anybody typing a code, scaled, and looked at by the phone.

import { find } from "./build.js";
import { post } from "./desk.js";
import { language, speak, t } from "./words.js";
import { wear } from "./wearing.js";

const PANEL_PX = 1080;
const AGAIN_MS = 1500;
const PAIRED = "yinyi-demo-paired";
const TRIES = 4;

const frame = find("#kiosk");
const heard = new Set();
const watcher = new MutationObserver(() => requestAnimationFrame(look));
let paired = false;
let tries = 0;
let shown = "";
let lastCode = null;

// told() whenever a code appears on the screen or goes.
export function watchCode(told) {
  heard.add(told);
}

// The QR code on the screen as an element, or null.
export const code = () => frame.contentDocument?.querySelector(".code svg") ?? null;

// The address of the page on the screen.
export const at = () => frame.contentDocument?.location.pathname ?? "";

export function startKiosk() {
  const screen = find("#screen");
  new ResizeObserver(() => screen.style.setProperty("--k", screen.clientWidth / PANEL_PX)).observe(screen);
  frame.addEventListener("load", look);
  find("#veil button").addEventListener("click", () => {
    tries = 0;
    pair();
  });
  speak(() => veil(shown));
  begin();
}

// A browser that was never paired need not be refused first.
function begin() {
  if (localStorage.getItem(PAIRED)) frame.src = "/kiosk/";
  else pair();
}

// The kiosk's language follows the desk's when that changes.
export function speakToKiosk() {
  const wanted = language === "zh" ? "zh-CN" : "en";
  const page = frame.contentDocument;
  if (page && page.documentElement.lang !== wanted) {
    page.querySelector(`.dock button[name="language"][value="${wanted}"]`)?.click();
  }
}

function look() {
  const page = frame.contentDocument;
  if (page?.URL === "about:blank") return;
  if (!page?.querySelector("#screen")) return soon();
  watcher.disconnect();
  watcher.observe(page.documentElement, { childList: true, subtree: true });
  wear(page);
  if (!page.querySelector(".bell.not_paired")) {
    const first = !paired;
    paired = true;
    localStorage.setItem(PAIRED, "1");
    tries = 0;
    veil("");
    if (first) speakToKiosk();
  } else if (!paired && tries < TRIES) {
    pair();
  } else {
    veil("elsewhere");
  }
  tell();
}

async function pair() {
  tries += 1;
  try {
    const { pairing_code } = await post("/pairing");
    frame.src = `/kiosk/?pair=${encodeURIComponent(pairing_code)}`;
  } catch {
    tries -= 1;
    soon();
  }
}

// The platform or the agent is starting: look again in a moment.
function soon() {
  veil("starting");
  tell();
  setTimeout(begin, AGAIN_MS);
}

function veil(why) {
  shown = why;
  find("#veil").hidden = !why;
  if (!why) return;
  find("#veil p").textContent = t(`kiosk.${why}`);
  find("#veil button").hidden = why === "starting";
  find("#veil button").textContent = t("kiosk.here");
}

function tell() {
  const now = code();
  if (now === lastCode) return;
  lastCode = now;
  for (const told of heard) told();
}
