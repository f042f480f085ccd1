export { checkJpeg, ImageFileError } from './jpeg.js';
