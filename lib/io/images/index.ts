export { checkJpeg, ImageFileError } from './jpeg.js';
export { resizeBicubic, type RgbImage } from './resize.js';
