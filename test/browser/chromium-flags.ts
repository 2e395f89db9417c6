/** Chromium without a graphics card: webgl and webgpu by software. */
export const chromiumFlags = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
];

/** The processor paints a page faster than it plays a graphics card; not where the page reads what it has painted. */
export const paintByProcessor = ['--disable-gpu-rasterization', '--disable-gpu-compositing'];
