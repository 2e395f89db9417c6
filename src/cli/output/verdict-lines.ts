import type { Verdict } from 'tfjs-ood/detector';
import { csvLine } from './csv-line';
import type { Styles } from './styles';
import { tableLine, titleLine, type TextColumn } from './text-table';

/** Names of what is written of a picture, as a verdict has them. */
export const VERDICT_COLUMNS = ['file', 'isOod', 'label', 'score', 'pValue'] as const;

const labelText = ({ label }: Verdict): string => [label as unknown].flat().join(' ');

/** Columns wide enough for every picture, before any is scored. */
export function verdictTable(files: readonly string[], classNames: readonly string[] = []): TextColumn[] {
  const widest = (least: number, texts: readonly string[]) => Math.max(least, ...texts.map(({ length }) => length));
  return [
    { title: 'picture', width: widest(7, files) },
    { title: 'verdict', width: 7 },
    { title: 'looks like', width: widest(10, classNames) },
    { title: 'score', width: 10, isNumber: true },
    { title: 'p-value', width: 8, isNumber: true },
  ];
}

/** A line of the table, or of CSV. */
export function verdictLine(
  columns: readonly TextColumn[],
  verdict: 'title' | (Verdict & { file: string }),
  styles: Styles,
  isCsv = false,
): string {
  if (verdict === 'title') return titleLine(columns, styles.strong);
  const { file, isOod, score, pValue } = verdict;
  if (isCsv) return csvLine([file, isOod, labelText(verdict), score, pValue]);
  return tableLine(columns, [
    { text: file },
    isOod ? { text: 'OoD', style: styles.alarm } : { text: 'known', style: styles.fine },
    { text: labelText(verdict), style: isOod ? styles.faint : undefined },
    { text: String(Number(score.toPrecision(5))) },
    { text: pValue.toFixed(4) },
  ]);
}
