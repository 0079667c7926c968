// The demo desk: a kiosk, and everything around it that a person can put his hands on.

import { startCardPad } from "./cardpad.js";
import { startCards } from "./cards.js";
import { startCounter } from "./counter.js";
import { alive, listen, state } from "./desk.js";
import { startFaults } from "./faults.js";
import { speakToKiosk, startKiosk } from "./kiosk.js";
import { startPapers } from "./papers.js";
import { startPhone } from "./phone.js";
import { choose, language, settle, speak, t } from "./words.js";
import { find } from "./build.js";

function standing() {
  const place = find("#standing");
  const key = !alive ? "gone" : !state.kiosk ? "agent" : !state.kiosk.connected ? "line" : "ok";
  place.dataset.standing = key;
  place.textContent = t(`standing.${key}`);
}

settle();
speak(() => {
  const other = language === "zh" ? "English" : "中文";
  find("#language").textContent = other;
  find("#language").lang = language === "zh" ? "en" : "zh-CN";
  standing();
});
find("#language").addEventListener("click", () => {
  choose(language === "zh" ? "en" : "zh");
  speakToKiosk();
});
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
startKiosk();
startCards();
startCardPad();
startPapers();
startPhone();
startCounter();
startFaults();
listen(standing);
