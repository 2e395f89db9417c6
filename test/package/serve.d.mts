/** A server of files on 127.0.0.1, from the first of its folders that has them. */
export function serve(...folders: string[]): Promise<{ url: string; close: () => void }>;
