import { classMiddles, pointColor, spread, type ColorBy } from '../charts/embedding-chart';
import { UNKNOWN_COLOR } from '../colors';
import { UNIT, type PageData, type PointView } from '../page-data';
import type { AtlasImages } from './atlas-images';
import { axesOf, toScreen, type View } from './camera';
import { make, one } from './element';
import { listenToGestures, type Gestures } from './gestures';
import { nearestPoint } from './nearest-point';
import { pointCloud } from './point-cloud';

const NAME_HEIGHT = 18;

/** What all stages of the embedding share: how it is turned, colored, and what is hidden. */
export interface Look {
  view: View;
  hidden: ReadonlySet<number>;
  isFlat(): boolean;
  colorBy(): ColorBy;
}

/** A canvas with the points of one training, the names of its classes, and a tip at the pointer. */
export interface EmbeddingStage {
  /** Between two frames the time is no whole number. */
  setTime(shown: PointView, time: number): void;
  setColors(): void;
  setKinds(): void;
  draw(): void;
}

/** Red, green and blue from 0 to 1; of the text's color a quieter shade, for it is that of many points. */
function channels(color: string): number[] {
  if (color !== UNKNOWN_COLOR) return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255);
  return matchMedia('(prefers-color-scheme: dark)').matches ? [0.8, 0.82, 0.85] : [0.3, 0.32, 0.36];
}

/** Undefined where there is no WebGL. `isOther`: of a training whose scores and answers the report has not. */
export function embeddingStage(
  data: PageData,
  images: AtlasImages,
  stage: HTMLElement,
  look: Look,
  moves: Pick<Gestures, 'turn' | 'zoom' | 'reset'>,
  isOther = false,
): EmbeddingStage | undefined {
  const points = data.points!;
  const count = points.set.length;
  const canvas = one<HTMLCanvasElement>('canvas', stage);
  const tip = one<HTMLElement>('.tip', stage);
  const names = one<HTMLElement>('.names', stage);
  const cloud = pointCloud(canvas, count);
  if (!cloud) return undefined;
  const places = new Float32Array(count * 3);

  const toPixels = (x: number, y: number, z: number, axes: ReturnType<typeof axesOf>) => {
    const at = toScreen(look.view, axes, x, y, z);
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    const half = Math.min(width, height) / 2;
    return { left: width / 2 + at.x * half, top: height / 2 - at.y * half };
  };
  let known: ReturnType<typeof classMiddles> = []; // of the frame that is shown
  const placeNames = () => {
    const middles = look.colorBy() === 'class' && !look.hidden.has(0) ? known : [];
    const axes = axesOf(look.view);
    const at = middles.map(({ place }) => toPixels(place[0]!, place[1]!, look.isFlat() ? 0 : (place[2] ?? 0), axes));
    const tops = spread(
      at.map(({ top }) => top),
      NAME_HEIGHT,
    );
    names.replaceChildren(
      ...middles.map(({ label }, i) => {
        const name = make('span', data.classNames[label]);
        name.style.translate = `${at[i]!.left}px ${tops[i]}px`;
        return name;
      }),
    );
  };

  const showTip = (left: number, top: number) => {
    const size = [stage.clientWidth, stage.clientHeight] as const;
    const p = nearestPoint(places, look.view, size, [left, top], (row) => look.hidden.has(points.set[row]!));
    tip.hidden = p < 0;
    if (p < 0) return;
    const picture = make('i', '', 'image');
    if (points.cell[p]! >= 0) images.show(picture, points.cell[p]!, 64);
    const words = make('div');
    const label = points.label[p]!;
    const near = points.nearest[p]!;
    const score = points.score[p]!;
    for (const line of [
      `${data.sets[points.set[p]!]!.name}, image ${points.row[p]}`,
      ...(label >= 0 ? [`class: ${data.classNames[label]}`] : []),
      ...(near >= 0 && !isOther ? [`nearest: ${data.classNames[near]}`] : []),
      ...(isOther ? [] : [`score ${score.toPrecision(4)}: ${score > data.threshold ? 'OoD' : 'known'}`]),
    ]) {
      words.append(make('div', line));
    }
    tip.replaceChildren(picture, words);
    const isRight = left > stage.clientWidth / 2;
    const across = `calc(${left}px ${isRight ? '- 100% - 14px' : '+ 14px'})`;
    tip.style.translate = `${across} clamp(0px, ${top}px - 50%, ${stage.clientHeight}px - 100%)`;
  };
  // Pointers move more often than the screen is drawn.
  let pointer: [number, number] | undefined;
  const askTip = (left: number, top: number) => {
    if (!pointer) {
      requestAnimationFrame(() => {
        const at = pointer!;
        pointer = undefined;
        showTip(...at);
      });
    }
    pointer = [left, top];
  };
  listenToGestures(canvas, { ...moves, hover: askTip, tap: showTip, leave: () => (tip.hidden = true) });

  return {
    setTime(shown, time) {
      const { dimensions, coordinates } = shown;
      const [before, after] = [Math.floor(time), Math.ceil(time)];
      const part = time - before;
      const each = dimensions === 3 && !look.isFlat() ? 3 : 2;
      places.fill(0);
      for (let p = 0; p < count; p++) {
        const [a, b] = [(before * count + p) * dimensions, (after * count + p) * dimensions];
        for (let k = 0; k < each; k++) {
          places[3 * p + k] = ((1 - part) * coordinates[a + k]! + part * coordinates[b + k]!) / UNIT;
        }
      }
      cloud.setPositions(places);
      known = classMiddles(data, shown, Math.round(time));
    },
    setColors() {
      const values = new Float32Array(count * 3);
      for (let p = 0; p < count; p++) values.set(channels(pointColor(data, p, look.colorBy())), 3 * p);
      cloud.setColors(values);
    },
    setKinds() {
      const values = new Float32Array(count * 2);
      points.set.forEach((set, p) => values.set([set === 0 ? 0 : 1, look.hidden.has(set) ? 0 : 1], 2 * p));
      cloud.setKinds(values);
    },
    draw() {
      cloud.draw(look.view, stage.clientWidth, stage.clientHeight);
      placeNames();
    },
  };
}
