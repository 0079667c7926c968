// Who has called for help at a kiosk: whoever sits at the window sees it as it is called, and says that somebody comes.

import { find, make, press } from "./build.js";
import { alive, listen, post, Refused, state, watch } from "./desk.js";
import { language, speak, t } from "./words.js";

const ZONE = "Asia/Shanghai";
const FORM = { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: ZONE };
let answered = null;
let drawn = "";

export function startCalls() {
  listen(draw);
  watch((now) => {
    if (now.calls?.some((each) => each.call_id !== answered?.call_id)) answered = null;
    draw();
  });
  speak(draw);
}

const open = () => (state?.calls ?? []).filter((each) => each.call_id !== answered?.call_id);
const away = () => state !== null && (!alive || state.calls === null);

function draw() {
  const calls = open();
  const standing = JSON.stringify([calls, answered, away(), language]);
  if (standing === drawn) return;
  drawn = standing;
  const place = find("#calls");
  const rows = [...calls.map(call), answered ? came() : null, away() ? hint("calls.away") : null].filter(Boolean);
  place.hidden = !rows.length;
  place.classList.toggle("rings", calls.length > 0);
  place.replaceChildren(...rows);
  document.title = `${calls.length ? `(${calls.length}) ` : ""}${t("window.title")}`;
}

const hint = (word, values) => make("p", { class: "hint", role: "status" }, t(word, values));
const came = () => hint("calls.told", { place: where(answered) });
const where = (one) => `${one.place} ${one.terminal_id}`.trim();

function call(one) {
  const at = new Date(one.called_at).toLocaleTimeString(language === "zh" ? "zh-CN" : "en-GB", FORM);
  return make(
    "div",
    { class: "call", role: "alert" },
    make("time", { datetime: one.called_at }, at),
    make("b", {}, t("calls.some", { terminal: where(one) })),
    make("button", { class: "pill act", "data-call": one.call_id, onclick: press(() => come(one)) }, t("calls.come")),
  );
}

async function come(one) {
  try {
    await post("/window/come", { call_id: one.call_id });
    answered = one;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    find(`[data-call="${one.call_id}"]`)?.before(hint("calls.again"));
    return;
  }
  draw();
}
