import type { Detector, Verdict } from 'tfjs-ood/detector';

/** A share in words: of few pictures there is no "0 %". */
const percent = (share: number): string => (share < 0.01 ? 'fewer than 1 %' : `${Math.round(share * 100)} %`);

/** What a verdict says, to be read by anybody. */
export function verdictWords({ isOod, label, pValue }: Pick<Verdict, 'isOod' | 'label' | 'pValue'>): {
  large: string;
  small: string;
} {
  const share = percent(pValue);
  if (!isOod) return { large: `This is: ${label}`, small: `${share} of known pictures look at least as strange` };
  const only = share.startsWith('fewer') ? share : `only ${share}`;
  return { large: 'I don’t know this', small: `${only} of known pictures look as strange; nearest: ${label}` };
}

/** What calibrates a detector, and how often it errs, to be read by anybody. `alpha` is the rate of its fit. */
export function promiseWords(
  { count, method, guarantee }: Pick<Detector['calibration'], 'count' | 'method' | 'guarantee'>,
  alpha: number,
): string {
  const most = `${Math.ceil(Number((guarantee * 100).toPrecision(12)))} %`;
  return method === 'cross'
    ? `${count} pictures calibrate it: about ${percent(alpha)} of known pictures will be called unknown (promised: at most ${most}).`
    : `${count} pictures that it was not fitted on calibrate it: at most ${most} of known pictures will be called unknown, on average.`;
}
