import cliProgress from 'cli-progress';

/** A bar on a terminal; a line every ten seconds elsewhere (logs). It shows when the first images are done. */
export function progressBar(title: string) {
  const bar = new cliProgress.SingleBar({
    format: `${title} {bar} {percentage}% | {value}/{total} images | {rate} images/s | {eta_formatted} left {note}`,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    etaBuffer: 50,
  });
  let start: { time: number; done: number } | undefined;
  return {
    update(done: number, total: number, note = '') {
      if (!start) {
        start = { time: performance.now(), done };
        bar.start(total, done, { rate: '-', note });
      }
      const rate = (done - start.done) / ((performance.now() - start.time) / 1000);
      bar.update(done, { rate: done > start.done ? rate.toFixed(0) : '-', note });
    },
    /** A line above the bar. */
    print(line: string) {
      if (start && process.stderr.isTTY) process.stderr.write('\r\x1b[K'); // the bar is drawn again below it
      console.log(line);
    },
    /** Again and again if need be; a bar that goes on keeps the process from ending. */
    stop() {
      if (start) bar.stop();
      start = undefined;
    },
  };
}
