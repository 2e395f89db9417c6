import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { FormatError, seededRandom } from 'tfjs-ood';
import { readClassFolders, readImageList } from 'tfjs-ood/node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
async function makeList(images: Record<string, Buffer>, list: string | Buffer = Object.keys(images).join('\n')) {
  const home = place();
  for (const [name, bytes] of Object.entries(images)) {
    await mkdir(join(home, 'images', name, '..'), { recursive: true });
    await writeFile(join(home, 'images', name), bytes);
  }
  await writeFile(join(home, 'images.txt'), list);
  return home;
}

/** A drawn picture of smooth and rough parts. */
function drawn(height = 40, width = 56) {
  const random = seededRandom(5);
  const data = Uint8Array.from({ length: 3 * height * width }, (_, i) => (i % 160) + random.integer(60));
  return sharp(data, { raw: { width, height, channels: 3 } });
}
const EOI = Buffer.of(0xff, 0xd9);
const SOS = Buffer.of(0xff, 0xda);
const lastScan = (jpeg: Buffer) => jpeg.lastIndexOf(SOS);
/** With these bytes before a marker. */
const before = (jpeg: Buffer, marker: number, bytes: Buffer) => {
  const at = jpeg.indexOf(Buffer.of(0xff, marker));
  return Buffer.concat([jpeg.subarray(0, at), bytes, jpeg.subarray(at)]);
};
/** The SOS header ends 00 3F 00: first and last coefficient, and approximation; some phones write 00 00 00. */
function samsung(jpeg: Buffer): Buffer {
  const changed = Buffer.from(jpeg);
  const end = lastScan(jpeg) + 2 + jpeg.readUInt16BE(lastScan(jpeg) + 2);
  expect([...changed.subarray(end - 3, end)]).toEqual([0, 63, 0]);
  changed[end - 2] = 0;
  return changed;
}
/** Another major version of JFIF, which only warns too. */
function laterJfif(jpeg: Buffer): Buffer {
  const segment = Buffer.from([0xff, 0xe0, 0, 16, ...Buffer.from('JFIF\0'), 9, 1, 0, 0, 1, 0, 1, 0, 0]);
  return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
}
/** Ways in which files are odd and every viewer shows them. */
const odd: Record<string, (jpeg: Buffer) => Buffer> = {
  'an SOS header that ends in 0': samsung,
  'three zero bytes before the SOS marker': (jpeg) => before(jpeg, 0xda, Buffer.alloc(3)),
  'a byte before the tables of Huffman codes': (jpeg) => before(jpeg, 0xc4, Buffer.of(7)),
  'bytes before the frame': (jpeg) => before(jpeg, 0xc0, Buffer.from('some')),
  'bytes before the end': (jpeg) => Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(4), EOI]),
  'bytes behind the end': (jpeg) => Buffer.concat([jpeg, Buffer.from('a trailer, as motion photos have')]),
  'a later version of JFIF': laterJfif,
  'both: SOS, and bytes behind the first marker': (jpeg) => before(samsung(jpeg), 0xdb, Buffer.alloc(5)),
};

describe('JPEGs that every viewer shows', () => {
  test.each(Object.entries(odd))('%s: the same pixels', async (_, change) => {
    const plain = await drawn().jpeg().toBuffer();
    const home = await makeList({ 'plain.jpg': plain, 'odd.jpg': change(plain) });
    const { images, shape } = await readImageList(home);
    expect(shape).toEqual([2, 40, 56, 3]);
    const wanted = await sharp(plain).raw().toBuffer();
    for (const i of [0, 1]) expect(Buffer.compare(images.subarray(i * 6720, (i + 1) * 6720), wanted)).toBe(0);
  });

  test('in class folders too, with none left out', async () => {
    const plain = await drawn().jpeg().toBuffer();
    const changed = Object.values(odd).map((change, i): [string, Buffer] => [`../a/${i}.jpg`, change(plain)]);
    const home = await makeList({ '../a/plain.jpg': plain, ...Object.fromEntries(changed) });
    const { shape, skipped } = await readClassFolders(home, { skipBad: true });
    expect([shape[0], skipped]).toEqual([changed.length + 1, []]);
  });

  const refused = async (jpeg: Buffer, name: string) => {
    const home = await makeList({ 'cut.jpg': jpeg });
    const error: unknown = await readImageList(home).catch((thrown: unknown) => thrown);
    expect(error, name).toBeInstanceOf(FormatError);
    expect((error as Error).message, name).toContain('cut.jpg must be a whole JPEG or PNG image, got ');
  };

  test('a truncated one stays refused, odd or not, wherever it is cut', async () => {
    for (const progressive of [false, true]) {
      const plain = await drawn().jpeg({ progressive }).toBuffer();
      const kinds = progressive
        ? [plain]
        : [plain, samsung(plain), odd['three zero bytes before the SOS marker']!(plain)];
      for (const [kind, whole] of kinds.entries()) {
        const lengths = [1, 2, 3, 40, 200, 1000].map((cut) => whole.length - cut);
        lengths.push(4, 20, lastScan(whole), lastScan(whole) + 14, lastScan(whole) + 40);
        for (const length of lengths) await refused(whole.subarray(0, length), `kind ${kind} cut to ${length}`);
      }
    }
  });

  test('so is one whose picture is not whole, though its file ends as it should', async () => {
    const [plain, progressive] = [
      await drawn().jpeg().toBuffer(),
      await drawn().jpeg({ progressive: true }).toBuffer(),
    ];
    for (const whole of [plain, progressive, samsung(plain), before(plain, 0xda, Buffer.alloc(3))]) {
      for (const cut of [40, 200]) {
        const closed = Buffer.concat([whole.subarray(0, -cut), EOI]);
        await expect(sharp(closed, { failOn: 'error' }).raw().toBuffer()).resolves.toBeDefined(); // who looks away
        await refused(closed, `cut by ${cut}`);
      }
    }
    const damaged = await drawn().jpeg().toBuffer();
    damaged.fill('ff00', lastScan(damaged) + 300, lastScan(damaged) + 400, 'hex'); // ones, which are no code
    await expect(sharp(damaged, { failOn: 'error' }).raw().toBuffer()).resolves.toBeDefined();
    await refused(damaged, 'other codes');
  });

  test('what the decoder repeats is said once', async () => {
    const jpeg = await drawn().jpeg().toBuffer();
    jpeg[jpeg.indexOf(Buffer.of(0xff, 0xdb)) + 4] = 15; // the number of a table
    await expect(sharp(jpeg).raw().toBuffer()).rejects.toThrow(/Bogus[^]*\n[^]*Bogus/);
    const home = await makeList({ 'bad.jpg': jpeg });
    const { message } = (await readImageList(home).catch((error: unknown) => error)) as Error;
    expect(message.match(/Bogus DQT/g)).toHaveLength(2); // with a head before it, and without
    expect(message).not.toContain('\n');
  });

  test('a PNG with a bad color profile is read, a cut one is not', async () => {
    const png = await drawn().png().toBuffer();
    const wanted = await sharp(png).raw().toBuffer();
    const home = await makeList({ 'a.png': Buffer.concat([png.subarray(0, 33), badProfile(), png.subarray(33)]) });
    expect(Buffer.compare((await readImageList(home)).images, wanted)).toBe(0);
    for (const cut of [40, 400]) await refused(png.subarray(0, -cut), 'a PNG');
  });
});

/** An iCCP chunk whose checksum is wrong. */
function badProfile(): Buffer {
  const content = Buffer.from('iCCPname\0\0rubbish');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length - 4);
  return Buffer.concat([length, content, Buffer.alloc(4)]);
}

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
test.skipIf(!existsSync(data))('real JPEGs: made odd the same pixels, cut refused', async () => {
  for (const set of ['tiny_imagenet', 'rooms']) {
    const folder = join(data, set, 'images');
    const names = (await readdir(folder)).filter((name) => /\.jpe?g$/i.test(name)).slice(0, 8);
    for (const name of names) {
      const jpeg = await readFile(join(folder, name));
      const wanted = await sharp(jpeg).toColorspace('srgb').raw().toBuffer();
      for (const change of [odd['an SOS header that ends in 0']!, odd['three zero bytes before the SOS marker']!]) {
        const { images } = await readImageList(await makeList({ 'a.jpg': change(jpeg) }));
        expect(Buffer.compare(images, wanted), name).toBe(0);
        const cut = readImageList(await makeList({ 'a.jpg': change(jpeg).subarray(0, -40) }));
        await expect(cut, name).rejects.toThrow(FormatError);
      }
    }
    expect(names).toHaveLength(8);
  }
});

describe('lists as people have them', () => {
  const names = ['a.png', 'sub/b.png', 'zürich 1.png'];
  const utf16 = (text: string) => Buffer.from(text, 'utf16le');
  const swapped = (text: string) => utf16(text).swap16();
  const lines = names.join('\r\n') + '\r\n';
  test.each<[string, string | Buffer]>([
    ['UTF-16LE with a mark, as PowerShell writes', utf16(`\ufeff${lines}`)],
    ['UTF-16BE with a mark', swapped(`\ufeff${lines}`)],
    ['UTF-16LE without a mark', utf16(lines)],
    ['UTF-16BE without a mark', swapped(lines)],
    ['UTF-8 with a mark', `\ufeff${lines}`],
    ['CR alone', names.join('\r')],
    ['CR and LF mixed', `${names[0]}\r${names[1]}\n\n${names[2]}\r\n`],
    ['./', names.map((name) => `./${name}`).join('\n')],
    ['.\\', names.map((name) => `.\\${name.replace('/', '\\')}`).join('\r\n')],
    ['backslashes', names.map((name) => name.replace('/', '\\')).join('\n')],
    ['images/', names.map((name) => `images/${name}`).join('\n')],
    ['./images/', names.map((name) => `./images/${name}`).join('\n')],
    ['images\\', names.map((name) => `images\\${name.replace('/', '\\')}`).join('\n')],
    ['.\\images\\ in UTF-16', utf16(`\ufeff${names.map((n) => `.\\images\\${n.replace('/', '\\')}`).join('\r\n')}`)],
  ])('%s', async (_, list) => {
    const files: Record<string, Buffer> = {};
    for (const [i, name] of names.entries()) {
      files[name] = await sharp(Buffer.alloc(12, 50 * i), { raw: { width: 2, height: 2, channels: 3 } })
        .png()
        .toBuffer();
    }
    const set = await readImageList(await makeList(files, list));
    expect(set.names).toEqual(names);
    expect([0, 12, 24].map((i) => set.images[i])).toEqual([0, 50, 100]);
  });

  test('a name as it stands comes first', async () => {
    const image = (value: number) =>
      sharp(Buffer.alloc(3, value), { raw: { width: 1, height: 1, channels: 3 } })
        .png()
        .toBuffer();
    const files = { 'a.png': await image(1), 'images/a.png': await image(2), 'images/b.png': await image(3) };
    const set = await readImageList(await makeList(files, 'a.png\nimages/a.png\nimages/images/b.png'));
    expect([...set.images].filter((_, i) => i % 3 === 0)).toEqual([1, 2, 3]);
    expect(set.names).toEqual(['a.png', 'images/a.png', 'images/b.png']);
  });

  test('none of them leads out', async () => {
    const png = await drawn().png().toBuffer();
    for (const name of [
      '..\\secret.png',
      '.\\..\\secret.png',
      'images/../../secret.png',
      'images\\..\\..\\secret.png',
    ]) {
      for (const list of [name, utf16(`\ufeff${name}`)]) {
        const home = await makeList({ 'a.png': png, '../secret.png': png }, list);
        await expect(readImageList(home)).rejects.toThrow('names of files below images/');
      }
    }
    const missing = readImageList(await makeList({ 'a.png': png }, 'images\\missing.png'));
    await expect(missing).rejects.toThrow(FormatError);
    await expect(missing).rejects.toThrow('missing.png must be an image that');
  });
});
