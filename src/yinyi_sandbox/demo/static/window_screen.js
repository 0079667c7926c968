// The customer's screen at the window: the code to scan, or what has become of the payment.

import { find, make, press, yuan } from "./build.js";
import { post } from "./desk.js";
import { once, operator, tried } from "./till.js";
import { t } from "./words.js";

const EVERY_MS = 1200;
const ENDS = ["fulfilled", "closed", "returned"];
const APPS = ["wechatpay", "alipay"];
let payment = null;
let changed = null;
let timer = 0;

// The payment that is being made here.
export const under = () => (payment && !ENDS.includes(payment.state) ? payment : null);

export function watchPayment(made, told) {
  [payment, changed] = [made, told];
  clearTimeout(timer);
  if (under()) timer = setTimeout(follow, EVERY_MS);
}

async function follow() {
  const told = await post("/cashier/follow", { number: payment.payment_no }).catch(() => null);
  if (!told) return watchPayment(payment, changed);
  const before = payment;
  watchPayment(told, changed);
  if (told.version !== before.version) await changed();
  else drawScreen();
}

async function scan(payer_code) {
  const asked = { payment_no: payment.payment_no, payer_code, operator: operator() };
  const told = await tried(() => once("/cashier/scan", asked));
  if (told) watchPayment(told, changed);
  await changed();
}

// The payer opens his app: what the cashier's scanner reads off his phone.
async function fromPhone(app) {
  const { payer_code } = await post("/phone/code", { app, behaviour: "pays" });
  find("#payer").value = payer_code;
}

async function pays() {
  const app = payment.tender;
  await tried(() => post(`/${app}/phone/pay`, { code_url: payment.code_url }));
}

async function giveUp() {
  const told = await tried(() => once("/cashier/give-up", { payment_no: payment.payment_no, operator: operator() }));
  if (told) watchPayment(told, changed);
  await changed();
}

function scanner() {
  const form = make(
    "form",
    {
      id: "scanning",
      onsubmit: (event) => {
        event.preventDefault();
        scan(find("#payer").value.trim());
      },
    },
    make("label", {}, make("span", {}, t("window.payer")), make("input", { id: "payer", autocomplete: "off", required: true, minlength: 8, maxlength: 64, pattern: "[0-9A-Za-z]+", value: find("#payer")?.value ?? "" })),
    make("button", { class: "pill warm" }, t("window.payer.take")),
  );
  const phones = APPS.map((app) =>
    make("button", { id: `phone-${app}`, class: "pill", onclick: press(() => fromPhone(app)) }, t(`window.phone.${app}`)),
  );
  return [form, make("div", { class: "acts" }, ...phones)];
}

export function drawScreen() {
  const place = find("#screen");
  const standing = JSON.stringify([payment?.payment_no, payment?.version, t("window.title")]);
  if (place.dataset.standing === standing) return;
  place.dataset.standing = standing;
  place.dataset.state = payment?.state ?? "";
  if (!payment) return place.replaceChildren(make("p", { class: "state" }, t("window.welcome")));
  const drawn = payment.state === "waiting" && payment.picture;
  const words = payment.scanned && payment.state === "waiting" ? "window.state.password" : `window.state.${payment.state}`;
  const giving = under() ? make("button", { id: "give-up", class: "pill", onclick: press(giveUp) }, t("window.give_up")) : null;
  const paying = drawn ? make("button", { id: "pays", class: "pill warm", onclick: press(pays) }, t("window.pays")) : null;
  const parts = [
    make("p", { class: "amount" }, yuan(payment.amount_fen)),
    drawn ? make("img", { src: payment.picture, alt: t(`window.code.${payment.tender}`) }) : null,
    make("p", { class: "state" }, t(words)),
    drawn ? make("small", {}, t(`window.code.${payment.tender}`)) : null,
    ...(payment.state === "ready" ? scanner() : []),
    make("div", { class: "acts" }, ...[paying, giving].filter(Boolean)),
    make("small", {}, payment.payment_no),
  ];
  place.replaceChildren(...parts.filter(Boolean));
}
