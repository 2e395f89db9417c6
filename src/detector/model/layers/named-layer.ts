import { ArgumentError } from '../../../core/errors';
import { listed } from '../named-outputs';
import { keyOf, type NamedPlace, type Place } from './places';

/** A shape as one reads it: `[N, 32, any]`. */
export const shapeText = ({ tensor }: Place): string =>
  `[${tensor.shape.map((side, i) => (i === 0 ? 'N' : (side ?? 'any'))).join(', ')}]`;

/** The names that there are, with the shapes of what they stand for, nearest first. */
export function listedPlaces(places: readonly NamedPlace[], wanted: string): string {
  const shapes = new Map(places.map(({ path, place }) => [path, shapeText(place)]));
  return listed([...shapes.keys()], wanted, (path) => `${path} ${shapes.get(path)}`);
}

/**
 * The output of the layer of this name: its own where one is meant, or with those of the models that it is in,
 * `sequential_3/dense_Dense2`.
 *
 * @throws ArgumentError where there is none, or several
 */
export function placeNamed(where: string, what: string, places: readonly NamedPlace[], name: string): NamedPlace {
  const whole = places.filter(({ path }) => path === name);
  const found = whole.length > 0 ? whole : places.filter(({ path }) => path.endsWith(`/${name}`));
  const [first] = found;
  if (!first) throw new ArgumentError(where, what, `one of ${listedPlaces(places, name)}`, name);
  const paths = [...new Set(found.map(({ path }) => path))];
  if (paths.length > 1)
    throw new ArgumentError(where, what, `one of ${listedPlaces(found, name)}`, `${name} of several`);
  const uses = new Set(found.map(({ place }) => keyOf(place))).size;
  if (uses === 1) return first;
  throw new ArgumentError(where, what, 'a layer that the model uses once', `${name}, which it uses ${uses} times`);
}

/** The path of the layer that makes this. */
export function pathOf(places: readonly NamedPlace[], at: Place): string {
  const key = keyOf(at);
  const { sourceLayer } = at.tensor;
  return places.find(({ layer, place }) => layer === sourceLayer && keyOf(place) === key)?.path ?? sourceLayer.name;
}
