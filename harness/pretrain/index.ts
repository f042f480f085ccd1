export * from './pretrain.js';
export { TrainableModel } from './trainable-model.js';
export { weightFile } from './weight-file.js';
