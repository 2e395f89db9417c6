/** Options of every reader. */
export interface ReadOptions {
  /** Name of the file, for the error messages. */
  file?: string;
}
