export function makeCliWorld(folder: string): Promise<void>;
