/** Rows and columns of the tile of a product that is held in registers, and places of a panel beside each other. */
export const TILE = 4;
/** Bytes of a tile, and of one row of a panel. */
export const TILE_BYTES = TILE * TILE * 8;
export const STEP_BYTES = TILE * 8;
