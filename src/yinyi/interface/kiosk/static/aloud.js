// Read the page out, where the browser has a voice for its language. Off until asked for.
export function readAloud(screen, signal) {
  const button = screen.querySelector(".aloud");
  const speech = window.speechSynthesis;
  if (!button || !speech) return;
  const language = document.documentElement.lang;
  const find = () => speech.getVoices().find((voice) => voice.lang.replace("_", "-").startsWith(language.slice(0, 2)));
  const offer = () => (button.hidden = !find());
  offer();
  speech.addEventListener("voiceschanged", offer, { signal });
  button.addEventListener(
    "click",
    () => {
      if (speech.speaking) return speech.cancel();
      const said = new SpeechSynthesisUtterance(sentences(screen));
      said.voice = find();
      said.lang = language;
      said.rate = 0.9;
      speech.speak(said);
    },
    { signal },
  );
  signal.addEventListener("abort", () => speech.cancel());
}

function sentences(screen) {
  const parts = screen.querySelectorAll(".ask, .sub, .over, .act > *");
  return [...parts].map((part) => part.innerText.replace(/\s*\n\s*/g, ", ")).join(". ");
}
