export * from './pretrain.js';
export { TrainableModel, type WholeStep } from './trainable-model.js';
export { weightFile } from './weight-file.js';
