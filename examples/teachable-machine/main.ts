import type { Detector } from 'tfjs-ood/detector';
import { startCamera } from '../browser/camera';
import { element } from '../browser/element';
import { startWasm } from '../browser/wasm-backend';
import { acceptDrops, classCards } from './class-cards';
import { ALPHA, fitOn, forget, HELD_OUT_PICTURES, LEAST_PICTURES, loadKept } from './detector';
import { KNOWN_SHAPES, STRANGE_SHAPES } from './draw-shapes';
import { forgetModel, keepModel, lastModel, modelAt, modelOfFiles, type Taught } from './model-source';
import { frameOf, picturesOf, shapePicture } from './pictures';
import { promiseWords, verdictWords } from './verdict-words';

const verdict = element('verdict', HTMLElement);
const message = element('message', HTMLElement);
const state = element('state', HTMLElement);
const video = element('video', HTMLVideoElement);
const shown = element('shown', HTMLCanvasElement);
const button = (id: string) => element(id, HTMLButtonElement);
const [fitButton, drawButton, forgetButton] = [button('fit'), button('draw'), button('forget')];
const [cameraButton, ownModelButton] = [button('camera'), button('own-model')];

/** Of 20 frames a second the camera is asked about some. */
const FRAME_MS = 400;
const RECORDED = 20;
const RECORD_MS = 100;

let taught: Taught;
let detector: Detector<string> | undefined;
let cards: ReturnType<typeof classCards>;
let closeCamera: (() => void) | undefined;
let asked: ImageData | undefined;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const attempt = async (work: () => Promise<void>): Promise<void> => {
  message.textContent = '';
  try {
    await work();
  } catch (error) {
    message.textContent = error instanceof Error ? error.message : String(error);
  }
};

/** One thing at a time: a fit and a verdict share the backend. */
let queue: Promise<unknown> = Promise.resolve();
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = queue.then(work);
  queue = turn.catch(() => undefined);
  return turn;
}

/** Writes the live region only when it changes: the camera asks twice a second. */
function say(kind: string, large: string, small: string): void {
  verdict.className = kind;
  if (verdict.dataset.words === large + small) return;
  verdict.dataset.words = large + small;
  verdict.replaceChildren(
    large,
    ' ',
    Object.assign(document.createElement('small'), { textContent: small || '\u00a0' }),
  );
}

async function judge(): Promise<void> {
  if (!asked) return say('', 'Show it something', detector ? '' : 'and teach it what it knows');
  if (!detector) return say('', 'Not taught yet', 'give it known pictures and fit a detector');
  const [own, picture] = [detector, asked];
  const answer = (await inTurn(() => own.predict(picture)))[0]!;
  if (picture !== asked || own !== detector) return;
  const { large, small } = verdictWords(answer);
  say(answer.isOod ? 'unknown' : 'known', large, small);
  verdict.dataset.pValue = String(answer.pValue);
}

/** Asks about a picture, which is shown. */
function look(picture: ImageData): Promise<void> {
  asked = picture;
  shown.getContext('2d')!.putImageData(picture, 0, 0);
  element('empty', HTMLElement).hidden = true;
  delete verdict.dataset.pValue;
  return judge();
}

function showState(): void {
  const { pictures } = cards.known();
  fitButton.disabled = pictures.length < LEAST_PICTURES;
  forgetButton.disabled = !detector;
  const count = pictures.length;
  const ready = `Ready to be fitted.${count < HELD_OUT_PICTURES ? ` With ${HELD_OUT_PICTURES} the promise is firmer.` : ''}`;
  const missing = LEAST_PICTURES - count;
  const more = missing === 1 ? '1 more picture is needed.' : `${missing} more pictures are needed.`;
  state.textContent = detector
    ? `There is a detector, kept in this browser for the next visit. ${promiseWords(detector.calibration, ALPHA)}`
    : missing > 0
      ? more
      : ready;
}

async function fit(): Promise<void> {
  fitButton.disabled = true;
  try {
    const progress = (done: number, total: number | undefined) =>
      void (state.textContent = `${done} of ${total ?? 'all'} pictures …`);
    const fresh = await inTurn(() => fitOn(taught.model, taught.metadata, cards.known(), progress));
    detector?.dispose();
    detector = fresh;
  } finally {
    showState();
  }
  await judge();
}

/** Makes the page that of a model, with the detector that there may be from the last visit. */
async function use(next: Taught): Promise<void> {
  detector?.dispose();
  detector = undefined;
  taught = next;
  const {
    isOwn,
    metadata: { labels: names },
  } = taught;
  element('about-model', HTMLElement).textContent = `${isOwn ? 'Three drawn shapes' : 'Yours'}: ${names.join(', ')}.`;
  ownModelButton.disabled = isOwn;
  drawButton.hidden = !isOwn;
  const home = element('classes', HTMLElement);
  home.replaceChildren();
  cards = classCards(home, names, { record, attempt, onChange: showState });
  // One of another model cannot be loaded, and says why.
  await attempt(async () => void (detector = await inTurn(() => loadKept(taught.model))));
  showState();
  await judge();
}

/** Another model has no use for the detector of the last. */
async function change(load: () => Promise<Taught>): Promise<void> {
  const next = await load();
  if (!next.isOwn) await keepModel(next);
  await forget();
  taught.model.dispose();
  await use(next);
}

async function record(add: (picture: ImageData) => void): Promise<void> {
  if (!closeCamera) throw new Error('Use the camera first.');
  for (let i = 0; i < RECORDED && closeCamera; i++) {
    add(frameOf(video));
    await wait(RECORD_MS);
  }
}

async function watch(): Promise<void> {
  while (closeCamera) {
    await look(frameOf(video));
    await wait(FRAME_MS);
  }
}

async function toggleCamera(): Promise<void> {
  if (closeCamera) {
    closeCamera();
    closeCamera = undefined;
  } else closeCamera = await startCamera(video);
  video.hidden = !closeCamera;
  cameraButton.textContent = closeCamera ? 'Close camera' : 'Use camera';
  if (closeCamera) void attempt(watch);
}

/** A hidden input for files, behind a button. */
function chooser(id: string, opener: string, take: (files: File[]) => Promise<void>): void {
  const input = element(id, HTMLInputElement);
  button(opener).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    input.value = '';
    if (files.length) void attempt(() => take(files));
  });
}

function connect(): void {
  const onClick = (id: string, work: () => Promise<void>) =>
    button(id).addEventListener('click', () => void attempt(work));
  const lookAt = async (files: Iterable<File>) => {
    const [picture] = await picturesOf([...files].slice(0, 1));
    if (closeCamera) await toggleCamera();
    if (picture) await look(picture);
  };
  acceptDrops(element('stage', HTMLElement), (files) => void attempt(() => lookAt(files)));
  chooser('file', 'open', lookAt);
  chooser('model-files', 'choose-model', (files) => change(() => modelOfFiles(files)));
  onClick('camera', toggleCamera);
  onClick('fit', fit);
  onClick('load-model', () => change(() => modelAt(element('address', HTMLInputElement).value)));
  onClick('own-model', () => change(forgetModel));
  onClick('draw', async () => {
    for (const [label, shape] of KNOWN_SHAPES.entries()) {
      await wait(0); // the page is drawn between
      cards.add(
        label,
        Array.from({ length: 40 }, () => shapePicture(shape)),
      );
    }
  });
  onClick('forget', async () => {
    await forget();
    detector?.dispose();
    detector = undefined;
    showState();
    await judge();
  });
  for (const shape of [...KNOWN_SHAPES, ...STRANGE_SHAPES]) {
    const one = Object.assign(document.createElement('button'), { type: 'button', textContent: shape });
    one.dataset.shape = shape;
    one.addEventListener(
      'click',
      () =>
        void attempt(async () => {
          if (closeCamera) await toggleCamera();
          await look(shapePicture(shape));
        }),
    );
    element('shapes', HTMLElement).append(one);
  }
}

async function start(): Promise<void> {
  await startWasm();
  await use(await lastModel());
  connect();
  document.documentElement.dataset.ready = 'true';
}

start().catch((error: unknown) => {
  say('', 'It does not run here', '');
  message.textContent = error instanceof Error ? error.message : String(error);
});
