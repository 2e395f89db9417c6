import cliProgress from 'cli-progress';
import { drawsBars } from './terminal';

/** Between two lines of a log. */
const LINE_MS = 10_000;

/** How far a piece of work is, and what is left of the whole run. */
export interface Progress {
  done: number;
  total: number;
  /** Time that is left of the whole run, in words. */
  left: string;
  note?: string;
}

/**
 * How far a piece of work is: a bar on a terminal, plain lines every ten seconds elsewhere. It shows when the first
 * images are done. No color in either.
 */
export function progressBar(title: string, isTerminal = drawsBars(), say = (line: string) => console.error(line)) {
  const bar = isTerminal
    ? new cliProgress.SingleBar({
        format: `${title} {bar} {percentage}% | {rate} images/s | {left} left{note}`,
        hideCursor: true,
        barCompleteChar: '=',
        barIncompleteChar: '-',
      })
    : undefined;
  let start: { time: number; done: number } | undefined;
  let lineAt = 0;
  return {
    update({ done, total, left, note }: Progress) {
      const now = performance.now();
      const isFirst = !start;
      start ??= { time: now, done };
      const images = done - start.done;
      const rate = images > 0 ? (images / ((now - start.time) / 1000)).toFixed(0) : '-';
      const after = note === undefined ? '' : ` | ${note}`;
      if (bar) {
        if (isFirst) bar.start(total, done, { rate, left, note: after });
        bar.update(done, { rate, left, note: after });
      } else if (isFirst || now >= lineAt || done === total) {
        lineAt = now + LINE_MS;
        say(`${title}: ${Math.floor((100 * done) / total)} % | ${rate} images/s | ${left} left${after}`);
      }
    },
    /** A line above the bar. */
    print(line: string) {
      if (start && bar) process.stderr.write('\r\x1b[K'); // the bar is drawn again below it
      console.log(line);
    },
    /** Again and again if need be; a bar that goes on keeps the process from ending. */
    stop() {
      if (start) bar?.stop();
      start = undefined;
    },
  };
}
