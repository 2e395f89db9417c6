import { answer } from './app.mjs';

globalThis.answer = answer();
