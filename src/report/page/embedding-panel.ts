import { classMiddles, embeddingChart, pointColor, spread, type ColorBy } from '../charts/embedding-chart';
import { classColor, KIND_COLORS, setColor, UNKNOWN_COLOR } from '../colors';
import { describeEmbedding } from '../descriptions';
import { UNIT, type PageData } from '../page-data';
import type { AtlasImages } from './atlas-images';
import { axesOf, FLAT, START, toScreen, type View } from './camera';
import { make, one } from './element';
import { listenToGestures } from './gestures';
import { nearestPoint } from './nearest-point';
import { player } from './player';
import { pointCloud } from './point-cloud';
import { saveButtons } from './save-figure';

const NAME_HEIGHT = 18;

/** Red, green and blue from 0 to 1; of the text's color a quieter shade, for it is that of many points. */
function channels(color: string): number[] {
  if (color !== UNKNOWN_COLOR) return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255);
  return matchMedia('(prefers-color-scheme: dark)').matches ? [0.8, 0.82, 0.85] : [0.3, 0.32, 0.36];
}

/** The embedding: turns, zooms, plays over the epochs, and names the point under the pointer. */
export function embeddingPanel(data: PageData, images: AtlasImages): void {
  const { points } = data;
  if (!points) return;
  const count = points.set.length;
  const figure = one<HTMLElement>('#embedding');
  const canvas = one<HTMLCanvasElement>('canvas', figure);
  const stage = one<HTMLElement>('.stage', figure);
  const tip = one<HTMLElement>('.tip', figure);
  const names = one<HTMLElement>('.names', figure);
  const flat = one<HTMLInputElement>('#flat');
  const colors = one<HTMLSelectElement>('#colors');
  const epoch = figure.querySelector<HTMLInputElement>('#epoch');

  const hidden = new Set<number>();
  let shown = points.views[0]!;
  let time = shown.epochs.length - 1; // between two frames while it plays
  let view: View = { ...START };
  const places = new Float32Array(count * 3);
  const isFlat = () => shown.dimensions === 2 || flat.checked;
  const colorBy = () => colors.value as ColorBy;
  const frame = () => Math.round(time);

  const cloud = pointCloud(canvas, count);
  const drawn = () =>
    embeddingChart(data, { width: 640 }, { frame: frame(), view: points.views.indexOf(shown), colorBy: colorBy() })!;
  saveButtons(figure, 'embedding', drawn);
  if (!cloud) {
    stage.replaceChildren(drawn());
    figure.querySelectorAll('.controls, .sets, .epochs, .note').forEach((part) => part.remove());
    return;
  }

  const setPlaces = () => {
    const { dimensions, coordinates } = shown;
    const [before, after] = [Math.floor(time), Math.ceil(time)];
    const part = time - before;
    const each = dimensions === 3 && !isFlat() ? 3 : 2;
    places.fill(0);
    for (let p = 0; p < count; p++) {
      const [a, b] = [(before * count + p) * dimensions, (after * count + p) * dimensions];
      for (let k = 0; k < each; k++) {
        places[3 * p + k] = ((1 - part) * coordinates[a + k]! + part * coordinates[b + k]!) / UNIT;
      }
    }
    cloud.setPositions(places);
    known = classMiddles(data, shown, frame());
  };
  const setColors = () => {
    const values = new Float32Array(count * 3);
    for (let p = 0; p < count; p++) values.set(channels(pointColor(data, p, colorBy())), 3 * p);
    cloud.setColors(values);
    const isByClass = colorBy() === 'class';
    const labels = new Set(points.label);
    const items: [string, string][] = isByClass
      ? [
          ...data.classNames.flatMap((name, label): [string, string][] =>
            labels.has(label) ? [[name, classColor(label)]] : [],
          ),
          ['unknown', UNKNOWN_COLOR],
        ]
      : colorBy() === 'kind'
        ? Object.entries(KIND_COLORS)
        : data.sets.map(({ name }, i) => [name, setColor(i)]);
    one('#class-legend').replaceChildren(
      ...items.map(([name, color]) => {
        const item = make('li');
        const swatch = make('i');
        swatch.style.background = color;
        item.append(swatch, name);
        return item;
      }),
    );
  };
  const setKinds = () => {
    const values = new Float32Array(count * 2);
    points.set.forEach((set, p) => values.set([set === 0 ? 0 : 1, hidden.has(set) ? 0 : 1], 2 * p));
    cloud.setKinds(values);
  };

  const toPixels = (x: number, y: number, z: number, axes = axesOf(view)) => {
    const at = toScreen(view, axes, x, y, z);
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    const half = Math.min(width, height) / 2;
    return { left: width / 2 + at.x * half, top: height / 2 - at.y * half, depth: at.depth };
  };
  let known: ReturnType<typeof classMiddles> = []; // of the frame that is shown
  const placeNames = () => {
    const middles = colorBy() === 'class' && !hidden.has(0) ? known : [];
    const axes = axesOf(view);
    const at = middles.map(({ place }) => toPixels(place[0]!, place[1]!, isFlat() ? 0 : (place[2] ?? 0), axes));
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

  let asked = false;
  const draw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      cloud.draw(view, stage.clientWidth, stage.clientHeight);
      placeNames();
    });
  };
  const showEpoch = () => {
    if (!epoch) return;
    epoch.value = String(frame());
    const number = shown.epochs[frame()]!;
    one('#epoch-value').textContent = number < 0 ? 'last' : String(number);
  };
  const setTime = (to: number) => {
    time = to;
    setPlaces();
    showEpoch();
    draw();
  };

  const showTip = (left: number, top: number) => {
    const size = [stage.clientWidth, stage.clientHeight] as const;
    const p = nearestPoint(places, view, size, [left, top], (row) => hidden.has(points.set[row]!));
    tip.hidden = p < 0;
    if (p < 0) return;
    const picture = make('i', '', 'image');
    if (points.cell[p]! >= 0) images.show(picture, points.cell[p]!, 64);
    const words = make('div');
    const label = points.label[p]!;
    const near = points.nearest[p]!;
    for (const line of [
      `${data.sets[points.set[p]!]!.name}, image ${points.row[p]}`,
      ...(label >= 0 ? [`class: ${data.classNames[label]}`] : []),
      ...(near >= 0 ? [`nearest: ${data.classNames[near]}`] : []),
      `score ${points.score[p]!.toPrecision(4)}: ${points.score[p]! > data.threshold ? 'OoD' : 'known'}`,
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

  const turn = (x: number, y: number) => {
    if (isFlat()) {
      const half = (Math.min(stage.clientWidth, stage.clientHeight) / 2) * view.zoom;
      view = { ...view, x: view.x + x / half, y: view.y - y / half };
    } else {
      const pitch = Math.min(1.5, Math.max(-1.5, view.pitch + y * 0.008));
      view = { ...view, yaw: view.yaw + x * 0.008, pitch };
    }
    draw();
  };
  const zoom = (by: number) => {
    view = { ...view, zoom: Math.min(40, Math.max(0.2, view.zoom * by)) };
    draw();
  };
  const reset = () => {
    view = { ...(isFlat() ? FLAT : START) };
    draw();
  };

  listenToGestures(canvas, {
    turn,
    zoom,
    reset,
    hover: askTip,
    tap: showTip,
    leave: () => (tip.hidden = true),
  });

  one('#reset-view').addEventListener('click', reset);
  flat.addEventListener('change', () => {
    setPlaces();
    reset();
  });
  colors.addEventListener('change', () => {
    setColors();
    draw();
  });
  one<HTMLSelectElement>('#view').addEventListener('change', (event) => {
    shown = points.views[Number((event.target as HTMLSelectElement).value)]!;
    showView();
  });
  figure.querySelectorAll<HTMLInputElement>('[data-set]').forEach((box) => {
    box.addEventListener('change', () => {
      const set = Number(box.dataset.set);
      if (box.checked) hidden.delete(set);
      else hidden.add(set);
      setKinds();
      draw();
    });
  });

  const showView = () => {
    one<HTMLElement>('#flat-label').hidden = shown.dimensions === 2;
    one('#embedding-text').textContent = describeEmbedding(data, shown);
    const epochs = figure.querySelector<HTMLElement>('.epochs');
    if (epochs) epochs.hidden = shown.epochs.length < 2;
    if (epoch) epoch.max = String(shown.epochs.length - 1);
    stop();
    setTime(shown.epochs.length - 1);
    reset();
  };

  const { stop } = player(figure.querySelector<HTMLButtonElement>('#play'), {
    time: () => time,
    last: () => shown.epochs.length - 1,
    setTime,
  });
  epoch?.addEventListener('input', () => {
    stop();
    setTime(Number(epoch.value));
  });

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    setColors();
    draw();
  });
  new ResizeObserver(draw).observe(stage);
  setColors();
  setKinds();
  showView();
}
