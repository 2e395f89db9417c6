const SOS = 0xda;
/** Frames whose scans have all 64 coefficients of a block: baseline and extended sequential. */
const SEQUENTIAL = [0xc0, 0xc1];

/**
 * A JPEG without two oddities that every viewer overlooks: bytes before a marker of its header are left out, and the
 * first scan of a sequential one says that it has coefficients 0 to 63. The decoder tells of its first warning only:
 * what else it has to warn of is seen without these. Undefined where the header is not whole.
 */
export function plainJpeg(bytes: Buffer): Buffer | undefined {
  const parts: Uint8Array[] = [bytes.subarray(0, 2)];
  let isSequential = false;
  for (let at = 2; ;) {
    // A marker is 0xff and neither 0 nor 0xff.
    while (at < bytes.length && (bytes[at] !== 0xff || !bytes[at + 1] || bytes[at + 1] === 0xff)) at++;
    if (at + 4 > bytes.length) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    const marker = bytes[at + 1]!;
    if (end > bytes.length) return undefined;
    parts.push(bytes.subarray(at, end));
    if (marker === SOS) {
      const whole = Buffer.concat([...parts, bytes.subarray(end)]);
      // First and last coefficient, and approximation.
      if (isSequential) whole.set([0, 63, 0], whole.length - (bytes.length - end) - 3);
      return whole;
    }
    isSequential ||= SEQUENTIAL.includes(marker);
    at = end;
  }
}
