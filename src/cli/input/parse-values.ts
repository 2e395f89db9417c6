import { InvalidArgumentError } from 'commander';

const refuse = (expected: string): never => {
  throw new InvalidArgumentError(`Expected ${expected}.`);
};

export const share = (text: string): number => {
  const value = Number(text);
  return text.trim() !== '' && value > 0 && value < 1 ? value : refuse('a share between 0 and 1, as 0.05');
};

export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    return /^-?\d+$/.test(text) && value >= least && Number.isSafeInteger(value)
      ? value
      : refuse(`a whole number from ${least}`);
  };

/** `224`, or `224x160`: height x width. */
export function sides(text: string): [height: number, width: number] {
  const [, height, width = height] = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(text) ?? [];
  const size = [Number(height), Number(width)] as [number, number];
  return size.every((side) => side >= 1 && side <= 4096)
    ? size
    : refuse('a size up to 4096, as 224 or 224x160 (height x width)');
}

/** Names with commas between. */
export function commaNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  return names.every((name) => name !== '') ? names : refuse('names with commas between');
}

/** `k=10`, again and again: values as JSON has them, or words. */
export function namedValue(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const [, name, value] = /^([A-Za-z]\w*)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) return refuse('an option of the scorer and its value, as k=10');
  try {
    return { ...before, [name]: JSON.parse(value) as unknown };
  } catch {
    return { ...before, [name]: value };
  }
}

/** A file or folder again and again, each once. */
export const collected = (path: string, before: readonly string[] = []): string[] => [...before, path];
