import type { Atlas } from '../page-data';

/** Shows cells of the atlas as backgrounds; one picture for the whole page. */
export interface AtlasImages {
  show(element: HTMLElement, cell: number, side: number): void;
}

export function atlasImages(atlas: Atlas | undefined): AtlasImages {
  if (!atlas) return { show: () => undefined };
  const address = URL.createObjectURL(new Blob([atlas.bytes as Uint8Array<ArrayBuffer>], { type: atlas.mime }));
  return {
    show(element, cell, side) {
      const scale = side / Math.max(atlas.width, atlas.height);
      const [width, height] = [atlas.width * scale, atlas.height * scale];
      const [column, line] = [cell % atlas.columns, Math.floor(cell / atlas.columns)];
      element.style.width = `${width}px`;
      element.style.height = `${height}px`;
      element.style.backgroundImage = `url(${address})`;
      element.style.backgroundSize = `${width * atlas.columns}px auto`;
      element.style.backgroundPosition = `${-column * width}px ${-line * height}px`;
    },
  };
}
