import { Geometry, Mesh, Program, Renderer } from 'ogl';
import { axesOf, type View } from './camera';

const VERTEX = /* glsl */ `
attribute vec3 position;
attribute vec3 color;
attribute vec2 kind; // x: 1 a cross, 0 a disc; y: 0 hidden
uniform mat3 axes;
uniform vec2 shift;
uniform vec2 scale;
uniform float size;
varying vec3 vColor;
varying float vCross;
void main() {
  vec3 turned = position * axes; // rows of axes: right, up, towards the eye
  gl_Position = vec4((turned.xy + shift) * scale, -turned.z * 0.05, 1.0);
  if (kind.y < 0.5) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size * (1.0 + 0.25 * turned.z);
  vColor = color;
  vCross = kind.x;
}`;

const FRAGMENT = /* glsl */ `
precision mediump float;
varying vec3 vColor;
varying float vCross;
void main() {
  vec2 at = gl_PointCoord * 2.0 - 1.0;
  if (vCross > 0.5) {
    if (abs(abs(at.x) - abs(at.y)) > 0.34) discard;
  } else if (dot(at, at) > 1.0) discard;
  gl_FragColor = vec4(vColor, 1.0);
}`;

/** Points on a canvas by WebGL, one draw call for all. */
export interface PointCloud {
  setPositions(positions: Float32Array): void;
  setColors(colors: Float32Array): void;
  /** [P, 2]: cross or disc, visible or not. */
  setKinds(kinds: Float32Array): void;
  draw(view: View, width: number, height: number): void;
}

/** Undefined where there is no WebGL. */
export function pointCloud(canvas: HTMLCanvasElement, count: number): PointCloud | undefined {
  let renderer: Renderer;
  try {
    const dpr = Math.min(2, window.devicePixelRatio || 1);
    // Kept for printing.
    renderer = new Renderer({ canvas, dpr, alpha: true, antialias: false, preserveDrawingBuffer: true });
  } catch {
    return undefined;
  }
  const { gl } = renderer;
  if (!gl) return undefined;
  const position = { size: 3, data: new Float32Array(count * 3), usage: gl.DYNAMIC_DRAW };
  const color = { size: 3, data: new Float32Array(count * 3) };
  const kind = { size: 2, data: new Float32Array(count * 2) };
  const geometry = new Geometry(gl, { position, color, kind });
  const uniforms = {
    axes: { value: new Float32Array(9) },
    shift: { value: new Float32Array(2) },
    scale: { value: new Float32Array(2) },
    size: { value: 6 },
  };
  const program = new Program(gl, {
    vertex: VERTEX,
    fragment: FRAGMENT,
    uniforms,
    cullFace: false as unknown as number,
  });
  const mesh = new Mesh(gl, { mode: gl.POINTS, geometry, program });
  mesh.frustumCulled = false;
  const set = (name: 'position' | 'color' | 'kind', values: Float32Array) => {
    const attribute = geometry.attributes[name]!;
    attribute.data = values;
    attribute.needsUpdate = true;
  };
  return {
    setPositions: (values) => set('position', values),
    setColors: (values) => set('color', values),
    setKinds: (values) => set('kind', values),
    draw(view, width, height) {
      renderer.setSize(width, height);
      // Column by column, so that `position * axes` multiplies by the rows.
      uniforms.axes.value.set(axesOf(view).flat());
      uniforms.shift.value.set([view.x, view.y]);
      const shorter = Math.min(width, height);
      uniforms.scale.value.set([(view.zoom * shorter) / width, (view.zoom * shorter) / height]);
      uniforms.size.value = (count > 10_000 ? 5 : 7) * renderer.dpr;
      renderer.render({ scene: mesh });
    },
  };
}
