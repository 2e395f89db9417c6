/**
 * Takes an entry out of a softmax of cosines over `temperature`, whatever that is: e^-100 of the least of the others.
 */
export const beyondCosines = (temperature: number): number => 2 / temperature + 100;
