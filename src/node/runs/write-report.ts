import { join } from 'node:path';
import { FLAG, FUNCTION, POSITIVE } from '../../core/check';
import { readOptions, type Declared } from '../../core/read-options';
import type { EncodeImage, Report, ReportOptions } from '../../report/index';
import { REPORT_OPTIONS } from '../../report/report-options';
import { loadSharp } from '../images/decode-image';
import { embeddingGif } from './embedding-gif';
import { makeFolder as makeOnDisk } from '../make-folder';
import { asStorageError } from '../storage-error';
import { writeFileAtomic } from '../write-file-atomic';

/** Options of {@link writeReport}. */
export interface WriteReportOptions extends ReportOptions {
  /** Whether the figures are written too: true by default. */
  figures?: boolean;
  /** Of the SVG figures, in pixels, 640 by default; PNG files have three times as many. */
  width?: number;
}

const OPTIONS = {
  ...REPORT_OPTIONS,
  encodeImage: [FUNCTION],
  figures: [FLAG, true],
  width: [POSITIVE, 640],
} as const satisfies Declared<WriteReportOptions>;

/**
 * Writes a report into a folder: `report.html`, and for a paper each figure as `figures/<name>.svg` and `.png`, and the
 * embedding over the epochs as `figures/embedding.gif`. Figures are made by the optional package sharp, which a page
 * alone does without: its images are then PNG instead of WebP, several times as large.
 *
 * @param folder made if it is not there
 * @param report as of `htmlReport`
 * @param options as of `htmlReport`; `figures`, `width`
 * @returns the files written, the page first
 * @throws as `htmlReport`; StorageError where a file cannot be written; Error where figures are
 *   wanted and sharp is not installed
 * @example
 * const [page] = await writeReport('runs/mine', {
 *   title: 'Mine',
 *   evaluation: evaluate({ in: known.scores, out: { other: other.scores } }),
 *   known: { name: 'known', ...known },
 *   out: [{ name: 'other', ...other }],
 * });
 */
export async function writeReport(
  folder: string,
  report: Report,
  options: WriteReportOptions = {},
): Promise<string[]> {
  const { figures, width, encodeImage, ...rest } = readOptions('writeReport', options, OPTIONS);
  const sharp = await loadSharp('writeReport').catch((error: unknown) => {
    if (figures) throw error;
    return undefined; // the page alone does without
  });
  const encodeBySharp: EncodeImage = async (pixels, imageWidth, imageHeight) => {
    if (!sharp) {
      const { encodePng } = await import('./encode-png');
      return { mime: 'image/png', bytes: encodePng(pixels, imageWidth, imageHeight) };
    }
    const raw = { width: imageWidth, height: imageHeight, channels: 3 } as const;
    const bytes = await sharp(pixels, { raw }).webp({ quality: 82 }).toBuffer();
    return { mime: 'image/webp', bytes };
  };
  // What draws is large: loaded by those alone who draw.
  const { htmlReport, reportFigures } = await import('../../report/index');
  const html = await htmlReport(report, { ...rest, encodeImage: encodeImage ?? encodeBySharp });
  const makeFolder = async (path: string) => {
    try {
      await makeOnDisk(path);
    } catch (error) {
      throw asStorageError('writeReport', path, error);
    }
  };
  await makeFolder(folder);
  const written: string[] = [];
  const write = async (name: string, contents: string | Uint8Array) => {
    await writeFileAtomic(join(folder, name), contents);
    written.push(join(folder, name));
  };
  await write('report.html', html);
  if (!figures || !sharp) return written;
  await makeFolder(join(folder, 'figures'));
  const drawn = await reportFigures(report, { ...rest, width });
  for (const [name, svg] of Object.entries(drawn.figures)) {
    await write(`figures/${name}.svg`, svg);
    await write(
      `figures/${name}.png`,
      await sharp(Buffer.from(svg), { density: 3 * 72 })
        .flatten({ background: 'white' })
        .png()
        .toBuffer(),
    );
  }
  if (drawn.epochs.length > 1) {
    await write(
      'figures/embedding.gif',
      await embeddingGif(
        sharp,
        drawn.epochs.map(({ svg }) => svg),
      ),
    );
  }
  return written;
}
