/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Says what is wrong with the value at a path; does not return. */
export type RefuseValue = (path: readonly string[], expected: string, received: string) => never;

const DEEPEST = 32;

/** A copy of a value that JSON gives back as it is. Refuses undefined, NaN, functions, dates, typed arrays, cycles. */
export function copyJson(value: unknown, path: readonly string[], refuse: RefuseValue): Json {
  const refuseThis = (received: string) => refuse(path, 'plain JSON', received);
  if (path.length > DEEPEST) return refuseThis(`more than ${DEEPEST} levels`);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : refuseThis(String(value)); // JSON has no -0
  if (Array.isArray(value)) return Array.from(value, (item, i) => copyJson(item, [...path, String(i)], refuse));
  if (typeof value !== 'object') return refuseThis(typeof value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return refuseThis(value.constructor.name);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, copyJson(item, [...path, name], refuse)]),
  );
}
