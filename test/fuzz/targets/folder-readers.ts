import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import type { Random } from 'tfjs-ood';
import { latestCheckpoint } from '../../../src/node/runs/checkpoints';
import { extractTarGz } from '../../../src/node/downloads/extract-tar-gz';
import { loadGtsrb } from '../../../src/node/images/load-gtsrb';
import { readImageList } from '../../../src/node/images/read-image-list';
import { expectSame, expectThat, type Target } from '../target';
import { startOf } from './files';

const text = (words: string) => new TextEncoder().encode(words);
const wide = (words: string) => new Uint8Array(Buffer.from(words, 'utf16le'));

/** A folder in memory where there is one: a disk that is really written to would be all that is measured. */
function scratch(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tfjs-ood-fuzz-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A tar header with its checksum. */
function tarEntry(name: string, kind: string, content: string | Uint8Array, prefix = ''): Buffer {
  const data = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(
    '0000644\0' + '0000000\0'.repeat(2) + data.length.toString(8).padStart(11, '0') + '\0' + '14000000000\0',
    100,
  );
  header.write(kind, 156);
  header.write('ustar\x0000', 257);
  header.write(prefix, 345);
  return Buffer.concat([counted(header), data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}
function counted(header: Buffer): Buffer {
  header.fill(32, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
const pax = (key: string, value: string) => {
  const rest = ` ${key}=${value}\n`;
  const length = Buffer.byteLength(rest);
  return `${length + String(length + 2).length}${rest}`;
};

/** Mostly with right checksums in every block that may be a header, and then compressed. */
function packedTar(bytes: Uint8Array, random: Random): Uint8Array {
  const tar = Buffer.from(bytes);
  if (random.integer(8) > 0) {
    for (let at = 0; at + 512 <= tar.length; at += 512) {
      if (tar.toString('latin1', at + 257, at + 262) === 'ustar') counted(tar.subarray(at, at + 512));
    }
  }
  return new Uint8Array(gzipSync(tar, { level: random.integer(3) }));
}

/** Everything in a folder: its files with their bytes. */
const listing = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

export function tarGz(): Target {
  const home = scratch();
  const [archive, target] = [join(home, 'a.tar.gz'), join(home, 'in', 'target')];
  const end = Buffer.alloc(1024);
  const evil = ['../evil', '/tmp/tfjs-ood-evil', 'set/../../evil', 'set\\..\\..\\evil'];
  const whole = [
    tarEntry('set/', '5', ''),
    tarEntry('set/a.bin', '0', 'some bytes'),
    tarEntry('b.txt', '0', 'x'.repeat(600), 'set/deep'),
  ];
  const named = [
    tarEntry('PaxHeader', 'x', pax('path', `set/${'long/'.repeat(30)}n`) + pax('mtime', '1.5')),
    tarEntry('cut', '0', 'of a long name'),
  ];
  return {
    where: ['extractTarGz'],
    seeds: [
      Buffer.concat([...whole, end]),
      Buffer.concat([...named, ...whole, end]),
      Buffer.concat([...whole.slice(1), tarEntry('set/c.bin', '0', Buffer.alloc(1500, 7)), end]),
      Buffer.concat([tarEntry('one', '0', 'a'), end]),
      Buffer.concat([...evil.map((name) => tarEntry(name, '0', 'evil')), end]),
      Buffer.concat([tarEntry('x', 'x', pax('path', '../evil')), tarEntry('y', '0', 'evil'), end]),
      Buffer.concat([tarEntry('set/link', '2', ''), tarEntry('set/link/file', '0', 'through a link'), end]),
      Buffer.concat([...whole.slice(1), tarEntry('.', '5', ''), tarEntry('e', '5', ''), end]),
    ],
    seal: packedTar,
    limit: (bytes) => 2 * 1032 * bytes.length + 1e6,
    async read(bytes) {
      writeFileSync(archive, bytes);
      const before = ['a.tar.gz'];
      try {
        await extractTarGz(archive, target, { limit: 1e6 });
      } catch (error) {
        // Nothing is left, in the folder and beside it.
        expectSame('left after a refusal', existsSync(target) ? readdirSync(target) : [], []);
        expectSame('written beside', listing(home), before);
        throw error;
      }
      const tar = gunzipSync(bytes);
      const names = listing(target);
      expectSame(
        'written beside',
        listing(home).filter((name) => !name.startsWith(join('in', 'target') + sep)),
        before,
      );
      expectThat(
        'nothing lies outside',
        !existsSync('/tmp/tfjs-ood-evil') && readdirSync(join(home, 'in')).length === 1,
      );
      // What came out is in the archive, behind a header's end.
      for (const name of names) {
        const content = readFileSync(join(target, name));
        let found = content.length === 0;
        for (let at = 512; at < tar.length && !found; at += 512)
          found = content.equals(tar.subarray(at, at + content.length));
        expectThat(`${name} is what the archive has`, found);
      }
      rmSync(target, { recursive: true, force: true });
    },
  };
}

const HEAD = 'Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId';

export function gtsrb(): Target {
  const home = scratch();
  const training = join(home, 'Final_Training', 'Images', '00007');
  const test = join(home, 'Final_Test', 'Images');
  const ppm = (value: number) => Buffer.concat([Buffer.from('P6 4 4 255\n'), Buffer.alloc(48, value)]);
  for (const folder of [training, test]) mkdirSync(folder, { recursive: true });
  for (const [i, name] of ['00000_00000.ppm', '00000_00001.ppm', '00001_00000.ppm'].entries())
    writeFileSync(join(training, name), ppm(i));
  writeFileSync(join(test, '00000.ppm'), ppm(200));
  writeFileSync(join(test, 'GT-final_test.csv'), `${HEAD}\n00000.ppm;4;4;0;0;4;4;42\n`);
  const real = startOf('gtsrb/Final_Training/Images/00007/GT-00007.csv', 700);
  return {
    where: ['loadGtsrb', 'readPpm'],
    seeds: [
      text(
        [
          HEAD,
          '00000_00000.ppm;4;4;0;0;4;4;7',
          '00000_00001.ppm;4;4;0;0;4;4;7',
          '00001_00000.ppm;4;4;0;0;4;4;7',
          '',
        ].join('\r\n'),
      ),
      text(`ClassId;Filename\n0;00000_00000.ppm\n42;00001_00000.ppm\n`),
      text(`\ufeffClassId;Filename\r0;00000_00000.ppm\r42;00001_00000.ppm`),
      wide(`\ufeffClassId;Filename\r\n0;00000_00000.ppm\r\n`),
      ...real,
    ],
    limit: (bytes) => 300 * bytes.length + 65_536,
    async read(bytes) {
      writeFileSync(join(training, 'GT-00007.csv'), bytes);
      const { train } = await loadGtsrb(home, { side: 4 });
      const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
      const lines = Buffer.from(bytes)
        .toString(isWide ? 'utf16le' : 'utf8')
        .replace(/^\ufeff/, '')
        .split(/\r\n|\r|\n/);
      const fields = lines.filter((line, i) => i === 0 || line !== '').map((line) => line.split(';'));
      const column = (name: string) => fields.slice(1).map((line) => line[fields[0]!.indexOf(name)] ?? '');
      const labels = column('ClassId');
      expectThat(
        'classes are digits',
        labels.every((label) => /^\d+$/.test(label) && Number(label) <= 42),
      );
      expectSame('labels', train.labels, labels.map(Number));
      const files = column('Filename').map((name) => readFileSync(join(training, name)).subarray(11));
      expectSame('images', train.images, Buffer.concat(files));
    },
  };
}

/** A small image, made in a process that has sharp. */
const picture = (side: number, value: number) =>
  sharp(Buffer.alloc(3 * side * side, value), { raw: { width: side, height: side, channels: 3 } });

export async function imageList(): Promise<Target> {
  const home = scratch();
  mkdirSync(join(home, 'images', 'sub'), { recursive: true });
  for (const [i, name] of ['a.png', 'b.png', 'sub/c.png'].entries()) {
    writeFileSync(
      join(home, 'images', name),
      await picture(2, 50 * i)
        .png()
        .toBuffer(),
    );
  }
  writeFileSync(join(home, 'secret.png'), await picture(2, 255).png().toBuffer());
  const values: Record<string, number> = { 'a.png': 0, 'b.png': 50, 'sub/c.png': 100 };
  return {
    where: ['readImageList'],
    seeds: [
      text('a.png\nb.png\nsub/c.png\n'),
      text('\ufeffa.png\r\n\r\n b.png \r\n'),
      text('b.png\n../secret.png\n'),
      text('a.png\nsub/../../secret.png'),
      wide('\ufeff.\\a.png\r\nimages\\sub\\c.png\r\n'),
      text('./b.png\rimages/a.png\rsub\\c.png'),
    ],
    limit: (bytes) => 4096 * bytes.length + 1e6,
    async read(bytes) {
      writeFileSync(join(home, 'images.txt'), bytes);
      const { images, names, shape } = await readImageList(home);
      expectSame('shape', shape, [names.length, 2, 2, 3]);
      const wanted = names.map(
        (name) =>
          values[
            name
              .split(/\/+/)
              .filter((part) => part !== '.')
              .join('/')
          ],
      );
      expectThat(
        'only images below the folder',
        wanted.every((value) => value !== undefined),
      );
      expectSame(
        'images',
        images,
        wanted.flatMap((value) => new Array<number>(12).fill(value!)),
      );
    },
  };
}

export async function image(): Promise<Target> {
  const home = scratch();
  mkdirSync(join(home, 'images'));
  writeFileSync(join(home, 'images.txt'), 'a.png');
  const noise = sharp(Buffer.from(Uint8Array.from({ length: 300 }, (_, i) => (i * i) % 251)), {
    raw: { width: 10, height: 10, channels: 3 },
  });
  const [first] = startOf('tiny_imagenet/images.txt', 200);
  const real = first
    ? startOf(join('tiny_imagenet', 'images', Buffer.from(first).toString('utf8').split('\n')[0]!.trim()), 65_536)
    : [];
  // Of which the decoder warns: an SOS header that ends in 0, and bytes before that marker.
  const jpeg = await noise.clone().jpeg().toBuffer();
  const scan = jpeg.lastIndexOf(Buffer.of(0xff, 0xda));
  const warned = Buffer.concat([jpeg.subarray(0, scan), Buffer.alloc(3), jpeg.subarray(scan)]);
  warned[scan + 3 + jpeg.readUInt16BE(scan + 2)] = 0;
  return {
    where: ['readImageList'],
    seeds: [
      warned,
      ...(await Promise.all([
        noise.png().toBuffer(),
        noise.jpeg().toBuffer(),
        noise.toColorspace('b-w').png().toBuffer(),
      ])),
      ...real,
    ],
    limit: () => 2 ** 20,
    async read(bytes) {
      writeFileSync(join(home, 'images', 'a.png'), bytes);
      const { images, shape } = await readImageList(home, { size: [4, 4] });
      expectSame('shape', shape, [1, 4, 4, 3]);
      expectThat('one image', images.length === 48);
    },
  };
}

export function checkpoint(): Target {
  const home = scratch();
  const name = (epoch: number) => join(home, `checkpoint-00000${epoch}.safetensors`);
  const contents = [1, 2].map((epoch) => Uint8Array.from({ length: 600 }, (_, i) => (i * epoch) % 256));
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  writeFileSync(name(1), contents[0]!);
  writeFileSync(`${name(1)}.sha256`, hash(contents[0]!));
  const sum = text(hash(contents[1]!));
  return {
    where: ['RunFolder.latestCheckpoint'],
    seeds: [contents[1]!, sum],
    limit: (bytes) => 16 * bytes.length + 65_536,
    async read(bytes) {
      // The newer checkpoint or its checksum is damaged; every other time there is no older one.
      const isSum = bytes.length < 300;
      const isAlone = bytes.length % 2 === 1;
      writeFileSync(name(2), isSum ? contents[1]! : bytes);
      writeFileSync(`${name(2)}.sha256`, isSum ? bytes : sum);
      if (isAlone) rmSync(name(1), { force: true });
      else writeFileSync(name(1), contents[0]!);
      const { epoch, bytes: found, damaged } = (await latestCheckpoint(home))!;
      expectSame('bytes', found, contents[epoch - 1]!);
      expectSame('passed over', damaged, epoch === 2 ? [] : ['checkpoint-000002.safetensors']);
      const isWhole = isSum
        ? Buffer.from(bytes).toString().split('\n').includes(hash(contents[1]!))
        : Buffer.from(bytes).equals(contents[1]!);
      expectThat('the newest that is whole', (epoch === 2) === isWhole);
    },
  };
}
