import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, seededRandom } from 'tfjs-ood';
import { loadTsinghua, readImageList } from 'tfjs-ood/node';
import { classesOf } from '../runner/classes-of';
import { evenContrast } from '../runner/even-contrast';
import type { Sets, StrangeSet } from '../runner/experiment';
import { foundAt } from '../runner/given-folder';
import { gaussianNoise } from '../runner/noise';

/** Of each four classes: two are known, the third is seen as OoD in training, the fourth is novel. */
export const fourths = (count: number) => {
  const labels = Array.from({ length: count }, (_, label) => label);
  return {
    known: labels.filter((label) => label % 4 < 2),
    seen: labels.filter((label) => label % 4 === 2),
    novel: labels.filter((label) => label % 4 === 3),
  };
};

const homeIn = async (folder: string): Promise<string> => {
  for (const home of [folder, ...['tsinghua', 'tt100k', 'TT100K', 'data'].map((name) => join(folder, name))]) {
    if (await stat(join(home, 'annotations.json')).catch(() => undefined)) return home;
  }
  const expected = 'a folder with annotations.json of Tsinghua-Tencent 100K, or with tsinghua/annotations.json';
  throw new ArgumentError('experiment', '--data', expected, `${folder}: ${await foundAt(folder)}`);
};

/**
 * Signs of Tsinghua-Tencent 100K as those of GTSRB: of each four classes, by their names, two are known. The anomaly is
 * the authors': the background of the same photographs; and image lists of the folder, where there are any.
 */
export async function tsinghuaSets(folder: string, leastSigns: number): Promise<Sets> {
  const { train, test, classNames, background, left } = await loadTsinghua(await homeIn(folder), { leastSigns });
  const { known, seen, novel } = fourths(classNames.length);
  if (novel.length === 0) {
    const expected = `few enough that four classes or more remain (${classNames.length} have so many signs)`;
    throw new ArgumentError('experiment', '--least-signs', expected, leastSigns);
  }
  const out: StrangeSet[] = [
    { name: 'seen signs', kind: 'novelty', seen: true, images: classesOf(test, seen) },
    { name: 'novel signs', kind: 'novelty', seen: false, images: classesOf(test, novel) },
    { name: 'background', kind: 'anomaly', seen: false, images: background.test },
  ];
  for (const [name, list] of [
    ['rooms', 'rooms'],
    ['Tiny ImageNet', 'tiny_imagenet'],
  ] as const) {
    if (!(await stat(join(folder, list, 'images.txt')).catch(() => undefined))) continue;
    out.push({
      name,
      kind: 'anomaly',
      seen: false,
      images: await readImageList(join(folder, list), { size: [32, 32] }),
    });
  }
  const noise = gaussianNoise(1000, [32, 32, 3], seededRandom(1, 60));
  out.push({ name: 'noise', kind: 'anomaly', seen: false, images: noise });
  return {
    known: {
      train: evenContrast(classesOf(train, known)),
      test: evenContrast(classesOf(test, known)),
      classNames: known.map((label) => classNames[label]!),
    },
    seenTrain: evenContrast(classesOf(train, seen)),
    out: out.map((set) => ({ ...set, images: evenContrast(set.images) })),
    notes: [`${left.rare} signs of rarer classes and ${left.small} smaller than 10 pixels are left out`],
  };
}
