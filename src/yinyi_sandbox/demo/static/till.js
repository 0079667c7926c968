// What the parts of the cashier's window have in common.

import { find } from "./build.js";
import { post, Refused } from "./desk.js";
import { either, t } from "./words.js";

export const operator = () => find("#operator").value.trim() || "C12";

export function say(text, bad) {
  const place = find("#said");
  place.hidden = false;
  place.dataset.bad = bad ? "yes" : "no";
  place.textContent = text;
}

// null: it did not happen, or nobody knows, and the page says which.
export async function tried(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(answered(error) ? either(error.told.title_zh, error.told.title) : t("window.away"), true);
    return null;
  }
}

const open = new Map();
const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");

// What the platform refuses it says why; without an answer nobody knows.
const answered = (error) => error instanceof Refused && Boolean(error.told?.title) && error.status < 500;

// What was asked and has no answer yet is asked again under the same key: however often a button is pressed, it
// happens once.
export async function once(path, body) {
  const act = JSON.stringify([path, body]);
  if (!open.has(act)) open.set(act, fresh());
  try {
    const told = await post(path, { ...body, key: open.get(act) });
    open.delete(act);
    return told;
  } catch (error) {
    if (answered(error)) open.delete(act);
    throw error;
  }
}
