import { readRows } from '../../scorers/contract/rows';
import type { FitBlock, ModelOutputs, Scorer } from '../../scorers/contract/scorer';

/** What the draw left out of the fit. */
export interface RareClasses {
  /**
   * Class indices of which no image was drawn for the fit, ascending. The scorer knows them only where it could take
   * them in afterwards.
   */
  readonly classesWithoutRow: readonly number[];
  /**
   * Good and Turing's estimate of how many new known images are of a class that has no image here: the share of the
   * images that are alone in their class. Below it no false-alarm rate leaves a detector any power against novel
   * classes: those images look just as novel.
   */
  readonly missingMass: number;
}

/** Classes that calibrate without a row in the fit, and the missing mass of all rows. */
export function rareClasses(labels: ArrayLike<number>, fit: Int32Array) {
  const counts = new Map<number, number>();
  for (let row = 0; row < labels.length; row++) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
  const fitted = new Set(Array.from(fit, (row) => labels[row]!));
  const singletons = [...counts.values()].filter((count) => count === 1).length;
  return {
    classesWithoutRow: [...counts.keys()].filter((label) => !fitted.has(label)).sort((a, b) => a - b),
    missingMass: singletons / labels.length,
  };
}

/** Says so where a false-alarm rate is below the missing mass. */
export function warnOfMissingMass(where: string, missingMass: number, rates: Readonly<Record<string, number>>): void {
  const below = Object.entries(rates).filter(([, rate]) => rate < missingMass);
  if (below.length === 0) return;
  const names = below.map(([name, rate]) => `${name === 'default' ? 'alpha' : `cutPoints.${name}`} = ${rate}`);
  console.warn(
    `${where}: ${percent(missingMass)} of the images are alone in their class, so about as many new known images are of a class ` +
      `without an image here; that is more than ${names.join(', ')}. They look as novel as what is novel: no threshold ` +
      `with such a rate finds novel classes. Label more images of rare classes, merge these, or ask for a higher rate.`,
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/**
 * Collects, of blocks that calibrate, the features of rows whose class has none in the fit, and has the scorer take
 * them in.
 */
export function lostRows(classesWithoutRow: readonly number[]) {
  const lost = new Set(classesWithoutRow);
  const [features, labels]: [Float32Array[], number[]] = [[], []];
  let size = 0;
  return {
    async collect(where: string, scorer: Scorer, block: Partial<ModelOutputs> & Pick<FitBlock<'labels'>, 'labels'>) {
      const rows = Array.from(block.labels).flatMap((label, row) => (lost.has(label) ? [row] : []));
      if (!scorer.takeIn || rows.length === 0) return;
      const { data, shape } = await readRows(where, 'features', block);
      size = shape[1];
      for (const row of rows) {
        features.push(data.slice(row * size, (row + 1) * size));
        labels.push(block.labels[row]!);
      }
    },
    /** The scorer that knows them; the same one where it cannot, or there are none. */
    async takenInBy(scorer: Scorer): Promise<Scorer> {
      if (!scorer.takeIn || labels.length === 0) return scorer;
      const data = new Float32Array(labels.length * size);
      features.forEach((row, i) => data.set(row, i * size));
      return scorer.takeIn({ features: { data, shape: [labels.length, size] }, labels });
    },
  };
}
