// Every text of the pages, in Chinese and in English.

import * as desk from "./texts.js";
import * as branch from "./texts_branch.js";
import * as doctor from "./texts_doctor.js";
import * as records from "./texts_records.js";
import * as cashier from "./texts_window.js";

const ZH = { ...desk.ZH, ...doctor.ZH, ...cashier.ZH, ...records.ZH, ...branch.ZH };
const EN = { ...desk.EN, ...doctor.EN, ...cashier.EN, ...records.EN, ...branch.EN };

const heard = new Set();
export let language = localStorage.getItem("yinyi-demo-language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export function t(key, values = {}) {
  const text = (language === "zh" ? ZH : EN)[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const either = (zh, en) => (language === "zh" ? zh : en || zh);

// spoken() now, and whenever the language changes.
export function speak(spoken) {
  heard.add(spoken);
  spoken();
}

export function choose(wanted) {
  language = wanted;
  localStorage.setItem("yinyi-demo-language", wanted);
  settle();
  for (const spoken of heard) spoken();
}

export function settle() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("page");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
  }
}
