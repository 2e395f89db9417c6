import fc from 'fast-check';
import { FormatError } from 'tfjs-ood';
import { readPpm } from 'tfjs-ood/datasets';
import { expect, test } from 'vitest';

const bytesOf = (head: string, pixels: readonly number[] = []) =>
  Uint8Array.from([...new TextEncoder().encode(head), ...pixels]);

test('any image comes back, with comments and any white space in its head', () => {
  const space = fc.constantFrom(' ', '\n', '\t', '\r\n', ' # a comment\n', '\n#\n ');
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.tuple(space, space, space),
      (w, h, s) => {
        const pixels = Array.from({ length: 3 * w * h }, (_, i) => (i * 37) % 256);
        const image = readPpm(bytesOf(`P6${s[0]}${w}${s[1]}${h}${s[2]}255\n`, pixels));
        expect([image.width, image.height, Array.from(image.data)]).toEqual([w, h, pixels]);
      },
    ),
  );
});

test('pixels that look like white space, a comment or a number stay pixels', () => {
  expect(Array.from(readPpm(bytesOf('P6 1 1 255\n', [32, 35, 10])).data)).toEqual([32, 35, 10]);
});

test('the pixels are a copy: the caller may write over the bytes', () => {
  for (const bytes of [bytesOf('P6 1 1 255\n', [1, 2, 3]), Buffer.from('P6 1 1 255\n\x01\x02\x03')]) {
    const { data } = readPpm(bytes);
    bytes.fill(0);
    expect(data).toEqual(Uint8Array.of(1, 2, 3)); // and no Buffer
  }
});

test.each([
  ['', 'a binary PPM image (P6), got another kind of file at byte 0'],
  ['P5 1 1 255\nabc', 'a binary PPM image (P6)'],
  ['P6', 'white space before the width, got none at byte 2'],
  ['P6 x 1 255\n', 'the width, got no number at byte 3'],
  ['P6 1', 'white space before the height'],
  ['P6 0 1 255\n', 'a width from 1 to 65535, got 0 at byte 3'],
  ['P6 99999 1 255\n', 'a width from 1 to 65535, got 99999'],
  ['P6 9999999999 1 255\n', 'a width from 1 to 65535'],
  ['P6 -1 1 255\n', 'the width, got no number'],
  ['P6 1 1 65535\n', 'a largest value from 1 to 255, got 65535'],
  ['P6 1 1 15\nabc', 'colors from 0 to 255, got 0 to 15'],
  ['P6 1 1 255', 'one white space before the pixels'],
  ['P6 1 1 255\nab', '3 bytes of pixels, got 2'],
  ['P6 1 1 255\nabcd', '3 bytes of pixels, got 4'],
  ['P6 60000 60000 255\nabc', '10800000000 bytes of pixels, got 3'],
  ['P6 # no end', 'the width, got the end of the file'],
])('%j is refused: %s', (text, message) => {
  expect(() => readPpm(bytesOf(text), { file: 'x.ppm' })).toThrow(FormatError);
  expect(() => readPpm(bytesOf(text), { file: 'x.ppm' })).toThrow(`readPpm: x.ppm must be ${message}`);
});

test('whatever the bytes are: an image or a FormatError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, isPpm) => {
      if (isPpm) bytes.set([0x50, 0x36].slice(0, bytes.length));
      try {
        const { data, height, width } = readPpm(bytes);
        expect(data).toHaveLength(3 * height * width);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 3000 },
  );
});
