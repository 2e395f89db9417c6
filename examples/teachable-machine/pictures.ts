import { seededRandom } from 'tfjs-ood';
import { drawShape, type Shape } from './draw-shapes';

/** What Teachable Machine's models take. */
const SIDE = 224;

/** The square in the middle, as Teachable Machine cuts it, of what can be drawn. */
export function squareOf(source: CanvasImageSource, width: number, height: number): ImageData {
  const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
  const pen = canvas.getContext('2d', { willReadFrequently: true })!;
  const side = Math.min(width, height);
  pen.drawImage(source, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  return pen.getImageData(0, 0, SIDE, SIDE);
}

/** The current frame of the camera. */
export const frameOf = (video: HTMLVideoElement): ImageData => squareOf(video, video.videoWidth, video.videoHeight);

/** Pictures of files; an error that a person can read names the first that is none. */
export async function picturesOf(files: Iterable<File>): Promise<ImageData[]> {
  const pictures: ImageData[] = [];
  for (const file of files) {
    const bitmap = await createImageBitmap(file).catch(() => {
      throw new Error(`${file.name} is no picture that this browser can read.`);
    });
    pictures.push(squareOf(bitmap, bitmap.width, bitmap.height));
    bitmap.close();
  }
  return pictures;
}

let drawn = 0;
/** A drawn shape, each unlike the last. */
export function shapePicture(shape: Shape): ImageData {
  const { data, width, height } = drawShape(shape, seededRandom(1000 + drawn++), SIDE);
  return new ImageData(data, width, height);
}
