import { ArgumentError, ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import type { Tensor2D } from '@tensorflow/tfjs-core';

/** Throws unless the value is a positive number. */
export function checkPositive(where: string, what: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new ArgumentError(where, what, 'a positive number', value);
}

/** Throws unless the value is a number from 0. */
export function checkNotNegative(where: string, what: string, value: number): void {
  if (value >= 0 && Number.isFinite(value)) return;
  throw new ArgumentError(where, what, 'a number from 0', value);
}

/** Throws unless the value is a finite number. */
export function checkFiniteOption(where: string, what: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new ArgumentError(where, what, 'a finite number', value);
}

/** Throws unless the rows (centers, proxies) are as wide as the embeddings. */
export function checkRowsOf(where: string, what: string, rows: Tensor2D, embeddings: Tensor2D): void {
  if (rows.rank === 2 && rows.shape[1] === embeddings.shape[1]) return;
  throw new ShapeError(where, what, `[C, ${embeddings.shape[1]}], as wide as the embeddings`, rows.shape);
}

/** Throws unless each label of an array has a row among C; those of a tensor cannot be read without stalling. */
export function checkClassLabels(where: string, labels: unknown, classes: number): void {
  if (!Array.isArray(labels) && !ArrayBuffer.isView(labels)) return;
  checkLabels(where, labels, { ood: true, below: classes, expected: `class indices below ${classes}` });
}
