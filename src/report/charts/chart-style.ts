/** Where and how large a chart is drawn. */
export interface ChartStyle {
  width: number;
  height?: number;
  /** Of a page, or of a library where there is none. */
  document?: Document;
}

/** What all charts share; text and axes take the color of the text around them. */
export const sharedOptions = ({ width, height, document }: ChartStyle) => ({
  width,
  ...(height !== undefined && { height }),
  ...(document && { document }),
  style: { fontSize: '12px', background: 'none', overflow: 'visible' },
});
