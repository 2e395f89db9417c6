/**
 * Lets timers, signals and the page have their turn: on cpu and wasm, reading a tensor never leaves the current task.
 */
export const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
