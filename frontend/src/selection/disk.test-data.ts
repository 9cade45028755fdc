/** Files of the corpus as a browser would hand them over. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CORPUS } from './corpus.test-data';
import { diskFile, type SourceFile } from './source';

export function chosenFile(path: string, content: Uint8Array | string): SourceFile {
  return diskFile(new File([content as BlobPart], basename(path)), path);
}

export function corpusFile(path: string): SourceFile {
  return chosenFile(basename(path), readFileSync(join(CORPUS, path)));
}

/** Every file of a folder of the corpus, with paths that begin with the folder's name. */
export function corpusFolder(folder: string): SourceFile[] {
  const root = join(CORPUS, folder);
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(root, name)).isFile())
    .map((name) => chosenFile(`${basename(folder)}/${name}`, readFileSync(join(root, name))));
}
