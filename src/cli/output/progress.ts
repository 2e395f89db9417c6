import type { Sink } from '../session';

/** One line on the terminal that says how far a command is; nothing where there is no terminal. */
export interface Progress {
  /** Begins a part of the work, of so many pieces (undefined: nobody knows). */
  start(title: string, total?: number): void;
  update(done: number, total?: number): void;
  /** Wipes the line, for other words; it comes back with the next update. */
  clear(): void;
  /** Where it is, in words: `reading pictures, 37 of 120`. */
  where(): string;
}

const WIDTH = 24;
/** Milliseconds between two drawings. */
const EVERY = 100;
/** Pieces of the first moments (a backend that starts) say little of the rest. */
const KNOWN_AFTER = 500;

/** `1 h 20 min`, `3 min 5 s`, `12 s`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

export function progressOn(sink: Sink, now: () => number): Progress {
  let [title, done, drawnAt, startedAt]: [string, number, number, number] = ['', 0, -Infinity, 0];
  let total: number | undefined;
  let isDrawn = false;
  const count = () => (total === undefined ? `${done}` : `${done} of ${total}`);
  const line = () => {
    const seconds = (now() - startedAt) / 1000;
    const full = total ? Math.round((WIDTH * done) / total) : 0;
    const bar = total ? ` ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}` : '';
    const isKnown = total !== undefined && done > 0 && done < total && 1000 * seconds > KNOWN_AFTER;
    const left = isKnown ? ` | ${durationText((seconds / done) * (total! - done))} left` : '';
    return `${title}${bar} ${count()}${left}`;
  };
  const clear = () => {
    if (isDrawn) sink.write('\r\u001b[K');
    isDrawn = false;
  };
  const draw = () => {
    if (!sink.isTerminal || now() - drawnAt < EVERY) return;
    sink.write(`\r\u001b[K${line().slice(0, (sink.columns ?? 80) - 1)}`);
    [drawnAt, isDrawn] = [now(), true];
  };
  return {
    start(newTitle, newTotal) {
      clear();
      [title, total, done, startedAt, drawnAt] = [newTitle, newTotal, 0, now(), -Infinity];
      draw();
    },
    update(newDone, newTotal) {
      done = newDone;
      total = newTotal ?? total;
      draw();
    },
    clear,
    where: () => (title === '' ? 'at the start' : `${title.toLowerCase()}, ${count()}`),
  };
}
