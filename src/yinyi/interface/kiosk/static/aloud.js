// Reads the page out in sentences, where the browser has a voice for its language: all of it when asked for, and in
// large print its question by itself, until somebody has stopped it. What is about a person is never said unasked.
// A page that has only been drawn again, for news, asks nothing anew: what is being said goes on.
const QUIET = "quiet";
let asked = "";
let told = "";

export function readAloud(screen, signal) {
  const button = screen.querySelector(".aloud");
  const speech = window.speechSynthesis;
  if (!speech) return;
  const asks = button ? document.documentElement.lang + question(screen).join("") : "";
  if (asks !== asked) {
    speech.cancel();
    asked = asks;
    told = "";
  }
  if (!button) return;
  const { lang, dataset } = document.documentElement;
  const find = () => speech.getVoices().find((voice) => voice.lang.replace("_", "-").startsWith(lang.slice(0, 2)));
  const say = (all) => {
    const voice = find();
    for (const sentence of all ? sentences(screen) : question(screen)) {
      const said = new SpeechSynthesisUtterance(sentence);
      Object.assign(said, { voice, lang, rate: 0.9 });
      speech.speak(said); // one after the other: a browser breaks off what is long
    }
  };
  const offer = () => {
    if (!button.hidden || !find()) return;
    button.hidden = false;
    if (told === asks || dataset.mode !== "elder" || sessionStorage.getItem(QUIET)) return;
    told = asks;
    say(false);
  };
  offer();
  speech.addEventListener("voiceschanged", offer, { signal });
  button.addEventListener(
    "click",
    () => {
      const stops = speech.speaking;
      sessionStorage[stops ? "setItem" : "removeItem"](QUIET, "1");
      if (stops) speech.cancel();
      else say(true);
    },
    { signal },
  );
}

const question = (screen) => [...screen.querySelectorAll(".ask, .sub")].filter(shown).map((part) => sentence(text(part)));

// The question, what is written, each choice that says more than its name; then the names of all other choices.
export function sentences(screen) {
  const parts = [...screen.querySelectorAll(`.ask, .sub, .over :is(.note, .cost), .act :is(${SAID})`)].filter(
    (part) => shown(part) && !part.parentElement.closest(`.act :is(${SAID})`),
  );
  const plain = parts.filter((part) => part.matches(NAMED) && !part.dataset.said && ![...part.querySelectorAll("small")].some(shown));
  const said = parts.filter((part) => !plain.includes(part)).map((part) => sentence(part.dataset.said ?? text(part)));
  const names = plain.map(text).filter(Boolean);
  const choices = screen.querySelector(".aloud").dataset.choices;
  return [...said, names.length ? choices.replace("{choices}", names.join(comma())) : ""].filter(Boolean);
}

const NAMED = "a, button";
const SAID = "[data-said], .note, h2, p, dl > div, li, td, a, button, .tile, .row";

const shown = (part) => part.checkVisibility() && !part.closest("[aria-hidden]");
const chinese = () => document.documentElement.lang.startsWith("zh");
const comma = () => (chinese() ? "，" : ", ");
const colon = () => (chinese() ? "：" : ": ");
const ends = (words) => /[.!?。！？:：]$/.test(words);

function text(part) {
  const unsaid = [...part.querySelectorAll("[aria-hidden]")].map((each) => each.innerText?.trim());
  const lines = part.innerText.split(/\s*[\n·]\s*/).map((line) => line.trim());
  const said = part.getAttribute("aria-label") ?? joined(lines.filter((line) => line && !unsaid.includes(line)), part.matches("a, button, dl > div"));
  return said.replace(/¥\s*([\d.]+)/g, chinese() ? "$1元" : "$1 yuan");
}

function joined([first = "", ...rest], isNamed) {
  if (!rest.length) return first;
  return first + (ends(first) ? " " : isNamed ? colon() : comma()) + joined(rest, false);
}

function sentence(words) {
  return !words || ends(words) ? words : words + (chinese() ? "。" : ".");
}
