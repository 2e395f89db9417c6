import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import { NotFiniteError, ShapeError, ArgumentError } from 'tfjs-ood';
import { htmlReport, reportFigures, type Report } from 'tfjs-ood/report';
import { describe, expect, test } from 'vitest';
import { makeReport, noPicture } from './report-input';

const encodeImage = noPicture;
const parse = async (report: Report) => {
  const html = await htmlReport(report, { encodeImage });
  return { html, document: parseHTML(html).document };
};

describe('the page', () => {
  test('shows the numbers, the texts of the charts and the configuration without its script', async () => {
    const { document } = await parse(makeReport());
    expect(document.querySelector('title')!.textContent).toBe('A <report> & its title');
    expect([...document.querySelectorAll('tbody th')].slice(0, 2).map((cell) => cell.textContent)).toEqual([
      'near',
      'far',
    ]);
    expect(document.querySelector('textarea')!.textContent).toContain('| near');
    expect(document.querySelector('#roc-text')!.textContent).toMatch(/near: AUROC 0\.\d{3}; of its images/);
    expect(document.querySelector('#confusion-text')!.textContent).toMatch(/^72 of 90 known images/);
    expect(document.querySelector('#embedding-text')!.textContent).toContain('4 of known, 4 of near, 4 of far');
    expect(document.querySelector('.about')!.textContent).toContain('seed');
    expect(document.querySelectorAll('.grid li').length).toBeGreaterThan(5);
  });

  test('every chart has words', async () => {
    const { document } = await parse(makeReport());
    const charts = [...document.querySelectorAll('[role=img]')];
    expect(charts.length).toBe(5);
    for (const chart of charts) {
      const words = document.getElementById(chart.getAttribute('aria-labelledby')!);
      expect(words!.textContent.length).toBeGreaterThan(20);
    }
  });

  test('fetches nothing: no address but those of XML name spaces, no source, and a policy that forbids it', async () => {
    const { html, document } = await parse(makeReport());
    expect(document.querySelectorAll('[src], [href], link, iframe, object, embed, form')).toHaveLength(0);
    const policy = document.querySelector('[http-equiv]')!.getAttribute('content')!;
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'unsafe-inline'; img-src blob: data:$/,
    );
    const addresses = html.match(/https?:\/\/[\w./-]+/g) ?? [];
    expect(addresses.filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([]);
    expect(html).not.toMatch(/@import|url\(\s*["']?(https?:)?\/\//);
  });

  const attacks = [
    '<img src=x onerror=alert(1)>',
    '</script><script>alert(1)</script>',
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '</textarea><b>x</b>',
    '<!-- & --!>',
    ']]>\u2028\u0000',
  ];
  test.each(attacks)('names are data, never markup: %s', async (attack) => {
    const report = makeReport({ names: [`k${attack}`, `o${attack}`] });
    const { html, document } = await parse({
      ...report,
      title: attack,
      classNames: [attack, attack, attack],
      about: { [attack]: attack },
    });
    const { document: plain } = await parse({ ...makeReport({ names: ['k', 'o'] }), classNames: ['c', 'c', 'c'] });
    const tags = (of: Document) => [...of.querySelectorAll('*')].map((element) => element.tagName);
    expect(tags(document)).toEqual(tags(plain)); // not an element more
    expect(document.querySelectorAll('[onerror], [onload], [onmouseover]')).toHaveLength(0);
    expect(html.match(/<script/g)).toHaveLength(plain.querySelectorAll('script').length);
  });
});

describe('figures', () => {
  test('are whole SVG files with a line for each set', async () => {
    const { figures, epochs } = await reportFigures(makeReport());
    expect(Object.keys(figures).sort()).toEqual(['confusion', 'embedding', 'histogram', 'precision-recall', 'roc']);
    for (const svg of Object.values(figures)) expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(figures.roc!.match(/stroke="#(d55e00|009e73)"/g)).toHaveLength(2);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    expect(epochs[0]!.svg).toContain('epoch 1');
    expect(epochs[0]!.svg).not.toBe(epochs[1]!.svg);
  });

  test('of names that are markup: text', async () => {
    const { figures } = await reportFigures(makeReport({ names: ['<b>&', '</svg><script>'] }));
    expect(figures.histogram).toContain('&lt;/svg&gt;&lt;script&gt;');
    expect(figures.histogram).not.toContain('<script');
  });

  test.each(['a\u0000\u0001\u001f', 'a\ufffe\uffff', 'a]]>\u2028', '&#0;<!--', 'a\ud800'])(
    'of the name %j: XML',
    async (name) => {
      const { figures, epochs } = await reportFigures({
        ...makeReport({ names: ['k', name] }),
        classNames: [name, `b${name}`, `c${name}`],
      });
      // An XML parser reads them, which is stricter than that of HTML.
      for (const svg of [...Object.values(figures), epochs[0]!.svg]) {
        expect((await sharp(Buffer.from(svg)).metadata()).format).toBe('svg');
      }
    },
  );
});

describe('the reliability of the known images', () => {
  /** Right at 0.8 in three of four, always right at 0.5. */
  const withProbabilities = (): Report => {
    const report = makeReport();
    const labels = new Int32Array(90);
    const sure = [0.8, 0.1, 0.1];
    const data = Array.from(labels, (_, i) => (i < 30 ? [0.5, 0.25, 0.25] : i < 75 ? sure : [0.1, 0.8, 0.1])).flat();
    return { ...report, known: { ...report.known, labels, probabilities: { data, shape: [90, 3] } } };
  };

  test('has a figure, words and a place on the page', async () => {
    const report = withProbabilities();
    const { figures } = await reportFigures(report);
    expect(figures.reliability).toMatch(/^<svg /);
    const bars = parseHTML(figures.reliability!).document.querySelectorAll('[aria-label="rect"] rect');
    expect(bars).toHaveLength(2);
    const { document } = await parse(report);
    expect(document.querySelector('#reliability-text')!.textContent).toMatch(
      // 1/3 * |1 - 0.5| + 2/3 * |0.75 - 0.8| = 0.2
      /^Expected calibration error 0\.200\. Of the known images 83\.3 % .* confidence of 70\.0 %/,
    );
    expect(document.querySelectorAll('[data-chart="reliability"]')).toHaveLength(1);
    expect((await reportFigures(makeReport())).figures.reliability).toBeUndefined();
  });

  test('is refused without labels, of other rows, of what are no probabilities, and of unknown images', async () => {
    const report = withProbabilities();
    const { labels, probabilities, ...known } = report.known;
    const of = (change: Partial<Report>) => htmlReport({ ...report, ...change }, { encodeImage });
    expect(labels).toHaveLength(90);
    await expect(of({ known: { ...known, probabilities: probabilities! } })).rejects.toThrow(
      'htmlReport: known.labels must be given where probabilities are, got none',
    );
    const few = { data: [1, 0, 0], shape: [1, 3] as const };
    await expect(of({ known: { ...report.known, probabilities: few } })).rejects.toThrow(
      'htmlReport: known.probabilities must be 90 rows, one for each score, got 1',
    );
    const logits = { ...probabilities!, data: new Float32Array(270) };
    await expect(of({ known: { ...report.known, probabilities: logits } })).rejects.toThrow('a sum of 0 in row 0');
    await expect(of({ known: { ...report.known, labels: labels!, nearest: labels!, probabilities: { ...few, data: new Float32Array(90).fill(1), shape: [90, 1] } } })).resolves.toBeTypeOf('string'); // prettier-ignore
    const out = [{ ...report.out[0]!, probabilities: few }];
    await expect(of({ out })).rejects.toThrow('htmlReport: out[0].probabilities must be');
  });
});

describe('refuses', () => {
  const bad = (change: (report: Report) => Partial<Report>) => {
    const report = makeReport();
    return htmlReport({ ...report, ...change(report) }, { encodeImage });
  };
  test('parts that do not belong together, with their names', async () => {
    await expect(bad(({ known }) => ({ known: { ...known, labels: [1] } }))).rejects.toThrow(
      'htmlReport: known.labels must be 90 rows, one for each score, got 1',
    );
    await expect(bad(({ known }) => ({ known: { ...known, nearest: Array(90).fill(-1) } }))).rejects.toThrow(
      'htmlReport: known.nearest must be classes, whole numbers from 0, got -1 at index 0',
    );
    await expect(bad(({ out }) => ({ out: [out[0]!, out[0]!] }))).rejects.toThrow(
      'sets of different names, got two of near',
    );
    await expect(bad(({ out }) => ({ out: [{ ...out[0]!, name: 'other' }] }))).rejects.toThrow('got none of other');
    await expect(bad(() => ({ classNames: ['cat', 'dog'] }))).rejects.toThrow(
      'htmlReport: classNames must be a list of 3 names or more, one for each class, got [cat, dog]',
    );
    await expect(bad(() => ({ classNames: ['cat', 'dog', 5 as never] }))).rejects.toThrow(
      'htmlReport: classNames[2] must be a string, got 5',
    );
    await expect(bad(() => ({ threshold: NaN }))).rejects.toThrow('threshold must be a finite number, got NaN');
    await expect(bad(({ known }) => ({ known: { ...known, scores: [1, NaN] } }))).rejects.toThrow(NotFiniteError);
    const rows = { data: new Float32Array(3), shape: [90, 5] as const };
    await expect(bad(({ known }) => ({ known: { ...known, embeddings: rows } }))).rejects.toThrow(ShapeError);
  });

  test('a history to compare with that is of other images or epochs, or has no name', async () => {
    const compared = (change: (history: NonNullable<Report['history']>) => Partial<Report>) =>
      bad(({ history }) => {
        const [own, other] = ['a', 'b'].map((name) => ({ ...history!, name }));
        return { history: own!, compareWith: other!, ...change(other!) };
      });
    await expect(compared(() => ({ history: undefined! }))).rejects.toThrow(
      'compareWith must be left out where there is',
    );
    await expect(compared((other) => ({ history: { ...other, name: undefined! } }))).rejects.toThrow('history.name');
    await expect(compared((other) => ({ compareWith: { ...other, name: undefined! } }))).rejects.toThrow(
      'compareWith.name must be a string',
    );
    await expect(compared((other) => ({ compareWith: { ...other, epochs: other.epochs.slice(1) } }))).rejects.toThrow(
      'compareWith.epochs must be those of history, got 2, 3, 4, 5',
    );
    await expect(
      compared((other) => ({ compareWith: { ...other, rows: { ...other.rows, near: [0, 3, 7, 12] } } })),
    ).rejects.toThrow('compareWith.rows.near must be those of history');
    await expect(
      compared((other) => ({ compareWith: { ...other, rows: { ...other.rows, near: [0, 3] } } })),
    ).rejects.toThrow('compareWith.epochs (epoch 1).near must be [2, 5], got [4, 5]');
  });

  test('a history that does not fit', async () => {
    await expect(bad(({ history }) => ({ history: { ...history!, rows: { nobody: [0] } } }))).rejects.toThrow(
      'history.rows.nobody must be a set of known, near, far, got nobody',
    );
    await expect(bad(({ history }) => ({ history: { ...history!, rows: { known: [0, 90] } } }))).rejects.toThrow(
      'history.rows.known must be rows from 0 to 89, got 90',
    );
    await expect(bad(({ history }) => ({ history: { ...history!, rows: { known: [0] } } }))).rejects.toThrow(
      'history.epochs (epoch 1).known must be [1, 5], got [4, 5]',
    );
  });

  test('images where nothing encodes them', async () => {
    await expect(htmlReport(makeReport())).rejects.toThrow(ArgumentError);
  });
});
