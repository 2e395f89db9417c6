import { runCli } from '../../src/cli/run-cli';

/** What a command printed, and how it ended. */
export interface Ended {
  code: number;
  out: string;
  err: string;
}

/** A command in this process, on terminals or not; `heard` is told what comes on stdout. */
export async function cli(
  args: readonly string[],
  { isTerminal = false, env = {} }: { isTerminal?: boolean; env?: Record<string, string> } = {},
  signal: AbortSignal = new AbortController().signal,
  heard: (text: string) => void = () => undefined,
): Promise<Ended> {
  const said = { out: '', err: '' };
  const sink = (name: keyof typeof said) => ({
    write(text: string) {
      said[name] += text;
      if (name === 'out') heard(text);
    },
    isTerminal,
    columns: 100,
  });
  const code = await runCli(args, { out: sink('out'), err: sink('err'), env, signal });
  return { code, ...said };
}
