/** What the metadata of a file say that it is, where that is not the format and version that was expected. */
export function formatOf({ format, version }: Readonly<Record<string, string>>, wanted: string, known: string): string {
  if (format === undefined) return 'no format';
  if (version === undefined) return `${format} without a version`;
  const isOther = format === wanted && version !== known;
  return `${format} ${version}${isOther ? ', of another version of tfjs-ood' : ''}`;
}
