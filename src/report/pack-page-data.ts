import { decodeSafetensors, encodeSafetensors, type NamedArray } from '../core/saved/safetensors';
import type { PageData } from './page-data';

/** Page data as one safetensors file: arrays by their paths, everything else as JSON in its header. */
export function packPageData(data: PageData): Uint8Array {
  const arrays: Record<string, NamedArray> = {};
  const rest: unknown = JSON.parse(
    JSON.stringify(data, function (this: unknown, _key, value: unknown) {
      if (!ArrayBuffer.isView(value)) return value;
      const name = String(Object.keys(arrays).length);
      arrays[name] = namedArray(value);
      return { $array: name, int16: value instanceof Int16Array };
    }),
  );
  return encodeSafetensors(arrays, { page: JSON.stringify(rest) });
}

function namedArray(value: ArrayBufferView): NamedArray {
  if (value instanceof Float32Array) return { dtype: 'F32', shape: [value.length], data: value };
  if (value instanceof Int32Array) return { dtype: 'I32', shape: [value.length], data: value };
  const data = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return { dtype: 'U8', shape: [data.length], data };
}

/** {@link packPageData} backwards. */
export function unpackPageData(bytes: Uint8Array): PageData {
  const { tensors, metadata } = decodeSafetensors(bytes, 'the data of the page');
  return JSON.parse(metadata.page!, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('$array' in value)) return value;
    const { data } = tensors[value.$array as string]!;
    // Copied: 16-bit numbers must begin at an even byte.
    return 'int16' in value && value.int16 === true ? new Int16Array((data as Uint8Array).slice().buffer) : data;
  }) as PageData;
}
