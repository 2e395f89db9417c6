import { conformalThreshold, decideWith } from 'tfjs-ood';
import type { Classified, Classifier } from './classifier';
import { element } from './element';
import { histogram, type Histogram } from './histogram';
import { scatter } from './scatter';
import { strangeness } from './strangeness';
import { SIDE } from './to-mnist-pixels';

const verdict = element('verdict', HTMLElement);
const words = element('strangeness', HTMLElement);
const alpha = element('alpha', HTMLInputElement);
const canvas = element('embedding', HTMLCanvasElement);
const picture = scatter(canvas, { turns: true });
let bars: Histogram | undefined;

const fill = (id: string, value: number | undefined, text: string): void => {
  const data = element(id, HTMLDataElement);
  [data.value, data.textContent] = [value === undefined ? '' : String(value), text];
};
const number = (value: number): string =>
  value === Infinity ? '∞' : value >= 100 ? value.toFixed(0) : value >= 1 ? value.toPrecision(3) : value.toFixed(4);

/** Writes the live region only when it changes: else the slider would have it read out at every step. */
function sayVerdict(kind: string, large: string, small: string): void {
  verdict.className = kind;
  if (verdict.dataset.words === large + small) return;
  verdict.dataset.words = large + small;
  const line = document.createElement('small');
  line.textContent = small;
  verdict.replaceChildren(large, ' ', line);
}

/** Verdict, numbers, histogram and picture for an answer, at the rate of the slider. */
export function showAnswer(classifier: Classifier, answer: Classified | undefined): void {
  const rate = Number(alpha.value) / 100;
  const { threshold } = conformalThreshold(classifier.calibration.all, rate);
  const rateText = `${Number(alpha.value).toFixed(1)} %`;
  element('alpha-value', HTMLOutputElement).value = rateText;
  alpha.setAttribute('aria-valuetext', rateText);
  fill('threshold', threshold, number(threshold));
  bars ??= histogram(element('histogram', HTMLElement), classifier.calibration.all);
  bars.update(threshold, answer?.score);
  const { points, labels } = classifier.cloud;
  picture.draw({ points, labels, size: classifier.embeddingSize, mark: answer?.embedding });
  if (!answer) {
    fill('score', undefined, '–');
    fill('p-value', undefined, '–');
    words.textContent = '\u00a0';
    sayVerdict('', 'Draw something', '\u00a0');
    canvas.setAttribute('aria-label', `Embedding of known digits and of things never seen, ${labels.length} in all`);
    return;
  }
  const [decision] = decideWith(classifier.calibration, [answer.score], { alpha: rate });
  const { isOod, pValue } = decision!;
  fill('score', answer.score, number(answer.score));
  fill('p-value', pValue, pValue.toFixed(4));
  words.textContent = strangeness(classifier.calibration.all, answer.score);
  const said = isOod ? ['Unknown', `nearest is ${answer.digit}`] : [`It is a ${answer.digit}`, 'a digit it knows'];
  sayVerdict(isOod ? 'unknown' : 'known', said[0]!, said[1]!);
  canvas.setAttribute(
    'aria-label',
    `Embedding: your image is nearest to class ${answer.digit}, ${Math.sqrt(answer.score).toFixed(2)} from its mean`,
  );
}

/** The 28x28 pixels that the classifier gets. */
export function showSeen(pixels: Uint8Array | undefined): void {
  const pen = element('seen', HTMLCanvasElement).getContext('2d')!;
  const image = pen.createImageData(SIDE, SIDE);
  image.data.forEach((_, i) => (image.data[i] = i % 4 === 3 ? 255 : (pixels?.[i >> 2] ?? 0)));
  pen.putImageData(image, 0, 0);
}
