/// <reference types="vite/client" />
import { showAnswer, showSeen } from './answer-view';
import { startBackend, fetchBackends, type BackendName } from './backends';
import { startCamera, takePicture } from './camera';
import { decodeClassifier, type Classified, type Classifier } from './classifier';
import { drawingPad } from './drawing-pad';
import { element } from './element';
import { digits, unseenShapes } from './glyphs';
import { liveTraining } from './live-training';
import modelUrl from './model.safetensors?url';
import { digitOfPicture, pixelsOf, readPicture } from './picture';
import { inkOfDrawing, type Strokes } from './strokes';
import { toMnistPixels } from './to-mnist-pixels';

const message = element('message', HTMLElement);
const alpha = element('alpha', HTMLInputElement);
const video = element('video', HTMLVideoElement);
const file = element('file', HTMLInputElement);
const padCanvas = element('pad', HTMLCanvasElement);
const cameraButton = element('camera', HTMLButtonElement);
const closeButton = element('close-camera', HTMLButtonElement);
const backendSelect = element('backend', HTMLSelectElement);
const timing = element('timing', HTMLElement);

const bytes = fetch(modelUrl).then(async (response) => {
  if (!response.ok) throw new Error(`The classifier did not load (${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
});

let classifier: Classifier;
let pixels: Uint8Array | undefined;
let answer: Classified | undefined;

let busy: Promise<void> | undefined;
let again = false;

/** Classifies what is on the pad; while it does, further calls come down to one more. */
function classify(): Promise<void> {
  again = true;
  busy ??= (async () => {
    while (again) {
      again = false;
      showSeen(pixels);
      if (!pixels) {
        answer = undefined;
      } else {
        const start = performance.now();
        answer = await classifier.classify(pixels);
        timing.textContent = `${(performance.now() - start).toFixed(0)} ms`;
      }
      showAnswer(classifier, answer);
    }
  })().finally(() => (busy = undefined));
  return busy;
}

const say = (text: string): void => {
  message.textContent = text;
};
const attempt = async (work: () => Promise<unknown>): Promise<void> => {
  say('');
  try {
    await work();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
};
const classifyStrokes = (strokes: Strokes): Promise<void> => {
  pixels = strokes.length ? toMnistPixels(inkOfDrawing(strokes)) : undefined;
  return classify();
};

const pad = drawingPad(padCanvas, {
  onDraw: (done) => void (done && attempt(() => classifyStrokes(pad.strokes))),
  onClear: () => void attempt(() => classifyStrokes([])),
  say,
});
const example = (strokes: Strokes): Promise<void> => {
  pad.show(strokes.map((stroke) => stroke.map(([x, y]) => [0.5 + (x - 0.5) * 0.75, 0.5 + (y - 0.5) * 0.75] as const)));
  return attempt(() => classifyStrokes(pad.strokes));
};
const classifyPicture = async (bitmap: ImageBitmap): Promise<void> => {
  pad.showPicture(bitmap, bitmap.width, bitmap.height);
  pixels = digitOfPicture(pixelsOf(bitmap, bitmap.width, bitmap.height));
  if (!pixels) say('There is nothing on this picture but an even surface.');
  await classify();
};
const open = (files: Iterable<File>) => attempt(async () => classifyPicture(await readPicture(files)));

function connectInputs(): void {
  element('clear', HTMLButtonElement).addEventListener('click', () => pad.clear());
  element('open', HTMLButtonElement).addEventListener('click', () => file.click());
  file.addEventListener('change', () => {
    if (file.files?.length) void open(file.files);
    file.value = ''; // the same file again is a change again
  });
  const stage = element('stage', HTMLElement);
  for (const type of ['dragenter', 'dragover', 'dragleave', 'drop']) {
    stage.addEventListener(type, (event) => {
      event.preventDefault();
      padCanvas.classList.toggle('over', type === 'dragenter' || type === 'dragover');
    });
  }
  stage.addEventListener('drop', (event) => void open(event.dataTransfer?.files ?? []));
  document.addEventListener('paste', (event) => {
    if (event.clipboardData?.files.length) void open(event.clipboardData.files);
  });

  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-example]')) {
    const name = button.dataset.example!;
    const strokes = unseenShapes[name] ?? digits[Number(name)]!;
    button.addEventListener('click', () => void example(strokes));
  }

  let closeCamera: (() => void) | undefined;
  const showCamera = (on: boolean): void => {
    if (!on) closeCamera?.();
    if (!on) closeCamera = undefined;
    video.hidden = !on;
    closeButton.disabled = !on;
    cameraButton.textContent = on ? 'Take picture' : 'Use camera';
  };
  cameraButton.addEventListener(
    'click',
    () =>
      void attempt(async () => {
        if (!closeCamera) {
          closeCamera = await startCamera(video);
          showCamera(true);
          return;
        }
        const taken = await takePicture(video);
        showCamera(false);
        await classifyPicture(taken);
      }),
  );
  closeButton.addEventListener('click', () => {
    showCamera(false);
    cameraButton.focus();
  });

  alpha.addEventListener('input', () => showAnswer(classifier, answer));
  let current: BackendName = 'wasm';
  backendSelect.addEventListener(
    'change',
    () =>
      void attempt(async () => {
        const wanted = backendSelect.value as BackendName;
        backendSelect.disabled = true;
        await busy;
        let free = (): void => {};
        busy = new Promise((resolve) => (free = resolve)); // what is drawn in the meantime waits
        classifier.dispose();
        try {
          await startBackend(wanted);
          current = wanted;
        } catch (error) {
          await startBackend(current);
          backendSelect.value = current;
          throw error;
        } finally {
          classifier = decodeClassifier(await bytes);
          busy = undefined;
          free();
          backendSelect.disabled = false;
          backendSelect.focus();
          document.documentElement.dataset.backend = current;
          await classify();
        }
      }),
  );
}

async function start(): Promise<void> {
  await startBackend('wasm');
  classifier = decodeClassifier(await bytes);
  connectInputs();
  await example(digits[3]!);
  performance.mark('first-prediction');
  document.documentElement.dataset.backend = 'wasm';
  liveTraining(backendSelect);
  await fetchBackends();
  document.documentElement.dataset.loaded = 'true'; // from here on it works without a network
}

start().catch((error: unknown) => {
  element('verdict', HTMLElement).textContent = 'It does not run here';
  say(error instanceof Error ? error.message : String(error));
});
