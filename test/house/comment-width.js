/**
 * ESLint's rule of how wide a comment is: no line of it ends behind the column given, be it alone on its line or behind
 * code, which `max-len` does not part. One word, as an address, may be longer.
 */
export const commentWidth = {
  meta: {
    type: 'layout',
    schema: [{ type: 'integer', minimum: 1 }],
    messages: { wide: 'This line of a comment ends at column {{end}}, behind {{most}}.' },
  },
  create(context) {
    const { sourceCode } = context;
    const [most] = context.options;
    return {
      Program() {
        for (const { loc } of sourceCode.getAllComments()) {
          for (let line = loc.start.line; line <= loc.end.line; line++) {
            const text = sourceCode.lines[line - 1];
            const start = line === loc.start.line ? loc.start.column : 0;
            const end = line === loc.end.line ? loc.end.column : text.length;
            const words = text.slice(start, end).match(/[^\s/*]\S*/g) ?? [];
            if (end <= most || words.length < 2) continue;
            const at = { start: { line, column: most }, end: { line, column: end } };
            context.report({ loc: at, messageId: 'wide', data: { end: String(end), most: String(most) } });
          }
        }
      },
    };
  },
};
