import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
import { test } from 'vitest';
import { odmLoss, pairwiseDistances } from 'tfjs-ood';
test('t', async () => {
  await tf.setBackend('wasm');
  const B=1024, D=10;
  const x = tf.randomNormal([B,D]) as tf.Tensor2D; const l = Array.from({length:B},(_, i)=>i%10-1);
  const time=(n: string, f: ()=>tf.Tensor)=>{ let best=1e9; for(let k=0;k<5;k++){const t=performance.now(); tf.tidy(()=>f().dataSync()); best=Math.min(best,performance.now()-t);} console.log('T',n,best.toFixed(1)); };
  const i = tf.range(0,B); const col=tf.reshape(i,[B,1]); const m = tf.randomNormal([B,B]); const ones=tf.ones([B,1]);
  time('eye',()=>tf.eye(B)); time('ne',()=>tf.cast(tf.notEqual(col, tf.transpose(col)),'float32'));
  time('transpose',()=>tf.transpose(m)); time('add',()=>tf.add(m,m)); time('sum1',()=>tf.sum(m,1)); time('mulb',()=>tf.mul(m,tf.scalar(2))); time('mulcol',()=>tf.mul(m,ones));
  time('relu',()=>tf.relu(m)); time('step',()=>tf.step(m)); time('sqrt',()=>tf.sqrt(m)); time('div',()=>tf.div(m,m)); time('max',()=>tf.maximum(m,1e-3)); time('matmul',()=>tf.matMul(m as tf.Tensor2D,x));
  time('tile',()=>tf.tile(ones,[1,B])); time('ones', ()=>tf.ones([B,B])); time('dist',()=>pairwiseDistances(x)); time('distgrad',()=>tf.grad((x: tf.Tensor)=>tf.sum(pairwiseDistances(x as tf.Tensor2D)))(x));
  time('fwd',()=>odmLoss(l,x,{pairs:'all'})); time('grad',()=>tf.grad((x: tf.Tensor)=>odmLoss(l,x as tf.Tensor2D,{pairs:'all'}))(x));
  const p = await tf.profile(()=>tf.tidy(()=>tf.grad((x: tf.Tensor)=>odmLoss(l,x as tf.Tensor2D,{pairs:'all'}))(x)));
  console.log('T peak MB', p.peakBytes/1e6, p.kernels.map(k=>k.name).join(' '));
});
