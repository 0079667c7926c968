// What is still coming is looked for every few seconds, and it alone is drawn anew once it is here: the rest of the
// page, the focus, what is read out and what a finger rests on stay as they are.
const EVERY_MS = 5_000;

export function coming(screen, signal) {
  const awaited = () => [...screen.querySelectorAll("[data-coming]")];
  let timer = 0;
  const later = () => {
    if (awaited().length && !signal.aborted) timer = setTimeout(look, EVERY_MS);
  };
  const look = async () => {
    const page = await drawnAnew(signal);
    for (const piece of awaited()) arrive(piece, page?.getElementById(piece.id));
    later();
  };
  later();
  signal.addEventListener("abort", () => clearTimeout(timer));
}

function arrive(piece, anew) {
  if (!anew || "coming" in anew.dataset || piece.matches(":active")) return;
  piece.replaceChildren(...anew.childNodes);
  delete piece.dataset.coming;
}

async function drawnAnew(signal) {
  try {
    const answer = await fetch(location.href, { headers: { "HX-Request": "true" }, signal });
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null; // the line is gone, and the banner says so; or nobody looks at this page any more
  }
}
