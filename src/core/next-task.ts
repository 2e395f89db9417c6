/** A later task of this thread; a timer is none where it would wait a millisecond (Node) or four (a page). */
function later(resolve: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(resolve);
  else if (typeof MessageChannel === 'function') {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  } else setTimeout(resolve, 0);
}

/**
 * Lets timers, signals and the page have their turn: on cpu and wasm, reading a tensor never leaves the current task.
 */
export const nextTask = (): Promise<void> => new Promise(later);
