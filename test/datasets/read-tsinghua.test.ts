import { describe, expect, test } from 'vitest';
import { FormatError } from 'tfjs-ood';
import { readTsinghua } from 'tfjs-ood/datasets';

const bbox = { xmin: 1, ymin: 2.5, xmax: 30, ymax: 40 };
const image = (changes: object = {}) => ({
  id: 7,
  path: 'train/7.jpg',
  objects: [{ category: 'pl50', bbox, ellipse_org: [] }],
  ...changes,
});
const file = (images: unknown) => JSON.stringify({ types: ['pl50'], imgs: images });

describe('annotations of Tsinghua-Tencent 100K', () => {
  test('photographs with their signs, and without', () => {
    const empty = { id: 8, path: 'test/8.jpg', objects: [] };
    expect(readTsinghua(file({ 7: image(), 8: empty }))).toEqual([
      { path: 'train/7.jpg', signs: [{ category: 'pl50', box: { left: 1, top: 2.5, right: 30, bottom: 40 } }] },
      { path: 'test/8.jpg', signs: [] },
    ]);
  });

  test.each([
    ['{', 'JSON'],
    ['[]', 'imgs must be the photographs by their numbers'],
    [file([1]), 'imgs must be'],
    [file({ 7: 3 }), 'imgs.7 must be an object'],
    [file({ 7: image({ path: '../7.jpg' }) }), 'imgs.7.path must be a path below the folder'],
    [file({ 7: image({ path: 'train/../../7.jpg' }) }), 'imgs.7.path'],
    [file({ 7: image({ path: '/train/7.jpg' }) }), 'imgs.7.path'],
    [file({ 7: image({ objects: undefined }) }), 'imgs.7.objects must be a list'],
    [file({ 7: image({ objects: [3] }) }), 'imgs.7.objects.0.category must be a name'],
    [file({ 7: image({ objects: [{ category: 'a' }] }) }), 'imgs.7.objects.0.bbox must be xmin < xmax'],
    [file({ 7: image({ objects: [{ category: 'a', bbox: { ...bbox, xmax: 1 } }] }) }), 'imgs.7.objects.0.bbox'],
    [file({ 7: image({ objects: [{ category: 'a', bbox: { ...bbox, ymin: '1' } }] }) }), 'imgs.7.objects.0.bbox'],
  ])('refuses %s', (text, message) => {
    const read = () => readTsinghua(text, { file: 'annotations.json' });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    expect(read).toThrow('readTsinghua: annotations.json');
  });
});
