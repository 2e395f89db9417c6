/** What a person can do with a canvas by pointer, wheel and keys; distances and places are in pixels. */
export interface Gestures {
  turn(x: number, y: number): void;
  zoom(by: number): void;
  reset(): void;
  hover(left: number, top: number): void;
  tap(left: number, top: number): void;
  leave(): void;
}

/**
 * Listens on the canvas: one finger turns, two zoom; the wheel zooms where the canvas has the focus; arrows, +, - and
 * Home.
 */
export function listenToGestures(canvas: HTMLCanvasElement, actions: Gestures): void {
  const fingers = new Map<number, { x: number; y: number }>();
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  });
  canvas.addEventListener('pointermove', (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return actions.hover(event.offsetX, event.offsetY);
    const now = { x: event.offsetX, y: event.offsetY };
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = (finger: typeof now) => Math.hypot(finger.x - other.x, finger.y - other.y) || 1;
      actions.zoom(apart(now) / apart(last));
    } else actions.turn(now.x - last.x, now.y - last.y);
    fingers.set(event.pointerId, now);
    actions.leave();
  });
  const lift = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (event.type === 'pointerup') actions.tap(event.offsetX, event.offsetY);
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  canvas.addEventListener('pointerleave', () => actions.leave());
  canvas.addEventListener(
    'wheel',
    (event) => {
      if (document.activeElement !== canvas && !event.ctrlKey) return; // the page scrolls
      event.preventDefault();
      actions.zoom(Math.exp(-event.deltaY * 0.002));
    },
    { passive: false },
  );
  canvas.addEventListener('keydown', (event) => {
    const step = 24;
    const keys: Record<string, () => void> = {
      ArrowLeft: () => actions.turn(-step, 0),
      ArrowRight: () => actions.turn(step, 0),
      ArrowUp: () => actions.turn(0, -step),
      ArrowDown: () => actions.turn(0, step),
      '+': () => actions.zoom(1.2),
      '=': () => actions.zoom(1.2),
      '-': () => actions.zoom(1 / 1.2),
      Home: actions.reset,
    };
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
