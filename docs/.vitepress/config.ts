import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { githubSlug } from './github-slug';

const links = (pages: Record<string, string>) => Object.entries(pages).map(([text, link]) => ({ text, link }));

/** Pages that docs:api has made. */
const apiPages = readdirSync(fileURLToPath(new URL('../api', import.meta.url)))
  .map((file) => file.replace('.md', ''))
  .filter((page) => page !== 'index')
  .map((page) => ({ text: page === 'tfjs-ood' ? page : `tfjs-ood/${page}`, link: `/api/${page}` }));

/** A known point, and one that is none. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="5" cy="11" r="4" fill="#3f90da"/>' +
    '<path d="M9 2l5 5M14 2l-5 5" stroke="#888" stroke-width="2"/></svg>',
)}`;

/** On a phone a line of code goes on in the next one, where it would be cut. */
const CODE_ON_PHONES =
  '@media (max-width:640px){.vp-doc [class*=language-] code{display:block;width:auto;white-space:pre-wrap;overflow-wrap:anywhere}}';

export default defineConfig({
  title: 'tfjs-ood',
  description: 'A model that can say "I don\'t know this", in TensorFlow.js',
  head: [
    ['link', { rel: 'icon', href: icon }],
    ['style', {}, CODE_ON_PHONES],
  ],
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: false, // files that any web server serves
  markdown: { anchor: { slugify: githubSlug } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Draw a digit', link: '/demo/', target: '_self' }, // no page of this site: loaded anew
      { text: 'Guides', link: '/guide/scores-for-your-classifier' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'API', link: '/api/' },
      { text: 'Results', link: '/results/README' },
      { text: 'Recipes', link: '/recipes/web-worker' },
    ],
    sidebar: [
      {
        text: 'Guides',
        items: links({
          'OoD scores for your classifier': '/guide/scores-for-your-classifier',
          'Twenty pictures': '/guide/twenty-pictures',
          'In production': '/guide/in-production',
          'Will my model work?': '/will-my-model-work',
          'Losses in your project': '/guide/losses-in-your-project',
          'Run the experiment': '/guide/run-the-experiment',
          'Which scorer?': '/which-scorer',
          'Compare scorers on your model': '/compare-scorers',
        }),
      },
      {
        text: 'Coming from',
        items: links({
          'Teachable Machine': '/recipes/teachable-machine',
          'knn-classifier': '/coming-from/knn-classifier',
          nsfwjs: '/coming-from/nsfwjs',
          'ONNX Runtime, Transformers.js': '/coming-from/onnx-and-transformers',
          'pytorch-ood, OpenOOD, alibi-detect': '/coming-from/python',
          'scikit-learn': '/coming-from/scikit-learn',
        }),
      },
      { text: 'Concepts', items: links({ 'Novelty, anomaly, conventions': '/concepts' }) },
      {
        text: 'Recipes',
        items: links({
          'Web Worker': '/recipes/web-worker',
          'React Native and Expo': '/recipes/react-native',
          'Features of ONNX Runtime': '/recipes/onnx-runtime',
          'Streaming calibration': '/recipes/streaming-calibration',
          'Inputs that are no images': '/recipes/not-images',
        }),
      },
      {
        text: 'Train',
        collapsed: true,
        items: links({
          'Losses and batches': '/losses',
          Augmentations: '/augmentation',
          'Network, trainer': '/training',
          'Training on wasm': '/wasm',
          'On a graphics card (webgpu)': '/webgpu',
          'Embedding quality': '/embedding-quality',
        }),
      },
      {
        text: 'Score',
        collapsed: true,
        items: links({
          'The command line': '/command-line',
          'A detector around a model': '/detector',
          'A detector that grows': '/growing',
          'Class means': '/class-means',
          'Scorers of logits': '/logit-scorers',
          'Scorers of features and head': '/head-scorers',
          'Gaussian scorers': '/gaussian-scorers',
          'Nearest neighbors': '/neighbors',
          'ODIN, ensembles': '/odin-ensemble',
          'Fits in parts': '/partial-fits',
          'Detectors as ONNX': '/onnx',
          Decisions: '/thresholds',
        }),
      },
      {
        text: 'Measure',
        collapsed: true,
        items: links({
          Metrics: '/metrics',
          'How cost grows': '/growth',
          'Open set, bootstrap': '/open-set',
          'Evaluations, tables, streams': '/evaluate',
          'The report': '/report',
        }),
      },
      {
        text: 'Data',
        collapsed: true,
        items: links({
          Readers: '/datasets',
          'Blocks of files': '/blocks',
          'Jobs of a queue': '/jobs',
          'A billion rows, on paper': '/scale',
          'Files and runs': '/node',
        }),
      },
      { text: 'API', collapsed: true, items: [{ text: 'All names', link: '/api/' }, ...apiPages] },
      {
        text: 'Experiments and results',
        collapsed: true,
        items: links({
          Results: '/results/README',
          Digits: '/results/digits',
          'Traffic signs': '/results/traffic-signs',
          Animations: '/results/animations',
          'SVHN and CIFAR-10': '/experiment',
          "The authors' code and ours": '/authors-code',
          'Comparisons of methods': '/comparisons',
          'The page in the browser': '/browser-page',
        }),
      },
      {
        text: 'The project',
        collapsed: true,
        items: links({
          'Promises, and how they are tested': '/promises',
          Architecture: '/architecture',
          Contributing: '/contributing',
          Extending: '/extending',
        }),
      },
    ],
    docFooter: { prev: false, next: false },
  },
});
