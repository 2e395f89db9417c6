/** The definitions in float64, row by row; the oracles of the tests. Labels below 0 are OoD. */

export type Rows = readonly (readonly number[])[];

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => (values.length === 0 ? 0 : sum(values) / values.length);
const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((value, k) => value * b[k]!));
const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((value, k) => value - b[k]!));
const unit = (row: readonly number[]) => row.map((value) => value / Math.hypot(...row));
const logSumExp = (values: readonly number[]) => {
  const largest = Math.max(...values);
  return largest + Math.log(sum(values.map((value) => Math.exp(value - largest))));
};
const indices = (count: number) => Array.from({ length: count }, (_, i) => i);

export function triplet(
  labels: readonly number[],
  rows: Rows,
  { margin, cost, power, mining }: { margin: number; cost: string; power: number; mining: string },
): number {
  const d = (i: number, j: number) => distance(rows[i]!, rows[j]!) ** power;
  const price = (v: number) => (cost === 'hinge' ? Math.max(0, v) : Math.log1p(Math.exp(v)));
  const costs: number[] = [];
  for (const a of indices(labels.length).filter((i) => labels[i]! >= 0)) {
    const positives = indices(labels.length).filter((i) => i !== a && labels[i] === labels[a]);
    const negatives = indices(labels.length).filter((i) => labels[i] !== labels[a]);
    if (positives.length === 0 || negatives.length === 0) continue;
    if (mining === 'batch-hard') {
      const worst = Math.max(...positives.map((p) => d(a, p)));
      costs.push(price(worst - Math.min(...negatives.map((n) => d(a, n))) + margin));
      continue;
    }
    for (const p of positives) {
      const away = negatives.map((n) => d(a, n));
      const beyond = away.filter((value) => value > d(a, p));
      const semiHard = [beyond.length > 0 ? Math.min(...beyond) : Math.max(...away)];
      for (const n of mining === 'all' ? away : semiHard) costs.push(price(d(a, p) - n + margin));
    }
  }
  return mean(costs);
}

export function supervisedContrastive(labels: readonly number[], rows: Rows, { temperature }: { temperature: number }) {
  const z = rows.map(unit);
  const s = (i: number, j: number) => dot(z[i]!, z[j]!) / temperature;
  const costs: number[] = [];
  for (const i of indices(labels.length).filter((a) => labels[a]! >= 0)) {
    const others = indices(labels.length).filter((j) => j !== i);
    const positives = others.filter((j) => labels[j] === labels[i]);
    if (positives.length === 0) continue;
    const all = logSumExp(others.map((j) => s(i, j)));
    costs.push(-mean(positives.map((p) => s(i, p) - all)));
  }
  return mean(costs);
}

export function center(labels: readonly number[], rows: Rows, centers: Rows, { margin }: { margin: number }): number {
  const known = rows.flatMap((row, i) => (labels[i]! < 0 ? [] : [distance(row, centers[labels[i]!]!) ** 2]));
  const ood = rows.flatMap((row, i) =>
    labels[i]! >= 0 ? [] : [Math.max(0, margin - Math.min(...centers.map((c) => distance(row, c)))) ** 2],
  );
  return 0.5 * mean(known) + 0.5 * mean(ood);
}

export function classAnchor(
  labels: readonly number[],
  rows: Rows,
  { magnitude, anchorWeight, margin }: { magnitude: number; anchorWeight: number; margin: number },
): number {
  const classes = indices(rows[0]!.length);
  const anchors = classes.map((c) => classes.map((k) => (k === c ? magnitude : 0)));
  const known: number[] = [];
  const ood: number[] = [];
  rows.forEach((row, i) => {
    const d = anchors.map((anchor) => distance(row, anchor));
    const y = labels[i]!;
    if (y < 0) ood.push(Math.max(0, margin - Math.min(...d)));
    else {
      const rest = classes.filter((j) => j !== y).map((j) => Math.exp(d[y]! - d[j]!));
      known.push(Math.log(1 + sum(rest)) + anchorWeight * d[y]!);
    }
  });
  return mean(known) + mean(ood);
}

export function proxyAnchor(
  labels: readonly number[],
  rows: Rows,
  proxies: Rows,
  { scale, margin }: { scale: number; margin: number },
): number {
  const [z, p] = [rows.map(unit), proxies.map(unit)];
  const pulls: number[] = [];
  const pushes: number[] = [];
  p.forEach((proxy, c) => {
    const own = z.filter((_, i) => labels[i] === c);
    const others = z.filter((_, i) => labels[i] !== c);
    if (own.length > 0) pulls.push(Math.log(1 + sum(own.map((x) => Math.exp(-scale * (dot(x, proxy) - margin))))));
    pushes.push(Math.log(1 + sum(others.map((x) => Math.exp(scale * (dot(x, proxy) + margin))))));
  });
  return mean(pulls) + mean(pushes);
}

export function ciderPrototypes(labels: readonly number[], rows: Rows, prototypes: Rows, momentum: number): number[][] {
  const z = rows.map(unit);
  return prototypes.map((prototype, c) => {
    const own = z.filter((_, i) => labels[i] === c);
    if (own.length === 0) return unit(prototype);
    return unit(prototype.map((value, k) => momentum * value + (1 - momentum) * mean(own.map((row) => row[k]!))));
  });
}

export function cider(
  labels: readonly number[],
  rows: Rows,
  prototypes: Rows,
  options: { temperature: number; compactness: number; oodWeight: number; momentum: number },
): number {
  const { temperature, compactness, oodWeight, momentum } = options;
  const z = rows.map(unit);
  const m = ciderPrototypes(labels, rows, prototypes, momentum);
  const s = (a: readonly number[], b: readonly number[]) => dot(a, b) / temperature;
  const known: number[] = [];
  const ood: number[] = [];
  z.forEach((row, i) => {
    const all = logSumExp(m.map((prototype) => s(row, prototype)));
    if (labels[i]! < 0) ood.push(all - Math.log(m.length));
    else known.push(all - s(row, m[labels[i]!]!));
  });
  const apart = m.map((a, i) => logSumExp(m.filter((_, j) => j !== i).map((b) => s(a, b))) - Math.log(m.length - 1));
  return compactness * mean(known) + mean(apart) + oodWeight * mean(ood);
}

/** Cross-entropy of the known rows, and for each OoD row what `price` makes of its logits. */
function classifier(
  labels: readonly number[],
  rows: Rows,
  price: (row: readonly number[]) => number,
): [number, number] {
  const known = rows.flatMap((row, i) => (labels[i]! < 0 ? [] : [logSumExp(row) - row[labels[i]!]!]));
  return [mean(known), mean(rows.filter((_, i) => labels[i]! < 0).map(price))];
}

export function outlierExposure(labels: readonly number[], rows: Rows, { weight }: { weight: number }): number {
  const [known, ood] = classifier(labels, rows, (row) => mean(row.map((value) => logSumExp(row) - value)));
  return known + weight * ood;
}

export function confidence(labels: readonly number[], rows: Rows, { weight }: { weight: number }): number {
  const divergence = (row: readonly number[]) =>
    sum(row.map((value) => (1 / row.length) * Math.log(1 / row.length / Math.exp(value - logSumExp(row)))));
  const [known, ood] = classifier(labels, rows, divergence);
  return known + weight * ood;
}

export function energyBounded(
  labels: readonly number[],
  rows: Rows,
  { inMargin, outMargin, weight }: { inMargin: number; outMargin: number; weight: number },
): number {
  const [known, low] = classifier(labels, rows, (row) => Math.max(0, outMargin + logSumExp(row)) ** 2);
  const inside = rows.filter((_, i) => labels[i]! >= 0);
  return known + weight * (mean(inside.map((row) => Math.max(0, -logSumExp(row) - inMargin) ** 2)) + low);
}

export function logitNorm(labels: readonly number[], rows: Rows, { temperature }: { temperature: number }): number {
  const scaled = rows.map((row) => unit(row).map((value) => value / temperature));
  return classifier(labels, scaled, () => 0)[0];
}
