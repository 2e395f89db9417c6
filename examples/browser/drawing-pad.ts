import type { Point, Strokes } from './strokes';

export interface DrawingPad {
  readonly strokes: Strokes;
  /** Shows these instead of what there is; the next stroke begins on an empty pad. No event. */
  show(strokes: Strokes): void;
  /** Shows a picture instead; the next stroke begins on an empty pad. */
  showPicture(picture: CanvasImageSource, width: number, height: number): void;
  clear(): void;
}

interface PadEvents {
  /** After every stroke, and while one is drawn. */
  onDraw(done: boolean): void;
  onClear(): void;
  /** What a person who does not see the pen should hear. */
  say(text: string): void;
}

const SIZE = 560; // device pixels; the page scales it
const PEN = 0.08;
const MOVES: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const inside = (v: number) => Math.min(1, Math.max(0, v));

/** A canvas to draw on by pointer and by keys. Points are in a square of side 1. */
export function drawingPad(canvas: HTMLCanvasElement, { onDraw, onClear, say }: PadEvents): DrawingPad {
  canvas.width = canvas.height = SIZE;
  const pen = canvas.getContext('2d')!;
  let strokes: Point[][] = [];
  let picture: (() => void) | undefined;
  let isExample = false;
  let drawing: number | undefined; // the pointer that draws
  let cursor: Point = [0.5, 0.15];
  let penDown = false;

  const paint = (): void => {
    pen.clearRect(0, 0, SIZE, SIZE);
    picture?.();
    if (!picture && strokes.length === 0) {
      [pen.font, pen.textAlign, pen.fillStyle] = ['40px system-ui, sans-serif', 'center', '#98a1ad'];
      pen.fillText('Draw here', SIZE / 2, SIZE / 2);
    }
    [pen.lineCap, pen.lineJoin, pen.lineWidth, pen.strokeStyle] = ['round', 'round', PEN * SIZE, '#fff'];
    for (const stroke of strokes) {
      pen.beginPath();
      stroke.forEach(([x, y], i) => (i ? pen.lineTo(x * SIZE, y * SIZE) : pen.moveTo(x * SIZE, y * SIZE)));
      if (stroke.length === 1) pen.lineTo(stroke[0]![0] * SIZE, stroke[0]![1] * SIZE);
      pen.stroke();
    }
    if (!canvas.matches(':focus-visible')) return;
    [pen.lineWidth, pen.strokeStyle, pen.fillStyle] = [4, '#ffc24b', '#ffc24b'];
    pen.beginPath();
    pen.arc(cursor[0] * SIZE, cursor[1] * SIZE, 14, 0, 2 * Math.PI);
    if (penDown) pen.fill();
    else pen.stroke();
  };
  const add = (point: Point): void => {
    strokes.at(-1)!.push(point);
    cursor = point;
    paint();
  };
  const begin = (point: Point): void => {
    if (picture || isExample) strokes = [];
    [picture, isExample] = [undefined, false];
    strokes.push([]);
    add(point);
  };
  const clear = (): void => {
    [strokes, picture, isExample, penDown] = [[], undefined, false, false];
    paint();
    onClear();
  };
  const place = (event: PointerEvent): Point => {
    const box = canvas.getBoundingClientRect();
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  };

  canvas.addEventListener('pointerdown', (event) => {
    if (drawing !== undefined || event.button !== 0) return;
    drawing = event.pointerId;
    penDown = false;
    canvas.setPointerCapture(event.pointerId);
    begin(place(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId !== drawing) return;
    for (const part of event.getCoalescedEvents?.() ?? []) strokes.at(-1)!.push(place(part));
    add(place(event));
    onDraw(false);
  });
  const end = (event: PointerEvent): void => {
    if (event.pointerId !== drawing) return;
    drawing = undefined;
    onDraw(true);
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);

  canvas.addEventListener('keydown', (event) => {
    const move = MOVES[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (move) {
      const by = event.shiftKey ? 0.01 : 0.05;
      cursor = [inside(cursor[0] + by * move[0]), inside(cursor[1] + by * move[1])];
      if (penDown) add(cursor);
      paint();
    } else if (event.key === ' ') {
      penDown = !penDown;
      if (penDown) begin(cursor);
      say(`Pen ${penDown ? 'down' : 'up'}, ${Math.round(cursor[0] * 100)} across, ${Math.round(cursor[1] * 100)} down`);
      paint();
      if (!penDown) onDraw(true);
    } else if (event.key === 'Backspace') {
      strokes.pop();
      [isExample, penDown] = [false, false];
      paint();
      if (strokes.length > 0) onDraw(true);
      else clear();
    } else if (event.key === 'Delete') {
      clear();
      say('Cleared');
    } else return;
    event.preventDefault();
  });
  paint();
  canvas.addEventListener('focus', paint);
  canvas.addEventListener('blur', paint);

  return {
    get strokes() {
      return strokes;
    },
    show(shown) {
      [picture, isExample, penDown] = [undefined, true, false];
      strokes = shown.map((stroke) => [...stroke]);
      paint();
    },
    showPicture(source, width, height) {
      strokes = [];
      const scale = SIZE / Math.max(width, height);
      const [w, h] = [width * scale, height * scale];
      picture = () => {
        pen.imageSmoothingEnabled = scale < 8;
        pen.drawImage(source, (SIZE - w) / 2, (SIZE - h) / 2, w, h);
      };
      paint();
    },
    clear,
  };
}
