/** Colors and weights of words; without a terminal the words as they are. */
export interface Styles {
  readonly alarm: (text: string) => string;
  readonly fine: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const escaped = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`;
const asIs = (text: string) => text;

/** No colors where there is no terminal, where NO_COLOR says so (https://no-color.org), or where it has none. */
export function hasColors(
  { isTerminal }: { readonly isTerminal: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
}

export function stylesFor(...[sink, env]: Parameters<typeof hasColors>): Styles {
  if (!hasColors(sink, env)) return { alarm: asIs, fine: asIs, strong: asIs, faint: asIs };
  return { alarm: escaped(31, 39), fine: escaped(32, 39), strong: escaped(1, 22), faint: escaped(2, 22) };
}
