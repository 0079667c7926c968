// What is left of the deposits of settled stays: paid out in cash, and the platform is told.

import { find, make, press, yuan } from "./build.js";
import { once, say, tried } from "./till.js";
import { either, t } from "./words.js";

// told(): the page looks anew.
export function drawDeposits(deposits, told) {
  find("#deposits-left").hidden = !deposits.length;
  find("#deposits").replaceChildren(...deposits.map((one) => row(one, told)));
}

function row(one, told) {
  const pay = press(async () => {
    const asked = { reference: one.reference, amount_fen: one.left_fen };
    if (await tried(() => once("/cashier/pay-out", asked))) say(t("window.paid_out", { amount: yuan(one.left_fen) }), false);
    await told();
  });
  return make(
    "li",
    { "data-deposit": one.reference },
    make("b", {}, either(one.ward_name, one.ward_name_en)),
    make("b", {}, yuan(one.left_fen)),
    make("small", {}, one.admission_no),
    make("small", {}, t("window.deposit.by", { means: meansOf(one.means) })),
    make("div", { class: "acts" }, make("button", { class: "pill pay-out", onclick: pay }, t("window.pay_out"))),
  );
}

function meansOf(means) {
  const key = `window.means.${means}`;
  return t(key) === key ? means : t(key);
}
