import { wellFormedXml } from '../well-formed-xml';
import { make } from './element';

const save = (blob: Blob, name: string) => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

/** The chart as a file of its own: black on white, whatever the page's colors are. */
function svgText(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.style.color = '#111';
  copy.style.background = 'white';
  return wellFormedXml(new XMLSerializer().serializeToString(copy));
}

function savePng(svg: SVGSVGElement, name: string): void {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width * 3, image.height * 3];
    const context = canvas.getContext('2d')!;
    context.fillStyle = 'white';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => blob && save(blob, name));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(svg))}`;
}

/** Two buttons below a chart. */
export function saveButtons(figure: HTMLElement, name: string, current: () => SVGSVGElement): void {
  const line = make('p', '', 'save');
  const svg = make('button', 'Save SVG');
  svg.addEventListener('click', () => save(new Blob([svgText(current())], { type: 'image/svg+xml' }), `${name}.svg`));
  const png = make('button', 'Save PNG');
  png.addEventListener('click', () => savePng(current(), `${name}.png`));
  for (const button of [svg, png]) button.type = 'button';
  line.append(svg, png);
  figure.append(line);
}
