// npm start, then: curl -H 'content-type: image/png' --data-binary @picture.png localhost:3000/verdict
import fastify from 'fastify';
import { FormatError } from 'tfjs-ood';
import { readPictures } from 'tfjs-ood/node';
import { detectorOf, PICTURES } from './detector.js';

const detector = await detectorOf();
const app = fastify({ bodyLimit: 10_000_000 });
app.removeAllContentTypeParsers();
app.addContentTypeParser(['image/png', 'image/jpeg'], { parseAs: 'buffer' }, (_, body, done) => done(null, body));

let waiting = 0;
app.post('/verdict', async (request, reply) => {
  if (waiting >= 32) return reply.code(503).header('retry-after', 1).send({ error: 'try again' });
  waiting++;
  try {
    const [{ isOod, pValue, score }] = await detector.predict(await readPictures([request.body], PICTURES));
    return { isOod, pValue, score };
  } finally {
    waiting--;
  }
});
app.setErrorHandler((error, _, reply) => {
  // What is wrong with the file, its sender may know
  const status = error instanceof FormatError ? 422 : (error.statusCode ?? 500);
  return reply.code(status).send({ error: status < 500 ? error.message : 'the server failed' });
});

console.log(`listening at ${await app.listen({ port: Number(process.env.PORT ?? 3000) })}`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close());
