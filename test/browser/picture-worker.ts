import { picturePixels, type Picture } from '../../src/detector/input/picture';

/** What the page asks for. */
export interface Asked {
  picture: Picture;
  channels: 1 | 3;
}

/** The page's scope has another postMessage. */
const scope = self as unknown as { postMessage(answer: unknown): void };

self.onmessage = ({ data: { picture, channels } }: MessageEvent<Asked>) => {
  picturePixels('asked', picture, channels).then(
    (pixels) => scope.postMessage(pixels),
    (error: unknown) => scope.postMessage(String(error)),
  );
};
