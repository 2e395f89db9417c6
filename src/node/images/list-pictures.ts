import { extname } from 'node:path';
import { check, TEXT } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { classesIn, withoutImages } from './class-folders';

/** The picture files of a folder, and what its folders say of their classes. */
export interface PictureList {
  readonly files: readonly string[];
  /** Class index of each file, where the folder has a folder for each class. */
  readonly labels?: Int32Array;
  /** Names of the classes, as the folders have them. */
  readonly classNames?: readonly string[];
}

/** Pictures of other kinds, which are not read: without a word a class would be without them. */
const OTHER_PICTURES = ['.avif', '.bmp', '.gif', '.heic', '.jfif', '.tif', '.tiff', '.webp'];

/** {@link listPictures} for whoever complains. */
export async function listIn(where: string, folder: string): Promise<PictureList> {
  const { classes, ignored, flat } = await classesIn(where, folder);
  if (classes.length === 0 && flat.length === 0) {
    const found = `${folder}, which has ${withoutImages(ignored)}`;
    throw new ArgumentError(where, 'folder', 'one with JPEG or PNG images, or folders of them', found);
  }
  const odd = ignored.find((file) => OTHER_PICTURES.includes(extname(file).toLowerCase()));
  if (odd !== undefined)
    throw new FormatError(where, odd, 'a JPEG or PNG image, named .jpg, .jpeg or .png', extname(odd));
  if (classes.length === 0) return { files: flat };
  if (flat.length > 0) {
    const expected = 'one with class folders, or with images right below it';
    throw new ArgumentError(where, 'folder', expected, `${folder}, which has both`);
  }
  return {
    files: classes.flatMap(({ files }) => files),
    labels: Int32Array.from(classes.flatMap(({ files }, label) => files.map(() => label))),
    classNames: classes.map(({ name }) => name),
  };
}

/**
 * The JPEG and PNG files of a folder: of a folder for each class, by the names of the classes (2 before 10), or right
 * below it. Nothing is read but names.
 *
 * @param folder with a folder for each class, or with images right below it
 * @returns paths of the files; with class folders the class index of each, and the names of the classes
 * @throws ArgumentError for a folder that cannot be read, has no images (saying what it has) or both kinds; FormatError
 *   for one with pictures of other kinds (.webp, .gif, .heic and the like)
 * @example
 * const { files, labels, classNames } = await listPictures('signs');
 * console.log(files.length, labels![1], classNames![1]); // 2, 1, 'yield'
 */
export async function listPictures(folder: string): Promise<PictureList> {
  check('listPictures', 'folder', folder, TEXT);
  return listIn('listPictures', folder);
}
