const FRAME_MS = 450;

/** Where a player stands among frames, and where they end; between two frames the time is no whole number. */
export interface Playable {
  time(): number;
  last(): number;
  setTime(to: number): void;
}

/**
 * Plays frames from a button, from the start once it stands at the end; `stop` pauses. Without a button nothing plays.
 */
export function player(play: HTMLButtonElement | null, frames: Playable): { stop(): void } {
  let playing = 0;
  const stop = () => {
    cancelAnimationFrame(playing);
    playing = 0;
    if (!play) return;
    play.textContent = 'Play';
    play.setAttribute('aria-pressed', 'false');
  };
  play?.addEventListener('click', () => {
    if (playing) return stop();
    const last = frames.last();
    const from = frames.time() >= last ? 0 : frames.time();
    const start = performance.now();
    play.textContent = 'Pause';
    play.setAttribute('aria-pressed', 'true');
    const tick = (now: number) => {
      const to = Math.min(last, from + Math.max(0, now - start) / FRAME_MS);
      frames.setTime(to);
      if (to < last) playing = requestAnimationFrame(tick);
      else stop();
    };
    playing = requestAnimationFrame(tick);
  });
  return { stop };
}
