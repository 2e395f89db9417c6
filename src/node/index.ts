export { download, type DownloadOptions } from './download';
export { extractTarGz } from './extract-tar-gz';
export { loadCifar10, loadMnist, loadSvhn, type DatasetParts } from './load-datasets';
export { nodeInflate } from './node-inflate';
export { readImageList, type ImageListOptions } from './read-image-list';
export { openRunFolder, type RunFolder } from './run-folder';
export { writeFileAtomic } from './write-file-atomic';
