export * from './pretrain.js';
export { TrainableVit, type WholeStep } from './trainable-vit.js';
export { weightFile } from './weight-file.js';
