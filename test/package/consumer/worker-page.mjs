const worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' });

globalThis.answerOfWorker = new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.value));
  worker.onerror = (event) => reject(new Error(event.message));
});
