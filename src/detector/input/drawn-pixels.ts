import { ArgumentError } from '../../core/errors';

/** On a canvas that is too large browsers draw nothing, without a word; cameras make pictures up to this. */
const MOST_PIXELS = 2 ** 27;

type Surface = { width: number; height: number };
type Context = Pick<CanvasRenderingContext2D, 'drawImage' | 'getImageData'>;
type Source = CanvasImageSource & { getContext?(kind: '2d'): unknown };

/** A canvas of our own: a worker has no document, and some pages no OffscreenCanvas. */
function newCanvas(
  width: number,
  height: number,
): (Surface & { getContext: HTMLCanvasElement['getContext'] }) | undefined {
  if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(width, height) as never;
  if (typeof document !== 'object') return undefined;
  return Object.assign(document.createElement('canvas'), { width, height });
}

/**
 * Pixels of what can be drawn: [height, width, 4], in sRGB, not multiplied by alpha.
 *
 * @throws ArgumentError for an empty picture or one that is too large, wholly transparent or of another origin
 */
export function drawnPixels(
  where: string,
  what: string,
  source: Source,
  [height, width]: readonly [height: number, width: number],
): Uint8Array {
  const refuse = (expected: string, received: string, cause?: unknown): never => {
    throw Object.assign(new ArgumentError(where, what, expected, received), { cause });
  };
  if (!(height > 0 && width > 0 && height * width <= MOST_PIXELS))
    refuse(`a picture of 1 to ${MOST_PIXELS} pixels`, `${height} x ${width} (0 x 0: closed, or without a size)`);
  const own = newCanvas(width, height);
  try {
    // Elsewhere than in a browser canvases are made by packages, and have a context that is read as it is.
    const context = (own ?? source).getContext?.('2d', { willReadFrequently: true }) as Context | undefined;
    if (!context) return refuse('pixels where there is no canvas to draw on', Object.prototype.toString.call(source));
    if (own) context.drawImage(source, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height, { colorSpace: 'srgb' });
    if (isClear(data)) {
      const expected = 'a picture with something on it (of a WebGL canvas: with preserveDrawingBuffer)';
      refuse(expected, 'one that is wholly transparent');
    }
    return new Uint8Array(data.buffer, data.byteOffset, data.length);
  } catch (error) {
    if (error instanceof ArgumentError) throw error;
    const { name, message } = error as Error;
    const expected = 'of this origin, or loaded with crossOrigin from a server that allows it';
    if (name === 'SecurityError') refuse(expected, 'pixels of another origin', error);
    return refuse('a picture that can be drawn', message, error);
  } finally {
    // Some browsers have little memory for all canvases together, and give it back late.
    if (own) own.width = own.height = 0;
  }
}

/** Whether every pixel has an alpha of 0. */
function isClear(data: Uint8ClampedArray): boolean {
  for (let alpha = 3; alpha < data.length; alpha += 4) if (data[alpha] !== 0) return false;
  return true;
}
