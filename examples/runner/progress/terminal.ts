/** Whether a bar can be drawn again and again where progress goes; a log, a pipe and a dumb terminal get lines. */
export const drawsBars = (stream: { isTTY?: boolean } = process.stderr, term = process.env.TERM): boolean =>
  stream.isTTY === true && term !== 'dumb';
