/**
 * Ten class colors that people with any common color blindness tell apart: M. A. Petroff, "Accessible Color Sequences
 * for Data Visualization" (2021, arXiv 2107.02270), in its order. Classes beyond the tenth begin again: their names
 * stand beside them.
 */
const CLASSES = [
  '#3f90da',
  '#ffa90e',
  '#bd1f01',
  '#94a4a2',
  '#832db6',
  '#a96b59',
  '#e76300',
  '#b9ac70',
  '#717581',
  '#92dadd',
] as const;

/** M. Okabe, K. Ito, "Color Universal Design" (2008): the known set first, then the OoD sets. */
const SETS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

export const classColor = (label: number): string => CLASSES[label % CLASSES.length]!;
export const setColor = (set: number): string => (set === 0 ? SETS[0] : SETS[1 + ((set - 1) % (SETS.length - 1))]!);

/** Lines differ by their dashes too. */
export const setDash = (set: number): string => ['none', 'none', '6 3', '2 2', '8 3 2 3', '1 3'][set % 6]!;

/** Known and unknown as in the authors' pictures: blue and yellow. */
export const KIND_COLORS = { known: '#3f90da', unknown: '#e6b400' } as const;
/** All unknown points where the colors tell the classes: that of the text, which no class has. */
export const UNKNOWN_COLOR = 'currentColor';

/** The ends of the confusion matrix's colors, for a share of 0 and of 1. */
const CELLS = [
  [255, 255, 255],
  [0, 114, 178],
] as const;

/** The color of a cell by its share, from 0 to 1, and of these two that of the text in it that is easier to read. */
export function cellColors(share: number): { ground: string; text: 'black' | 'white' } {
  const ground = CELLS[0].map((low, c) => Math.round(low + (CELLS[1][c]! - low) * share));
  // Relative luminance (WCAG 2); where it is above this, black has the larger contrast.
  const linear = ground.map((value) =>
    value / 255 <= 0.04045 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  const luminance = 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  return { ground: `rgb(${ground.join(', ')})`, text: luminance > Math.sqrt(1.05 * 0.05) - 0.05 ? 'black' : 'white' };
}
