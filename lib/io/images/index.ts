export { checkJpeg, ImageFileError } from './jpeg.js';
export { resizeBicubic, type RgbImage } from './resize.js';
export { interpolateGrid } from './positions.js';
