// A hold slip is handed in at the window: its code is scanned there, cash is taken, the platform is told.

import { yuan } from "./build.js";
import { post, Refused } from "./desk.js";
import { either, t } from "./words.js";

export async function collect(paper, place) {
  place.hidden = false;
  place.dataset.bad = "";
  try {
    const told = await post("/window/collect", { paper });
    const amount = yuan(told.payment.amount_fen);
    const registered = told.payment.state === "fulfilled" && told.number;
    place.dataset.bad = "no";
    place.textContent = t(registered ? "collect.done" : "collect.taken", { amount, number: told.number });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    place.dataset.bad = "yes";
    place.textContent = why(error);
  }
}

function why({ status, told }) {
  if (told?.title) return either(told.title_zh, told.title);
  return t(status === 404 ? "collect.unreadable" : "collect.away");
}
