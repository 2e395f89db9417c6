import { InvalidArgumentError, type Command } from 'commander';
import { ArgumentError } from 'tfjs-ood';

/** A value that an option of the command line can change: what it means, and what it may be. */
export type Setting = { says: string } & (
  | { range: readonly [smallest: number, largest: number, whole?: 'whole'] }
  | { choices: readonly string[] | readonly number[] }
  | { type: 'switch' | 'epochs' }
  | { type: 'sizes'; count: number }
);
export type Settings = Readonly<Record<string, Setting>>;

/** `batchSize` -> `batch-size` */
export const flagOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
};
const onOff = (text: string): boolean => {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('Expected on or off.');
  return text === 'on';
};
const epochList = (text: string): number[] | 'cosine' =>
  text === 'cosine' ? text : text === '' ? [] : text.split(',').map(number);

function parserOf(setting: Setting): (text: string) => unknown {
  if ('range' in setting) return number;
  if ('choices' in setting) return typeof setting.choices[0] === 'number' ? number : String;
  if (setting.type === 'sizes') return (text) => text.split(',').map(number);
  return setting.type === 'switch' ? onOff : epochList;
}

const shown = (value: unknown): string => (typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value));

/** An option for each setting; its help says what it is where nothing is given, as far as that is in `defaults`. */
export function addSettings(program: Command, settings: Settings, defaults: object = {}): void {
  for (const [key, setting] of Object.entries(settings)) {
    const value = (defaults as Record<string, unknown>)[key];
    const says = value === undefined ? setting.says : `${setting.says} (default: ${shown(value)})`;
    program.option(`--${flagOf(key)} <value>`, says, parserOf(setting));
  }
}

/** Those of the command line's values that are settings and were given. */
export function givenSettings<T>(settings: Settings, options: Readonly<Record<string, unknown>>): Partial<T> {
  const given = Object.entries(options).filter(([key, value]) => key in settings && value !== undefined);
  return Object.fromEntries(given) as Partial<T>;
}

/** Throws on the first value that no run could mean; one that is not there is not looked at. */
export function checkSettings<T extends object>(settings: Settings, values: T): T {
  for (const [key, setting] of Object.entries(settings)) {
    const value = (values as Record<string, unknown>)[key];
    if (value === undefined) continue;
    const refuse = (expected: string): never => {
      throw new ArgumentError('experiment', `--${flagOf(key)}`, expected, JSON.stringify(value));
    };
    if ('range' in setting) {
      const [smallest, largest, whole] = setting.range;
      const isRight = typeof value === 'number' && value >= smallest && value <= largest;
      if (!isRight || (whole && !Number.isInteger(value))) {
        refuse(`${whole ? 'a whole number' : 'a number'} from ${smallest} to ${largest}`);
      }
    } else if ('choices' in setting) {
      if (!(setting.choices as readonly unknown[]).includes(value)) refuse(`one of ${setting.choices.join(', ')}`);
    } else if (setting.type === 'sizes') {
      const { count } = setting;
      const isList = Array.isArray(value) && value.every((size) => Number.isInteger(size) && size >= 1);
      if (!isList || value.length !== count) refuse(`${count} whole numbers from 1`);
    } else if (setting.type === 'epochs') {
      const isList = Array.isArray(value) && value.every((epoch) => Number.isInteger(epoch) && epoch >= 1);
      if (!isList && value !== 'cosine') refuse('epochs, whole numbers from 1, or cosine');
    }
  }
  return values;
}
