import { isRecord } from '../../core/saved/json';
import type { Report } from '../report';
import { escapeHtml } from './escape-html';

/** Plain values as text: `151, 2251`; `shift 2, brightness 0.1`; what lies deeper in brackets. */
export function valueText(value: unknown, isInside = false): string {
  const parts = Array.isArray(value)
    ? value.map((one) => valueText(one, true))
    : isRecord(value)
      ? Object.entries(value).map(([name, one]) => `${name} ${valueText(one, true)}`)
      : undefined;
  if (!parts) return String(value);
  const text = parts.join(', ') || 'none';
  return isInside ? `(${text})` : text;
}

/** What the results were made with; nothing where nothing is said. */
export function aboutSection(about: Report['about']): string {
  const rows = Object.entries(about ?? {}).map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(valueText(value))}</dd></div>`,
  );
  return rows.length === 0
    ? ''
    : `<section aria-labelledby="about-title"><h2 id="about-title">Configuration</h2><dl class="about">${rows.join('')}</dl></section>`;
}
