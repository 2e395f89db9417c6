/// <reference types="vite/client" />
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import type { Metadata } from './detector';
import metadataUrl from './model/metadata.json?url';
import modelUrl from './model/model.json?url&no-inline';
import weightsUrl from './model/weights.bin?url';

/** A model of Teachable Machine, and the names of its classes. */
export interface Taught {
  model: LayersModel;
  metadata: Metadata;
  /** The one that comes with the page. */
  isOwn: boolean;
}

const PLACE = 'indexeddb://tfjs-ood-teachable-machine-model';
const NAMES = 'tfjs-ood-teachable-machine-metadata';

/** Metadata from their JSON; a server may give a page for an address that it does not know. */
function readMetadata(json: string): Metadata {
  let metadata: Partial<Metadata> | null;
  try {
    metadata = JSON.parse(json) as Partial<Metadata> | null;
  } catch {
    throw new Error('There is no metadata.json, or it is no JSON.');
  }
  const { packageName, labels } = metadata ?? {};
  if (packageName !== '@teachablemachine/image' || !Array.isArray(labels) || labels.length < 2)
    throw new Error('metadata.json is not of an image model of Teachable Machine.');
  return { packageName, labels: labels.map(String) };
}

async function textAt(url: string): Promise<string> {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new Error(`${url} did not load (${response?.status ?? 'no answer'}).`);
  return response.text();
}

/** The model that comes with the page: three drawn shapes. */
export async function ownModel(): Promise<Taught> {
  const model = await loadLayersModel(modelUrl, { weightUrlConverter: () => Promise.resolve(weightsUrl) });
  return { model, metadata: readMetadata(await textAt(metadataUrl)), isOwn: true };
}

/** A model from its files: model.json, weights.bin and metadata.json, as Teachable Machine exports them. */
export async function modelOfFiles(files: Iterable<File>): Promise<Taught> {
  const byName = new Map([...files].map((file) => [file.name, file]));
  const get = (name: string): File => {
    const file = byName.get(name);
    if (!file) throw new Error(`Choose all three files: ${name} is missing.`);
    return file;
  };
  const [json, weights, about] = [get('model.json'), get('weights.bin'), get('metadata.json')];
  const metadata = readMetadata(await about.text());
  return { model: await loadLayersModel(tf.io.browserFiles([json, weights])), metadata, isOwn: false };
}

/** A model by the address of its folder: what Teachable Machine gives after an upload. */
export async function modelAt(address: string): Promise<Taught> {
  const folder = address.replace(/\/?(model\.json)?$/, '/');
  const metadata = readMetadata(await textAt(`${folder}metadata.json`));
  return { model: await loadLayersModel(`${folder}model.json`), metadata, isOwn: false };
}

/** Keeps a model in this browser, for the next visit. */
export async function keepModel({ model, metadata }: Taught): Promise<void> {
  await model.save(PLACE);
  localStorage.setItem(NAMES, JSON.stringify(metadata));
}

/** The model of an earlier visit, else the page's own. */
export async function lastModel(): Promise<Taught> {
  const names = localStorage.getItem(NAMES);
  if (names === null || !(PLACE in (await tf.io.listModels()))) return ownModel();
  return { model: await loadLayersModel(PLACE), metadata: readMetadata(names), isOwn: false };
}

/** Goes back to the page's own model. */
export async function forgetModel(): Promise<Taught> {
  localStorage.removeItem(NAMES);
  if (PLACE in (await tf.io.listModels())) await tf.io.removeModel(PLACE);
  return ownModel();
}
