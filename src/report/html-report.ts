import { evaluationTable, type Evaluation } from '../metrics/index';
import { buildPageData } from './build-page-data';
import { setColor } from './colors';
import { aboutSection } from './words/about-section';
import { decisionsSection, leadSentence } from './words/decisions';
import {
  describeConfusion,
  describeEmbedding,
  describeHistogram,
  describePrecisionRecall,
  describeReliability,
  describeRoc,
} from './words/descriptions';
import { escapeHtml } from './words/escape-html';
import { packPageData } from './pack-page-data';
import { script, scriptHash, style } from './page-bundle';
import type { MistakeGroup, PageData } from './page-data';
import type { Report } from './report';
import type { ReportOptions } from './report-options';
import { toBase64 } from './to-base64';

// Nothing is fetched: no source is allowed but the one script below and pictures made from the page's own bytes.
const POLICY = `default-src 'none'; script-src '${scriptHash}'; style-src 'unsafe-inline'; img-src blob: data:`;

const FORMATS = [
  ['markdown', 'Markdown'],
  ['latex', 'LaTeX'],
  ['csv', 'CSV'],
] as const;

/** Of the intervals of AUROC, which `evaluate` gives one confidence. */
const confidenceOf = ({ sets }: Evaluation): string =>
  `${Number((100 * (Object.values(sets)[0]?.auroc.confidence ?? 0.95)).toPrecision(6))} %`;

function numbersSection(evaluation: Evaluation): string {
  const accuracy =
    evaluation.accuracy === undefined
      ? ''
      : `<p>Accuracy on the ${evaluation.inCount} known images: <strong>${evaluation.accuracy.toFixed(4)}</strong>.</p>`;
  const copies = FORMATS.map(
    ([format, name]) =>
      `<details class="copy"><summary>${name}</summary><textarea readonly rows="6" aria-label="The table as ${name}" ` +
      `spellcheck="false">${escapeHtml(evaluationTable(evaluation, { format, interval: true }))}</textarea>` +
      `<button type="button" data-copy>Copy ${name}</button></details>`,
  ).join('');
  return `${accuracy}<div class="wide" tabindex="0" role="region" aria-label="Metrics of each OoD set">${evaluationTable(
    evaluation,
    { format: 'html', interval: true },
  )}</div>
<p class="note">In brackets the ${confidenceOf(evaluation)} confidence interval of AUROC. A score above the threshold means OoD.</p>
<div class="copies">${copies}</div>`;
}

const chart = (name: string, title: string, description: string, after = ''): string =>
  `<figure id="${name}"><h3>${title}</h3><div class="chart" role="img" aria-labelledby="${name}-text" data-chart="${name}"></div>` +
  `<figcaption id="${name}-text">${escapeHtml(description)}</figcaption>${after}</figure>`;

const legend = ({ sets }: PageData, from: number): string =>
  `<ul class="legend">${sets
    .map((set, i) => `<li><i style="background:${setColor(i)}"></i>${escapeHtml(set.name)}</li>`)
    .slice(from)
    .join('')}</ul>`;

const THRESHOLD = `<div class="threshold"><label for="threshold">Threshold <output id="threshold-value" for="threshold"></output></label>
<input id="threshold" type="range" min="0" max="1000" step="1" aria-describedby="threshold-rates">
<button type="button" id="threshold-reset">Back to the report's threshold</button></div>
<p class="note">Move it: what scores above the threshold is called OoD. The two numbers are the shares of each set above it and not above it. For the known images
the first is the false alarms, to be small; for the others it is what is found, to be large.</p>
<div class="wide" tabindex="0" role="region" aria-label="Rates at the threshold"><table id="threshold-rates"><thead><tr><th scope="col">Set</th>
<th scope="col">called OoD</th><th scope="col">called known</th></tr></thead><tbody></tbody></table></div>`;

function embeddingSection(data: PageData): string {
  const { points } = data;
  if (!points) return '';
  const [view] = points.views;
  const views = points.views.map(({ name }, i) => `<option value="${i}">${escapeHtml(name)}</option>`).join('');
  const frames = view!.epochs.length;
  const sets = data.sets
    .map(({ name }, i) => `<label><input type="checkbox" data-set="${i}" checked> ${escapeHtml(name)}</label>`)
    .join('');
  const epochs =
    frames > 1
      ? `<div class="epochs"><button type="button" id="play" aria-pressed="false">Play</button>
<label for="epoch">Epoch <output id="epoch-value" for="epoch"></output></label>
<input id="epoch" type="range" min="0" max="${frames - 1}" step="1" value="${frames - 1}"></div>`
      : '';
  const stage = (label: string) =>
    `<div class="stage"><canvas tabindex="0" ${label} role="img"></canvas><div class="names" aria-hidden="true"></div>
<div class="tip" role="status" hidden></div></div>`;
  const stages = points.beside
    ? `<div class="pair">${points.beside.names
        .map(
          (name, i) =>
            `<div><h3 id="stage-${i}">${escapeHtml(name)}</h3>${stage(`aria-labelledby="stage-${i}"`)}</div>`,
        )
        .join('')}</div>`
    : stage('aria-labelledby="embedding-text"');
  return `<section aria-labelledby="embedding-title"><h2 id="embedding-title">Embedding</h2>
<figure id="embedding"><div class="controls"><label${points.views.length > 1 ? '' : ' hidden'}>View <select id="view">${views}</select></label>
<label id="flat-label"><input type="checkbox" id="flat"> flat (2-D)</label>
<label>Colors <select id="colors"><option value="class">classes</option><option value="kind">known and unknown</option>
<option value="set">sets</option></select></label><button type="button" id="reset-view">Reset view</button></div>
<fieldset class="sets"><legend>Show</legend>${sets}</fieldset>
${stages}
<p class="note">Drag to turn (flat: to move), pinch or click and use the wheel to zoom; arrow keys, + and - do the same. Hover or tap a point for its image.
Discs are known images, crosses unknown ones.</p>${epochs}
<ul class="legend" id="class-legend"></ul>
<figcaption id="embedding-text">${escapeHtml(describeEmbedding(data, view!))}</figcaption></figure></section>`;
}

function mistakeGrid(data: PageData, { kind, set, items }: MistakeGroup): string {
  const name = data.sets[set]!.name;
  const title =
    kind === 'alarm' ? `False alarms: ${name} with the highest scores` : `Missed: ${name} with the lowest scores`;
  const cells = items.map(({ row, score, label, nearest, cell }) => {
    const words = [
      ...(cell < 0 ? [`row ${row}`] : []),
      `score ${score.toPrecision(3)}`,
      ...(nearest >= 0 ? [`nearest: ${data.classNames[nearest]}`] : []),
      ...(label >= 0 ? [`is: ${data.classNames[label]}`] : []),
    ];
    const picture = cell >= 0 ? `<i class="image" data-cell="${cell}"></i>` : '';
    return `<li title="image ${row}">${picture}<span>${words.map(escapeHtml).join('<br>')}</span></li>`;
  });
  return `<h3>${escapeHtml(title)}</h3><ul class="grid">${cells.join('')}</ul>`;
}

function mistakesSection(data: PageData): string {
  const grids = data.mistakes.map((group) => mistakeGrid(data, group)).join('');
  const text = grids || '<p>None: the threshold divides these sets without a mistake.</p>';
  return `<section aria-labelledby="mistakes-title"><h2 id="mistakes-title">Most confident mistakes</h2>
<p class="note">At the report's threshold. The worst first.</p>${text}</section>`;
}

/**
 * One self-contained HTML file that shows a detector: the table of metrics with intervals (to copy as Markdown, LaTeX
 * or CSV), ROC and precision-recall curves, score histograms with a threshold to move, the embedding to turn, to zoom
 * and to play over the epochs, the most confident mistakes, the confusion matrix and the configuration.
 *
 * It needs no network and opens from disk; names are shown as text, whatever they contain. Images need `encodeImage`
 * where there is no canvas: `writeReport` of `tfjs-ood/node` brings one and writes the file and its figures.
 *
 * @param report scores of each set [N], higher = more out of distribution; classes [N], embeddings [N, D], images
 *   [N, H, W, C] where there are some; the result of `evaluate`
 * @param options limits on points, images and mistakes; `umap`; `seed`; `encodeImage`
 * @returns the file's text
 * @throws ShapeError where parts of a set differ in length; ArgumentError for an option out of its rule, sets of one
 *   name, a set without numbers, classes below 0, fewer names than classes, or images without a way to encode them;
 *   NotFiniteError for scores that are not finite
 * @example
 * const scores = { known: [0.1, 0.4, 0.2], letters: [0.35, 0.8] };
 * const evaluation = evaluate({ in: scores.known, out: { letters: scores.letters } });
 * const html = await htmlReport({
 *   title: 'Digits against letters',
 *   evaluation,
 *   known: { name: 'digits', scores: scores.known },
 *   out: [{ name: 'letters', scores: scores.letters }],
 * });
 */
export async function htmlReport(report: Report, options: ReportOptions = {}): Promise<string> {
  return htmlOf(report, await buildPageData(report, options));
}

/** {@link htmlReport} of data that is built already. */
export function htmlOf(report: Report, data: PageData): string {
  const title = escapeHtml(data.title);
  const confusion = data.confusion
    ? `<section aria-labelledby="confusion-title"><h2 id="confusion-title">Nearest class of the known images</h2>${chart(
        'confusion',
        'Confusion matrix',
        describeConfusion(data),
      )}</section>`
    : '';
  const reliability = data.reliability
    ? `<section aria-labelledby="reliability-title"><h2 id="reliability-title">Confidence on the known images</h2>${chart(
        'reliability',
        'Reliability diagram',
        describeReliability(data),
      )}</section>`
    : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(POLICY)}">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="tfjs-ood">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${title}</h1>${leadSentence(report, data.threshold)}</header>
<main>
<noscript><p class="note">The charts need JavaScript; numbers and mistakes are below without it.</p></noscript>
${decisionsSection(report)}
<section aria-labelledby="numbers-title"><h2 id="numbers-title">Metrics</h2>${numbersSection(report.evaluation)}</section>
<section aria-labelledby="scores-title"><h2 id="scores-title">Scores and threshold</h2>${chart(
    'histogram',
    'Score histograms',
    describeHistogram(data),
    THRESHOLD,
  )}</section>
${embeddingSection(data)}
<section aria-labelledby="curves-title"><h2 id="curves-title">Curves</h2>${legend(data, 1)}<div class="pair">${chart(
    'roc',
    'ROC',
    describeRoc(data),
  )}${chart('precision-recall', 'Precision and recall', describePrecisionRecall(data))}</div></section>
${mistakesSection(data)}
${confusion}
${reliability}
${aboutSection(report.about)}
</main>
<script type="text/plain" id="page-data">${toBase64(packPageData(data))}</script>
<script>${script}</script>
</body>
</html>
`;
}
