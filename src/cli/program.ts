import { Command, type Option } from 'commander';
import { addCompare } from './commands/compare';
import type { RunCommand } from './commands/command-frame';
import { addEvaluate } from './commands/evaluate';
import { addExperiment } from './commands/experiment';
import { addExport } from './commands/export';
import { addFit } from './commands/fit';
import { addInfo } from './commands/info';
import { addMetrics } from './commands/metrics';
import { addScore } from './commands/score';
import { packageVersion } from './package-version';
import { hasColors } from './output/styles';
import type { Surroundings } from './session';

const EXIT_CODES =
  '\nExit codes: 0 done, 1 something given is wrong, 2 wrong usage, 3 OoD was found (score --fail-on-ood), 130 stopped';

/** The whole command line; `run` runs what a command does. */
export function programOf({ out, err, env }: Surroundings, run: RunCommand): Command {
  const program = new Command('tfjs-ood')
    .description('A model that can say "I don\'t know this": out-of-distribution detection without code.')
    .version(packageVersion())
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      getOutHasColors: () => hasColors(out, env),
      getErrHasColors: () => hasColors(err, env),
      getOutHelpWidth: () => out.columns ?? 80,
      getErrHelpWidth: () => err.columns ?? 80,
    })
    .configureHelp({
      styleTitle: (text) => `\u001b[1m${text}\u001b[22m`,
      optionDescription(option: Option) {
        const { description, mandatory, argChoices, defaultValue, defaultValueDescription } = option;
        const value = defaultValue as string | number | boolean | undefined;
        const preset = defaultValueDescription ?? (typeof value === 'boolean' ? undefined : value);
        const parts = [
          ...(argChoices ? [`one of ${argChoices.join(', ')}`] : []),
          ...(preset === undefined ? [] : [`default: ${String(preset)}`]),
          ...(mandatory ? ['required'] : []),
        ];
        return parts.length > 0 ? `${description} (${parts.join('; ')})` : description;
      },
    })
    .showHelpAfterError('(--help lists what there is)')
    .addHelpText(
      'after',
      `\nExample:\n  npx tfjs-ood fit --model model.json --known photos --out cat.detector\n${EXIT_CODES}`,
    );
  for (const add of [addFit, addScore, addEvaluate, addCompare, addInfo, addMetrics, addExport, addExperiment]) {
    add(program, run);
  }
  return program;
}
