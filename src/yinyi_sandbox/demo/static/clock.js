// The hospital's time: the demo may run on a shifted clock.

import { get } from "./desk.js";
import { language } from "./words.js";

const ZONE = "Asia/Shanghai";
let ahead_ms = 0;

export async function setClock() {
  const { at } = await get("/hospital/").catch(() => ({ at: null }));
  if (at) ahead_ms = Date.parse(at) - Date.now();
}

export function clock() {
  const form = { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: ZONE };
  return new Date(Date.now() + ahead_ms).toLocaleTimeString(language === "zh" ? "zh-CN" : "en-GB", form);
}
