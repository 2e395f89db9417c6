import type { ChartStyle } from '../charts/chart-style';
import { one } from './element';
import { saveButtons } from './save-figure';

/** Draws a chart into its place, again whenever the width changes; `redraw` after its data changed. */
export function chartPanel(name: string, draw: (style: ChartStyle) => SVGSVGElement | undefined): { redraw(): void } {
  const place = one<HTMLElement>(`[data-chart="${name}"]`);
  let width = 0;
  const redraw = () => {
    const svg = draw({ width: Math.max(240, place.clientWidth) });
    if (!svg) return;
    svg.setAttribute('aria-hidden', 'true'); // the caption says it
    place.replaceChildren(svg);
  };
  new ResizeObserver(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    redraw();
  }).observe(place);
  redraw();
  width = place.clientWidth;
  saveButtons(one(`#${name}`), name, () => one('svg', place));
  return { redraw };
}
