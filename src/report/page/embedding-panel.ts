import { embeddingChart, type ColorBy } from '../charts/embedding-chart';
import { classColor, KIND_COLORS, setColor, UNKNOWN_COLOR } from '../colors';
import { describeEmbedding } from '../words/descriptions';
import type { PageData } from '../page-data';
import type { AtlasImages } from './atlas-images';
import { FLAT, START } from './camera';
import { make, one } from './element';
import { embeddingStage } from './embedding-stage';
import { player } from './player';
import { saveButtons } from './save-figure';

/**
 * The embedding: turns, zooms, plays over the epochs, and names the point under the pointer. Beside it that of another
 * training, if there is one: turned, colored and played alike.
 */
export function embeddingPanel(data: PageData, images: AtlasImages): void {
  const { points } = data;
  if (!points) return;
  const figure = one<HTMLElement>('#embedding');
  const elements = [...figure.querySelectorAll<HTMLElement>('.stage')];
  const flat = one<HTMLInputElement>('#flat');
  const colors = one<HTMLSelectElement>('#colors');
  const epoch = figure.querySelector<HTMLInputElement>('#epoch');

  const hidden = new Set<number>();
  let shown = points.views[0]!;
  let time = shown.epochs.length - 1; // between two frames while it plays
  const isFlat = () => shown.dimensions === 2 || flat.checked;
  const colorBy = () => colors.value as ColorBy;
  const frame = () => Math.round(time);
  const look = { view: { ...START }, hidden, isFlat, colorBy };

  const turn = (x: number, y: number) => {
    const { view } = look;
    if (isFlat()) {
      const [{ clientWidth, clientHeight }] = elements as [HTMLElement];
      const half = (Math.min(clientWidth, clientHeight) / 2) * view.zoom;
      look.view = { ...view, x: view.x + x / half, y: view.y - y / half };
    } else {
      const pitch = Math.min(1.5, Math.max(-1.5, view.pitch + y * 0.008));
      look.view = { ...view, yaw: view.yaw + x * 0.008, pitch };
    }
    draw();
  };
  const zoom = (by: number) => {
    look.view = { ...look.view, zoom: Math.min(40, Math.max(0.2, look.view.zoom * by)) };
    draw();
  };
  const reset = () => {
    look.view = { ...(isFlat() ? FLAT : START) };
    draw();
  };

  const stages = elements.flatMap((element, i) => {
    return embeddingStage(data, images, element, look, { turn, zoom, reset }, i > 0) ?? [];
  });
  const drawn = (which = 0) => {
    const view = which > 0 ? points.beside!.view : shown;
    return embeddingChart(data, { width: 640 }, { frame: frame(), view, colorBy: colorBy() })!;
  };
  saveButtons(figure, 'embedding', drawn);
  if (stages.length < elements.length) {
    elements.forEach((element, i) => element.replaceChildren(drawn(i)));
    figure.querySelectorAll('.controls, .sets, .epochs, .note').forEach((part) => part.remove());
    return;
  }

  const setColors = () => {
    stages.forEach((stage) => stage.setColors());
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
  const setKinds = () => stages.forEach((stage) => stage.setKinds());

  let asked = false;
  const draw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      stages.forEach((stage) => stage.draw());
    });
  };
  const showEpoch = () => {
    if (!epoch) return;
    epoch.value = String(frame());
    const number = shown.epochs[frame()]!;
    one('#epoch-value').textContent = number < 0 ? 'last' : String(number);
  };
  const setPlaces = () =>
    stages.forEach((stage, i) => {
      if (i === 0) return stage.setTime(shown, time);
      // A view without epochs is of the last one.
      const { view } = points.beside!;
      stage.setTime(view, shown === points.views[0] ? time : view.epochs.length - 1);
    });
  const setTime = (to: number) => {
    time = to;
    setPlaces();
    showEpoch();
    draw();
  };

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
  const resized = new ResizeObserver(draw);
  elements.forEach((element) => resized.observe(element));
  setColors();
  setKinds();
  showView();
}
