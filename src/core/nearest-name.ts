/** Which of the names (a list of its own: it is sorted) shares the most pairs of letters with a misspelled one. */
export function nearestName(wrong: string, names: string[]): string | undefined {
  const likeness = (name: string) =>
    [...wrong].filter((_, i) => name.includes(wrong.slice(i, i + 2))).length / (wrong.length + name.length);
  return names.sort((a, b) => likeness(b) - likeness(a))[0];
}
