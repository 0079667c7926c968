// The clock at the top goes on while nobody presses anything.
export function clock(screen, signal) {
  const shown = screen.querySelector(".bar .at b");
  if (!shown) return;
  const [hours, minutes] = shown.textContent.split(":").map(Number);
  const began = (hours * 60 + minutes) * 60 + Number(shown.dataset.s);
  const start = performance.now();
  const timer = setInterval(() => {
    const now = Math.floor((began + (performance.now() - start) / 1000) / 60) % 1440;
    shown.textContent = `${Math.floor(now / 60)}:${String(now % 60).padStart(2, "0")}`;
  }, 5_000);
  signal.addEventListener("abort", () => clearInterval(timer));
}
