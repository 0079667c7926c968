// The drawer of things that can go wrong.

import { find, make, press } from "./build.js";
import { post, Refused, remove, state, watch } from "./desk.js";
import { GROUPS, turnLines } from "./mishaps.js";
import { either, speak, t } from "./words.js";

export function startFaults() {
  find("#faults-open").addEventListener("click", () => find("#faults").showModal());
  find("#faults-clear").addEventListener("click", press(clear));
  speak(draw);
  watch((now, before) => {
    const same = (name) => JSON.stringify(now[name]) === JSON.stringify(before?.[name]);
    if (!same("faults") || !same("kiosk")) draw();
  });
}

function draw() {
  const all = GROUPS.flatMap((group) => group.mishaps);
  const count = state ? all.filter((one) => one.armed(state)).length : 0;
  find("#faults-count").hidden = !count;
  find("#faults-count").textContent = count;
  const focused = document.activeElement?.dataset.fault;
  find("#faults-list").replaceChildren(...GROUPS.map(group));
  if (focused) find(`[data-fault="${focused}"]`)?.focus();
}

function group({ zh, en, mishaps }) {
  return make("section", {}, make("h3", {}, either(zh, en)), make("ul", {}, ...mishaps.map(mishap)));
}

function mishap(one) {
  const armed = Boolean(state && one.armed(state));
  const button = make(
    "button",
    { "aria-pressed": String(armed), "data-fault": one.key, onclick: press(() => toggle(one, armed)) },
    make("b", {}, either(one.zh, one.en)),
    make("span", {}, either(one.then_zh, one.then_en)),
  );
  if (armed) button.append(make("i", {}, t(one.lasts ? "faults.on" : "faults.armed")));
  return make("li", {}, button);
}

async function toggle(one, armed) {
  try {
    await (armed ? one.cancel() : one.arm());
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

const clear = () =>
  Promise.allSettled([
    remove("/hospital/faults"),
    remove("/hospital/down"),
    remove("/wechatpay/faults"),
    remove("/alipay/faults"),
    remove("/bank/faults"),
    turnLines("up"),
    post("/printer", { state: "ok" }),
    post("/door", { state: "ok" }),
    post("/camera", { state: "ok" }),
    post("/line", { for_s: 0 }),
  ]);
