// The payer's own code on his phone, to be held under the kiosk's scanner.

import { find, make } from "./build.js";
import { post } from "./desk.js";
import { t } from "./words.js";

export const APPS = ["wechatpay", "alipay"];
const BEHAVIOURS = ["pays", "password", "no_money"];

let shown = null;
let held = false;

// Of the payment that is made with it, as the phone names it.
export const madeOf = () => shown?.code_url ?? "";

export async function show(app, behaviour = "pays") {
  const told = await post("/phone/code", { app, behaviour });
  shown = { ...told, app, behaviour, until: Date.now() + told.valid_for_s * 1000 };
  held = false;
}

export async function hold() {
  await post("/scanner", { text: shown.payer_code });
  held = true;
}

const left = () => Math.max(0, Math.ceil((shown.until - Date.now()) / 1000));
const validity = () => (left() ? t("own.left", { left: left() }) : t("own.gone"));

export function ownCode(button, said, turn) {
  const again = (behaviour) => async () => {
    await show(shown.app, behaviour);
    turn("own");
  };
  return {
    page: "own",
    key: ["own", shown, left() > 0, held],
    // In place: a button that is drawn anew every second can hardly be pressed.
    tick: () => {
      const small = find(".own small");
      if (small) small.textContent = validity();
    },
    made: () => [
      make("p", { class: "app" }, t(`phone.${shown.app}`)),
      make(
        "div",
        { class: "own", "data-gone": left() ? "no" : "yes" },
        make("img", { src: shown.picture, alt: t("own.title") }),
        make("b", {}, shown.payer_code.replace(/(.{4})/g, "$1 ")),
        make("small", {}, validity()),
      ),
      make("p", { class: "hint", role: "status" }, said || t(held ? "own.held" : "own.hint")),
      button("hold", "own.hold", hold, { class: "pay" }),
      make(
        "div",
        { class: "later" },
        make("small", {}, t("own.fresh")),
        ...BEHAVIOURS.map((one) => button(`own-${one}`, `own.${one}`, again(one), { "aria-pressed": String(one === shown.behaviour) })),
      ),
      button("back", "own.back", () => turn("home"), { class: "plain" }),
    ],
  };
}

export const ownButtons = (button, turn) =>
  make(
    "div",
    { class: "owns" },
    ...APPS.map((app) =>
      button(`own-${app}`, `own.${app}`, async () => {
        await show(app);
        turn("own");
      }),
    ),
  );
