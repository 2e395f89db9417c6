import { expect, test } from 'vitest';
import { readPaxAttributes } from '../../src/node/downloads/tar-header';

const read = (text: string) => readPaxAttributes(Buffer.from(text));

test('records one after another, with newlines and multi-byte characters in values', () => {
  expect(read('')).toEqual(new Map());
  expect(read('13 path=a\nb=\n11 size=12\n')).toEqual(
    new Map([
      ['path', 'a\nb='],
      ['size', '12'],
    ]),
  );
  expect(read('11 path=ö\n')).toEqual(new Map([['path', 'ö']]));
});

// A length of 0 after a whole record made the reader begin that record again, forever: found by fuzzing.
test.each(['00 path=b\n', '0 path=b\n', '1 path=b\n', '8 path=b\n', '11 path=b\n', '-9 path=b\n'])(
  'a length that does not end its record is refused: %j',
  (record) => expect(read(`10 path=a\n${record}`)).toBeUndefined(),
);
