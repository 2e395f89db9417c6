import { answer } from './app.mjs';

answer().then(
  (value) => postMessage({ value }),
  (error) => postMessage({ error: error.message }),
);
