import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { embeddingChart } from '../../src/report/charts/embedding-chart';
import { UNIT, type PageData } from '../../src/report/page-data';

/** Known points at given places, one class each, and unknown ones. */
function draw(known: [number, number][], unknown: [number, number][], frames = [[...known, ...unknown]]) {
  const set = Int32Array.from([...known.map(() => 0), ...unknown.map(() => 1)]);
  const coordinates = Int16Array.from(frames.flat(2).map((value) => value * UNIT));
  const data = {
    classNames: known.map((_, label) => String(label)),
    sets: [{ name: 'digits' }, { name: 'noise' }],
    points: {
      set,
      label: Int32Array.from(set, (of, p) => (of === 0 ? p : -1)),
      views: [{ name: '', note: '', dimensions: 2, epochs: frames.map((_, f) => f), coordinates }],
    },
  } as unknown as PageData;
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = embeddingChart(data, { width: 640, document })!;
  const texts = [...svg.querySelectorAll('text')];
  const names = texts
    .filter(({ textContent }) => /^\d$/.test(textContent))
    .map((text) => ({
      text: text.textContent,
      place: /translate\(([-\d.]+),([-\d.]+)\)/.exec(text.getAttribute('transform')!)!.slice(1).map(Number) as [
        number,
        number,
      ],
      size: Number(text.closest('[font-size]')!.getAttribute('font-size')),
    }));
  const size = ['width', 'height'].map((name) => Number(svg.getAttribute(name))) as [number, number];
  return { svg, texts: texts.map(({ textContent }) => textContent), names, size };
}

const ring = (count: number, radius: number) =>
  Array.from({ length: count }, (_, i): [number, number] => {
    const angle = (2 * Math.PI * i) / count;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });

describe('the picture of an embedding', () => {
  it('is read on a phone: ten names of 26 px in 640, and a legend of 20', () => {
    const { names, texts } = draw(ring(10, 1), [[0, 0]]);
    expect(names.map(({ size }) => size)).toEqual(Array(10).fill(26));
    expect(texts).toContain('● digits\u2003× unknown');
    expect(texts).toContain('epoch 0');
  });

  it('has the crosses under the discs, and the names above both', () => {
    const { svg } = draw([[0, 0]], [[0, 0], [0.1, 0], [0, 0.1]]); // prettier-ignore
    const marks = [...svg.querySelectorAll('g[aria-label]')].filter((mark) =>
      /^(dot|text)$/.test(mark.getAttribute('aria-label')!),
    );
    expect(marks.map((mark) => mark.children[0]!.tagName.toLowerCase())).toEqual(['path', 'circle', 'text', 'text', 'text']); // prettier-ignore
    expect(marks.slice(0, 2).map((mark) => mark.children.length)).toEqual([3, 1]);
    expect(marks[2]!.textContent).toBe('0'); // the legend and the epoch come last
  });

  it('moves names apart that would lie over each other, and no others', () => {
    const close = draw([[0, 0], [0, 0.01], [0.9, 0.02]], []); // prettier-ignore
    const [first, second, far] = close.names.map(({ place }) => place);
    expect(Math.abs(first![1] - second![1])).toBeGreaterThan(26);
    expect(second![1]).toBeLessThan(first![1]); // the upper one goes up
    const alone = draw([[0, 0], [0, 1], [0.9, 0.02]], [[0, 0.01]]); // prettier-ignore
    const pixels = alone.names[0]!.place[1] - alone.names[1]!.place[1];
    expect(alone.names[0]!.place[1] - alone.names[2]!.place[1]).toBeCloseTo(0.02 * pixels, 1);
    expect(far![0]).toBeGreaterThan(first![0] + 100);
  });

  it('shows the part where points lie, in equal units along both axes', () => {
    const flat = draw([[-1, 0], [1, 0], [0, 0.2]], []); // prettier-ignore
    const high = draw([[-1, -1], [1, 1], [0, 0]], []); // prettier-ignore
    expect(flat.size[0]).toBe(640);
    expect(flat.size[1]).toBeLessThan(high.size[1]);
    const { names } = high;
    const [x, y] = [names[1]!.place[0] - names[0]!.place[0], names[0]!.place[1] - names[1]!.place[1]];
    expect(x).toBeCloseTo(y, 0);
    expect(x).toBeGreaterThan(480); // nearly the whole picture
  });

  it('has all epochs in the axes of the last', () => {
    const epochs: [number, number][][] = [
      [[0, 0], [0.1, 0.1]], // prettier-ignore
      [[-1, 0], [1, 0.1]], // prettier-ignore
    ];
    const { size } = draw(epochs[0]!, [], epochs);
    expect(size).toEqual(draw(epochs[1]!, []).size);
  });
});
