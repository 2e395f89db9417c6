/** Where the embedding is looked at from. */
export interface View {
  /** Radians around the vertical axis and above it; both 0 when flat. */
  yaw: number;
  pitch: number;
  zoom: number;
  /** Shift in units of the embedding, after turning. */
  x: number;
  y: number;
}

export const START: Readonly<View> = { yaw: -0.5, pitch: 0.35, zoom: 0.9, x: 0, y: 0 };
export const FLAT: Readonly<View> = { yaw: 0, pitch: 0, zoom: 0.8, x: 0, y: 0 };

/** Rows of the turned axes: right, up, towards the eye. */
type Axis = [x: number, y: number, z: number];
export function axesOf({ yaw, pitch }: View): [Axis, Axis, Axis] {
  const [sinYaw, cosYaw, sinPitch, cosPitch] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
  return [
    [cosYaw, 0, sinYaw],
    [sinPitch * sinYaw, cosPitch, -sinPitch * cosYaw],
    [-cosPitch * sinYaw, sinPitch, cosPitch * cosYaw],
  ];
}

/** Place on the screen: -1 to 1 across the shorter side, y upwards; depth towards the eye. */
export function toScreen(view: View, axes: ReturnType<typeof axesOf>, x: number, y: number, z: number) {
  const along = (axis: Axis) => axis[0] * x + axis[1] * y + axis[2] * z;
  return { x: (along(axes[0]) + view.x) * view.zoom, y: (along(axes[1]) + view.y) * view.zoom, depth: along(axes[2]) };
}
