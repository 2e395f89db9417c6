import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import PQueue from 'p-queue';
import { FormatError } from 'tfjs-ood';
import type { Detector, Verdict } from 'tfjs-ood/detector';
import { readPictures } from 'tfjs-ood/node';
import { alarmWatch } from './alarm-watch';

/** How each picture is read, at the fit and here; a small file can hold a picture of gigabytes. */
export const PICTURES = { size: [224, 224], fit: 'cover', maxPixels: 20_000_000 } as const;

/** Options of {@link verdictServer}. */
export interface ServerOptions {
  /** Requests that wait; the next is sent away at once, which is better than all being late. */
  maxWaiting?: number;
  /** Bytes of a file. */
  maxBytes?: number;
  /** Pictures that the watch over alarms looks back on. */
  watched?: number;
  logger?: FastifyServerOptions['logger'];
}

/**
 * A server that answers a picture, PNG or JPEG, with a verdict. `POST /verdict` has the file as its body; `GET /stats`
 * says how many wait, and whether alarms are more than the calibration promised.
 */
export function verdictServer(detector: Detector<string>, options: ServerOptions = {}): FastifyInstance {
  const { maxWaiting = 32, maxBytes = 10_000_000, watched = 1000, logger = false } = options;
  const { count } = detector.calibration;
  const watch = alarmWatch({ count, alpha: detector.state.cutPoints.default! }, watched);
  // Two at a time: one is decoded (by threads of sharp) while the model, which has one thread, looks at the other
  const queue = new PQueue({ concurrency: 2 });
  const app = fastify({ bodyLimit: maxBytes, logger });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(['image/png', 'image/jpeg'], { parseAs: 'buffer' }, (_, body, done) => done(null, body));

  async function verdictOf(file: Buffer): Promise<Verdict<string>> {
    const [verdict] = await detector.predict(await readPictures([file], PICTURES));
    watch.add(verdict!.isOod);
    return verdict!;
  }

  app.post<{ Body: Buffer | undefined }>('/verdict', async (request, reply) => {
    if (!request.body) return reply.code(415).send({ error: 'send a PNG or JPEG file as body, with its content-type' });
    if (queue.size >= maxWaiting) {
      return reply
        .code(503)
        .header('retry-after', 1)
        .send({ error: `${queue.size} pictures wait, try again` });
    }
    const file = request.body;
    const gone = new AbortController(); // nobody waits for it any more
    reply.raw.once('close', () => gone.abort());
    return queue.add(() => verdictOf(file), { signal: gone.signal });
  });

  app.get('/stats', () => ({ waiting: queue.size, memory: process.memoryUsage.rss(), ...watch.report() }));

  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    // What is wrong with the file, its sender may know; what is wrong with us, the log
    const status = error instanceof FormatError ? 422 : error.name === 'AbortError' ? 499 : (error.statusCode ?? 500);
    if (status >= 500) request.log.error(error);
    return reply.code(status).send({ error: status < 500 ? error.message : 'the server failed' });
  });
  app.addHook('onClose', () => queue.onIdle()); // what was taken is answered
  return app;
}
