import { confusionChart } from '../charts/confusion-chart';
import { precisionRecallChart, rocChart } from '../charts/curve-charts';
import { reliabilityChart } from '../charts/reliability-chart';
import { unpackPageData } from '../pack-page-data';
import { fromBase64 } from '../to-base64';
import { atlasImages } from './atlas-images';
import { chartPanel } from './chart-panel';
import { copyButtons } from './copy-buttons';
import { one } from './element';
import { embeddingPanel } from './embedding-panel';
import { thresholdPanel } from './threshold-panel';
import { wideTables } from './wide-tables';

const data = unpackPageData(fromBase64(one('#page-data').textContent));
const images = atlasImages(data.atlas);

copyButtons();
wideTables();
thresholdPanel(data);
chartPanel('roc', (style) => rocChart(data, style));
chartPanel('precision-recall', (style) => precisionRecallChart(data, style));
if (data.confusion) chartPanel('confusion', (style) => confusionChart(data, style));
if (data.reliability) chartPanel('reliability', (style) => reliabilityChart(data, style));
document.querySelectorAll<HTMLElement>('[data-cell]').forEach((place) => {
  images.show(place, Number(place.dataset.cell), 64);
});
embeddingPanel(data, images);
document.documentElement.dataset.ready = 'true'; // for tests and for printing by a program
