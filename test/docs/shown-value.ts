import * as tf from '@tensorflow/tfjs-core';

/** A comment that begins like a value is one, and is checked; all others are prose. */
export const looksLikeValue = (comment: string): boolean =>
  /^(-?\d|\[|\{|'|(true|false|-?Infinity|undefined|NaN)\b|\w+Array \[)/.test(comment);

/** A number, as it is written: its digits say how far it is rounded. */
class Written {
  constructor(readonly text: string) {}
}
/** `{ name: value }`; of a field without a value only the name is shown. */
interface ShownObject {
  fields: { name: string; value?: Shown }[];
  open: boolean;
}
type Shown = Written | string | boolean | undefined | Shown[] | ShownObject;

/** Reads values from the beginning of a comment: literals, arrays, objects (`...` leaves the rest open). */
class Reader {
  private at = 0;
  constructor(private readonly text: string) {}

  private take(pattern: RegExp): string | undefined {
    const match = new RegExp(pattern.source, 'sy');
    match.lastIndex = this.at;
    const found = match.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private fail(): never {
    throw new Error(`"${this.text}" begins like a value, but cannot be read at "${this.text.slice(this.at)}"`);
  }

  value(): Shown {
    if (this.take(/(\w+Array )?\[\s*/)) {
      const items: Shown[] = [];
      while (!this.take(/\s*\]/)) {
        items.push(this.value());
        this.take(/\s*,\s*/);
      }
      return items;
    }
    if (this.take(/\{\s*/)) {
      const fields: ShownObject['fields'] = [];
      let open = false;
      while (!this.take(/\s*\}/)) {
        if (this.take(/\.\.\./)) open = true;
        else {
          const name = this.take(/\w+/) ?? this.fail();
          fields.push(this.take(/\s*:\s*/) === undefined ? { name } : { name, value: this.value() });
        }
        this.take(/\s*,\s*/);
      }
      return { fields, open };
    }
    const quoted = this.take(/'([^'\\]|\\.)*'/);
    if (quoted !== undefined) return quoted.slice(1, -1).replace(/\\n/g, '\n').replace(/\\(.)/g, '$1');
    const word = this.take(/(true|false|undefined)\b/);
    if (word !== undefined) return word === 'undefined' ? undefined : word === 'true';
    return new Written(this.take(/-?Infinity|NaN|-?\d[\d_]*(\.\d+)?(e[-+]?\d+|\.\.\.)?/) ?? this.fail());
  }

  /** As many values as there are, with commas between; prose may follow. */
  values(count: number): Shown[] {
    const found = [this.value()];
    while (found.length < count) {
      if (this.take(/\s*,\s*/) === undefined) this.fail();
      found.push(this.value());
    }
    if (this.take(/$|[\s,:;]|\.(\s|$)/) === undefined) this.fail();
    return found;
  }
}

/**
 * Equal to 1e-6, cut off where it ends with `...`, or rounded to the digits that are shown, of which there must be two.
 */
function isWritten(actual: unknown, { text }: Written): boolean {
  if (typeof actual !== 'number') return false;
  if (text.endsWith('...')) return String(actual).startsWith(text.slice(0, -3));
  const shown = Number(text.replace(/_/g, ''));
  if (Object.is(actual, shown) || Math.abs(actual - shown) <= 1e-6 * Math.abs(shown)) return true;
  const [, mantissa, exponent = '0'] = /^-?([\d_.]+)(?:e(.+))?$/.exec(text) ?? [];
  if (mantissa === undefined || mantissa.replace(/^[0.]+|[._]/g, '').length < 2 || !/[.e]/.test(text)) return false;
  const decimals = (mantissa.split('.')[1] ?? '').length;
  return Math.abs(actual - shown) <= 0.5 * 10 ** (Number(exponent) - decimals) * (1 + 1e-9);
}

async function plain(value: unknown): Promise<unknown> {
  if (value instanceof tf.Tensor) return value.array();
  return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
}

async function agrees(given: unknown, shown: Shown): Promise<boolean> {
  const actual = await plain(given);
  if (shown instanceof Written) return isWritten(actual, shown);
  if (typeof shown === 'string' && shown.endsWith('...')) {
    return typeof actual === 'string' && actual.startsWith(shown.slice(0, -3));
  }
  if (typeof shown !== 'object') return actual === shown;
  if (typeof actual !== 'object' || actual === null) return false;
  if (Array.isArray(shown)) {
    if (!Array.isArray(actual) || actual.length !== shown.length) return false;
    return (await Promise.all(shown.map((item, i) => agrees(actual[i], item)))).every(Boolean);
  }
  const fields = actual as Record<string, unknown>;
  if (!shown.open && Object.keys(fields).length !== shown.fields.length) return false;
  const same = shown.fields.map((field) =>
    'value' in field ? agrees(fields[field.name], field.value) : Promise.resolve(field.name in fields),
  );
  return (await Promise.all(same)).every(Boolean);
}

const print = (value: unknown) =>
  JSON.stringify(value, (_, part: unknown) => (ArrayBuffer.isView(part) ? Array.from(part as Float32Array) : typeof part === 'number' ? String(part) : part)); // prettier-ignore

/** Fails where a comment shows something else than what its statement gives. */
export async function shown(values: unknown[], comment: string): Promise<void> {
  const expected = new Reader(comment).values(values.length);
  for (const [i, value] of values.entries()) {
    if (await agrees(value, expected[i])) continue;
    throw new Error(`// ${comment}\nis shown, but it is ${print(await plain(value))}`);
  }
}
