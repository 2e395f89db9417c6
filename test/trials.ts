/** So many trials of a property with FULL=1; without it a fifth of them, which each change is tested by. */
export const trials = (all: number): number => (process.env.FULL ? all : Math.ceil(all / 5));
