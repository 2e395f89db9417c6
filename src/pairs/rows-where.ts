/** Rows of the labels for which `isWanted`. */
export const rowsWhere = (labels: Int32Array, isWanted: (label: number) => boolean): Int32Array =>
  Int32Array.from(labels, (_, row) => row).filter((row) => isWanted(labels[row]!));
