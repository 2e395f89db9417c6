export { decodeSafetensors, encodeSafetensors, type Dtype, type NamedArray } from '../core/safetensors';
