import { picturesOf } from './pictures';

/** Pictures of a class, and its part of the page. */
interface ClassCard {
  name: string;
  pictures: ImageData[];
}

/** What cards ask of the page. */
export interface CardActions {
  /** Records frames for a class, until it has enough; undefined where the camera is off. */
  record(add: (picture: ImageData) => void): Promise<void>;
  /** Does something that may fail, and says so. */
  attempt(work: () => Promise<void>): Promise<void>;
  onChange(): void;
}

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { text = '', ...own }: Partial<HTMLElementTagNameMap[K]> & { text?: string } = {},
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), own);
  if (text) made.textContent = text;
  return made;
}

/** Lets files be dropped on an element, which is marked while they are over it. */
export function acceptDrops(target: HTMLElement, take: (files: Iterable<File>) => void): void {
  for (const type of ['dragenter', 'dragover', 'dragleave', 'drop']) {
    target.addEventListener(type, (event) => {
      event.preventDefault();
      target.classList.toggle('over', type === 'dragenter' || type === 'dragover');
    });
  }
  target.addEventListener('drop', (event) => take(event.dataTransfer?.files ?? []));
}

/** A small view of a picture. */
function thumb(picture: ImageData): HTMLCanvasElement {
  const canvas = make('canvas', { width: picture.width, height: picture.height });
  canvas.getContext('2d')!.putImageData(picture, 0, 0);
  return canvas;
}

/** One card a class: a drop zone, with its files and frames of the camera. */
export function classCards(home: HTMLElement, names: readonly string[], { record, attempt, onChange }: CardActions) {
  const cards = names.map((name, index) => {
    const card: ClassCard = { name, pictures: [] };
    const box = make('div', { className: 'class' });
    const count = make('span', { className: 'count', id: `count-${index}` });
    const thumbs = make('div', { className: 'thumbs', ariaHidden: 'true' });
    const file = make('input', { type: 'file', accept: 'image/*', multiple: true, hidden: true, id: `files-${index}` });
    file.setAttribute('aria-label', `Pictures of ${name}`);
    const choose = make('button', { type: 'button', text: 'Add files', id: `add-${index}` });
    const recorder = make('button', { type: 'button', text: 'Record 20', id: `record-${index}` });
    const show = (): void => {
      count.textContent = `${card.pictures.length} picture${card.pictures.length === 1 ? '' : 's'}`;
      // The latest are seen; a hundred canvases would be of no use.
      thumbs.replaceChildren(...card.pictures.slice(-12).reverse().map(thumb));
      onChange();
    };
    const add = (pictures: readonly ImageData[]): void => {
      card.pictures.push(...pictures);
      show();
    };
    const take = (files: Iterable<File>) => void attempt(async () => add(await picturesOf(files)));
    acceptDrops(box, take);
    choose.addEventListener('click', () => file.click());
    file.addEventListener('change', () => {
      take([...(file.files ?? [])]);
      file.value = ''; // the same files again are a change again
    });
    recorder.addEventListener('click', () => void attempt(() => record((picture) => add([picture]))));
    for (const button of [choose, recorder]) button.setAttribute('aria-describedby', `name-${index}`);
    const buttons = make('div', { className: 'buttons small' });
    buttons.append(recorder, choose, file);
    box.append(make('h3', { text: name, id: `name-${index}` }), count, thumbs, buttons);
    home.append(box);
    count.textContent = 'no pictures';
    return { ...card, add };
  });
  return {
    /** All pictures, and the class of each. */
    known: () => ({
      pictures: cards.flatMap(({ pictures }) => pictures),
      labels: cards.flatMap(({ pictures }, label) => pictures.map(() => label)),
    }),
    add: (label: number, pictures: readonly ImageData[]) => cards[label]!.add(pictures),
  };
}
