import { escapeHtml } from './escape-html';
import type { Report, ReportedShare, ReportSet } from '../report';
import { scoreSentence } from './score-sentence';

const percent = (share: number): string => (100 * share).toFixed(1);

/** A number and its percent sign stay on one line. */
const wordsOf = (sentence: string): string => escapeHtml(sentence).replaceAll(' %', '\u00a0%');

/** The one sentence with which the page begins: the report's own, or one of its scores. */
export function leadSentence(report: Report, threshold: number): string {
  const sentence = report.sentence ?? scoreSentence(report, threshold);
  return sentence === '' ? '' : `<p class="lead">${wordsOf(sentence)}</p>`;
}

const cell = (share: ReportedShare | undefined): string =>
  share === undefined
    ? '<td></td>'
    : `<td>${share.count} of ${share.of}: ${percent(share.count / share.of)} % [${percent(share.lower)}, ${percent(share.upper)}]</td>`;

/** What is called OoD at each cut-point, set by set, with the sets in words above it. */
export function decisionsSection({ known, out }: Report): string {
  const sets = [known, ...out];
  const sharesOf = (set: ReportSet) => (set === known ? set.falseAlarms : set.found);
  const cutPoints = new Map<string, number>();
  for (const set of sets) {
    for (const [name, { alpha }] of Object.entries(sharesOf(set) ?? {})) cutPoints.set(name, alpha);
  }
  const sentences = sets
    .filter(({ sentence }) => sentence !== undefined)
    .map(({ sentence }) => `<li>${wordsOf(sentence!)}</li>`)
    .join('');
  if (sentences === '' && cutPoints.size === 0) return '';
  const heads = [...cutPoints].map(
    ([name, alpha]) => `<th scope="col">${escapeHtml(name)} (${Number((100 * alpha).toPrecision(6))} %)</th>`,
  );
  const rows = sets.map((set) => {
    const shares = sharesOf(set);
    const cells = [...cutPoints.keys()].map((name) =>
      cell(shares && Object.hasOwn(shares, name) ? shares[name] : undefined),
    );
    return `<tr><th scope="row">${escapeHtml(set.name)}</th>${cells.join('')}</tr>`;
  });
  const table =
    cutPoints.size === 0
      ? ''
      : `<div class="wide" tabindex="0" role="region" aria-label="Called OoD at each cut-point"><table id="decisions">` +
        `<thead><tr><th scope="col">Called OoD</th>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>` +
        `<p class="note">Each column is a cut-point with its false-alarm rate; in brackets the interval of the share in percent.</p>`;
  return `<section aria-labelledby="decisions-title"><h2 id="decisions-title">Decisions</h2>${
    sentences && `<ul class="sentences">${sentences}</ul>`
  }${table}</section>`;
}
