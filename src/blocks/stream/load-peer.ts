import { ArgumentError } from '../../core/errors';

/** An optional peer. @throws ArgumentError with the line that installs it */
export async function loadPeer<T>(where: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new ArgumentError(where, name, `a package that is there (npm install ${name})`, cause);
  }
}
