/**
 * Tells the sender's documents from what comes along on a patient disc: viewer programs and their web
 * pages, previews of the images, files of operating systems (IHE Portable Data for Imaging puts its web
 * pages below IHE_PDI). Judged with all paths in view: a photo in a folder full of web pages is part of
 * the viewer, the same photo elsewhere may be a letter.
 */
import type { ContentKind } from './recognise';
import { fileName } from './source';

export type LitterReason = 'viewer' | 'system' | 'picture_copy' | 'program';

export interface Candidate {
  path: string;
  kind: ContentKind;
}

const SYSTEM =
  /^(thumbs\.db|desktop\.ini|\.ds_store|\._.*|autorun(\.\w+)?|\.trashes|\.fseventsd|\.volumeicon\.icns|icon\r?)$/i;
const SYSTEM_FOLDER = /(^|\/)(__MACOSX|\$RECYCLE\.BIN|System Volume Information|\.Spotlight-V100|\.git)\//i;
const WEB = /\.(html?|xhtml|css|js|xsl|xslt|swf|ico|svg|cur|woff2?|ttf|php|asp)$/i;
/** A folder with one of these shows web pages; an animated picture alone makes none. */
const WEB_PAGE = /\.(html?|xhtml|css|js)$/i;
const PROGRAM = /\.(exe|dll|jar|msi|cab|chm|ocx|class|app|so|dylib)$/i;
const DISC_NOTES =
  /^(read ?-?_?me|lies ?-?_?mich|lisez ?-?_?moi|leame|leggimi|licen[cs]e|licence|copying|copyright|eula|changes|changelog|version|autorun|lblprint|label|manual|help|handbuch|user ?-?_?guide|notice|install)([ _.-].*)?\.\w+$/i;
const COPY_FOLDER = /(^|\/)(jpe?gs?|png|bmp|previews?|thumb\w*|icons?|bilder_web)\//i;
const COPY_NAME = /^[a-z]{0,4}_?\d{4,}\.\w+$/i;
const GIF = /\.gif$/i;
const IHE_WEB = /(^|\/)IHE_PDI\//i;

/** Why the file is left out, or null when it is a document of the sender. */
export type LitterJudge = (candidate: Candidate) => LitterReason | null;

/** Looks once over all paths that were added together; `isDisc`: they hold a media directory. */
export function litterJudge(paths: readonly string[], isDisc: boolean): LitterJudge {
  const programFolders = foldersWith(paths, PROGRAM);
  const webFolders = foldersWith(paths, WEB_PAGE);
  return ({ path, kind }) => {
    const name = fileName(path);
    const byName = judgeName(path, name, kind);
    if (byName) return byName;
    if (kind === 'pdf' || kind === 'office' || kind === 'cda') return null;
    if (IHE_WEB.test(path) || isBelow(path, programFolders)) return 'viewer';
    return kind === 'picture' ? judgePicture(path, name, isDisc, webFolders) : null;
  };
}

function judgeName(path: string, name: string, kind: ContentKind): LitterReason | null {
  if (SYSTEM.test(name) || SYSTEM_FOLDER.test(path)) return 'system';
  if (kind === 'program' || PROGRAM.test(name)) return 'program';
  return WEB.test(name) || DISC_NOTES.test(name) ? 'viewer' : null;
}

function judgePicture(
  path: string,
  name: string,
  isDisc: boolean,
  web: ReadonlySet<string>,
): LitterReason | null {
  // On a disc a GIF is an ornament of its viewer.
  if (isBelow(path, web) || (isDisc && GIF.test(name))) return 'viewer';
  return isDisc && COPY_FOLDER.test(path) && COPY_NAME.test(name) ? 'picture_copy' : null;
}

/** Folders, at least one level below what was chosen, that directly hold a file with such a name. */
function foldersWith(paths: readonly string[], names: RegExp): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    const folder = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
    if (names.test(path) && folder.includes('/')) folders.add(folder);
  }
  return folders;
}

function isBelow(path: string, folders: ReadonlySet<string>): boolean {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (folders.has(path.slice(0, at))) return true;
  }
  return false;
}
