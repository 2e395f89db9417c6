/** Tables that are wider than their place say so. */
export function wideTables(): void {
  for (const place of document.querySelectorAll<HTMLElement>('.wide')) {
    const look = () => place.toggleAttribute('data-cut', place.scrollWidth > place.clientWidth + 1);
    const watch = new ResizeObserver(look);
    watch.observe(place);
    watch.observe(place.firstElementChild!); // rows that come later
  }
}
