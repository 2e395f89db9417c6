const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds in words, as exactly as an estimate deserves: `40 s`, `12 min`, `2 h 20 min`, `3 d 4 h`. */
export function durationText(seconds: number): string {
  if (seconds < 57.5) return `${Math.max(1, seconds < 10 ? Math.round(seconds) : 5 * Math.round(seconds / 5))} s`;
  if (seconds < HOUR - 30) return `${Math.round(seconds / MINUTE)} min`;
  const [large, small, step] = seconds < DAY - 5 * MINUTE ? [HOUR, MINUTE, 5 * MINUTE] : [DAY, HOUR, HOUR];
  const whole = step * Math.round(seconds / step);
  const [units, rest] = [Math.floor(whole / large), Math.round((whole % large) / small)];
  const [name, restName] = large === HOUR ? ['h', 'min'] : ['d', 'h'];
  return `${units} ${name}${rest > 0 ? ` ${rest} ${restName}` : ''}`;
}
