import { againstCpuOn } from '../against-cpu';

/** Random cases: few, as a processor plays the card; `FULL=1` does as many as for wasm. */
export const cases = (few: number, all: number): number => (process.env.FULL ? all : few);

export const againstCpu = againstCpuOn('webgpu');
