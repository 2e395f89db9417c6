import { describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { isPicture, picturePixels, type Picture } from '../../src/detector/input/picture';
import type { Asked } from './picture-worker';

/** Colors of a picture of 3 x 2, none like another; opaque. */
const COLORS = [
  [255, 0, 0, 255],
  [0, 255, 0, 255],
  [0, 0, 255, 255],
  [10, 20, 30, 255],
  [200, 100, 50, 255],
  [254, 255, 253, 255],
];
const [WIDTH, HEIGHT] = [3, 2];
const RGB = Uint8Array.from(COLORS.flatMap((color) => color.slice(0, 3)));
const LUMA = Uint8Array.of(76, 150, 29, 18, 124, 254); // Pillow's
const whole = { data: RGB, height: HEIGHT, width: WIDTH };

const read = (picture: Picture, channels: 1 | 3 | 4 = 3) => picturePixels('asked', picture, channels);
const complaint = async (picture: Picture) => {
  const error = (await read(picture).catch((error: unknown) => error)) as ArgumentError;
  expect(error).toBeInstanceOf(ArgumentError);
  return error.details;
};

const imageData = (colors = COLORS, width = WIDTH) =>
  new ImageData(Uint8ClampedArray.from(colors.flat()), width, colors.length / width);

function canvasOf(colors = COLORS, width = WIDTH): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height: colors.length / width });
  canvas.getContext('2d')!.putImageData(imageData(colors, width), 0, 0);
  return canvas;
}
const fileOf = (canvas: HTMLCanvasElement, type = 'image/png', quality?: number) =>
  new Promise<Blob>((resolve) => canvas.toBlob((blob) => resolve(blob!), type, quality));
const imgOf = (blob: Blob) => Object.assign(new Image(), { src: URL.createObjectURL(blob) });

/** Four fields of 16 x 16: red and green above, blue and gray below. */
function fields(): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 32 });
  const context = canvas.getContext('2d')!;
  for (const [i, color] of ['#f00', '#0f0', '#00f', '#808080'].entries()) {
    context.fillStyle = color;
    context.fillRect((i % 2) * 16, Math.floor(i / 2) * 16, 16, 16);
  }
  return canvas;
}
/** Which of red, green, blue, gray a field's middle is nearest to. */
function fieldsIn({ data, width, height }: { data: Uint8Array; width: number; height: number }) {
  const names = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255], gray: [128, 128, 128] };
  const middle = (x: number, y: number) => {
    const at = 3 * (Math.floor(y * height) * width + Math.floor(x * width));
    const off = (color: number[]) => color.reduce((sum, own, c) => sum + Math.abs(own - data[at + c]!), 0);
    return Object.entries(names).sort(([, a], [, b]) => off(a) - off(b))[0]![0];
  };
  return [middle(0.25, 0.25), middle(0.75, 0.25), middle(0.25, 0.75), middle(0.75, 0.75)];
}

describe('pixels are those that were drawn', () => {
  test.each<[string, () => Picture | Promise<Picture>]>([
    ['ImageData', () => imageData()],
    ['a canvas', () => canvasOf()],
    [
      'an OffscreenCanvas',
      () => {
        const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
        canvas.getContext('2d')!.putImageData(imageData(), 0, 0);
        return canvas;
      },
    ],
    ['an img, not loaded yet', async () => imgOf(await fileOf(canvasOf()))],
    ['an ImageBitmap', () => createImageBitmap(imageData())],
    ['a VideoFrame', () => new VideoFrame(canvasOf(), { timestamp: 0 })],
    ['a Blob', () => fileOf(canvasOf())],
    ['a File', async () => new File([await fileOf(canvasOf())], 'a.png', { type: 'image/png' })],
    ['a Blob that does not say its type', async () => new Blob([await fileOf(canvasOf())])],
  ])('%s', async (_, make) => {
    const picture = await make();
    expect(isPicture(picture)).toBe(true);
    expect(await read(picture)).toEqual(whole);
    expect((await read(picture, 1)).data).toEqual(LUMA);
    expect((await read(picture, 4)).data).toEqual(Uint8Array.from(COLORS.flat()));
    // It is left as it was, and open.
    expect(await read(picture)).toEqual(whole);
  });

  test('an img of the page, wherever it lies and whatever size it is shown in', async () => {
    const img = imgOf(await fileOf(canvasOf()));
    Object.assign(img, { width: 50, height: 7, loading: 'lazy' });
    img.style.cssText = 'position: absolute; top: 50000px';
    document.body.append(img);
    expect(await read(img)).toEqual(whole);
    expect([img.loading, img.width]).toEqual(['lazy', 50]);
    img.remove();
  });

  test('a canvas of WebGL', async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 2, height: 2 });
    const gl = canvas.getContext('webgl', { preserveDrawingBuffer: true })!;
    gl.clearColor(1, 0, 1, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    expect((await read(canvas)).data).toEqual(Uint8Array.from([0, 1, 2, 3].flatMap(() => [255, 0, 255])));
  });

  test('a canvas of another frame', async () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const canvas = frame.contentDocument!.createElement('canvas');
    expect(canvas).not.toBeInstanceOf(HTMLCanvasElement);
    Object.assign(canvas, { width: WIDTH, height: HEIGHT });
    canvas.getContext('2d')!.putImageData(imageData(), 0, 0);
    expect(await read(canvas)).toEqual(whole);
    frame.remove();
  });

  test('in a worker too', async () => {
    const worker = new Worker(new URL('./picture-worker.ts', import.meta.url), { type: 'module' });
    const ask = (asked: Asked) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(asked);
      });
    expect(await ask({ picture: await createImageBitmap(imageData()), channels: 3 })).toEqual(whole);
    expect(await ask({ picture: await fileOf(canvasOf()), channels: 1 })).toEqual({ ...whole, data: LUMA });
    expect(await ask({ picture: imageData(), channels: 3 })).toEqual(whole);
    expect(await ask({ picture: new Blob(['no']), channels: 3 })).toMatch('a Blob of type none, 2 bytes');
    worker.terminate();
  });

  test('a page without OffscreenCanvas', async () => {
    const { OffscreenCanvas: own } = globalThis;
    Reflect.deleteProperty(globalThis, 'OffscreenCanvas');
    try {
      expect(await read(canvasOf())).toEqual(whole);
    } finally {
      globalThis.OffscreenCanvas = own;
    }
  });

  test('what is painted after the call is not seen', async () => {
    const canvas = canvasOf();
    const later = read(canvas);
    canvas.getContext('2d')!.clearRect(0, 0, WIDTH, HEIGHT);
    expect(await later).toEqual(whole);
  });

  test('gray', async () => {
    const grays = [0, 1, 127, 128, 254, 255].map((gray) => [gray, gray, gray, 255]);
    expect((await read(await fileOf(canvasOf(grays)), 1)).data).toEqual(Uint8Array.of(0, 1, 127, 128, 254, 255));
  });
});

describe('video', () => {
  test('its current frame, and the next', async () => {
    const canvas = fields();
    const stream = canvas.captureStream();
    const video = Object.assign(document.createElement('video'), { muted: true, srcObject: stream });
    expect(isPicture(video)).toBe(true);
    expect(await complaint(video)).toMatchObject({
      expected: 'a video with a frame (wait for its loadeddata event)',
      received: 'one that has none yet',
    });
    const paint = setInterval(() => canvas.getContext('2d')!.fillRect(20, 20, 4, 4), 30); // a frame for each change
    await video.play();
    const first = await read(video);
    expect([first.height, first.width, first.data.length]).toEqual([32, 32, 32 * 32 * 3]);
    expect(fieldsIn(first)).toEqual(['red', 'green', 'blue', 'gray']);
    canvas.getContext('2d')!.fillStyle = '#0f0';
    canvas.getContext('2d')!.fillRect(0, 0, 16, 16);
    await expect.poll(async () => fieldsIn(await read(video))[0]).toBe('green');
    clearInterval(paint);
    for (const track of stream.getTracks()) track.stop();
  });
});

describe('alpha', () => {
  test('is dropped, and the colors are those before they were multiplied by it', async () => {
    const half = [200, 100, 40, 128];
    for (const picture of [imageData([half], 1), canvasOf([half], 1), await fileOf(canvasOf([half], 1))]) {
      const { data } = await read(picture);
      [200, 100, 40].forEach((own, c) => expect(Math.abs(own - data[c]!)).toBeLessThanOrEqual(2));
    }
    const { data } = await read(canvasOf([half], 1), 4);
    expect(data[3]).toBe(128);
  });

  test('below an alpha of 0 a canvas has black, and bytes have what they have', async () => {
    const colors = [
      [9, 8, 7, 0],
      [1, 2, 3, 255],
    ];
    expect((await read(canvasOf(colors, 2))).data).toEqual(Uint8Array.of(0, 0, 0, 1, 2, 3));
    expect((await read(imageData(colors, 2))).data).toEqual(Uint8Array.of(9, 8, 7, 1, 2, 3));
  });

  test('a picture with nothing on it is refused; a black one is not, and bytes are what they are', async () => {
    const empty = Object.assign(document.createElement('canvas'), { width: 4, height: 4 });
    expect(await complaint(empty)).toMatchObject({ what: 'picture', received: 'one that is wholly transparent' });
    empty.getContext('2d')!.fillRect(0, 0, 4, 4);
    expect((await read(empty)).data).toEqual(new Uint8Array(48));
    expect((await read(new ImageData(1, 1))).data).toEqual(new Uint8Array(3));
  });
});

/** A JPEG with an EXIF segment that says how it is to be turned. */
async function turned(orientation: number): Promise<Blob> {
  const canvas = fields();
  const bytes = new Uint8Array(await (await fileOf(canvas, 'image/jpeg', 1)).arrayBuffer());
  const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  const tiff = [...new TextEncoder().encode('Exif\0\0MM'), 0, 42, 0, 0, 0, 8, 0, 1, ...entry, 0, 0, 0, 0];
  const segment = Uint8Array.from([0xff, 0xe1, 0, tiff.length + 2, ...tiff]);
  return new Blob([bytes.slice(0, 2), segment, bytes.slice(2)], { type: 'image/jpeg' });
}

describe('EXIF orientation is heeded', () => {
  test.each([
    [1, ['red', 'green', 'blue', 'gray']],
    [3, ['gray', 'blue', 'green', 'red']],
    [6, ['blue', 'red', 'gray', 'green']], // a quarter clockwise
    [8, ['green', 'gray', 'red', 'blue']],
    [2, ['green', 'red', 'gray', 'blue']], // mirrored
  ])('%i', async (orientation, expected) => {
    const blob = await turned(orientation);
    expect(fieldsIn(await read(blob))).toEqual(expected);
    expect(fieldsIn(await read(imgOf(blob)))).toEqual(expected);
  });
});

describe('what cannot be read', () => {
  test('a file that is no picture, by type and size', async () => {
    expect(await complaint(new Blob(['<html></html>'], { type: 'text/html' }))).toMatchObject({
      where: 'asked',
      expected: 'an image that can be decoded',
      received: 'a Blob of type text/html, 13 bytes',
    });
    expect((await complaint(new File([], 'a.png', { type: 'image/png' }))).received).toBe(
      'a File of type image/png, 0 bytes',
    );
    const png = await fileOf(canvasOf());
    expect((await complaint(png.slice(0, 40))).received).toBe('a Blob of type none, 40 bytes');
  });

  test('an img that is broken or has no source', async () => {
    const broken = imgOf(new Blob(['no picture'], { type: 'image/png' }));
    expect((await complaint(broken)).received).toMatch(/^an img that is broken or has no source \(blob:/);
    expect((await complaint(new Image())).received).toBe('an img that is broken or has no source ()');
    const gone = Object.assign(new Image(), { src: `${location.origin}/there-is-none.png` });
    expect((await complaint(gone)).received).toMatch('there-is-none.png');
  });

  test('what is closed or empty', async () => {
    const bitmap = await createImageBitmap(imageData());
    bitmap.close();
    expect((await complaint(bitmap)).received).toMatch('0 x 0');
    const frame = new VideoFrame(canvasOf(), { timestamp: 0 });
    frame.close();
    expect((await complaint(frame)).received).toMatch('0 x 0');
    expect((await complaint(Object.assign(document.createElement('canvas'), { width: 0 }))).received).toMatch('x 0');
  });

  test('a canvas larger than browsers draw', async () => {
    const large = { width: 20_000, height: 20_000, close: () => undefined };
    expect((await complaint(large)).expected).toBe('a picture of 1 to 134217728 pixels');
  });

  test('something that only looks like a picture', async () => {
    const fake = { width: 2, height: 2, close: () => undefined };
    expect((await complaint(fake)).expected).toBe('a picture that can be drawn');
  });

  test('pixels of another origin', async () => {
    const other = location.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
    const src = new URL('/docs/images/digits-2d.png', location.href);
    src.hostname = other;
    const img = Object.assign(new Image(), { src: src.href });
    await img.decode();
    const expected = 'of this origin, or loaded with crossOrigin from a server that allows it';
    expect(await complaint(img)).toMatchObject({ where: 'asked', what: 'picture', expected });
    const canvas = canvasOf();
    canvas.getContext('2d')!.drawImage(img, 0, 0);
    expect((await complaint(canvas)).expected).toBe(expected);
    expect((await complaint(await createImageBitmap(canvas))).expected).toBe(expected);
  });
});
