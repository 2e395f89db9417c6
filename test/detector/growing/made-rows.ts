import { seededRandom, type ArgumentError } from 'tfjs-ood';

/** Rows as the detector takes them. */
export const rowsOf = (...rows: number[][]) => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0]!.length] as const,
});
/** The numbers that float32 makes of them. */
export const float32 = (rows: number[][]) => rows.map((row) => Array.from(Float32Array.from(row)));

/** Rows N(away, 1). */
export function normalRows(count: number, size: number, seed: number, away = 0): number[][] {
  const random = seededRandom(seed);
  return float32(Array.from({ length: count }, () => Array.from({ length: size }, () => away + random.normal())));
}

/** What a call complains of. */
export const complaint = async (asked: Promise<unknown>) =>
  asked.then(
    () => undefined,
    (error: ArgumentError) => error,
  );
