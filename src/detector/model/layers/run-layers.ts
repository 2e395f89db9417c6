import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { inputsOf, keyOf, madeAt, madeTogether, wholeOf, type Layer, type Place } from './places';

interface Step {
  layer: Layer;
  inputs: readonly string[];
  outputs: readonly string[];
  /** What no later step needs. */
  done: string[];
}

/** The layers that lead to these places, in an order in which they can run. */
function stepsTo(places: readonly Place[], start: string): Step[] {
  const steps: Step[] = [];
  const made = new Set([start]);
  const visit = (place: Place) => {
    if (made.has(keyOf(place))) return;
    const inputs = inputsOf(place);
    inputs.forEach(visit);
    const { tensor, scope } = place;
    const outputs = madeTogether(tensor).map((output) => keyOf({ tensor: output, scope }));
    outputs.forEach((key) => made.add(key));
    steps.push({ layer: tensor.sourceLayer, inputs: inputs.map(keyOf), outputs, done: [] });
  };
  places.forEach(visit);
  return steps;
}

/** Notes with each step what can be freed behind it. */
function noteLastUses(steps: readonly Step[], kept: readonly string[]): void {
  const later = new Set(kept);
  for (const { layer, inputs, outputs, done } of [...steps].reverse()) {
    done.push(...new Set([...inputs, ...outputs].filter((key) => !later.has(key))));
    inputs.forEach((key) => later.add(key));
    // A layer with a state goes on to use what it gave.
    if (layer.stateful) outputs.forEach((key) => later.add(key));
  }
}

const listOf = <T>(one: T | T[]): T[] => (Array.isArray(one) ? one : [one]);

/**
 * What a model has at these places, nested ones too, of images: each layer runs once, in inference mode, as
 * tfjs-layers runs it, and what is not needed any more is freed. To be called in a tidy.
 *
 * Nothing is built for it: applying a layer anew, or a model around it, would leave its traces in the user's model.
 */
export function runTo(model: LayersModel, places: readonly Place[]): (images: tf.Tensor) => tf.Tensor[] {
  const input = model.inputs[0]!;
  const start = keyOf({ tensor: input, scope: wholeOf(model) });
  const ends = places.map(madeAt);
  const wanted = ends.map(keyOf);
  const steps = stepsTo(ends, start);
  noteLastUses(steps, [...wanted, start]);
  return (images) => {
    const values = new Map([[start, input.dtype === images.dtype ? images : tf.cast(images, input.dtype)]]);
    const masks = new Map<string, tf.Tensor | null | undefined>();
    // One object for all layers: a mask goes on to the layers behind the one that it came to.
    const kwargs: { training: boolean; mask?: tf.Tensor } = { training: false };
    for (const { layer, inputs, outputs, done } of steps) {
      const given = inputs.map((key) => values.get(key)!);
      const givenMasks = inputs.map((key) => masks.get(key)!);
      if (givenMasks.some((mask) => mask)) kwargs.mask = givenMasks[0]!;
      const results = listOf(layer.apply(given, kwargs) as tf.Tensor | tf.Tensor[]);
      const mask = layer.supportsMasking ? listOf(layer.computeMask(given, givenMasks))[0] : undefined;
      outputs.forEach((key, i) => {
        values.set(key, results[i]!);
        masks.set(key, mask);
      });
      for (const key of done) {
        const value = values.get(key)!;
        values.delete(key);
        // A layer may give one tensor twice: its output is also its last state.
        if (![...values.values()].includes(value)) value.dispose();
      }
    }
    // The images stay the caller's, also where a name means them.
    return wanted.map((key) => (key === start ? tf.clone(images) : values.get(key)!));
  };
}
