import { element } from './element';
import { lineChart } from './line-chart';
import type { FromWorker, ToWorker } from './live-messages';
import { scatter } from './scatter';
import { watchedWorker } from './watched-worker';

const SECONDS = 120;

/**
 * The lower half of the page: starts the worker, which fetches what it needs at once, and shows what it tells. It
 * trains on webgpu where that is the choice, on wasm otherwise.
 */
export function liveTraining(choice: HTMLSelectElement): void {
  const train = element('train', HTMLButtonElement);
  const stop = element('stop', HTMLButtonElement);
  const status = element('live-status', HTMLElement);
  const canvas = element('live-embedding', HTMLCanvasElement);
  const auroc = element('auroc', HTMLDataElement);
  const steps = element('steps', HTMLDataElement);
  const chart = lineChart(element('auroc-chart', HTMLElement));
  const picture = scatter(canvas);
  let run = 0;
  let first = 0;

  const show = (message: FromWorker): void => {
    if (message.type === 'ready') {
      document.documentElement.dataset.worker = 'ready';
      return;
    }
    if (message.type === 'alive') return;
    if (message.type === 'frame') {
      const value = message.auroc.toFixed(3);
      if (message.step === 0) first = message.auroc;
      picture.draw({ points: message.points, labels: message.labels, size: 2 });
      chart.add(message.seconds, message.auroc);
      [auroc.value, auroc.textContent] = [String(message.auroc), value];
      [steps.value, steps.textContent] = [String(message.step), message.step.toLocaleString('en')];
      canvas.setAttribute('aria-label', `Embedding after ${message.step} steps, AUROC ${value}`);
      return;
    }
    worker.expect(false);
    // A screen reader hears the beginning and the end, not every step.
    status.textContent =
      message.type === 'error'
        ? `It failed: ${message.message}`
        : `${message.stopped ? 'Stopped' : 'Done'}: AUROC from ${first.toFixed(3)} to ${auroc.textContent}.`;
    const hadFocus = document.activeElement === stop;
    [train.disabled, stop.disabled, train.textContent] = [false, true, 'Train again'];
    if (hadFocus) train.focus();
  };
  const worker = watchedWorker<ToWorker, FromWorker>(
    () => new Worker(new URL('./live-worker.ts', import.meta.url), { type: 'module' }),
    show,
    (message) => show({ type: 'error', message }),
  );

  train.addEventListener('click', () => {
    chart.clear();
    const backend = choice.value === 'webgpu' ? 'webgpu' : 'wasm';
    worker.tell({ type: 'start', seed: ++run, seconds: SECONDS, backend });
    worker.expect(true);
    [train.disabled, stop.disabled, status.textContent] = [true, false, `Training on ${backend}…`];
    stop.focus();
  });
  stop.addEventListener('click', () => worker.tell({ type: 'stop' }));
}
