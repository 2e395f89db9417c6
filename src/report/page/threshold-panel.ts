import { histogramChart } from '../charts/histogram-chart';
import type { PageData } from '../page-data';
import { scoreRange } from '../score-range';
import { chartPanel } from './chart-panel';
import { make, one } from './element';

/** How many of ascending scores lie above the threshold. */
export function countAbove(sorted: Float32Array, threshold: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > threshold) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** The histograms, the slider of the threshold and the rates at it. */
export function thresholdPanel(data: PageData): void {
  const range = scoreRange(data.sets);
  const sorted = data.sets.map(({ scores }) => scores.slice().sort());
  const slider = one<HTMLInputElement>('#threshold');
  const steps = Number(slider.max);
  const body = one('#threshold-rates tbody');
  let threshold = data.threshold;
  const chart = chartPanel('histogram', (style) => histogramChart(data, style, threshold));

  const show = () => {
    one('#threshold-value').textContent = threshold.toPrecision(4);
    slider.setAttribute('aria-valuetext', `${threshold.toPrecision(4)}`);
    const rows = data.sets.map(({ name }, i) => {
      const share = countAbove(sorted[i]!, threshold) / sorted[i]!.length;
      const row = document.createElement('tr');
      const head = make('th', i === 0 && name !== 'known' ? `${name} (known)` : name);
      head.scope = 'row';
      row.append(head, make('td', percent(share)), make('td', percent(1 - share)));
      return row;
    });
    body.replaceChildren(...rows);
  };
  const place = () => {
    slider.value = String(Math.round(((threshold - range.low) / (range.high - range.low)) * steps));
  };
  slider.addEventListener('input', () => {
    threshold = range.low + (Number(slider.value) / steps) * (range.high - range.low);
    show();
    chart.redraw();
  });
  one('#threshold-reset').addEventListener('click', () => {
    threshold = data.threshold;
    place();
    show();
    chart.redraw();
  });
  place();
  show();
}
