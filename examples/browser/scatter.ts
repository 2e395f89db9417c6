/** What a scatter shows: rows of `size` numbers; a label below 0 is out of distribution. */
export interface ScatterData {
  points: Float32Array;
  labels: ArrayLike<number>;
  size: number;
  /** One more row, shown as a ring. */
  mark?: Float32Array | undefined;
}

export interface Scatter {
  draw(data: ScatterData): void;
}

interface View {
  yaw: number;
  pitch: number;
}

/** The middle of nearly all points, and how far from it they reach; the rest is counted instead of drawn. */
function boundsOf({ points, labels, size }: ScatterData) {
  const at = (sorted: number[], share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const ascending = (values: number[]) => values.sort((a, b) => a - b);
  const rows = Array.from(labels, (_, row) => points.subarray(row * size, (row + 1) * size));
  const middle = Array.from({ length: size }, (_, d) => {
    const values = ascending(rows.map((row) => row[d]!));
    return (at(values, 0.04) + at(values, 0.96)) / 2;
  });
  const distances = ascending(rows.map((row) => Math.hypot(...middle.map((m, d) => row[d]! - m))));
  return { middle, half: at(distances, 0.95) || 1 };
}

/**
 * A row in the picture's own units: -1 to 1 across, and how near it is. Of two numbers the picture is the embedding
 * itself.
 */
function projector(data: ScatterData, { yaw, pitch }: View) {
  const { middle, half } = boundsOf(data);
  const scale = 1 / half;
  return (row: ArrayLike<number>, from = 0): readonly [x: number, y: number, near: number] => {
    const [a, b, c] = [0, 1, 2].map((d) => (d < data.size ? (row[from + d]! - middle[d]!) * scale : 0)) as [
      number,
      number,
      number,
    ];
    if (data.size === 2) return [a, -b, 0];
    const x = a * Math.cos(yaw) + c * Math.sin(yaw);
    const z = c * Math.cos(yaw) - a * Math.sin(yaw);
    return [x, -(b * Math.cos(pitch) - z * Math.sin(pitch)), z * Math.cos(pitch) + b * Math.sin(pitch)];
  };
}

/** What a picture says of the points that lie outside of it. */
export function fartherOut(crosses: number, digits: number, mark: boolean): string {
  const counted = (count: number, one: string, many: string) =>
    count > 0 ? [`${count} ${count > 1 ? many : one}`] : [];
  const named = [
    ...(mark ? ['yours'] : []),
    ...counted(crosses, 'cross', 'crosses'),
    ...counted(digits, 'digit', 'digits'),
  ];
  return named.length > 0 ? `Farther out: ${named.join(', ')}` : '';
}

/**
 * Points of an embedding on a canvas in the page's colors; three numbers can be turned by dragging and by the arrow
 * keys.
 */
export function scatter(canvas: HTMLCanvasElement, { turns = false } = {}): Scatter {
  let data: ScatterData | undefined;
  const view: View = { yaw: 0.6, pitch: 0.45 };

  const paint = (): void => {
    const width = canvas.clientWidth;
    if (width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = canvas.height = Math.round(width * ratio);
    const pen = canvas.getContext('2d')!;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, width);
    const style = getComputedStyle(canvas);
    const color = (name: string) => style.getPropertyValue(name).trim();
    // light-dark() is resolved only where it is used as a color: through a property of the canvas element.
    const resolved = (name: string): string => {
      canvas.style.color = color(name);
      return getComputedStyle(canvas).color;
    };
    const [text, card, outside] = ['--text', '--card', '--outside'].map(resolved) as [string, string, string];
    const classColors = [0, 1, 2, 3, 4, 5].map((c) => resolved(`--class-${c}`));

    if (!data) {
      [pen.font, pen.textAlign, pen.fillStyle] = ['15px system-ui, sans-serif', 'center', resolved('--quiet')];
      pen.fillText('nothing yet', width / 2, width / 2);
      return;
    }
    const project = projector(data, view);
    const reach = width / 2 - 9;
    const onCanvas = ([x, y]: readonly number[]) =>
      [width / 2 + x! * 0.92 * reach, width / 2 + y! * 0.92 * reach] as const;
    const isOutside = (x: number, y: number) => Math.max(Math.abs(x - width / 2), Math.abs(y - width / 2)) > reach;
    let [crosses, digits, isMarkOutside] = [0, 0, false];
    const sums = new Map<number, [x: number, y: number, count: number]>();
    const rows = Array.from({ length: data.labels.length }, (_, row) => ({
      label: data!.labels[row]!,
      at: project(data!.points, row * data!.size),
    })).sort((a, b) => a.at[2] - b.at[2]);
    for (const { label, at } of rows) {
      const [x, y] = onCanvas(at);
      if (isOutside(x, y)) {
        if (label < 0) crosses++;
        else digits++;
        continue;
      }
      pen.globalAlpha = 0.5 + 0.25 * Math.max(-1, Math.min(1, at[2]));
      if (label < 0) {
        pen.strokeStyle = outside;
        pen.lineWidth = 1.3;
        pen.beginPath();
        pen.moveTo(x - 3, y - 3);
        pen.lineTo(x + 3, y + 3);
        pen.moveTo(x - 3, y + 3);
        pen.lineTo(x + 3, y - 3);
        pen.stroke();
        continue;
      }
      pen.fillStyle = classColors[label % 6]!;
      pen.beginPath();
      pen.arc(x, y, 2.6, 0, 2 * Math.PI);
      pen.fill();
      const sum = sums.get(label) ?? [0, 0, 0];
      sums.set(label, [sum[0] + x, sum[1] + y, sum[2] + 1]);
    }
    pen.globalAlpha = 1;
    [pen.font, pen.textAlign, pen.textBaseline] = ['700 16px system-ui, sans-serif', 'center', 'middle'];
    for (const [label, [x, y, count]] of sums) {
      [pen.strokeStyle, pen.lineWidth, pen.fillStyle] = [card, 5, text];
      pen.strokeText(String(label), x / count + 11, y / count - 11);
      pen.fillText(String(label), x / count + 11, y / count - 11);
    }
    if (data.mark) {
      const place = onCanvas(project(data.mark));
      isMarkOutside = isOutside(...place);
      const [x, y] = place.map((v) => Math.max(width / 2 - reach, Math.min(width / 2 + reach, v))) as [number, number];
      for (const [stroke, line] of [
        [card, 7],
        [text, 3],
      ] as const) {
        [pen.strokeStyle, pen.lineWidth] = [stroke, line];
        pen.beginPath();
        pen.arc(x, y, 8, 0, 2 * Math.PI);
        pen.stroke();
      }
    }
    const words = fartherOut(crosses, digits, isMarkOutside);
    if (!words) return;
    [pen.font, pen.textAlign, pen.textBaseline] = ['13px system-ui, sans-serif', 'left', 'bottom'];
    [pen.strokeStyle, pen.lineWidth, pen.fillStyle] = [card, 4, resolved('--quiet')];
    pen.strokeText(words, 8, width - 6);
    pen.fillText(words, 8, width - 6);
  };

  const turn = (yaw: number, pitch: number): void => {
    view.yaw += yaw;
    view.pitch = Math.max(-1.5, Math.min(1.5, view.pitch + pitch));
    paint();
  };
  if (turns) {
    canvas.addEventListener('pointerdown', (event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener('pointermove', (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) turn(event.movementX * 0.01, event.movementY * 0.01);
    });
    canvas.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      turn(by[0]!, by[1]!);
      event.preventDefault();
    });
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
  new ResizeObserver(paint).observe(canvas);
  return {
    draw(next) {
      data = next;
      paint();
    },
  };
}
