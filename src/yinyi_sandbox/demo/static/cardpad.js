// The cards to pay with, and the card terminal beside the screen: a slot, a contactless field, a PIN pad.

import { find, icon, make, press, yuan } from "./build.js";
import { post, Refused, state, watch } from "./desk.js";
import { speak, t } from "./words.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "0", "enter", "cancel"];
let said = "";

export function startCardPad() {
  find("#pad-open").addEventListener("click", () => show(find("#pos").hidden));
  find("#pos-close").addEventListener("click", () => show(false));
  find("#pos-take").addEventListener("click", press(() => tried(() => post("/card-terminal/take"))));
  speak(draw);
  watch((now, before) => {
    const pad = now.kiosk?.card_terminal;
    if (pad?.asks && !before?.kiosk?.card_terminal?.asks) show(true);
    if (JSON.stringify([pad, now.wallet]) !== JSON.stringify([before?.kiosk?.card_terminal, before?.wallet])) draw();
  });
}

function show(open) {
  find("#pos").hidden = !open;
  find("#pad-open").setAttribute("aria-expanded", String(open));
}

function draw() {
  const pad = state?.kiosk?.card_terminal;
  find("#pos-screen").replaceChildren(...(pad ? onScreen(pad) : [t("reader.away")]));
  find("#pos-take").hidden = !pad?.in_slot;
  find("#pos").dataset.light = pad?.light ? "on" : "off";
  find("#pos-said").textContent = said;
  if (!find("#pos-keys").children.length || find("#pos-keys").dataset.said !== t("pos.enter")) drawKeys();
  find("#wallet").replaceChildren(...(state?.wallet ?? []).map((card) => inWallet(card, pad)));
}

function onScreen(pad) {
  if (!pad.asks) return [make("p", {}, t(pad.at_bank ? "pos.wait" : pad.in_slot ? "pos.take" : "pos.idle"))];
  const stars = pad.asks === "pin" ? "●".repeat(pad.digits) || "…" : t("pos.card");
  const what = pad.purpose === "pay" ? yuan(pad.amount_fen) : t(`pos.${pad.purpose}`);
  return [make("b", {}, what), make("small", {}, pad.merchant_name), make("p", {}, stars)];
}

function drawKeys() {
  find("#pos-keys").dataset.said = t("pos.enter");
  find("#pos-keys").replaceChildren(...KEYS.map(key));
}

function key(name) {
  const word = name.length > 1 ? t(`pos.${name}`) : name;
  const work = press(() => tried(() => post("/card-terminal/press", { key: name })));
  return make("button", { class: `key ${name.length > 1 ? name : ""}`, "data-key": name, onclick: work }, word);
}

function inWallet(card, pad) {
  const away = !pad || Boolean(pad.in_slot);
  const bring = (tap) => press(() => tried(() => post("/card-terminal/bring", { key: card.key, tap })));
  return make(
    "li",
    { class: pad?.in_slot === card.key ? "in" : "" },
    make("b", {}, icon("credit-card"), t(`pos.${card.kind}`)),
    make("small", {}, `${card.issuer} · ${card.key} · ${card.pin ? t("pos.pin", { pin: card.pin }) : t("pos.no_pin")}`),
    make("i", {}, yuan(card.balance_fen)),
    make("button", { class: "pill", disabled: away, "data-insert": card.key, onclick: bring(false) }, t("pos.insert")),
    make("button", { class: "pill", disabled: away, "data-tap": card.key, onclick: bring(true) }, t("pos.tap")),
  );
}

async function tried(work) {
  said = "";
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    said = t("reader.away");
  }
  draw();
}
